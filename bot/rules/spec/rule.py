"""The shape of a rule: its conditions, labels, guidance and examples. Pure."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.rules.spec.condition import (
    MAX_TAGS,
    Association,
    Condition,
    LabelName,
    Mode,
    Scalar,
    Slugs,
    Written,
    as_list,
    meaning,
)
from bot.rules.spec.fields import FieldValues, TypeName
from bot.rules.spec.labels import Labels, as_labels
from bot.text.versions import parse_version
from bot.tracker.fields import TYPE, FieldValue

HTTPS = r"""^https://[^\s<>()"']+$"""
"""Without a needless backslash: editors read it as a regular expression of ECMAScript, which knows none."""

About = Annotated[
    Literal["problem", "report"],
    Field(
        json_schema_extra=meaning(
            "A comment opens with “This looks like a known problem” and the title.",
            "A comment opens with “About this report” and the title.",
        )
    ),
]


class FixedIn(Written):
    """The release that fixes the problem, and optionally its pull request."""

    version: str = Field(description="The first version with the fix.", examples=["2.1.96"])
    pr: int | None = Field(None, ge=1, description="The pull request with the fix.", examples=[45500])

    @field_validator("version")
    @classmethod
    def _is_a_version(cls, value: str) -> str:
        parse_version(value)
        return value


class Guidance(Written):
    """The texts for the reporter: Markdown with Jinja2 in a sandbox."""

    when: Condition | None = Field(
        None,
        description="The branch applies if this condition holds. A branch without `when` always applies.",
        examples=[{"version": "<2.1"}, {"os": ["linux", "macos"]}],
    )
    tldr: str = Field(
        min_length=1,
        max_length=600,
        description="One or two sentences that explain the problem.",
        examples=["The build ran out of disk space."],
    )
    steps: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list,
        max_length=12,
        description="Steps for the reporter, in order.",
        examples=[["Run `df -h` and free at least 2 GB, then try again."]],
    )
    example: str | None = Field(
        None, max_length=4000, description="Commands or output, for a code block.", examples=["my-tool --version"]
    )
    notes: str | None = Field(
        None,
        max_length=4000,
        description="Background that helps to understand the problem.",
        examples=["The cache is on the system's disk{% if version %} in version {{ version }}{% endif %}."],
    )
    recommendation: str | None = Field(
        None,
        max_length=2000,
        description="Advice if the steps do not help.",
        examples=["Please add the output of `df -h` to this issue."],
    )
    ask: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list,
        max_length=12,
        description=(
            "Captures that the reporter should add. The comment leaves out those that the report states. "
            "`asks` in pack.yml has the text for each."
        ),
        examples=[["version", "os", "request_id"]],
    )
    source: str | None = Field(
        None,
        max_length=500,
        description="The source of the advice, for maintainers.",
        examples=["https://example.com/help/disk"],
    )


class Resource(Written):
    """A page to read."""

    title: str = Field(
        min_length=1, max_length=200, description="The title of the page.", examples=["Freeing disk space"]
    )
    url: str = Field(
        pattern=HTTPS, max_length=500, description="The https URL of the page.", examples=["https://example.com/help"]
    )


class ShowDuplicates(Written):
    """The earlier reports that a comment may link."""

    show: int = Field(3, ge=0, le=3, description="The largest number of earlier reports.", examples=[1])
    open_only: bool = Field(default=True, description="Link only open issues.", examples=[False])


class Close(Written):
    """Closing of issues; only rules that ask for it close any."""

    as_: Annotated[
        Literal["not_planned", "duplicate"],
        Field(json_schema_extra=meaning("Close as not planned.", "Close as a duplicate of the issue to follow.")),
    ] = Field(alias="as", description="The reason that GitHub shows.", examples=["not_planned"])
    after: str = Field(
        pattern=r"^[1-9][0-9]{0,2}[hd]$",
        description="The time between Signpost's comment and the closing: `3d`, `12h`.",
        examples=["3d"],
    )

    @property
    def hours(self) -> int:
        """The grace period in hours."""
        return int(self.after[:-1]) * (24 if self.after.endswith("d") else 1)


class Expectation(Written):
    """The expected result of an example."""

    captures: dict[str, Scalar] = Field(
        default_factory=dict, description="Captures and their values.", examples=[{"version": "2.1.23"}]
    )
    branch: int | None = Field(
        None, ge=1, description="The number of the guidance branch that applies, from 1.", examples=[1]
    )
    labels: list[str] | None = Field(None, description="The labels that the rule adds.", examples=[["bug"]])
    type: TypeName | None = Field(None, description="The issue type that the rule sets.", examples=["Bug"])
    fields: FieldValues | None = Field(
        None, description="The issue fields that the rule sets, all of them.", examples=[{"Priority": "High"}]
    )


class Example(Written):
    """An issue, or the part of one that matters."""

    title: str = Field("", description="The issue's title.", examples=["Build fails"])
    body: str = Field("", description="The issue's body.", examples=["write failed: No space left on device"])
    labels: list[str] = Field(default_factory=list, description="Labels that the issue has.", examples=[["bug"]])
    author: Association = Field("NONE", description="The author's association.", examples=["MEMBER"])
    comments: list[str] = Field(
        default_factory=list,
        description="Later comments by the issue's author.",
        examples=[["It says: No space left on device"]],
    )
    expect: Expectation | None = Field(
        None,
        description="The expected result of the match.",
        examples=[{"captures": {"version": "2.1.23"}, "branch": 1, "labels": ["bug"]}],
    )


def _as_example(value: object) -> object:
    return [{"body": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value


ExampleList = Annotated[list[Example], BeforeValidator(_as_example, json_schema_input_type=list[str | Example])]


class Examples(Written):
    """The examples that prove a rule."""

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
    """A known problem: the conditions that recognise it in an issue, its labels, and the guidance for the reporter."""

    id: str = Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=80,
        description="The rule's name, which is the name of its file without `.yml`.",
        examples=["out-of-disk"],
    )
    title: str = Field(
        min_length=1, max_length=120, description="The name of the known problem.", examples=["The disk is full"]
    )
    about: About = Field(
        "problem",
        description=(
            "What the title names: a known problem, or something about the `report` itself, such as a missing version."
        ),
        examples=["report"],
    )
    was: Slugs = Field(
        default_factory=list,
        description=(
            "Former ids of the rule, and of rules that were merged into it. Their pages of the site lead to this rule."
        ),
        examples=[["disk-full"]],
    )
    tags: Slugs = Field(
        default_factory=list,
        max_length=MAX_TAGS,
        description="The subjects of the problem. Related problems and tools are found by them.",
        examples=[["disk", "windows"]],
    )
    why: str | None = Field(
        None,
        max_length=2000,
        description="Notes about the rule for maintainers.",
        examples=["Most reports of build failures are this; seen since 2.0."],
    )
    owner: str | None = Field(
        None,
        max_length=100,
        description="The person or team that maintains the rule. Signpost never pings them.",
        examples=["@org/build-team"],
    )
    mode: Mode = Field(
        "comment",
        description="The actions that the rule may take: observe < suggest < label < comment.",
        examples=["observe"],
    )
    priority: int = Field(
        0,
        ge=-100,
        le=100,
        description="If several rules match, the rule with the highest priority speaks first.",
        examples=[10],
    )
    reviewed: date | None = Field(
        None, description="The date when a human last reviewed the advice.", examples=[date(2026, 11, 23)]
    )
    expires: date | None = Field(
        None,
        description="From this date on, the rule still sets labels, but comments no longer show its guidance.",
        examples=[date(2027, 5, 31)],
    )
    match: Condition = Field(
        description="The condition for a match. All its keys must hold.",
        examples=[{"phrase": "No space left on device"}],
    )
    supersedes: list[str] = Field(
        default_factory=list,
        description="Rules that are silent if this rule also matches.",
        examples=[["api-error"]],
    )
    also: list[str] = Field(
        default_factory=list,
        description="Rules that may match the same issue as this rule; both may speak.",
        examples=[["old-version"]],
    )
    labels: Annotated[
        Labels,
        BeforeValidator(as_labels, json_schema_input_type=Labels | list[LabelName]),
    ] = Field(
        default_factory=Labels,
        description="A list of labels to add, or `{add: [...], remove: [...], from: [...]}`.",
        examples=[
            ["needs-info"],
            {"add": ["bug"], "remove": ["needs-triage"], "from": [{"section": "Component", "prefix": "area:"}]},
        ],
    )
    type: TypeName | None = Field(
        None,
        description="The issue type to set on an issue without one. Organisations have issue types.",
        examples=["Bug"],
    )
    fields: FieldValues = Field(
        default_factory=dict,
        description="Values for the issue fields of the organisation. A field that has a value keeps it.",
        examples=[{"Priority": "High", "Effort": 3, "Target date": "2026-12-31", "Platforms": ["iOS", "Android"]}],
    )
    fixed_in: FixedIn | None = Field(
        None,
        description=(
            "The release with the fix. For older versions, the comment recommends an update. "
            "For this version and later ones, it mentions a possible regression."
        ),
        examples=[{"version": "2.1.96", "pr": 45500}],
    )
    follow: int | None = Field(
        None,
        ge=1,
        description="The number of the issue to follow. Signpost checks the issue before a comment links it.",
        examples=[45020],
    )
    duplicates: ShowDuplicates = Field(
        default_factory=ShowDuplicates,
        description="The earlier reports of the same problem that a comment links.",
        examples=[{"show": 1}],
    )
    guidance: Annotated[list[Guidance], BeforeValidator(as_list, json_schema_input_type=Guidance | list[Guidance])] = (
        Field(
            default_factory=list,
            description="The text for the reporter: one mapping, or several branches. The first that applies speaks.",
            examples=[
                {"tldr": "The build ran out of disk space.", "steps": ["Free at least 2 GB, then try again."]},
                [{"when": {"os": "windows"}, "tldr": "Drive C: is full."}, {"tldr": "The disk is full."}],
            ],
        )
    )
    resources: list[Resource] = Field(
        default_factory=list,
        max_length=5,
        description="Links to further pages.",
        examples=[[{"title": "Freeing disk space", "url": "https://example.com/help/disk"}]],
    )
    close: Close | None = Field(
        None,
        description="Opt-in closing of the issue. Any activity of a human cancels it.",
        examples=[{"as": "not_planned", "after": "3d"}],
    )
    examples: Examples = Field(
        description="Examples that prove the rule: at least one issue that matches, and one near miss.",
        examples=[{"match": ["write failed: No space left on device"], "no_match": ["There is space left"]}],
    )

    @field_validator("reviewed", "expires", mode="before")
    @classmethod
    def _reads_as_date(cls, value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            message = f"{value!r} is not a date; write it like 2026-11-23"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _a_speaking_rule_says_something(self) -> "RuleModel":
        if self.mode == "comment" and not self.guidance:
            message = "a rule in mode `comment` needs `guidance`; add it, or set `mode: label`"
            raise ValueError(message)
        return self

    def list_values(self) -> Iterator[tuple[str, FieldValue]]:
        """The issue type, under `TYPE`, and the issue fields that the rule asks for."""
        if self.type:
            yield TYPE, self.type
        yield from self.fields.items()
