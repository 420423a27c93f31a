"""Errors and problems for the people who can mend them; each says what is wrong, where, and what to do. Pure."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


class SignpostError(Exception):
    """Something a maintainer can mend; `exit_code` is what the command returns (design: commands)."""

    exit_code = 2


class SettingsError(SignpostError):
    """Wrong usage or configuration."""


def explain_cause(error: Exception) -> str:
    """Why something could not be read or written, without the file's name, which the message around it has."""
    return getattr(error, "strerror", None) or str(error)


class TrackerError(SignpostError):
    """GitHub could not be reached, refused, or ran out of rate limit.

    `missing` is true where the answer was 404 or 410: the thing is gone, or the token may not see it.
    `gone` is true where it is certainly not there any more: it was deleted, or it is in another repository now.
    `uncertain` is true where a write may have been done although no answer came back.
    `unanswered` is true where GitHub did not answer this one question (no answer or a useless one, 5xx, an error of
    GraphQL's) and refused nothing: it may well answer others, and later the same.
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


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a file, for the person who can mend it. Lines and columns count from 1.

    `kind` says shortly and for good what sort of problem it is (`overlap`, `yaml`), for those who filter or count.
    """

    file: str
    line: int
    column: int
    message: str
    kind: str = "schema"
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"
