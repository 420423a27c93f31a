"""The shape of a condition, as pydantic models with a description for each key. Pure."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.rules.spec.document import Path
from bot.rules.spec.modifiers import AT_KEY, BESIDE, SECTION_TESTS, say_what_is_beside
from bot.rules.spec.phrase import list_holes
from bot.tracker.types import LONGEST_LABEL


def meaning(*sentences: str) -> dict[str, Any]:
    """The meaning of each value of a Literal, in its order; editors show it (`enumDescriptions`, a key of VS Code)."""
    return {"enumDescriptions": list(sentences)}


Mode = Annotated[
    Literal["observe", "suggest", "label", "comment"],
    Field(
        json_schema_extra=meaning(
            "Signpost shows matches in the summary of the run, and nowhere else.",
            "Signpost suggests labels and closings on the issue, and a person decides. It changes nothing itself.",
            "Signpost adds and removes labels, but does not comment.",
            "Signpost adds and removes labels, and writes a section of its comment.",
        )
    ),
]
SectionView = Annotated[
    Literal["body", "logs", "errors", "facts", "ignore"],
    Field(
        json_schema_extra=meaning(
            "Prose.",
            "Logs and other output of programs.",
            "A noisy dump of errors; only conditions with `in: [errors]` read it.",
            "`Key: value` lines, such as the environment.",
            "No rule reads it.",
        )
    ),
]
Association = Annotated[
    Literal[
        "COLLABORATOR",
        "CONTRIBUTOR",
        "FIRST_TIMER",
        "FIRST_TIME_CONTRIBUTOR",
        "MANNEQUIN",
        "MEMBER",
        "NONE",
        "OWNER",
    ],
    Field(
        json_schema_extra=meaning(
            "Someone with an invitation to work on the repository.",
            "Someone who has committed to the repository.",
            "Someone who has never committed to anything on GitHub.",
            "Someone who has never committed to this repository.",
            "A placeholder for a deleted account.",
            "A member of the organisation that owns the repository.",
            "None of these; most reporters.",
            "The owner of the repository.",
        )
    ),
]


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
"""A name that addresses can contain: lower-case letters, digits and single hyphens."""

MAX_TAGS = 10


def check_once(value: list[str]) -> list[str]:
    """The list, if it has each text once; raises ValueError."""
    if twice := [name for index, name in enumerate(value) if name in value[:index]]:
        raise ValueError(f"the list has `{twice[0]}` twice; remove one of the two")
    return value


Slugs = Annotated[list[Slug], AfterValidator(check_once)]


def as_list(value: object) -> object:
    """A single thing as a list of one; a list as it is."""
    return value if isinstance(value, list) or value is None else [value]


def _is_scalar(value: object) -> object:
    if not isinstance(value, bool | int | str):
        raise ValueError("the value must be a text, a whole number, true or false")  # noqa: TRY004 (for pydantic)
    return value


Scalar = Annotated[bool | int | str, BeforeValidator(_is_scalar)]
Strings = Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])]
Globs = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=300)]],
    BeforeValidator(as_list, json_schema_input_type=str | list[str]),
]


def find_template(name: str) -> str | None:
    """What is wrong with a label's name that is written as a template; None if it is not."""
    advice = 'for a label per answer, write `labels: {from: [{section: Component, prefix: "area: "}]}`'
    problem = f"the label `{name}` is a template, but names of labels are used as they are; {advice}"
    return problem if "{{" in name or "{%" in name else None


def _check_name(name: str) -> str:
    if problem := find_template(name):
        raise ValueError(problem)
    return name


LabelName = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL), AfterValidator(_check_name)]
LabelNames = Annotated[list[LabelName], BeforeValidator(as_list, json_schema_input_type=LabelName | list[LabelName])]


class Written(BaseModel):
    """A mapping that a person writes: unknown keys are errors, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class SectionNamed(Written):
    """A form field or heading as a place to look."""

    section: str = Field(min_length=1, description="The name of the section.", examples=["Logs"])


def _as_views(value: object) -> object:
    """`[section: Logs]` is a mapping to YAML, and means the view `section: Logs`."""
    views = value if isinstance(value, list) else [value]
    return [
        f"section: {view['section']}" if isinstance(view, dict) and [*view] == ["section"] else view for view in views
    ]


Views = Annotated[
    list[str], BeforeValidator(_as_views, json_schema_input_type=str | SectionNamed | list[str | SectionNamed])
]


class AtLeast(Written):
    """A number of conditions that must hold out of several."""

    n: int = Field(ge=1, description="The number of conditions that must hold.", examples=[2])
    of: list["Condition"] = Field(
        min_length=1,
        description="The conditions.",
        examples=[[{"phrase": "out of memory"}, {"code": 137}, {"os": "linux"}]],
    )


class Condition(BaseModel):
    """A test of an issue. All keys of a condition must hold. Each capture of the pack is also a key (`os: windows`)."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    phrase: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description=(
            "Text that the issue contains. Line breaks, escapes, quotes and case do not matter. "
            "The phrase may have typed holes: `{limit:int}`."
        ),
        examples=["No space left on device", "exceeded the {limit:int} output token maximum"],
    )
    regex: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="RE2 pattern for the collapsed form of the text (lower case). Named groups are captures.",
        examples=[r"error (?P<error>e\d{4})\b"],
    )
    lines: bool | None = Field(
        None,
        description=(
            "Whether `regex` sees lines: `^` and `$` are the ends of a line, and `.` and `\\s` stay in it. "
            "Each line is trimmed."
        ),
        examples=[True],
    )
    in_: Views | None = Field(
        None,
        alias="in",
        min_length=1,
        description=(
            "The views that `phrase`, `regex` or `link` searches: `title`, `body`, `logs`, `errors`, `comments` or "
            "`section: NAME`. Default: title, body, logs."
        ),
        examples=[["title"], ["logs", {"section": "Logs"}]],
    )
    set: dict[str, Scalar] | None = Field(
        None,
        description="Facts to set if this condition holds, for `when:` and templates.",
        examples=[{"workspace": True}],
    )
    attachment: Globs | None = Field(
        None,
        min_length=1,
        description=(
            "The name of an upload in the body or in the author's comments; `*` matches any text. "
            "`unfinished`: an upload that did not finish."
        ),
        examples=["*.log", ["*.log", "*.txt"], "unfinished"],
    )
    link: Globs | None = Field(
        None,
        min_length=1,
        description=(
            "The target of a link outside code; `*` matches any text. "
            "A query (`?…`) and a fragment (`#…`) count only if the pattern has one."
        ),
        examples=["https://example.com/gist/*", ["gitlab.com/*", "*.gitlab.io/*"]],
    )
    section: str | None = Field(
        None,
        min_length=1,
        description="The name of a form field or heading. Next to `checkbox`, the place of the box.",
        examples=["Proposed Solution"],
    )
    is_: str | None = Field(None, alias="is", description="The section's whole text is this.", examples=["Windows"])
    one_of: list[str] | None = Field(
        None, min_length=1, description="The section's whole text is one of these.", examples=[["Windows", "WSL"]]
    )
    contains: str | None = Field(
        None, min_length=1, description="The section's text contains this phrase.", examples=["Docker"]
    )
    empty: bool | None = Field(
        None,
        description="The issue has the section, but it contains no answer (`_No response_`, an empty code block).",
        examples=[True],
    )
    missing: bool | None = Field(None, description="The issue does not have the section.", examples=[True])
    placeholder: bool | None = Field(
        None, description="The section still contains one of the pack's placeholders.", examples=[True]
    )
    url_host: Strings | None = Field(
        None,
        min_length=1,
        description="The section contains a link to one of these hosts or to a subdomain.",
        examples=["gist.github.com"],
    )
    checkbox: str | None = Field(
        None,
        min_length=1,
        description="The label of a check box, or a part of it.",
        examples=["I searched for duplicates"],
    )
    ticked: bool | None = Field(
        None, description="Whether the check box must be ticked. Without this key, it must be.", examples=[False]
    )
    version: str | None = Field(
        None,
        description="A range for the product's version in the report. `unknown`: the report states no version.",
        examples=["<2.1.96", ">=1.2, <1.5", "unknown"],
    )
    code: Annotated[list[int], BeforeValidator(as_list, json_schema_input_type=int | list[int])] | None = Field(
        None,
        min_length=1,
        description="An exit or status code in any notation (3221225477 = 0xC0000005 = -1073741819).",
        examples=[137, [3221225477, 3221225725]],
    )
    frame: str | None = Field(
        None,
        min_length=1,
        description="The function, file or module of a stack frame; `*` matches any text.",
        examples=["my_tool.cache.*"],
    )
    at: (
        Annotated[
            Literal["top", "any"],
            Field(
                json_schema_extra=meaning("The innermost frame, where the error happened.", "Any frame of the trace.")
            ),
        ]
        | None
    ) = Field(None, description="The frames to compare. Without this key, any frame.", examples=["top"])
    label: Strings | None = Field(
        None, min_length=1, description="The issue has one of these labels.", examples=[["bug", "crash"]]
    )
    no_label: Strings | None = Field(
        None, min_length=1, description="The issue has none of these labels.", examples=["feature"]
    )
    author: (
        Annotated[list[Association], BeforeValidator(as_list, json_schema_input_type=Association | list[Association])]
        | None
    ) = Field(
        None,
        min_length=1,
        description="The author's association with the repository.",
        examples=[["NONE", "FIRST_TIME_CONTRIBUTOR"]],
    )
    language: Strings | None = Field(
        None, min_length=1, description="The report's language, as an ISO 639-1 code.", examples=["en", "zh"]
    )
    layout: Strings | None = Field(
        None,
        min_length=1,
        description="The kind of report: `form`, `in-app`, `editor`, `classic`, `free`, `html` or a pack's own.",
        examples=["form"],
    )
    body: (
        Annotated[
            Literal["empty", "images_only", "links_only", "template_untouched", "repeated"],
            Field(
                json_schema_extra=meaning(
                    "The body has no content.",
                    "The body has only images and videos.",
                    "The body has only links.",
                    "The body is the issue template without any answers.",
                    "The body only repeats the title, or at least two fields have the same text.",
                )
            ),
        ]
        | None
    ) = Field(None, description="The way in which the body has nothing to read.", examples=["images_only"])
    all: list["Condition"] | None = Field(
        None, min_length=1, description="All of these hold.", examples=[[{"phrase": "disk full"}, {"os": "windows"}]]
    )
    any: list["Condition"] | None = Field(
        None,
        min_length=1,
        description="At least one of these holds.",
        examples=[[{"phrase": "disk full"}, {"phrase": "No space left on device"}]],
    )
    none: list["Condition"] | None = Field(
        None,
        min_length=1,
        description="None of these holds.",
        examples=[[{"section": "Proposed Solution", "empty": False}]],
    )
    at_least: AtLeast | None = Field(
        None,
        description="At least n of these hold.",
        examples=[{"n": 2, "of": [{"phrase": "out of memory"}, {"code": 137}, {"os": "linux"}]}],
    )

    @model_validator(mode="after")
    def _modifiers_have_their_operator(self) -> "Condition":
        written = {name.rstrip("_") for name in self.model_fields_set if getattr(self, name) is not None}
        for key, operators in BESIDE.items():
            if key in written and not written & {*operators}:
                raise PydanticCustomError(AT_KEY, "{message}", {"message": say_what_is_beside(key), "key": key})
        if self.missing and any(
            getattr(self, "is_" if test == "is" else test) for test in {*BESIDE["section"]} - {"missing"}
        ):
            message = "a missing section has no text to test; use two conditions"
            raise ValueError(message)
        return self

    @property
    def file_names(self) -> list[str]:
        """The patterns of `attachment` for names of files, without `unfinished`."""
        return [pattern for pattern in self.attachment or () if pattern != "unfinished"]

    @property
    def tests_section(self) -> bool:
        """Whether it tests the section itself; otherwise `section` is only the place of a check box."""
        return any(getattr(self, "is_" if test == "is" else test) is not None for test in SECTION_TESTS)

    @property
    def captures(self) -> dict[str, "Scalar | list[Scalar]"]:
        """Comparisons with captures: all keys that are not operators."""
        return dict(self.model_extra or {})


_NAMED_GROUP = re.compile(r"(?<!\\)\(\?P?<(?P<name>\w+)>")


def walk_models(model: Condition, path: Path = (), *, with_none: bool = False) -> Iterator[tuple[Path, Condition]]:
    """The models of a condition and of the conditions inside it, each with its path; those in `none` if asked for."""
    yield path, model
    for key in ("all", "any", *(["none"] if with_none else [])):
        for index, child in enumerate(getattr(model, key) or ()):
            yield from walk_models(child, (*path, key, index), with_none=with_none)
    for index, child in enumerate(model.at_least.of if model.at_least else ()):
        yield from walk_models(child, (*path, "at_least", "of", index), with_none=with_none)


def list_captures(model: Condition) -> Iterator[tuple[str, str]]:
    """Names and types of the captures of a condition: holes, named groups (free text), and facts that it sets."""
    for _, condition in walk_models(model):
        for phrase in filter(None, (condition.phrase, condition.contains)):
            yield from list_holes(phrase)
        if condition.regex:
            yield from ((match["name"], "any") for match in _NAMED_GROUP.finditer(condition.regex))
        yield from ((name, "choice") for name in condition.set or {})


def list_sets(model: Condition) -> Iterator[tuple[str, str]]:
    """Names and values of what a condition sets."""
    for _, condition in walk_models(model):
        for name, value in (condition.set or {}).items():
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
