"""The settings about people: what their reactions mean, when issues are closed, and when many reports are an incident.

Pure.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Setting(BaseModel):
    """A mapping of config.yml: unknown keys are errors, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


Reacted = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]
"""GitHub's reactions. https://docs.github.com/en/rest/reactions/reactions#about-reactions"""

Meaning = Literal[
    "works", "not-my-problem", "easy-fix", "time-saver", "blocking", "common", "flaky", "reproducible", "nothing"
]
"""What a reaction to a comment says; `nothing` is not counted."""

MEANINGS: Mapping[str, Meaning] = {
    "+1": "works",
    "-1": "not-my-problem",
    "rocket": "easy-fix",
    "heart": "time-saver",
    "confused": "blocking",
    "eyes": "common",
    "laugh": "flaky",
    "hooray": "reproducible",
}
"""👍 👎 🚀 ❤️ 😕 👀 😄 🎉, in this order."""


def _reject_other_thumbs(meanings: dict[Reacted, Meaning]) -> dict[Reacted, Meaning]:
    for reaction in ("+1", "-1"):
        usual = MEANINGS[reaction]
        if (given := meanings.get(reaction, usual)) != usual:
            raise ValueError(
                f"`{reaction}` cannot mean `{given}`, because each comment says that it means `{usual}`; remove it"
            )
    return meanings


class VoteSettings(Setting):
    """What reactions to Signpost's comments mean, and when a rule becomes silent."""

    reactions: Annotated[dict[Reacted, Meaning], AfterValidator(_reject_other_thumbs)] = Field(
        default_factory=dict,
        description="The meaning of single reactions; the others keep theirs, and `+1` and `-1` always do.",
        examples=[{"eyes": "reproducible", "hooray": "nothing"}],
    )
    mute_above: float | None = Field(
        0.5,
        ge=0,
        lt=1,
        description=(
            "A rule only sets its labels once more than this share of people say that it is not their problem, as the "
            "lower bound of the share's 95 % interval. null: never."
        ),
        examples=[0.4],
    )
    mute_from: int = Field(
        12,
        ge=1,
        description="The fewest people for that: authors of the issues, and people with write access.",
        examples=[20],
    )
    issue: bool = Field(
        default=False,
        description="`signpost sweep` keeps one issue that lists the muted rules.",
        examples=[True],
    )

    @property
    def meanings(self) -> Mapping[str, Meaning]:
        """The meaning of each reaction."""
        return {**MEANINGS, **dict[str, Meaning](self.reactions.items())}


class ClosingSettings(Setting):
    """How Signpost closes issues, for the rules with `close:` and for confirmed duplicates."""

    confirm: bool = Field(
        default=False,
        description="Signpost closes nothing: the summary proposes it, and a person decides.",
        examples=[True],
    )
    suggest: bool = Field(
        default=False,
        description=(
            "Like `confirm`, but Signpost proposes each closing as a suggestion on the issue. Where GitHub has no "
            "suggestions, the summary proposes it."
        ),
        examples=[True],
    )
    duplicates: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,2}[hd]$",
        description=(
            "Close a report as a duplicate this long after `/signpost duplicate #N`, if Signpost has a comment there. "
            "null: never."
        ),
        examples=["3d", "12h"],
    )

    @property
    def asks(self) -> bool:
        """Whether a person decides on each closing."""
        return self.confirm or self.suggest


class SurgeSettings(Setting):
    """When a problem is an incident: many people report it, and far more often than usual."""

    expected: float = Field(
        0.1,
        gt=0,
        le=12,
        description="The most times a year that chance alone may do this. A higher number shows more, also by mistake.",
        examples=[0.5],
    )
    reports: int = Field(5, ge=2, description="The fewest reports.", examples=[10])
    people: int = Field(5, ge=2, description="The fewest people who report it.", examples=[3])
    issue: bool = Field(
        default=False,
        description="Signpost keeps one tracking issue for each incident. Otherwise only its summaries show incidents.",
        examples=[True],
    )
