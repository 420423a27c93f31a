"""The numbers that evidence has where it stands in the issue. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.explanation.tree import Node, Place

TINTS = 6
"""So many colours tell rules apart; the numbers do so beyond them, and without colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A piece of the issue that conditions of one rule rest on; `near` where a condition only nearly holds there.

    The order of marks is that of the issue, and so are their numbers, from 1. `rank` is the place of the rule among
    those that are shown, from 0.
    """

    number: int
    rule: str
    conditions: tuple[str, ...]
    kind: Literal["evidence", "near"]
    place: Place
    rank: int

    @property
    def tint(self) -> int:
        """The rule's colour, from 1."""
        return self.rank % TINTS + 1


def choose_mark(marks: Iterable[Mark]) -> Mark:
    """Of marks that cover the same text the one whose colour it has: evidence first, then the first rule's."""
    return min(marks, key=lambda mark: (mark.kind == "near", mark.rank))


def number_marks(trees: Mapping[str, Node], sources: Iterable[str]) -> tuple[Mark, ...]:
    """The marks of the trees of several rules; `sources` names the issue's texts in order."""
    found: dict[tuple[str, str, int, int], list[tuple[Place, str, bool]]] = {}
    for rule, tree in trees.items():
        for place, condition, is_near in _list_places(tree):
            found.setdefault((rule, place.source, place.start, place.end), []).append((place, condition, is_near))
    order, ranks = {source: n for n, source in enumerate(sources)}, {rule: n for n, rule in enumerate(trees)}
    keys = sorted(found, key=lambda key: (order[key[1]], key[2], -key[3], ranks[key[0]]))
    return tuple(
        Mark(
            number=number,
            rule=key[0],
            conditions=tuple(dict.fromkeys(condition for _, condition, _ in found[key])),
            kind="near" if all(is_near for *_, is_near in found[key]) else "evidence",
            place=found[key][0][0],
            rank=ranks[key[0]],
        )
        for number, key in enumerate(keys, 1)
    )


def _list_places(tree: Node) -> Iterator[tuple[Place, str, bool]]:
    """Each place with its condition, and whether the condition only nearly holds there."""
    for node in tree.walk():
        is_told = not node.is_moot and not (node.is_unwanted and node.is_fine)
        for place in node.places if is_told else ():
            if place.start < place.end:
                yield place, node.wanted, not node.is_fine
        if node.is_decisive and node.near_place:
            yield node.near_place, node.wanted, True


def numbers_of(rule: str, marks: Iterable[Mark]) -> dict[tuple[str, int, int], int]:
    """The numbers of a rule's places, by source, start and end."""
    return {(m.place.source, m.place.start, m.place.end): m.number for m in marks if m.rule == rule}
