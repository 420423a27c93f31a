"""Earlier issues that may report the same problem, as found by a search. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from bot.tracker.types import Issue

Tier = Literal["A", "B", "C"]
"""How good the evidence is. A: matched by the same rule, or named by a person; B: the same error; C: similar."""

SAME_RULE = "matches the same known problem"
SAME_TEXT = "has the same text, word for word"
SAID_SO = "named here as the same problem"
WHY: Mapping[Tier, str] = {
    "A": SAME_RULE,
    "B": "shows the same error message",
    "C": "is similar to this one",
}
"""Why an issue is linked, in our own words: reporters' words may appear in the summary, but never in a comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An earlier issue that may report the same problem; its state on GitHub is not known yet.

    `score` is between 0 and 1; `why` is the reason in our own words; `evidence` is the text in both reports, `features`
    are the numbers behind the score, both for maintainers. `title` and `evidence` are text of strangers.
    """

    number: int
    tier: Tier
    score: float
    why: str
    title: str = ""
    evidence: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSearch:
    """The candidates of a search, the best first, with remarks for maintainers.

    `is_complete` is false if the search failed: then earlier links stay. `is_calibrated` means that the threshold was
    learned from the repository's past issues; `expectation` says in words how often it was right there.
    """

    candidates: tuple[Candidate, ...] = ()
    remarks: tuple[str, ...] = ()
    is_complete: bool = True
    is_calibrated: bool = False
    expectation: str = ""

    def remember(self, given: Mapping[int, Tier]) -> "CandidateSearch":
        """The search with those earlier links (`given`, by their tier) that it does not refute.

        Only a calibrated index knows what is similar enough. Tier A is always checked again: a rule matches both, or a
        person's command is still there.
        """
        can_refute = {"A": self.is_complete, "B": self.is_complete, "C": self.is_complete and self.is_calibrated}
        found = {each.number for each in self.candidates}
        kept = [(number, tier) for number, tier in given.items() if number not in found and not can_refute[tier]]
        return replace(self, candidates=(*(_recall(*link) for link in kept), *self.candidates))


def _recall(number: int, tier: Tier) -> Candidate:
    kept: Tier = "C" if tier == "C" else "B"
    return Candidate(number=number, tier=kept, score=0.0, why=WHY[kept])


class FindCandidates(Protocol):
    """Searches for candidates: in an index, with GitHub search, or nowhere. Never raises."""

    @property
    def is_free(self) -> bool:
        """Whether it sends no request to GitHub, so that it can run for every issue."""

    def __call__(self, issue: Issue) -> CandidateSearch:
        """The candidates for an issue."""


class FindNothing:
    """A search that finds nothing."""

    is_free = False

    def __call__(self, issue: Issue) -> CandidateSearch:
        """Nothing."""
        del issue
        return CandidateSearch()
