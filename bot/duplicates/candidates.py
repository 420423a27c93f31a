"""Earlier reports of the same problem: as they were found, and as they may be linked. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, Protocol

from bot.duplicates.canonical import Fix, Refusal, Target
from bot.tracker.types import Issue

Tier = Literal["A", "B", "C"]
"""How good the evidence is. A: matched by the same rule, or named by a person; B: the same error; C: looks alike."""

MOST_CHECKED = 8
"""So many candidates are looked at on GitHub, with one request: a link that must not be given has a successor."""

SAME_RULE = "matches the same known problem"
SAME_TEXT = "says the same, word for word"
SAID_SO = "named here as the same problem"
WHY: Mapping[Tier, str] = {
    "A": SAME_RULE,
    "B": "shows the same error message",
    "C": "reads much like this one",
}
"""Why a report is linked, in our own words: what reporters wrote stands in the summary, and never in a comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier report that may be the same problem, as it was found: how it stands now is not known yet.

    `score` is between 0 and 1; `why` says it in our own words; `evidence` is what both reports say, `features` the
    numbers behind the score, both for maintainers. `title` and `evidence` are text of strangers.
    """

    number: int
    tier: Tier
    score: float
    why: str
    title: str = ""
    evidence: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a search found, the best first, and what maintainers should know of how it went.

    `is_whole` is false where it could not be searched: then what was linked before is kept. `is_calibrated` tells that
    the repository's own past says how sure a likeness must be; `expected` how often it was right there, in words.
    """

    earlier: tuple[Earlier, ...] = ()
    remarks: tuple[str, ...] = ()
    is_whole: bool = True
    is_calibrated: bool = False
    expected: str = ""


class FindEarlier(Protocol):
    """Looks for earlier reports: in an index, by GitHub's own search, or nowhere. Never raises."""

    @property
    def is_free(self) -> bool:
        """Whether it asks nothing of GitHub, so that one can look whatever comes of it."""

    def __call__(self, issue: Issue) -> Findings:
        """The earlier reports that may be the same problem."""


class FindNothing:
    """Where there is nothing to look in."""

    is_free = False

    def __call__(self, issue: Issue) -> Findings:
        """Nothing."""
        del issue
        return Findings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An earlier report of the same problem that may be linked; `confidence` is 0 to 1, `why` says it in words.

    `rule` is the one that matches both reports (tier A). `found` is how it was found, for maintainers. `is_unproven`
    where it only looks alike, by a measure that this repository's past has not tried, and was not linked before.
    """

    number: int
    url: str
    state: Literal["open", "closed"]
    confidence: float
    why: str
    tier: Tier = "B"
    rule: str | None = None
    followers: int = 0
    fix: Fix | None = None
    found: Earlier | None = None
    is_unproven: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still open."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An earlier report that is not linked, and why."""

    earlier: Earlier
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known beside the candidates: which rules each matches, what is linked anyway, what was linked before.

    `is_calibrated` as in `Findings`.
    """

    rules: Mapping[int, str] = field(default_factory=dict)
    linked: Collection[int] = ()
    given: Collection[int] = ()
    is_calibrated: bool = False


def choose_duplicates(
    earlier: Iterable[Earlier], judged: Mapping[int, Target | Refusal], knowledge: Knowledge
) -> tuple[tuple[Duplicate, ...], tuple[LeftOut, ...]]:
    """Which may be linked, the best first, and which not; `judged` is where each of them leads.

    A before B before C. Among equals what is linked already, then what most others point to, then what maintainers
    answered, then the oldest.
    """
    ways, out = list[tuple[Earlier, Target]](), list[LeftOut]()
    for each in earlier:
        target = judged.get(each.number)
        if reason := _find_reason(each, target, knowledge):
            out.append(LeftOut(each, reason))
        elif isinstance(target, Target):
            ways.append((_raise_tier(each, target, knowledge), target))
    ways.sort(key=lambda way: (way[1].number, way[0].tier, -way[0].score))
    best = [next(group) for _, group in groupby(ways, key=lambda way: way[1].number)]
    best.sort(key=lambda way: _rank(way[0], way[1], knowledge))
    return tuple(_make_duplicate(found, target, knowledge) for found, target in best), tuple(out)


def _find_reason(found: Earlier, target: Target | Refusal | None, knowledge: Knowledge) -> str | None:
    if target is None:
        return "not among the nearest"
    if isinstance(target, Refusal):
        return target.reason
    if target.number in knowledge.linked:
        return f"#{target.number} is linked already"
    if target.is_open and target.is_locked:
        return f"#{target.number} is locked: nobody could add to it"
    if not (target.is_open or target.is_mended or found.why == SAID_SO):
        return f"#{target.number} is closed, and nothing says which change fixed it"
    return None


def _raise_tier(found: Earlier, target: Target, knowledge: Knowledge) -> Earlier:
    """What the same rule matches is tier A, whatever it was found by."""
    if found.tier == "A" or target.number not in knowledge.rules:
        return found
    return Earlier(
        number=found.number,
        tier="A",
        score=found.score,
        why=SAME_RULE,
        title=found.title,
        evidence=found.evidence,
        features=found.features,
    )


def _rank(found: Earlier, target: Target, knowledge: Knowledge) -> tuple[object, ...]:
    """Scores that differ by less than a tenth are equal; in tier A all are."""
    closeness = 0.0 if found.tier == "A" else -round(found.score, 1)
    is_new = target.number not in knowledge.given
    age = target.created_at.timestamp() if target.created_at else 0.0
    return found.tier, is_new, closeness, -target.references, not target.is_answered, age, target.number


def _make_duplicate(found: Earlier, target: Target, knowledge: Knowledge) -> Duplicate:
    return Duplicate(
        number=target.number,
        url=target.url,
        state="open" if target.is_open else "closed",
        confidence=1.0 if found.tier == "A" else found.score,
        why=found.why,
        tier=found.tier,
        rule=knowledge.rules.get(target.number) if found.tier == "A" else None,
        followers=target.followers,
        fix=target.fix,
        found=found,
        is_unproven=found.tier == "C" and not knowledge.is_calibrated and target.number not in knowledge.given,
    )


def choose_shown(duplicates: Sequence[Duplicate], limit: int, *, with_alike: bool, open_only: bool) -> list[Duplicate]:
    """Those that a comment links: at most `limit`; what only looks alike where that is wanted and proven."""
    fitting = [
        each
        for each in duplicates
        if (each.tier != "C" or (with_alike and not each.is_unproven)) and (each.is_open or not open_only)
    ]
    return fitting[:limit]
