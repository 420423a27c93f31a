"""Errors and problems for people who can fix them. Each says what is wrong, where, and what to do. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


class SignpostError(Exception):
    """An error that a maintainer can fix; `exit_code` is what the command returns (design: commands)."""

    exit_code = 2


class SettingsError(SignpostError):
    """Wrong usage or configuration. `problems` are those of the file that the message lists, each at its place."""

    def __init__(self, message: str, problems: "Iterable[Problem]" = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def explain_cause(error: Exception) -> str:
    """Why a file could not be read or written, without its name: the message around this text has the name."""
    return getattr(error, "strerror", None) or str(error)


class TrackerError(SignpostError):
    """GitHub could not be reached, refused the request, or had no rate limit left.

    `missing` is true if GitHub answered 404 or 410: the thing does not exist, or the token cannot read it.
    `gone` is true if the thing certainly does not exist any more: it was deleted, or moved to another repository.
    `uncertain` is true if GitHub may have done a write although it sent no answer.
    `unanswered` is true if GitHub failed to answer this one request (no answer, an invalid answer, 5xx, a GraphQL
    error) but did not refuse it: it may answer other requests, and may answer this one later.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        missing: bool = False,
        gone: bool = False,
        uncertain: bool = False,
        unanswered: bool = False,
    ) -> None:
        super().__init__(message)
        self.missing = missing or gone
        self.gone = gone
        self.uncertain = uncertain
        self.unanswered = unanswered


class BudgetSpentError(TrackerError):
    """No request was sent, because as many as allowed were sent already."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem in a file, for the person who can fix it. Lines and columns count from 1.

    `kind` is a short and stable name for the sort of problem (`overlap`, `yaml`), for filters and counts.
    """

    file: str
    line: int
    column: int
    message: str
    kind: str = "schema"
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def format_install(extra: str) -> str:
    """The command that adds an extra of the distribution, `studio` or `site`, for a message about a missing one.

    pipx leaves an installation as it is unless it gets --force (https://pipx.pypa.io/stable/docs/).
    """
    return f"pipx install --force 'signpost-bot[{extra}]'"
