"""Which links may be given: issues that exist, are not this one, and stand at the end of their chain. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.tracker.types import Issue, LinkedIssue, Links, Release, Skip

MOST_STEPS = 20
"""A longer chain of duplicates is not followed; with two requests nobody gets so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The release that fixes an issue, as maintainers call it, and when it came out.

    `is_sure` where the issue's milestone names it; else it is the first release since the fix. `version` is None where
    the fix is in no release yet.
    """

    version: str | None
    at: datetime | None = None
    is_sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An issue that a comment may link, the end of its chain. `asked` is where the chain began.

    `is_mended` where a change is known to have closed it, `fix` where the release is, too. `followers` are the people
    who take part beside its author, `references` how often other issues point to it.
    """

    number: int
    state: Literal["open", "fixed"]
    asked: int = 0
    url: str = ""
    fix: Fix | None = None
    is_mended: bool = False
    followers: int = 0
    references: int = 0
    is_answered: bool = False
    is_locked: bool = False
    created_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still open."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Refusal(Skip):
    """Why a link is not given.

    `is_fault` where maintainers should mend something, whoever asked for the link; `is_unchecked` where GitHub did
    not answer, so that the link may be given another time.
    """

    is_fault: bool = False
    is_unchecked: bool = False


def follow_chain(number: int, known: Mapping[int, LinkedIssue], repository: str) -> tuple[int, ...]:
    """From an issue to what it is a duplicate of, and so on; a number that comes twice, at the end, closes a cycle.

    The last one may be unknown, or a duplicate of an issue elsewhere.
    """
    path = [number]
    while len(path) <= MOST_STEPS and path[-1] not in path[:-1]:
        found = known.get(path[-1])
        if not (found and found.duplicate_of and found.duplicate_of[0].casefold() == repository.casefold()):
            break
        path.append(found.duplicate_of[1])
    return tuple(path)


def find_unread_ends(numbers: Iterable[int], known: Mapping[int, LinkedIssue], repository: str) -> tuple[int, ...]:
    """The ends of chains that go on behind what was read; an issue that was asked for and is gone is none."""
    chains = [follow_chain(number, known, repository) for number in numbers]
    return tuple(sorted({chain[-1] for chain in chains if len(chain) > 1 and chain[-1] not in known}))


def judge_target(issue: Issue, number: int, links: Links) -> Target | Refusal:
    """Which issue `issue` may link where `number` is meant: the end of its chain of duplicates; else why none."""
    chain = follow_chain(number, links.issues, issue.repository)
    end = chain[-1]
    if issue.number in chain:
        is_asked = number == issue.number
        reason = "is this issue itself" if is_asked else "is closed as a duplicate of this issue"
        return Refusal(f"#{number} {reason}")
    if end in chain[:-1]:
        cycle = " → ".join(f"#{step}" for step in _order_cycle(chain[chain.index(end) : -1]))
        return Refusal(f"{cycle} are duplicates of each other in a circle; reopen the one that counts", is_fault=True)
    found = links.issues.get(end)
    if found is None:
        return _judge_missing(chain, links)
    return _judge_place(issue, found, chain) or _judge_state(found, chain, links)


def _judge_missing(chain: tuple[int, ...], links: Links) -> Refusal:
    """GraphQL says the same of an issue that was moved away and of one that never was; only REST says where it is.

    https://github.com/apache/devlake/issues/7969, https://github.com/MarcusJellinghaus/mcp-workspace/issues/256
    """
    end = chain[-1]
    if end not in links.unread:
        return Refusal(f"#{end} does not exist here (deleted, moved, or never an issue){_describe_chain(chain)}")
    if links.failure:
        return Refusal(f"#{end} could not be checked{_describe_chain(chain)}", is_unchecked=True)
    return Refusal(f"#{end} was not looked at: that would have taken more requests")


def _order_cycle(steps: tuple[int, ...]) -> tuple[int, ...]:
    """A cycle from its lowest number on and back there: the same one, wherever a chain enters it."""
    start = steps.index(min(steps))
    return (*steps[start:], *steps[:start], steps[start])


def _describe_chain(chain: tuple[int, ...]) -> str:
    return f", and #{chain[0]} is a duplicate of it" if len(chain) > 1 else ""


def _judge_place(issue: Issue, found: LinkedIssue, chain: tuple[int, ...]) -> Refusal | None:
    number, target = chain[-1], found.issue
    if target.repository.casefold() != issue.repository.casefold() or target.number != number:
        return Refusal(f"#{number} was moved to {target.repository}#{target.number}{_describe_chain(chain)}")
    if target.is_pull_request:
        return Refusal(f"#{number} is a pull request{_describe_chain(chain)}")
    if found.duplicate_of:
        return Refusal(f"#{number} is a duplicate of an issue elsewhere{_describe_chain(chain)}")
    return None


def _judge_state(found: LinkedIssue, chain: tuple[int, ...], links: Links) -> Target | Refusal:
    target = found.issue
    if target.state == "closed" and target.state_reason != "completed":
        reason = f" as {target.state_reason.replace('_', ' ')}" if target.state_reason else ""
        unknown = ", and nothing says of what" if target.state_reason == "duplicate" else ""
        return Refusal(f"#{target.number} is closed{reason}{unknown}{_describe_chain(chain)}")
    fix = find_fix(found, links) if target.state == "closed" else None
    return Target(
        number=target.number,
        state="open" if target.state == "open" else "fixed",
        asked=chain[0],
        url=target.url,
        fix=fix,
        is_mended=target.state == "closed" and (fix is not None or found.fixed_at is not None),
        followers=max(0, found.participants - 1),
        references=found.references,
        is_answered=found.is_answered,
        is_locked=target.is_locked,
        created_at=target.created_at,
    )


def find_fix(found: LinkedIssue, links: Links) -> Fix | None:
    """The release that fixes a closed issue; None where nothing says that a change closed it."""
    named = next((each for each in links.releases if _is_named(each, found.milestone)), None)
    if named:
        return Fix(version=named.tag, at=named.at, is_sure=True)
    if found.fixed_at is None:
        return None
    later = [each for each in links.releases if each.at >= found.fixed_at and not each.is_prerelease]
    is_all_seen = not links.has_older_releases or any(each.at < found.fixed_at for each in links.releases)
    first = min(later, key=lambda each: each.at, default=None) if is_all_seen else None
    if first:
        return Fix(version=first.tag, at=first.at)
    return Fix(version=None) if links.releases and not later else None


def _is_named(release: Release, milestone: str | None) -> bool:
    """Whether a milestone and a release have the same name: `2.1.96`, `v2.1.96`."""
    return bool(milestone) and release.tag.removeprefix("v") == str(milestone).strip().removeprefix("v")
