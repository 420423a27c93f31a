"""What a condition is, what it says of itself, and what it answers: verdict, evidence, captures. Pure."""

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
    """How far a value from this view is to be trusted."""
    if view in {"logs", "errors"}:
        return "logs"
    return "field" if view.startswith("section") else "prose"


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
Finding = tuple[Evidence, tuple[Capture, ...]]
"""Where a condition about texts is found, and what it captures there."""


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


Form = Literal["collapsed", "squeezed"]


class Needle(NamedTuple):
    """A pattern of which a condition needs a match, in one of the normal forms: what the prefilter looks for."""

    form: Form
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a single condition looks at.

    `views` are those whose text it searches; `sections` are form fields, by the names in the rule; `issue` are keys
    about the issue itself, such as `label`.
    """

    views: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    issue: tuple[str, ...] = ()


class Condition(ABC):
    """Something that holds of an issue, or does not. Each class says of itself what others must know of it."""

    negates: ClassVar[bool] = False
    """Polarity: whether it holds where none of its children does."""

    is_transparent: ClassVar[bool] = False
    """Whether its only child stands for it where conditions are shown."""

    @property
    def children(self) -> tuple["Condition", ...]:
        """The conditions that it is made of; none for a single one."""
        return ()

    @property
    def least(self) -> int | None:
        """How many of its children must hold; None: all of them."""
        return None

    @property
    def reads(self) -> Reads:
        """What it looks at itself; `walk` leads to what its children look at."""
        return Reads()

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        """The keys that a rule file has for a single one, and the value there; None: any will do to find its line."""
        return (), None

    @property
    def sought(self) -> "Phrase | str | None":
        """The phrase or the RE2 pattern that it looks for, of which an issue may have a part; None: neither."""
        return None

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """Patterns of which at least one occurs if the condition holds; None where it may hold without any."""
        return None

    @abstractmethod
    def evaluate(self, facts: Facts, captures: "Captures") -> "Verdict":
        """Whether it holds, and why."""

    def find_in(self, text: Text) -> "Finding | None":
        """Where a condition about texts is found in this one, whichever view it is of."""
        del text
        return None

    def find_hint(self, facts: Facts) -> str:
        """A sentence for its author where it does not hold: what the issue has instead, "" if there is nothing to say.

        It may quote the issue; whoever shows it makes its signs harmless.
        """
        del facts
        return ""

    def pair(self, verdict: "Verdict") -> tuple[tuple["Condition", "Verdict"], ...]:
        """Its children, each with its part of the verdict. A `none` that holds does not tell more of them."""
        return tuple(zip(self.children, verdict.children, strict=True))

    def walk(self, *, is_unwanted: bool = False) -> Iterator[tuple["Condition", bool]]:
        """This condition and all below it, each with whether it stands below a `none`."""
        yield self, is_unwanted
        for child in self.children:
            yield from child.walk(is_unwanted=is_unwanted or self.negates)


class Scope(Protocol):
    """What a condition may refer to; `problems` fills up while conditions are made."""

    known: Mapping[str, Collection[str]]
    layouts: Collection[str]
    problems: list[tuple[Path, str]]

    def compile_all(self, models: Iterable[ConditionModel], path: Path) -> tuple[Condition, ...]:
        """The conditions of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a condition in a rule file: its value and place, and the model that has the keys beside it."""

    name: str
    value: Any
    model: ConditionModel
    path: Path
    scope: Scope

    def report(self, message: str, path: Path | None = None) -> None:
        """Say what is wrong, here or at another place."""
        self.scope.problems.append((path or self.path, message))


def format_scalar(value: object) -> str:
    """A value as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
