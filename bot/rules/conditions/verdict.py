"""What a condition says of an issue: whether it holds, on which evidence, with which captures. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.issue.facts import Text
from bot.rules.spec.phrase import FREE_TEXT
from bot.text.markdown import Span

Place = Literal["logs", "field", "prose", "rule"]
_TRUST: tuple[Place, ...] = ("rule", "logs", "field", "prose")
LONGEST_EVIDENCE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a condition held: the text as the reporter wrote it (cut at 300 characters), and where it stands.

    `source` is title, body or comment N; `start` and `end` count characters there, `line` counts lines there from 1.
    """

    view: str
    source: str
    wanted: str
    text: str
    line: int
    start: int
    end: int


def make_evidence(text: Text, span: Span, wanted: str) -> Evidence:
    """Evidence for a span of a text's original."""
    written = text.original[span.start : span.end]
    line = text.original.count("\n", 0, span.start) + 1
    return Evidence(
        view=text.view,
        source=text.source,
        wanted=wanted,
        text=written[:LONGEST_EVIDENCE],
        line=line,
        start=span.start,
        end=span.end,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A value found in an issue. `also_stated` are the other values that less trusted places state."""

    name: str
    value: str
    type: str
    place: Place = "prose"
    evidence: Evidence | None = None
    also_stated: tuple[str, ...] = ()

    @property
    def is_echoable(self) -> bool:
        """Whether a comment may repeat it; free text of the reporter never is."""
        return self.type not in FREE_TEXT


Captures = Mapping[str, Capture]


def choose_captures(found: Iterable[Capture]) -> dict[str, Capture]:
    """One capture a name: the most trusted place wins (logs over form field over prose); `also_stated` has the rest."""
    chosen: dict[str, Capture] = {}
    for capture in sorted(found, key=lambda capture: _TRUST.index(capture.place)):
        first = chosen.setdefault(capture.name, capture)
        stated = dict.fromkeys((*first.also_stated, capture.value, *capture.also_stated))
        others = tuple(value for value in stated if value != first.value)
        chosen[capture.name] = replace(first, also_stated=others)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one condition says. `wanted` is the condition in words, `seen` what was there instead where that helps."""

    wanted: str
    holds: bool
    seen: str = ""
    evidence: tuple[Evidence, ...] = ()
    captures: tuple[Capture, ...] = ()
    children: tuple["Verdict", ...] = field(default=())

    def walk(self) -> Iterator["Verdict"]:
        """This verdict and those it rests on, leaving out what did not hold."""
        if self.holds:
            yield self
            for child in self.children:
                yield from child.walk()

    @property
    def all_evidence(self) -> tuple[Evidence, ...]:
        """The evidence of everything that held; the same text in several fields counts once."""
        found = {(item.wanted, item.source, item.start): item for verdict in self.walk() for item in verdict.evidence}
        return tuple(found.values())

    @property
    def all_captures(self) -> tuple[Capture, ...]:
        """The captures of everything that held."""
        return tuple(capture for verdict in self.walk() for capture in verdict.captures)

    @property
    def specificity(self) -> int:
        """How many single conditions held."""
        return sum(not verdict.children for verdict in self.walk())
