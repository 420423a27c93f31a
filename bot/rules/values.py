"""The values of captures: what a written text means, by its type or by a map. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import re2

from bot.rules.spec.phrase import TYPE_PATTERNS, is_filled, name_source
from bot.text.normalize import collapse
from bot.text.versions import find_versions


@dataclass(frozen=True)
class Values:
    """What is meant by a text: `type` says how it is read, unless `meanings` maps what is written to what it means."""

    type: str
    meanings: tuple[tuple[str, str], ...] = ()
    product: str = ""

    def read(self, written: str) -> tuple[str, ...]:
        """What is meant; of several versions the one first that most surely is the product's."""
        if self.meanings:
            collapsed = collapse(written)
            return tuple([meaning for key, meaning in self.meanings if _states(collapsed, key)][:1])
        if self.type == "version":
            return tuple(stated.text for stated in find_versions(written, self.product))
        if self.type == "any":
            return (written,) if written else ()
        match = re2.search(f"(?i){TYPE_PATTERNS[self.type]}", collapse(written))
        if match and self.type == "source":
            return (name_source(match[0]),)
        return (match[0],) if match and is_filled(self.type, match[0]) else ()


def order_meanings(meanings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is written, collapsed, and what it means; the longest first: `windows nt` before `windows`."""
    return tuple((collapse(key), value) for key, value in sorted(meanings.items(), key=lambda item: -len(item[0])))


def has_text(key: str) -> bool:
    """Whether a key of a map has text to search for."""
    return bool(collapse(key))


def _states(collapsed: str, key: str) -> bool:
    """Whether the text states the key: nothing of a word before it, no letter after it (`windows11` is one)."""
    position = collapsed.find(key)
    while position >= 0:
        end = position + len(key)
        if not collapsed[max(0, position - 1) : position].isalnum() and not collapsed[end : end + 1].isalpha():
            return True
        position = collapsed.find(key, position + 1)
    return False
