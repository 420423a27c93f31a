"""The numbers that evidence has where it stands in the issue. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bot.workbench.explain.condition_tree import Node, Place

TINTS = 6
"""So many colours tell rules apart; the numbers do so beyond them, and without colours."""


MarkKind = Literal["evidence", "held", "unwanted", "failed", "near"]
_KINDS: tuple[MarkKind, ...] = ("evidence", "held", "unwanted", "failed", "near")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A piece of the issue that conditions of one rule rest on, or fail on.

    `evidence` is that of a rule that matches, `held` what held of another; `near`: a condition nearly holds there;
    `failed`: it would have to say something else; `unwanted`: it should not be there.
    The order of marks is that of the issue, and so are their numbers, from 1. `rank` is the place of the rule among
    those that are shown, from 0.
    """

    number: int
    rule: str
    conditions: tuple[str, ...]
    kind: MarkKind
    place: Place
    rank: int

    @property
    def tint(self) -> int:
        """The rule's colour, from 1."""
        return self.rank % TINTS + 1


def choose_mark(marks: Iterable[Mark]) -> Mark:
    """Of marks that cover the same text the one whose look it has: evidence first, then the first rule's."""
    return min(marks, key=lambda mark: (_KINDS.index(mark.kind), mark.rank))


def number_marks(trees: Mapping[str, Node], sources: Iterable[str]) -> tuple[Mark, ...]:
    """The marks of the trees of several rules; `sources` names the issue's texts in order."""
    found: dict[tuple[str, str, int, int], list[_Told]] = {}
    for rule, tree in trees.items():
        for told in _list_places(tree, "evidence" if tree.holds else "held"):
            found.setdefault((rule, told.place.source, told.place.start, told.place.end), []).append(told)
    order, ranks = {source: n for n, source in enumerate(sources)}, {rule: n for n, rule in enumerate(trees)}
    keys = sorted(found, key=lambda key: (order[key[1]], key[2], -key[3], ranks[key[0]]))
    return tuple(
        Mark(
            number=number,
            rule=key[0],
            conditions=tuple(dict.fromkeys(told.condition for told in found[key])),
            kind=min((told.kind for told in found[key]), key=_KINDS.index),
            place=found[key][0].place,
            rank=ranks[key[0]],
        )
        for number, key in enumerate(keys, 1)
    )


class _Told(NamedTuple):
    place: Place
    condition: str
    kind: MarkKind


def _list_places(node: Node, held: MarkKind) -> Iterator[_Told]:
    """The places of what matters in a tree; `held` is what a condition that holds is called."""
    if node.is_moot or (node.is_unwanted and node.is_fine):
        return
    for place in node.places:
        if place.start < place.end:
            yield _Told(place, node.wanted, held if node.is_fine else "unwanted" if node.is_unwanted else "failed")
    if node.is_decisive and node.near_place:
        yield _Told(node.near_place, node.wanted, "near")
    for child in node.children:
        yield from _list_places(child, held)


def numbers_of(rule: str, marks: Iterable[Mark]) -> dict[tuple[str, int, int], int]:
    """The numbers of a rule's places, by source, start and end."""
    return {(m.place.source, m.place.start, m.place.end): m.number for m in marks if m.rule == rule}
