"""The shape of a condition, as pydantic models with a description for each key. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Mode = Literal["observe", "label", "comment"]
SectionView = Literal["body", "logs", "errors", "facts", "ignore"]
Association = Literal[
    "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "MEMBER", "NONE", "OWNER"
]


def as_list(value: object) -> object:
    """A single thing as a list of one; a list as it is."""
    return value if isinstance(value, list) or value is None else [value]


def _is_scalar(value: object) -> object:
    if not isinstance(value, bool | int | str):
        message = "expected one value: a text, a whole number, true or false"
        raise ValueError(message)  # noqa: TRY004 (pydantic reports a ValueError at its place)
    return value


Scalar = Annotated[bool | int | str, BeforeValidator(_is_scalar)]
Strings = Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])]
LabelName = Annotated[str, Field(min_length=1, max_length=50)]


class Written(BaseModel):
    """Something that a person writes: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class SectionNamed(Written):
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


class AtLeast(Written):
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
    code: Annotated[list[int], BeforeValidator(as_list, json_schema_input_type=int | list[int])] | None = Field(
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
        Annotated[list[Association], BeforeValidator(as_list, json_schema_input_type=Association | list[Association])]
        | None
    ) = Field(None, min_length=1, description="The author's association with the repository.")
    language: Strings | None = Field(
        None, min_length=1, description="The report's language, as an ISO 639-1 code.", examples=["en", "zh"]
    )
    layout: Strings | None = Field(
        None, min_length=1, description="The kind of report: form, in-app, editor, classic, free, html or a pack's own."
    )
    body: Literal["empty", "images_only", "links_only", "template_untouched", "repeated"] | None = Field(
        None,
        description="There is nothing to read; `repeated`: the same words in every field, or the title's once more.",
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
