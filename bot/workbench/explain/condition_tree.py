"""The conditions of a rule as a tree: what held, what did not, and where in the issue that shows. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.issue.facts import Facts
from bot.rules.conditions.compound import CaptureHolds, Condition, IssueHolds, NoneHolds, Sets, VersionHolds
from bot.rules.conditions.section import CheckboxHolds, SectionHolds, SectionIsSilent
from bot.rules.conditions.text import CodeHolds, FrameHolds, PhraseHolds, RegexHolds
from bot.rules.conditions.verdict import LONGEST_EVIDENCE, Evidence
from bot.rules.spec.document import Document, Path
from bot.text.markdown import Span
from bot.workbench.explain.diagnosis import Explanation
from bot.workbench.explain.hints import find_hint
from bot.workbench.explain.near_miss import NearMiss
from bot.workbench.explain.similarity import Part, pair_parts
from bot.workbench.explain.spans import trim_span

_AROUND = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A piece of the issue: `text` (cut at 300 characters) with what stands on the same line around it.

    `start` and `end` count characters of `source`; `mark` is the number that it has in the issue, None without one.
    """

    view: str
    source: str
    line: int
    start: int
    end: int
    before: str
    text: str
    after: str
    mark: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One condition. `origin` is the file that it stands in where that is not the rule's.

    `file_place` is the file and line of the decisive one, as far as they can be told.
    `is_unwanted`: it stands below `none`, so it should not hold. `is_decisive`: the rule failed on it. `is_moot`: it is
    not as wanted, but what it is a part of is. `seen` and `hint` say what was there instead; `near` and `near_place`,
    where it nearly holds.
    """

    wanted: str
    holds: bool
    origin: str = ""
    is_unwanted: bool = False
    is_decisive: bool = False
    is_moot: bool = False
    seen: str = ""
    hint: str = ""
    file_place: str = ""
    places: tuple[Place, ...] = ()
    near: NearMiss | None = None
    near_place: Place | None = None
    children: tuple["Node", ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether it is as the rule wants it."""
        return self.holds is not self.is_unwanted

    def walk(self) -> Iterator["Node"]:
        """This condition and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def decisive(self) -> "Node | None":
        """The condition on which the rule failed."""
        return next((node for node in self.walk() if node.is_decisive), None)


@dataclass(frozen=True)
class TreeMaker:
    """Makes the trees of one rule; `sources` as `list_sources` gives them."""

    found: Explanation
    facts: Facts
    sources: Mapping[str, str]

    def make_node(self, part: Part, *, is_unwanted: bool = False, is_settled: bool = False) -> Node:
        """The tree of a condition and its verdict. `is_settled`: what it is a part of is as wanted without it."""
        condition, verdict = part
        is_settled = is_settled or verdict.holds is not is_unwanted
        children = tuple(
            self.make_node(
                inner, is_unwanted=is_unwanted is not isinstance(condition, NoneHolds), is_settled=is_settled
            )
            for inner in self._list_parts(part)
        )
        if isinstance(condition, Sets):
            return children[0]
        is_missing = not verdict.holds and not is_unwanted
        near = self.found.near.get(condition) if is_missing else None
        is_of_pack = isinstance(condition, NoneHolds) and condition.conditions is self.found.rule.pack.none
        is_decisive = self.found.failure is not None and self.found.failure.verdict is verdict
        return Node(
            wanted=verdict.wanted,
            holds=verdict.holds,
            origin="pack.yml" if is_of_pack else "",
            is_unwanted=is_unwanted,
            is_decisive=is_decisive,
            file_place=self._find_place(condition) if is_decisive else "",
            is_moot=is_settled and verdict.holds is is_unwanted,
            seen=verdict.seen if is_missing else "",
            hint=find_hint(condition, self.facts) if is_missing else "",
            places=tuple(make_place(item, self.sources) for item in verdict.evidence),
            near=near,
            near_place=place_span(near.view, near.source, Span(near.start, near.end), self.sources) if near else None,
            children=children,
        )

    def evaluate(self, condition: Condition) -> Node:
        """The tree of a condition that is evaluated now: the `when` of a guidance."""
        return self.make_node((condition, condition.evaluate(self.facts, self.found.captures)))

    def _find_place(self, condition: Condition) -> str:
        rule = self.found.rule
        return find_place(condition, rule.document) or find_place(condition, rule.pack.document)

    def _list_parts(self, part: Part) -> tuple[Part, ...]:
        """Those of a `none` that holds are evaluated again, since it does not tell what they consist of."""
        condition, verdict = part
        if isinstance(condition, NoneHolds) and verdict.holds:
            return tuple((inner, inner.evaluate(self.facts, self.found.captures)) for inner in condition.conditions)
        return pair_parts(part)


def make_place(evidence: Evidence, sources: Mapping[str, str]) -> Place:
    """Where a piece of evidence stands; `sources` as `list_sources` gives them."""
    return place_span(evidence.view, evidence.source, Span(evidence.start, evidence.end), sources)


def place_span(view: str, source: str, span: Span, sources: Mapping[str, str]) -> Place:
    """Where a span of a source stands, without white space at its ends."""
    original = sources[source]
    start, end = trim_span(original, span)
    line_end = original.find("\n", end)
    return Place(
        view=view,
        source=source,
        line=original.count("\n", 0, start) + 1,
        start=start,
        end=end,
        before=original[max(original.rfind("\n", 0, start) + 1, start - _AROUND) : start],
        text=original[start:end][:LONGEST_EVIDENCE],
        after=original[end : line_end if line_end >= 0 else None][:_AROUND],
    )


def number_node(node: Node, numbers: Mapping[tuple[str, int, int], int]) -> Node:
    """The same tree with the number of each of its places; `numbers` are those of its rule."""

    def number(place: Place) -> Place:
        return replace(place, mark=numbers.get((place.source, place.start, place.end)))

    return replace(
        node,
        places=tuple(number(place) for place in node.places),
        near_place=number(node.near_place) if node.near_place else None,
        children=tuple(number_node(child, numbers) for child in node.children),
    )


def find_place(condition: Condition, document: Document | None) -> str:
    """`file:line` of the condition's key in a rule's `match` or a pack's `none`; "" where it is not the only such."""
    if document is None:
        return ""
    keys, written = _describe(condition)
    paths = (path for path in _list_paths(document) if path[-1] in keys and _fits(path, written, document))
    lines = {document.places[path][0] for path in paths}
    return f"{document.file}:{lines.pop()}" if len(lines) == 1 else ""


def _list_paths(document: Document) -> Iterator[Path]:
    return (path for path in document.places if path and path[0] in {"match", "none"})


def _describe(condition: Condition) -> tuple[tuple[str, ...], str | None]:
    """The keys that such a condition is written with, and their value; None where any value will do."""
    match condition:
        case PhraseHolds():
            return ("phrase", "contains"), condition.phrase.source
        case RegexHolds() | VersionHolds():
            return ("regex", "version"), condition.source
        case SectionHolds() | SectionIsSilent():
            return ("section",), condition.name
        case CheckboxHolds():
            return ("checkbox",), condition.label
        case FrameHolds():
            return ("frame",), condition.pattern
        case _:
            return _describe_by_key(condition), None


def _describe_by_key(condition: Condition) -> tuple[str, ...]:
    match condition:
        case CaptureHolds():
            return (condition.name,)
        case IssueHolds():
            return (condition.key,)
        case CodeHolds():
            return ("code",)
        case _:
            return ()


def _fits(path: Path, written: str | None, document: Document) -> bool:
    if written is None:
        return True
    value = document.value
    for step in path:
        value = value[step]
    return str(value) == written
