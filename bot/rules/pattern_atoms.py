"""A regular expression as a row of things that must follow each other, to be tried piece by piece. Pure."""

import re
from collections.abc import Iterable, Iterator

_ATOM = re.compile(r"\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|x[0-9a-fA-F]{2}|.)|[^\\(\[]", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL)
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")


def split_pattern(source: str) -> tuple[tuple[str, ...], ...]:
    """The atoms of each top-level alternative of an RE2 pattern, each with its quantifier; `()` for what is no pattern.

    Joined with `|`, and within an alternative with nothing, they are the pattern again.
    """
    alternatives: list[list[str]] = [[]]
    position = 0
    while position < len(source):
        if source[position] == "|":
            alternatives.append([])
            position += 1
            continue
        end = _find_end(source, position)
        if end is None:
            return ()
        quantifier = _QUANTIFIER.match(source, end)
        end = quantifier.end() if quantifier else end
        alternatives[-1].append(source[position:end])
        position = end
    return tuple(tuple(atoms) for atoms in alternatives)


def read_literal(atoms: Iterable[str]) -> str:
    """The atoms that stand for themselves, a space for each other: what a pattern certainly asks for."""
    return "".join(atom if len(atom) == 1 and atom.isalnum() else " " for atom in atoms)


def _find_end(source: str, position: int) -> int | None:
    """Where the atom at `position` ends; None where it does not."""
    if source[position] == "(":
        return next((end for depth, end in _walk_group(source, position) if depth == 0), None)
    match = _CLASS.match(source, position) if source[position] == "[" else _ATOM.match(source, position)
    return match.end() if match else None


def _walk_group(source: str, position: int) -> Iterator[tuple[int, int]]:
    """How deep in groups the pattern is after each of its signs, from an opening parenthesis on."""
    depth = 0
    while position < len(source):
        if source[position] in "()":
            depth += 1 if source[position] == "(" else -1
            position += 1
        else:
            match = _CLASS.match(source, position) if source[position] == "[" else _ATOM.match(source, position)
            if not match:
                return
            position = match.end()
        yield depth, position
