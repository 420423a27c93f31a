"""The shape of what maintainers write: rules, packs and their parts, with a description for each key. Pure."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

Mode = Literal["observe", "label", "comment"]
SectionView = Literal["body", "logs", "errors", "facts", "ignore"]
Association = Literal[
    "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "MEMBER", "NONE", "OWNER"
]


def _as_list(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


def _is_scalar(value: object) -> object:
    if not isinstance(value, bool | int | str):
        message = "expected one value: a text, a whole number, true or false"
        raise ValueError(message)  # noqa: TRY004 (pydantic reports a ValueError at its place)
    return value


Scalar = Annotated[bool | int | str, BeforeValidator(_is_scalar)]
Strings = Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
_HTTPS = r"""^https://[^\s<>()"']+$"""
"""Without a needless backslash: editors read it as a regular expression of ECMAScript, which knows none."""

LabelName = Annotated[str, Field(min_length=1, max_length=50)]


class _Written(BaseModel):
    """Something that a person writes: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class SectionNamed(_Written):
    """A form field or heading as a place to look."""

    section: str = Field(min_length=1, description="Its name.")


def _as_views(value: object) -> object:
    """`[section: Logs]` is a mapping to YAML, and means the view `section: Logs`."""
    views = value if isinstance(value, list) else [value]
    return [
        f"section: {view['section']}" if isinstance(view, dict) and [*view] == ["section"] else view for view in views
    ]


Views = Annotated[
    list[str], BeforeValidator(_as_views, json_schema_input_type=str | SectionNamed | list[str | SectionNamed])
]


class AtLeast(_Written):
    """A number of conditions that must hold out of several."""

    n: int = Field(ge=1, description="How many must hold.")
    of: list["Condition"] = Field(min_length=1, description="The conditions to choose from.")


class Condition(BaseModel):
    """When something holds. Keys side by side must all hold. Any capture of the pack (`os: windows`) is a key too."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    phrase: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description=(
            "Text that occurs in the issue, however it was wrapped, escaped, quoted or cased. "
            "May have typed holes: {limit:int}."
        ),
        examples=["No space left on device", "exceeded the {limit:int} output token maximum"],
    )
    regex: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="RE2 pattern, found in the collapsed form (lower case). Named groups are captures.",
    )
    in_: Views | None = Field(
        None,
        alias="in",
        min_length=1,
        description=(
            "Where phrase or regex look: title, body, logs, errors, comments or `section: NAME`. "
            "Default: title, body, logs."
        ),
    )
    set: dict[str, Scalar] | None = Field(
        None, description="Facts that hold when this condition does, for `when:` and templates."
    )
    section: str | None = Field(None, min_length=1, description="A form field or heading, by its name.")
    is_: str | None = Field(None, alias="is", description="The section's whole text is this.")
    one_of: list[str] | None = Field(None, min_length=1, description="The section's whole text is one of these.")
    contains: str | None = Field(None, min_length=1, description="The section's text contains this phrase.")
    empty: bool | None = Field(
        None, description="The section is there, and says nothing (`_No response_`, an empty fence)."
    )
    missing: bool | None = Field(None, description="There is no such section.")
    placeholder: bool | None = Field(None, description="The section still holds one of the pack's placeholders.")
    url_host: Strings | None = Field(
        None, min_length=1, description="The section holds a link to one of these hosts (or a host under them)."
    )
    checkbox: str | None = Field(None, min_length=1, description="A check box, by (a part of) its label.")
    ticked: bool | None = Field(None, description="Whether the check box is ticked; default true.")
    version: str | None = Field(
        None, description="Range of the product's version as stated.", examples=["<2.1.96", ">=1.2, <1.5", "unknown"]
    )
    code: Annotated[list[int], BeforeValidator(_as_list, json_schema_input_type=int | list[int])] | None = Field(
        None,
        min_length=1,
        description="An exit or status code in any of its spellings (3221225477 = 0xC0000005 = -1073741819).",
    )
    frame: str | None = Field(
        None, min_length=1, description="A stack frame, by function, file or module; `*` stands for anything."
    )
    at: Literal["top", "any"] | None = Field(None, description="Which frame: `top` is the innermost; default any.")
    label: Strings | None = Field(None, min_length=1, description="The issue has one of these labels.")
    no_label: Strings | None = Field(None, min_length=1, description="The issue has none of these labels.")
    author: (
        Annotated[list[Association], BeforeValidator(_as_list, json_schema_input_type=Association | list[Association])]
        | None
    ) = Field(None, min_length=1, description="The author's association with the repository.")
    language: Strings | None = Field(
        None, min_length=1, description="The report's language, as an ISO 639-1 code.", examples=["en", "zh"]
    )
    layout: Strings | None = Field(
        None, min_length=1, description="The kind of report: form, in-app, editor, classic, free, html or a pack's own."
    )
    body: Literal["empty", "images_only", "template_untouched"] | None = Field(
        None, description="There is nothing to read."
    )
    all: list["Condition"] | None = Field(None, min_length=1, description="All of these hold.")
    any: list["Condition"] | None = Field(None, min_length=1, description="At least one of these holds.")
    none: list["Condition"] | None = Field(None, min_length=1, description="None of these holds.")
    at_least: AtLeast | None = Field(None, description="At least n of these hold.")

    @model_validator(mode="after")
    def _modifiers_have_their_operator(self) -> "Condition":
        section_tests = ("is_", "one_of", "contains", "empty", "missing", "placeholder", "url_host")
        needs = {"in_": ("phrase", "regex"), "ticked": ("checkbox",), "at": ("frame",)} | dict.fromkeys(
            section_tests, ("section",)
        )
        for modifier, operators in needs.items():
            if getattr(self, modifier) is not None and all(getattr(self, operator) is None for operator in operators):
                message = f"`{modifier.rstrip('_')}` needs `{'` or `'.join(operators)}` beside it"
                raise ValueError(message)
        if self.section is not None and all(getattr(self, test) is None for test in section_tests):
            message = "`section` needs a test beside it: is, one_of, contains, empty, missing, placeholder or url_host"
            raise ValueError(message)
        if self.missing and any(getattr(self, test) for test in section_tests if test != "missing"):
            message = "a section that is missing has no text to test; use two conditions"
            raise ValueError(message)
        return self

    @property
    def captures(self) -> dict[str, "Scalar | list[Scalar]"]:
        """Comparisons with captures: the keys that are no operator."""
        return dict(self.model_extra or {})


class Labels(_Written):
    """Labels to set and to take off. A label that a human set is never taken off."""

    add: list[LabelName] = Field(default_factory=list, description="Labels to set; they must exist in the repository.")
    remove: list[LabelName] = Field(
        default_factory=list, description="Labels to take off, if a bot or a template set them."
    )

    @model_validator(mode="after")
    def _no_label_is_both(self) -> "Labels":
        if both := sorted({*self.add} & {*self.remove}):
            message = f"`{both[0]}` cannot be both added and removed; leave it out of one of the lists"
            raise ValueError(message)
        return self


def _as_labels(value: object) -> object:
    if isinstance(value, str):
        message = "`labels` must be a list, as in `labels: [bug]`"
        raise ValueError(message)  # noqa: TRY004 (pydantic reports a ValueError at its place)
    return {"add": value} if isinstance(value, list) else value


class FixedIn(_Written):
    """The release, and perhaps the pull request, that fixes the problem."""

    version: str = Field(description="The first version with the fix.", examples=["2.1.96"])
    pr: int | None = Field(None, ge=1, description="The pull request with the fix.")


class Guidance(_Written):
    """What a reporter is told. Texts are Markdown with Jinja2 in a sandbox."""

    when: Condition | None = Field(None, description="This branch speaks if the condition holds; without it, always.")
    tldr: str = Field(min_length=1, max_length=600, description="One or two sentences: what this is.")
    steps: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list, max_length=12, description="What to do now, the first thing first."
    )
    example: str | None = Field(None, max_length=4000, description="Commands or output, shown as a code block.")
    notes: str | None = Field(None, max_length=4000, description="What helps to understand it.")
    recommendation: str | None = Field(None, max_length=2000, description="What to do if that does not help.")
    source: str | None = Field(None, max_length=500, description="Where the advice comes from; for maintainers.")


class Resource(_Written):
    """A page to read."""

    title: str = Field(min_length=1, max_length=200, description="What the page is called.")
    url: str = Field(
        pattern=_HTTPS, max_length=500, description="Its https address.", examples=["https://example.com/help"]
    )


class ShowDuplicates(_Written):
    """Which earlier reports a comment may link."""

    show: int = Field(3, ge=0, le=3, description="How many at most.")
    open_only: bool = Field(default=True, description="Only open ones.")


class Close(_Written):
    """Closing, which nobody gets without asking for it."""

    as_: Literal["not_planned", "duplicate"] = Field(alias="as", description="The reason that GitHub shows.")
    after: str = Field(
        pattern=r"^[1-9][0-9]{0,2}[hd]$", description="How long after our comment: 3d, 12h.", examples=["3d"]
    )

    @property
    def hours(self) -> int:
        """The grace period in hours."""
        return int(self.after[:-1]) * (24 if self.after.endswith("d") else 1)


class Expectation(_Written):
    """What an example must give."""

    captures: dict[str, Scalar] = Field(default_factory=dict, description="Captures and their values.")
    branch: int | None = Field(None, ge=1, description="Which guidance branch speaks, counted from 1.")
    labels: list[str] | None = Field(None, description="The labels that the rule wants to add.")


class Example(_Written):
    """An issue, or the part of one that matters."""

    title: str = Field("", description="The issue's title.")
    body: str = Field("", description="The issue's body.")
    labels: list[str] = Field(default_factory=list, description="Labels that the issue has.")
    author: Association = Field("NONE", description="The author's association.")
    comments: list[str] = Field(default_factory=list, description="The author's own later comments.")
    expect: Expectation | None = Field(None, description="What the match must give.")


def _as_example(value: object) -> object:
    return [{"body": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value


ExampleList = Annotated[list[Example], BeforeValidator(_as_example, json_schema_input_type=list[str | Example])]


class Examples(_Written):
    """A rule's proof."""

    match: ExampleList = Field(min_length=1, description="Issues that the rule must match.")
    no_match: ExampleList = Field(min_length=1, description="Near misses that the rule must not match.")


class RuleModel(_Written):
    """When an issue looks like this, it is this known problem: label it so, and tell the reporter that."""

    id: str = Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=80,
        description="The rule's name; the file's name without .yml.",
        examples=["out-of-disk"],
    )
    title: str = Field(min_length=1, max_length=120, description="The known problem, as a heading.")
    why: str | None = Field(None, max_length=2000, description="What maintainers should know about the rule.")
    owner: str | None = Field(None, max_length=100, description="Who looks after the rule; never pinged.")
    mode: Mode = Field("comment", description="How far the rule may go: observe < label < comment.")
    priority: int = Field(0, ge=-100, le=100, description="A higher one speaks first when several rules match.")
    reviewed: date | None = Field(None, description="When a human last looked at the advice.")
    expires: date | None = Field(
        None, description="From this day on the rule still labels, but its guidance is withheld."
    )
    match: Condition = Field(description="What the issue must look like.")
    supersedes: list[str] = Field(default_factory=list, description="Rules that are silent when this one matches too.")
    also: list[str] = Field(default_factory=list, description="Rules that may match the same issue.")
    labels: Annotated[
        Labels,
        BeforeValidator(_as_labels, json_schema_input_type=Labels | list[LabelName]),
    ] = Field(default_factory=Labels, description="Labels to set (a list), or {add: [...], remove: [...]}.")
    fixed_in: FixedIn | None = Field(
        None, description="The release that fixes it: below it the comment says update, from it on regression."
    )
    follow: int | None = Field(
        None, ge=1, description="The issue to follow, if maintainers name one; checked before it is linked."
    )
    duplicates: ShowDuplicates = Field(
        default_factory=ShowDuplicates, description="How many earlier reports of the same problem a comment links."
    )
    guidance: Annotated[list[Guidance], BeforeValidator(_as_list, json_schema_input_type=Guidance | list[Guidance])] = (
        Field(
            default_factory=list,
            description="What the reporter is told: one mapping, or branches of which the first that holds speaks.",
        )
    )
    resources: list[Resource] = Field(default_factory=list, max_length=5, description="Pages to read.")
    close: Close | None = Field(None, description="Opt-in closing; any human sign of life cancels it.")
    examples: Examples = Field(description="The proof: at least one issue that matches and one near miss.")

    @field_validator("reviewed", "expires", mode="before")
    @classmethod
    def _reads_as_date(cls, value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            message = f"{value!r} is no date; write it like 2026-11-23"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _a_speaking_rule_says_something(self) -> "RuleModel":
        if self.mode == "comment" and not self.guidance:
            message = "a rule in mode `comment` needs `guidance`; add it, or set `mode: label`"
            raise ValueError(message)
        return self


CAPTURE_NAMES = "use lower-case letters, digits and `_`, and no word of the language"
TEMPLATE_NAMES = ("issue", "rule", "duplicates", "follow", "fixed_in")


def is_capture_name(name: str) -> bool:
    """Whether a capture may be called so: no word that conditions or templates use for something else."""
    operators = {field.alias or key for key, field in Condition.model_fields.items()} - {"version"}
    return bool(re.fullmatch(r"[a-z][a-z0-9_]*", name)) and name not in {*operators, *TEMPLATE_NAMES}


class CaptureSource(_Written):
    """One place where a capture may be stated."""

    section: str | None = Field(None, min_length=1, description="A form field, heading or `Key: value` line.")
    phrase: str | None = Field(None, min_length=1, description="A phrase with one typed hole.")
    regex: str | None = Field(None, min_length=1, description="RE2 pattern whose first group is the value.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "CaptureSource":
        if sum(value is not None for value in (self.section, self.phrase, self.regex)) != 1:
            message = "a source is exactly one of `section`, `phrase` or `regex`"
            raise ValueError(message)
        return self


class CaptureModel(_Written):
    """A fact that every rule of the pack may use."""

    first_of: list[CaptureSource] = Field(
        min_length=1, description="Where it is stated; logs win over form fields, those over prose."
    )
    map: dict[str, str] | None = Field(None, description="What is written, and what it means: {darwin: macos}.")
    type: (
        Literal["int", "number", "version", "id", "word", "path", "host", "url", "date", "time", "money", "code", "any"]
        | None
    ) = Field(None, description="What kind of value it is; `version` for a capture of that name.")

    @field_validator("map", mode="before")
    @classmethod
    def _values_are_text(cls, value: object) -> object:
        return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else value


class PackLayout(_Written):
    """A kind of report beside the built-in ones."""

    headings: Literal["form", "bold", "any"] = Field(
        "any", description="What its headings look like: `### X`, `**X**`, or any."
    )
    sections: dict[str, SectionView] = Field(description="Its sections, and the view that the text of each belongs to.")


class PackModel(_Written):
    """A folder of rules."""

    name: str = Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=80,
        description="The pack's name; the folder's name.",
        examples=["my-tool"],
    )
    product: str = Field("", max_length=100, description="The product, as its users call it.")
    captures: dict[str, CaptureModel] = Field(
        default_factory=dict, description="Facts that every rule of the pack may use."
    )
    layouts: dict[str, PackLayout] = Field(
        default_factory=dict, description="Kinds of report beside the built-in ones."
    )
    placeholders: list[str] = Field(
        default_factory=list, description="Answers that count as unanswered (a form's own examples)."
    )
    forbidden_words: list[str] = Field(
        default_factory=list,
        description="Words that wake other bots of the repository; a comment that has them does not leave.",
    )

    @field_validator("captures")
    @classmethod
    def _names_are_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not is_capture_name(name):
                message = f"`{name}` cannot be a capture's name; {CAPTURE_NAMES}"
                raise ValueError(message)
        return value
