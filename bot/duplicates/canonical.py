"""Which issues may be linked: those that exist, are not this one, and end their chain. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.tracker.types import Issue, LinkedIssue, Links, Release, Skip

MOST_STEPS = 20
"""The maximum number of steps in a chain of duplicates; two requests never read that many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The release that fixes an issue, by its tag, and its date.

    `is_sure` if the issue's milestone names it; else it is the first release after the fix. `version` is None if the
    fix is not released yet.
    """

    version: str | None
    at: datetime | None = None
    is_sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An issue that a comment may link, the end of its chain. `asked` is the start of the chain.

    `is_mended` if a change is known to have closed it; `fix` if the release is known, too. `followers` are the other
    people who take part in it, `references` is the number of times that other issues point to it.
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
    """Why an issue is not linked.

    `is_fault` if maintainers should correct something; `is_unchecked` if GitHub did not answer, so that a later run may
    link the issue.
    """

    is_fault: bool = False
    is_unchecked: bool = False


def follow_chain(number: int, known: Mapping[int, LinkedIssue], repository: str) -> tuple[int, ...]:
    """From an issue to the issue that it duplicates, and so on; a repeated number at the end closes a cycle.

    The last one may be unknown, or a duplicate of an issue in another repository.
    """
    path = [number]
    while len(path) <= MOST_STEPS and path[-1] not in path[:-1]:
        found = known.get(path[-1])
        if not (found and found.duplicate_of and found.duplicate_of[0].casefold() == repository.casefold()):
            break
        path.append(found.duplicate_of[1])
    return tuple(path)


def find_unread_ends(numbers: Iterable[int], known: Mapping[int, LinkedIssue], repository: str) -> tuple[int, ...]:
    """The ends of chains that were not read yet; an issue that was asked for and does not exist is not among them."""
    chains = [follow_chain(number, known, repository) for number in numbers]
    return tuple(sorted({chain[-1] for chain in chains if len(chain) > 1 and chain[-1] not in known}))


def judge_target(issue: Issue, number: int, links: Links) -> Target | Refusal:
    """The issue that `issue` may link for `number`: the end of its chain of duplicates; else the reason for no link."""
    chain = follow_chain(number, links.issues, issue.repository)
    end = chain[-1]
    if issue.number in chain:
        is_asked = number == issue.number
        reason = "is this issue itself" if is_asked else "is closed as a duplicate of this issue"
        return Refusal(f"#{number} {reason}")
    if end in chain[:-1]:
        cycle = " → ".join(f"#{step}" for step in _order_cycle(chain[chain.index(end) : -1]))
        return Refusal(f"{cycle} is a cycle of duplicates; reopen the canonical issue", is_fault=True)
    found = links.issues.get(end)
    if found is None:
        return _judge_missing(chain, links)
    return _judge_place(issue, found, chain) or _judge_state(found, chain, links)


def _judge_missing(chain: tuple[int, ...], links: Links) -> Refusal:
    """GraphQL gives the same answer for a moved issue and for one that never existed; only REST says where it is.

    https://github.com/apache/devlake/issues/7969, https://github.com/MarcusJellinghaus/mcp-workspace/issues/256
    """
    end = chain[-1]
    if end not in links.unread:
        return Refusal(
            f"#{end} is not an issue of this repository (deleted, moved, or never created){_describe_chain(chain)}"
        )
    if links.failure:
        return Refusal(f"#{end} could not be checked{_describe_chain(chain)}", is_unchecked=True)
    return Refusal(f"#{end} was not checked, to save requests")


def _order_cycle(steps: tuple[int, ...]) -> tuple[int, ...]:
    """A cycle from its lowest number back to it, so that the start of the chain does not matter."""
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
        return Refusal(f"#{number} is a duplicate of an issue in another repository{_describe_chain(chain)}")
    return None


def _judge_state(found: LinkedIssue, chain: tuple[int, ...], links: Links) -> Target | Refusal:
    target = found.issue
    if closing := describe_closing(target):
        unknown = ", but GitHub does not name the other issue" if target.state_reason == "duplicate" else ""
        return Refusal(f"#{target.number} is {closing}{unknown}{_describe_chain(chain)}")
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


def describe_closing(issue: Issue) -> str:
    """`closed as not planned`; "" for an issue that comments may link: open, or closed as completed."""
    if issue.state != "closed" or issue.state_reason == "completed":
        return ""
    return f"closed as {issue.state_reason.replace('_', ' ')}" if issue.state_reason else "closed"


def find_fix(found: LinkedIssue, links: Links) -> Fix | None:
    """The release that fixes a closed issue; None if no change is known to have closed it."""
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
