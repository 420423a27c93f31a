"""The conditions of a rule as a tree: which of them held, and the places in the issue that show it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.issue.facts import Facts
from bot.rules.conditions.types import Condition
from bot.rules.spec.document import Document, Path
from bot.workbench.explain.diagnosis import Explanation
from bot.workbench.explain.highlights import KINDS, Highlight, HighlightKind, Place, make_place
from bot.workbench.explain.near_miss import NearMiss
from bot.workbench.explain.similarity import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One condition. `origin` is its file if that is not the file of the rule.

    `file_place` is the file and line of the decisive condition, if they are known.
    `is_unwanted`: it is below `none`, so it should not hold. `is_decisive`: the rule failed on it. `is_moot`: it is
    not as required, but the condition around it is. `seen` and `hint` say what the issue has instead; `near` and
    `near_place` describe a near miss.
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
        """Whether it is as the rule requires it."""
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
        """The tree of a condition and its verdict. `is_settled`: the condition around it is as required without it."""
        condition, verdict = part
        is_settled = is_settled or verdict.holds is not is_unwanted
        children = tuple(
            self.make_node(inner, is_unwanted=is_unwanted is not condition.negates, is_settled=is_settled)
            for inner in self._list_parts(part)
        )
        if condition.is_transparent:
            return children[0]
        node = Node(
            wanted=verdict.wanted,
            holds=verdict.holds,
            origin="pack.yml" if condition.negates and condition.children is self.found.rule.pack.none else "",
            is_unwanted=is_unwanted,
            is_moot=is_settled and verdict.holds is is_unwanted,
            places=tuple(make_place(item, self.sources) for item in verdict.evidence),
            children=children,
        )
        if self.found.failure is not None and self.found.failure.verdict is verdict:
            documents = (self.found.rule.document, self.found.rule.pack.document)
            places = filter(None, (find_place(condition, document) for document in documents))
            node = replace(node, is_decisive=True, file_place=next(places, ""))
        return node if verdict.holds or is_unwanted else self._explain_missing(node, part)

    def _explain_missing(self, node: Node, part: Part) -> Node:
        """What there was instead of a condition that should hold."""
        condition, verdict = part
        near = self.found.near.get(condition)
        place = make_place(near, self.sources) if near else None
        return replace(node, seen=verdict.seen, hint=condition.find_hint(self.facts), near=near, near_place=place)

    def evaluate(self, condition: Condition) -> Node:
        """Evaluate a condition now, and return its tree: the `when` of a guidance."""
        return self.make_node((condition, condition.evaluate(self.facts, self.found.captures)))

    def _list_parts(self, part: Part) -> tuple[Part, ...]:
        """Those of a `none` that holds are evaluated again, since it does not tell what they consist of."""
        condition, verdict = part
        if condition.negates and verdict.holds:
            return tuple((inner, inner.evaluate(self.facts, self.found.captures)) for inner in condition.children)
        return condition.pair(verdict)


def number_highlights(trees: Mapping[str, Node], sources: Iterable[str]) -> tuple[Highlight, ...]:
    """The highlights of the trees of several rules; `sources` names the issue's texts in order."""
    found: dict[tuple[str, str, int, int], list[_Highlighted]] = {}
    for rule, tree in trees.items():
        for item in _list_highlighted(tree, "evidence" if tree.holds else "held"):
            found.setdefault((rule, item.place.source, item.place.start, item.place.end), []).append(item)
    order, ranks = {source: n for n, source in enumerate(sources)}, {rule: n for n, rule in enumerate(trees)}
    keys = sorted(found, key=lambda key: (order[key[1]], key[2], -key[3], ranks[key[0]]))
    return tuple(
        Highlight(
            number=number,
            rule=key[0],
            conditions=tuple(dict.fromkeys(item.condition for item in found[key])),
            kind=min((item.kind for item in found[key]), key=KINDS.index),
            place=found[key][0].place,
            rank=ranks[key[0]],
        )
        for number, key in enumerate(keys, 1)
    )


class _Highlighted(NamedTuple):
    place: Place
    condition: str
    kind: HighlightKind


def _list_highlighted(node: Node, held: HighlightKind) -> Iterator[_Highlighted]:
    """The places of what matters in a tree; `held` is the kind of a condition that holds."""
    if node.is_moot or (node.is_unwanted and node.is_fine):
        return
    for place in node.places:
        if place.start < place.end:
            kind = held if node.is_fine else "unwanted" if node.is_unwanted else "failed"
            yield _Highlighted(place, node.wanted, kind)
    if node.is_decisive and node.near_place:
        yield _Highlighted(node.near_place, node.wanted, "near")
    for child in node.children:
        yield from _list_highlighted(child, held)


def number_places(rule: str, tree: Node, highlights: Iterable[Highlight]) -> Node:
    """The tree of a rule; each of its places has the number of its highlight."""
    own = (highlight for highlight in highlights if highlight.rule == rule)
    return _number_node(tree, {(h.place.source, h.place.start, h.place.end): h.number for h in own})


def _number_node(node: Node, numbers: Mapping[tuple[str, int, int], int]) -> Node:
    def number(place: Place) -> Place:
        return replace(place, number=numbers.get((place.source, place.start, place.end)))

    return replace(
        node,
        places=tuple(number(place) for place in node.places),
        near_place=number(node.near_place) if node.near_place else None,
        children=tuple(_number_node(child, numbers) for child in node.children),
    )


def find_place(condition: Condition, document: Document | None) -> str:
    """`file:line` of the condition's key in a rule's `match` or a pack's `none`; "" if there are several such keys."""
    if document is None:
        return ""
    keys, written = condition.written
    known = (path for path in document.places if path and path[0] in {"match", "none"})
    paths = (path for path in known if path[-1] in keys and _fits(path, written, document))
    lines = {document.places[path][0] for path in paths}
    return f"{document.file}:{lines.pop()}" if len(lines) == 1 else ""


def _fits(path: Path, written: str | None, document: Document) -> bool:
    if written is None:
        return True
    value = document.value
    for step in path:
        value = value[step]
    return str(value) == written
