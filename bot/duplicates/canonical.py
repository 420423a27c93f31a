"""Which links may be given: targets that exist, are issues, are not this issue and do not lead in a circle. Pure."""

from dataclasses import dataclass
from typing import Literal

from bot.github.tracker import Issue, Skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An issue that a comment may link."""

    number: int
    state: Literal["open", "fixed"]

    @property
    def is_open(self) -> bool:
        """Whether it is still open."""
        return self.state == "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An earlier report of the same problem. `confidence` is between 0 and 1; `why` says it in words."""

    number: int
    url: str
    state: Literal["open", "closed"]
    confidence: float
    why: str

    @property
    def is_open(self) -> bool:
        """Whether it is still open."""
        return self.state == "open"


def judge_target(issue: Issue, number: int, found: Issue | None) -> Target | Skip:
    """Whether `issue` may link issue `number`, given what GitHub says of it (None: gone); else why not."""
    if number == issue.number:
        return Skip(f"#{number} is this issue itself")
    if found is None:
        return Skip(f"#{number} does not exist any more")
    if found.repository.lower() != issue.repository.lower() or found.number != number:
        return Skip(f"#{number} was moved to {found.repository}#{found.number}")
    if found.is_pull_request:
        return Skip(f"#{number} is a pull request")
    return _judge_state(found)


def _judge_state(found: Issue) -> Target | Skip:
    if found.state == "open":
        return Target(number=found.number, state="open")
    if found.state_reason == "completed":
        return Target(number=found.number, state="fixed")
    reason = f" as {found.state_reason.replace('_', ' ')}" if found.state_reason else ""
    return Skip(f"#{found.number} is closed{reason}")
