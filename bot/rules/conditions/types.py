"""Conditions, and their results: verdicts, evidence and captures. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from bot.issue.facts import Facts, Text
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.document import Path
from bot.rules.spec.phrase import FREE_TEXT, Phrase
from bot.text.markdown import Span

Place = Literal["logs", "field", "prose", "rule"]
_TRUST: tuple[Place, ...] = ("rule", "logs", "field", "prose")
LONGEST_EVIDENCE = 300


def place_of(view: str) -> Place:
    """The kind of place that a view is, which decides how far Signpost trusts a value from it."""
    if view in {"logs", "errors"}:
        return "logs"
    return "field" if view.startswith("section") else "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The text that makes a condition hold, as the reporter wrote it (at most 300 characters), and its place.

    `source` is title, body or comment N; `start` and `end` count characters there, `line` counts lines there
    from 1, up to the first sign that is not white space.
    """

    view: str
    source: str
    wanted: str
    text: str
    line: int
    start: int
    end: int

    @property
    def place(self) -> Place:
        """The kind of place."""
        return place_of(self.view)


def make_evidence(text: Text, span: Span, wanted: str) -> Evidence:
    """Evidence for a span of a text's original."""
    written = text.original[span.start : span.end]
    first = span.start + (len(written) - len(written.lstrip()) if written.strip() else 0)
    line = text.original.count("\n", 0, first) + 1
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
    """A value from an issue. `also_stated` are the other values, from less trusted places."""

    name: str
    value: str
    type: str
    place: Place = "prose"
    evidence: Evidence | None = None
    also_stated: tuple[str, ...] = ()

    @property
    def is_echoable(self) -> bool:
        """Whether a comment may repeat it; comments never repeat free text of the reporter."""
        return self.type not in FREE_TEXT


Captures = Mapping[str, Capture]
Finding = tuple[Evidence, tuple[Capture, ...]]
"""The place where a condition about texts holds, and its captures there."""


def choose_captures(found: Iterable[Capture]) -> dict[str, Capture]:
    """One capture per name: the most trusted place wins (logs, then form fields, then prose)."""
    chosen: dict[str, Capture] = {}
    for capture in sorted(found, key=lambda capture: _TRUST.index(capture.place)):
        first = chosen.setdefault(capture.name, capture)
        stated = dict.fromkeys((*first.also_stated, capture.value, *capture.also_stated))
        others = tuple(value for value in stated if value != first.value)
        chosen[capture.name] = replace(first, also_stated=others)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of one condition. `wanted` is the condition in words, `seen` what the issue has instead, or ""."""

    wanted: str
    holds: bool
    seen: str = ""
    evidence: tuple[Evidence, ...] = ()
    captures: tuple[Capture, ...] = ()
    children: tuple["Verdict", ...] = field(default=())

    def walk(self) -> Iterator["Verdict"]:
        """This verdict and the verdicts that it depends on, without those that did not hold."""
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
        """The number of single conditions that held."""
        return sum(not verdict.children for verdict in self.walk())


Form = Literal["collapsed", "squeezed"]


class Needle(NamedTuple):
    """A pattern for the prefilter, in one normal form: a condition can hold only if one of its needles matches.

    `literal` is the text that the pattern stands for, "" if it is more than a text.
    """

    form: Form
    pattern: str
    literal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """The parts of an issue that a single condition reads.

    `views` are the views that it searches; `sections` are form fields, by the names in the rule; `issue` are keys
    about the issue itself, such as `label`; `labels` are the labels that it looks for.
    """

    views: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    issue: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Condition(ABC):
    """A test that holds for an issue or does not. Each class describes itself with these properties."""

    negates: ClassVar[bool] = False
    """Polarity: whether it holds where none of its children does."""

    is_transparent: ClassVar[bool] = False
    """Whether explanations show its only child instead of it."""

    sees_lines: bool = False
    """Whether the pattern that it searches for sees lines."""

    @property
    def children(self) -> tuple["Condition", ...]:
        """The conditions that it consists of; empty for a single condition."""
        return ()

    @property
    def least(self) -> int | None:
        """How many of its children must hold; None: all of them."""
        return None

    @property
    def reads(self) -> Reads:
        """What it reads itself; `walk` leads to its children, which read more."""
        return Reads()

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        """The keys that a rule file may use for it, and the value there; None: any value helps to find its line."""
        return (), None

    @property
    def sought(self) -> "Phrase | str | None":
        """The phrase or the RE2 pattern that it searches for; None: neither."""
        return None

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """If the condition holds, at least one of these patterns matches; None: it may hold without any."""
        return None

    @property
    def captured(self) -> tuple[str, ...]:
        """The captures that it gives wherever it holds, without those of its children."""
        return ()

    @property
    def settled(self) -> tuple[str, bool] | None:
        """A capture that is known where it holds (True) or where it does not (False); None: it tells of none."""
        return None

    @abstractmethod
    def evaluate(self, facts: Facts, captures: "Captures") -> "Verdict":
        """Whether it holds, and why."""

    def is_met(self, facts: Facts, captures: "Captures") -> bool:
        """Whether it holds, without the reasons: a compound one stops at the first child that decides it."""
        return self.evaluate(facts, captures).holds

    def find_in(self, text: Text) -> "Finding | None":
        """The place where a condition about texts holds in this text, in any view."""
        del text
        return None

    def find_hint(self, facts: Facts) -> str:
        """A sentence for the rule's author if it does not hold: what the issue has instead; "" without a hint.

        It may quote the issue, so the code that shows it must escape hidden characters.
        """
        del facts
        return ""

    def pair(self, verdict: "Verdict") -> tuple[tuple["Condition", "Verdict"], ...]:
        """Its children, each with its part of the verdict."""
        return tuple(zip(self.children, verdict.children, strict=True))

    def walk(self, *, is_unwanted: bool = False) -> Iterator[tuple["Condition", bool]]:
        """This condition and all below it, each with whether it is below a `none`."""
        yield self, is_unwanted
        for child in self.children:
            yield from child.walk(is_unwanted=is_unwanted or self.negates)


class Scope(Protocol):
    """The names that a condition may use, and the problems found while compiling conditions.

    `steps` are the RE2 instructions of all patterns so far.
    """

    known: Mapping[str, Collection[str]]
    layouts: Collection[str]
    problems: list[tuple[Path, str]]
    steps: int

    def compile_all(self, models: Iterable[ConditionModel], path: Path) -> tuple[Condition, ...]:
        """The conditions of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a condition in a rule file: its value, its place, and the model of the whole condition."""

    name: str
    value: Any
    model: ConditionModel
    path: Path
    scope: Scope

    def report(self, message: str, path: Path | None = None) -> None:
        """Report a problem at this key or at another path."""
        self.scope.problems.append((path or self.path, message))


def format_scalar(value: object) -> str:
    """A value as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
