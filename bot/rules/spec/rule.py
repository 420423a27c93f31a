"""The shape of a rule: what it sets, what it says, and its proof. Pure."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.rules.spec.condition import Association, Condition, LabelName, Mode, Scalar, Written, as_list, meaning
from bot.text.versions import parse_version

_HTTPS = r"""^https://[^\s<>()"']+$"""
"""Without a needless backslash: editors read it as a regular expression of ECMAScript, which knows none."""


class Labels(Written):
    """Labels to set and to take off. A label that a human set is never taken off."""

    add: list[LabelName] = Field(
        default_factory=list, description="Labels to set; they must exist in the repository.", examples=[["bug"]]
    )
    remove: list[LabelName] = Field(
        default_factory=list,
        description="Labels to take off, if a bot or a template set them.",
        examples=[["needs-triage"]],
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


class FixedIn(Written):
    """The release, and perhaps the pull request, that fixes the problem."""

    version: str = Field(description="The first version with the fix.", examples=["2.1.96"])
    pr: int | None = Field(None, ge=1, description="The pull request with the fix.", examples=[45500])

    @field_validator("version")
    @classmethod
    def _is_a_version(cls, value: str) -> str:
        parse_version(value)
        return value


class Guidance(Written):
    """What a reporter is told. Texts are Markdown with Jinja2 in a sandbox."""

    when: Condition | None = Field(
        None,
        description="This branch speaks if the condition holds; without it, always.",
        examples=[{"version": "<2.1"}, {"os": ["linux", "macos"]}],
    )
    tldr: str = Field(
        min_length=1,
        max_length=600,
        description="One or two sentences: what this is.",
        examples=["The build ran out of disk space."],
    )
    steps: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list,
        max_length=12,
        description="What to do now, the first thing first.",
        examples=[["Run `df -h` and free at least 2 GB, then try again."]],
    )
    example: str | None = Field(
        None, max_length=4000, description="Commands or output, shown as a code block.", examples=["my-tool --version"]
    )
    notes: str | None = Field(
        None,
        max_length=4000,
        description="What helps to understand it.",
        examples=["The cache is on the system's disk{% if version %} in version {{ version }}{% endif %}."],
    )
    recommendation: str | None = Field(
        None,
        max_length=2000,
        description="What to do if that does not help.",
        examples=["Please add the output of `df -h` to this issue."],
    )
    source: str | None = Field(
        None,
        max_length=500,
        description="Where the advice comes from; for maintainers.",
        examples=["https://example.com/help/disk"],
    )


class Resource(Written):
    """A page to read."""

    title: str = Field(
        min_length=1, max_length=200, description="What the page is called.", examples=["Freeing disk space"]
    )
    url: str = Field(
        pattern=_HTTPS, max_length=500, description="Its https address.", examples=["https://example.com/help"]
    )


class ShowDuplicates(Written):
    """Which earlier reports a comment may link."""

    show: int = Field(3, ge=0, le=3, description="How many at most.", examples=[1])
    open_only: bool = Field(default=True, description="Only open ones.", examples=[False])


class Close(Written):
    """Closing, which nobody gets without asking for it."""

    as_: Annotated[
        Literal["not_planned", "duplicate"],
        Field(json_schema_extra=meaning("Closed as not planned.", "Closed as a duplicate of the issue to follow.")),
    ] = Field(alias="as", description="The reason that GitHub shows.", examples=["not_planned"])
    after: str = Field(
        pattern=r"^[1-9][0-9]{0,2}[hd]$", description="How long after our comment: `3d`, `12h`.", examples=["3d"]
    )

    @property
    def hours(self) -> int:
        """The grace period in hours."""
        return int(self.after[:-1]) * (24 if self.after.endswith("d") else 1)


class Expectation(Written):
    """What an example must give."""

    captures: dict[str, Scalar] = Field(
        default_factory=dict, description="Captures and their values.", examples=[{"version": "2.1.23"}]
    )
    branch: int | None = Field(None, ge=1, description="Which guidance branch speaks, counted from 1.", examples=[1])
    labels: list[str] | None = Field(None, description="The labels that the rule wants to add.", examples=[["bug"]])


class Example(Written):
    """An issue, or the part of one that matters."""

    title: str = Field("", description="The issue's title.", examples=["Build fails"])
    body: str = Field("", description="The issue's body.", examples=["write failed: No space left on device"])
    labels: list[str] = Field(default_factory=list, description="Labels that the issue has.", examples=[["bug"]])
    author: Association = Field("NONE", description="The author's association.", examples=["MEMBER"])
    comments: list[str] = Field(
        default_factory=list,
        description="The author's own later comments.",
        examples=[["It says: No space left on device"]],
    )
    expect: Expectation | None = Field(
        None,
        description="What the match must give.",
        examples=[{"captures": {"version": "2.1.23"}, "branch": 1, "labels": ["bug"]}],
    )


def _as_example(value: object) -> object:
    return [{"body": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value


ExampleList = Annotated[list[Example], BeforeValidator(_as_example, json_schema_input_type=list[str | Example])]


class Examples(Written):
    """A rule's proof."""

    match: ExampleList = Field(
        min_length=1,
        description="Issues that the rule must match.",
        examples=[["write failed: No space left on device (os error 28)"]],
    )
    no_match: ExampleList = Field(
        min_length=1,
        description="Near misses that the rule must not match.",
        examples=[["There is no space left in my heart for this bug"]],
    )


class RuleModel(Written):
    """When an issue looks like this, it is this known problem: label it so, and tell the reporter that."""

    id: str = Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=80,
        description="The rule's name; the file's name without `.yml`.",
        examples=["out-of-disk"],
    )
    title: str = Field(
        min_length=1, max_length=120, description="The known problem, as a heading.", examples=["The disk is full"]
    )
    why: str | None = Field(
        None,
        max_length=2000,
        description="What maintainers should know about the rule.",
        examples=["Most reports of build failures are this; seen since 2.0."],
    )
    owner: str | None = Field(
        None, max_length=100, description="Who looks after the rule; never pinged.", examples=["@org/build-team"]
    )
    mode: Mode = Field(
        "comment", description="How far the rule may go: observe < label < comment.", examples=["observe"]
    )
    priority: int = Field(
        0, ge=-100, le=100, description="A higher one speaks first when several rules match.", examples=[10]
    )
    reviewed: date | None = Field(
        None, description="When a human last looked at the advice.", examples=[date(2026, 11, 23)]
    )
    expires: date | None = Field(
        None,
        description="From this day on the rule still labels, but its guidance is withheld.",
        examples=[date(2027, 5, 31)],
    )
    match: Condition = Field(
        description="What the issue must look like; keys side by side must all hold.",
        examples=[{"phrase": "No space left on device"}],
    )
    supersedes: list[str] = Field(
        default_factory=list,
        description="Rules that are silent when this one matches too.",
        examples=[["api-error"]],
    )
    also: list[str] = Field(
        default_factory=list, description="Rules that may match the same issue.", examples=[["old-version"]]
    )
    labels: Annotated[
        Labels,
        BeforeValidator(_as_labels, json_schema_input_type=Labels | list[LabelName]),
    ] = Field(
        default_factory=Labels,
        description="Labels to set (a list), or `{add: [...], remove: [...]}`.",
        examples=[["needs-info"], {"add": ["bug"], "remove": ["needs-triage"]}],
    )
    fixed_in: FixedIn | None = Field(
        None,
        description="The release that fixes it: below it the comment says update, from it on regression.",
        examples=[{"version": "2.1.96", "pr": 45500}],
    )
    follow: int | None = Field(
        None,
        ge=1,
        description="The issue to follow, if maintainers name one; checked before it is linked.",
        examples=[45020],
    )
    duplicates: ShowDuplicates = Field(
        default_factory=ShowDuplicates,
        description="How many earlier reports of the same problem a comment links.",
        examples=[{"show": 1}],
    )
    guidance: Annotated[list[Guidance], BeforeValidator(as_list, json_schema_input_type=Guidance | list[Guidance])] = (
        Field(
            default_factory=list,
            description="What the reporter is told: one mapping, or branches of which the first that holds speaks.",
            examples=[
                {"tldr": "The build ran out of disk space.", "steps": ["Free at least 2 GB, then try again."]},
                [{"when": {"os": "windows"}, "tldr": "Drive C: is full."}, {"tldr": "The disk is full."}],
            ],
        )
    )
    resources: list[Resource] = Field(
        default_factory=list,
        max_length=5,
        description="Pages to read.",
        examples=[[{"title": "Freeing disk space", "url": "https://example.com/help/disk"}]],
    )
    close: Close | None = Field(
        None,
        description="Opt-in closing; any human sign of life cancels it.",
        examples=[{"as": "not_planned", "after": "3d"}],
    )
    examples: Examples = Field(
        description="The proof: at least one issue that matches and one near miss.",
        examples=[{"match": ["write failed: No space left on device"], "no_match": ["There is space left"]}],
    )

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
