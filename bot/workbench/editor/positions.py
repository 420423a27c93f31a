"""Places in a rule's text as the editor counts them: UTF-16 units from the start. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import Problem, Severity

_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029]|\Z)")
"""A line as YAML 1.1 ends it."""
_TOKEN = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[\w.-]+(?=\s*:(?:\s|$))|[^\n#]*[^\s#]|$""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem where the editor underlines it, from `start` to `end`; `line` counts from 1."""

    start: int
    end: int
    line: int
    message: str
    severity: Severity
    kind: str


def count_units(text: str) -> int:
    """How long a text is for JavaScript."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def find_index(text: str, units: int) -> int:
    """The place in the text that JavaScript calls `units`, or its end."""
    passed = 0
    for index, sign in enumerate(text):
        if passed >= units:
            return index
        passed += 1 + (sign > "\uffff")
    return len(text)


def place_problems(problems: Iterable[Problem], text: str) -> tuple[Diagnostic, ...]:
    """The problems in the order of their places, each over the word, text or key that it is about."""
    starts = [match.start() for match in _LINE.finditer(text)]
    placed = (_place(problem, text, starts) for problem in problems)
    return tuple(sorted(set(placed), key=lambda found: (found.start, found.end, found.message)))


def _place(problem: Problem, text: str, starts: list[int]) -> Diagnostic:
    line = min(problem.line, len(starts)) - 1
    end_of_line = starts[line + 1] if line + 1 < len(starts) else len(text)
    index = min(starts[line] + problem.column - 1, end_of_line)
    token = _TOKEN.match(text, index)
    end = token.end() if token else index
    before = count_units(text[:index])
    return Diagnostic(
        start=before,
        end=before + count_units(text[index:end]),
        line=line + 1,
        message=problem.message,
        severity=problem.severity,
        kind=problem.kind,
    )
