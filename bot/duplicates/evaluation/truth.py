"""What is known of an archive's duplicates, from a file: one JSON object a line. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bot.archive.jsonl import Line
from bot.errors import SettingsError


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """What is known of one issue.

    `original` is the earlier issue that it was closed as a duplicate of; a hit on any of `group`, the earlier members
    of its cluster, counts. An `uncertain` one is neither a duplicate nor an ordinary issue.
    """

    original: int | None = None
    group: frozenset[int] = frozenset()
    is_uncertain: bool = False


ORDINARY = KnownIssue()


def parse_duplicates(lines: Iterable[Line]) -> dict[int, KnownIssue]:
    """By number, from objects with `number`, `duplicate_of` (or null), and perhaps `group` and `uncertain`.

    Raises SettingsError with the place of what is none.
    """
    return dict(_parse_line(where, line) for where, line in lines)


def _parse_line(where: str, line: str) -> tuple[int, KnownIssue]:
    try:
        found = json.loads(line)
        original = found.get("duplicate_of")
        group = found.get("group") or ([] if original is None else [original])
        known = KnownIssue(
            None if original is None else int(original), frozenset(map(int, group)), bool(found.get("uncertain"))
        )
        return int(found["number"]), known
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise SettingsError(
            f'{where}: this says nothing of an issue; give {{"number": 7, "duplicate_of": 3}}, or null for none'
        ) from error
