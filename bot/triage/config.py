"""A repository's settings, `config.yml`: every default is the careful one; and all that a run works with. Pure."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.duplicates.candidates import FindCandidates, FindNothing
from bot.errors import Problem, SettingsError
from bot.rules.ruleset import Ruleset
from bot.rules.spec.condition import Association, Mode, Strings, meaning
from bot.rules.spec.document import read_document
from bot.rules.spec.validation import validate

Occasion = Annotated[
    Literal["opened", "edited", "reopened", "commented"],
    Field(
        json_schema_extra=meaning(
            "A new issue.",
            "Its title or body was edited.",
            "It was opened again.",
            "Its author wrote a comment; needs `issue_comment` in the workflow.",
        )
    ),
]


class _Setting(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Skipped(_Setting):
    """Issues that are left alone."""

    labels: Strings = Field(
        default_factory=list, description="Issues with one of these labels.", examples=[["wontfix"]]
    )
    authors: Strings = Field(default_factory=list, description="Issues of these people.", examples=[["octocat"]])
    associations: list[Association] = Field(
        default=["OWNER", "MEMBER"],
        description="Issues of authors with this association.",
        examples=[["OWNER", "MEMBER"]],
    )
    bots: bool = Field(default=True, description="Issues that bots and Apps open.", examples=[False])


def _reject_empty(prefixes: list[str]) -> list[str]:
    if "" in prefixes:
        raise ValueError("an empty prefix would own every label; leave it out")
    return prefixes


class LabelSettings(_Setting):
    """How labels are treated."""

    create: bool = Field(
        default=False, description="Create labels that do not exist; a typo then makes a label.", examples=[True]
    )
    regression: str | None = Field(
        "regression",
        description="Label for a report of a problem that is fixed in the stated version.",
        examples=["regression"],
    )
    prefix_owned: Annotated[Strings, AfterValidator(_reject_empty)] = Field(
        default_factory=list,
        description="Labels that start so are Signpost's own: no longer true, they go.",
        examples=[["signpost:"]],
    )


class DuplicateSettings(_Setting):
    """How earlier reports are linked."""

    enabled: bool = Field(default=True, description="Whether to look for earlier reports.", examples=[False])
    show: int = Field(3, ge=0, le=3, description="How many a comment links at most.", examples=[1])
    tier_c: Annotated[
        Literal["summary", "comment"],
        Field(
            json_schema_extra=meaning(
                "Only in the summary of the run.", "In the comment, too, if they are from an index that is calibrated."
            )
        ),
    ] = Field("summary", description="Where merely similar issues are shown.", examples=["comment"])
    comment: Annotated[
        Literal["matched", "always"],
        Field(
            json_schema_extra=meaning(
                "Links stand in the comment about a known problem; without one there is no comment.",
                "Where no rule matches, a comment may consist of links alone.",
            )
        ),
    ] = Field("matched", description="When a comment links earlier reports.", examples=["always"])
    label: str | None = Field(
        "duplicate", description="Label for a report that repeats another; null for none.", examples=["duplicate"]
    )
    label_when: Annotated[
        Literal["asked", "known"],
        Field(
            json_schema_extra=meaning(
                "Somebody wrote `/signpost duplicate #N`.",
                "The same, or one rule matches both the report and the one that is linked.",
            )
        ),
    ] = Field("asked", description="When that label is set.", examples=["known"])


class Words(_Setting):
    """Words that must not be used."""

    forbidden: Strings = Field(
        default_factory=list,
        description="A comment with one of these words does not leave.",
        examples=[["possible duplicate"]],
    )


class Identity(_Setting):
    """Who we are, where the token cannot say."""

    login: str | None = Field(
        None, description="The login that our comments carry; default github-actions[bot].", examples=["your-app[bot]"]
    )
    also: Strings = Field(
        default_factory=list,
        description="Logins under which Signpost ran before; their comments with our marker are ours, too.",
        examples=[["github-actions[bot]"]],
    )


class Config(_Setting):
    """The settings of a repository.

    Defaults are made without validation, which they do not need: building the validators costs a cold start 15 ms.
    """

    mode: Mode = Field(
        "comment", description="How far any rule may go: observe < label < comment.", examples=["observe"]
    )
    packs: Strings = Field(
        default_factory=list, description="Shipped packs to use beside our own rules.", examples=[["common"]]
    )
    max_sections: int = Field(
        2, ge=1, le=5, description="How many known problems one comment may speak of.", examples=[1]
    )
    skip: Skipped = Field(
        default_factory=Skipped.model_construct,
        description="Which issues are left alone.",
        examples=[{"labels": ["wontfix"], "associations": ["OWNER"]}],
    )
    on: list[Occasion] = Field(
        default=["opened", "edited", "reopened", "commented"],
        description="What is looked at; `commented` = by the author only.",
        examples=[["opened"]],
    )
    labels: LabelSettings = Field(
        default_factory=LabelSettings.model_construct,
        description="How labels of all rules are treated.",
        examples=[{"regression": "regression"}],
    )
    duplicates: DuplicateSettings = Field(
        default_factory=DuplicateSettings.model_construct,
        description="Whether and how earlier reports are linked.",
        examples=[{"show": 1}],
    )
    words: Words = Field(
        default_factory=Words.model_construct,
        description="Words that no comment may have.",
        examples=[{"forbidden": ["possible duplicate"]}],
    )
    identity: Identity = Field(
        default_factory=Identity.model_construct,
        description="Who Signpost is, where the token cannot say.",
        examples=[{"login": "your-app[bot]"}],
    )
    template: str | None = Field(
        None,
        description="A comment template of our own, beside config.yml.",
        examples=["comment.md.j2"],
    )


def make_default_config() -> Config:
    """The settings of a repository that has none."""
    return Config.model_construct()


def read_config(text: str, file: str) -> Config:
    """The settings of a file; raises SettingsError with all problems, each with its line and column."""
    config, problems = parse_config(text, file)
    if config is None:
        raise SettingsError("the settings cannot be read\n" + "\n".join(map(str, problems)))
    return config


def parse_config(text: str, file: str) -> tuple[Config | None, tuple[Problem, ...]]:
    """The settings of a file, or None and everything that is wrong with them, from the first line to the last."""
    document = read_document(text, file)
    if document.value is None and not document.problems:
        return make_default_config(), ()
    config, problems = validate(document, Config)
    return config, tuple(sorted(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rules, settings, perhaps a comment template of the repository's own, and where candidates are searched."""

    ruleset: Ruleset
    config: Config
    template: str | None = None
    find_candidates: FindCandidates = field(default_factory=FindNothing)

    @property
    def forbidden_words(self) -> tuple[str, ...]:
        """Words that no comment may hold, of the packs and of the settings."""
        return (*self.ruleset.forbidden_words, *self.config.words.forbidden)
