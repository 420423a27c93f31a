"""The settings of a repository (`config.yml`), with careful defaults, and all sources of a run. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.duplicates.candidates import FindCandidates, FindNothing
from bot.errors import Problem, SettingsError
from bot.rules.ruleset import Ruleset
from bot.rules.spec.condition import Association, LabelName, LabelNames, Mode, Strings, meaning
from bot.rules.spec.document import Document, cut_name, read_document
from bot.rules.spec.validation import suggest, validate
from bot.triage.people.incidents import DescribeIncident, FindIncident, describe_no_incident, find_no_incident
from bot.triage.people.settings import ClosingSettings, Setting, SurgeSettings, VoteSettings

Occasion = Annotated[
    Literal["opened", "edited", "reopened", "commented", "labeled", "unlabeled"],
    Field(
        json_schema_extra=meaning(
            "A new issue was opened.",
            "Its title or body was edited.",
            "It was reopened.",
            "Its author wrote a comment. The workflow also needs `issue_comment`.",
            "A person set or removed a label. The workflow also needs `labeled` and `unlabeled`.",
            "A person removed a label; `labeled` includes this. The workflow also needs `unlabeled`.",
        )
    ),
]


SITE = r"^https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?$"
"""Without a query, a fragment, or anything else that Markdown or GitHub would read as more than an address."""


class Skipped(Setting):
    """Issues without a run, by label, author or association."""

    labels: LabelNames = Field(
        default_factory=list, description="Issues with one of these labels.", examples=[["wontfix"]]
    )
    authors: Strings = Field(default_factory=list, description="Issues by these users.", examples=[["octocat"]])
    associations: list[Association] = Field(
        default=["OWNER", "MEMBER"],
        description="Issues by authors with one of these associations.",
        examples=[["OWNER", "MEMBER"]],
    )
    bots: bool = Field(default=True, description="Issues that bots and GitHub Apps open.", examples=[False])


def _reject_empty(prefixes: list[str]) -> list[str]:
    if "" in prefixes:
        raise ValueError("an empty prefix would match every label; remove it")
    return prefixes


class LabelSettings(Setting):
    """How Signpost handles labels."""

    create: bool = Field(
        default=False,
        description="Create labels that do not exist. A typo then creates a wrong label.",
        examples=[True],
    )
    regression: LabelName | None = Field(
        "regression",
        description="Label for a report whose version should already contain the fix.",
        examples=["regression"],
    )
    prefix_owned: Annotated[Strings, AfterValidator(_reject_empty)] = Field(
        default_factory=list,
        description="Prefixes of Signpost's own labels. It removes such a label when no rule supports it any more.",
        examples=[["signpost:"]],
    )


class DuplicateSettings(Setting):
    """How Signpost links earlier reports."""

    enabled: bool = Field(default=True, description="Whether to look for earlier reports.", examples=[False])
    show: int = Field(3, ge=0, le=3, description="The maximum number of links in a comment.", examples=[1])
    tier_c: Annotated[
        Literal["summary", "comment"],
        Field(
            json_schema_extra=meaning(
                "Only in the summary of the run.", "Also in the comment, if a calibrated index found them."
            )
        ),
    ] = Field("summary", description="Where to show issues that are only similar (tier C).", examples=["comment"])
    comment: Annotated[
        Literal["matched", "always"],
        Field(
            json_schema_extra=meaning(
                "Only a comment about a known problem has links.",
                "If no rule matches, a comment may consist of links alone.",
            )
        ),
    ] = Field("matched", description="When a comment links earlier reports.", examples=["always"])
    suggest: bool = Field(
        default=False,
        description=(
            "Signpost suggests to close a report as a duplicate of the best earlier one, and a person decides. Then "
            "Signpost looks for earlier reports of every issue."
        ),
        examples=[True],
    )
    label: LabelName | None = Field(
        "duplicate", description="Label for a duplicate report; null for no label.", examples=["duplicate"]
    )
    label_when: Annotated[
        Literal["asked", "known"],
        Field(
            json_schema_extra=meaning(
                "The author or a maintainer wrote `/signpost duplicate #N`.",
                "Also if one rule matches both the report and the linked issue.",
            )
        ),
    ] = Field("asked", description="When Signpost sets that label.", examples=["known"])


class Words(Setting):
    """The words of comments."""

    forbidden: Strings = Field(
        default_factory=list,
        description="Signpost does not post a comment that contains one of these words.",
        examples=[["possible duplicate"]],
    )


class Identity(Setting):
    """The account that posts the comments."""

    login: str | None = Field(
        None, description="The login of Signpost's comments (default: github-actions[bot]).", examples=["your-app[bot]"]
    )
    also: Strings = Field(
        default_factory=list,
        description="Former logins of Signpost, whose comments with its marker it still maintains.",
        examples=[["github-actions[bot]"]],
    )


class Config(Setting):
    """The settings of a repository.

    The defaults skip validation, which they do not need: building the validators takes 15 ms of a cold start.
    """

    mode: Mode = Field(
        "comment",
        description="The highest mode of any rule: observe < suggest < label < comment.",
        examples=["observe"],
    )
    modes: dict[str, Mode] = Field(
        default_factory=dict,
        description="The highest mode of single rules, by id or former id. `observe` turns off a rule of a pack.",
        examples=[{"empty-body": "observe"}],
    )
    packs: Strings = Field(
        default_factory=list,
        description="Packs that come with Signpost, used together with your own rules.",
        examples=[["common"]],
    )
    max_sections: int = Field(
        2, ge=1, le=5, description="The maximum number of known problems in one comment.", examples=[1]
    )
    skip: Skipped = Field(
        default_factory=Skipped.model_construct,
        description="Issues that Signpost ignores.",
        examples=[{"labels": ["wontfix"], "associations": ["OWNER"]}],
    )
    on: list[Occasion] = Field(
        default=["opened", "edited", "reopened", "commented", "labeled"],
        description="The events that Signpost handles. `commented`: a comment by the author, or a command.",
        examples=[["opened"], ["opened", "edited", "labeled", "unlabeled"]],
    )
    labels: LabelSettings = Field(
        default_factory=LabelSettings.model_construct,
        description="How Signpost handles the labels of all rules.",
        examples=[{"regression": "regression"}],
    )
    duplicates: DuplicateSettings = Field(
        default_factory=DuplicateSettings.model_construct,
        description="Whether and how Signpost links earlier reports.",
        examples=[{"show": 1}],
    )
    words: Words = Field(
        default_factory=Words.model_construct,
        description="Words that comments must not contain.",
        examples=[{"forbidden": ["possible duplicate"]}],
    )
    votes: VoteSettings = Field(
        default_factory=VoteSettings.model_construct,
        description="What reactions to Signpost's comments mean, and when a rule becomes silent.",
        examples=[{"mute_above": 0.4}],
    )
    closing: ClosingSettings = Field(
        default_factory=ClosingSettings.model_construct,
        description="How Signpost closes issues.",
        examples=[{"confirm": True}],
    )
    surge: SurgeSettings = Field(
        default_factory=SurgeSettings.model_construct,
        description="When many reports of one problem are an incident.",
        examples=[{"reports": 10}],
    )
    identity: Identity = Field(
        default_factory=Identity.model_construct,
        description="The account of Signpost, if the token does not show it.",
        examples=[{"login": "your-app[bot]"}],
    )
    site: str | None = Field(
        None,
        pattern=SITE,
        max_length=300,
        description=(
            "The URL of the published known-problems site (`signpost site`). Comments then link the page of the "
            "problem under “Read more”."
        ),
        examples=["https://your-org.github.io/your-repo"],
    )
    tools_in_comments: bool = Field(
        default=False,
        description="Comments also show up to three tools of the pack that share tags with the problem.",
        examples=[True],
    )
    template: str | None = Field(
        None,
        description="Your own comment template, a file in the folder of config.yml.",
        examples=["comment.md.j2"],
    )


def make_default_config() -> Config:
    """The settings of a repository that has none."""
    return Config.model_construct()


def read_config(text: str, file: str) -> Config:
    """The settings in a file. Raises SettingsError with all problems, each with its line and column."""
    config, problems = parse_config(text, file)
    if config is None:
        raise refuse_settings(problems)
    return config


def refuse_settings(problems: Iterable[Problem]) -> SettingsError:
    """The error about settings with problems."""
    found = tuple(problems)
    return SettingsError("the settings are invalid; correct them:\n" + "\n".join(map(str, found)), found)


def parse_config(text: str, file: str) -> tuple[Config | None, tuple[Problem, ...]]:
    """The settings in a file, or None and all of their problems, from the first line to the last."""
    document = read_document(text, file)
    if document.value is None and not document.problems:
        return make_default_config(), ()
    config, problems = validate(document, Config)
    return config, tuple(sorted(problems))


def find_unknown_packs(config: Config, text: str, file: str, known: Collection[str]) -> tuple[Problem, ...]:
    """The names in `packs` that are not those of packs, each at its place in the text of the settings."""
    unknown = [(index, name) for index, name in enumerate(config.packs) if name not in known]
    document = read_document(text, file) if unknown else Document(file)
    return tuple(
        document.problem_at(("packs", index), f"unknown pack `{cut_name(name)}`{suggest(name, known)}", "settings")
        for index, name in unknown
    )


def find_unknown_rules(config: Config, file: str, known: Collection[str]) -> tuple[Problem, ...]:
    """The ids in `modes` that no rule has or had; `known` are those of all rules."""
    unknown = [name for name in config.modes if name not in known]
    messages = (f"`modes` names the unknown rule `{name}`{suggest(name, known) or '; remove it'}" for name in unknown)
    return tuple(Problem(file, 1, 1, message, "settings") for message in messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rules, settings, a comment template if the repository has one, and the search for candidates.

    `muted` are the rules that only set labels because of people's votes, each with the reason. `describe_incident` asks
    whether an issue is part of an incident, and `find_incident` knows those that have a tracking issue. `remarks` are
    about the sources themselves.
    """

    ruleset: Ruleset
    config: Config
    template: str | None = None
    find_candidates: FindCandidates = field(default_factory=FindNothing)
    muted: Mapping[str, str] = field(default_factory=dict)
    describe_incident: DescribeIncident = describe_no_incident
    find_incident: FindIncident = find_no_incident
    remarks: tuple[str, ...] = ()

    @property
    def forbidden_words(self) -> tuple[str, ...]:
        """The words that comments must not contain, from the packs and the settings."""
        return (*self.ruleset.forbidden_words, *self.config.words.forbidden)
