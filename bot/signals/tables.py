"""The tables of a ledger, and which values they may have. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.signals.ledger import LATEST

_MOST = (1 << 53) - 1
_RANGES: Mapping[str, tuple[int, int]] = {
    "id": (1, _MOST),
    "count": (0, _MOST),
    "flag": (0, 1),
    "past": (0, LATEST),
    "moment": (0, LATEST),
}
"""The lowest and the highest value of each kind. `past` and `moment` are Unix seconds; a `past` is never to come."""


class Column(NamedTuple):
    """A column and its values, which SQLite itself does not hold to: their type, and the kind of a number."""

    name: str
    type: type
    kind: str = ""

    def allows(self, value: int | str, latest: int) -> bool:
        """Whether it may have that value; nothing of the past is after `latest` (Unix seconds)."""
        if type(value) is not self.type:
            return False
        least, most = _RANGES.get(self.kind, (0, 0))
        return isinstance(value, str) or least <= value <= (min(most, latest) if self.kind == "past" else most)


def _list_columns(numbers: str, texts: str = "") -> tuple[Column, ...]:
    """`numbers` are written as `name:kind`."""
    pairs = (each.split(":") for each in numbers.split())
    return (*(Column(name, int, kind) for name, kind in pairs), *(Column(name, str) for name in texts.split()))


COLUMNS = {
    "fact": _list_columns("", "name value"),
    "comment": _list_columns(
        "id:id issue:id at:past closes:moment hidden:flag asks:flag target:count", "node version links heard seen"
    ),
    "guidance": _list_columns("comment:id since:moment until:moment refused:flag branch:count", "rule hash"),
    "vote": _list_columns("comment:id at:past bot:flag", "login content"),
    "reply": _list_columns("id:id issue:id at:past bot:flag wrong:flag", "login association reason orders node"),
    "issue": _list_columns("number:id open:flag held:flag comments:count", "author"),
    "closing": _list_columns("issue:id at:past reopened:past"),
    "person": _list_columns("", "login permission"),
    "asked": _list_columns("at:past", "login"),
    "mute": _list_columns("", "rule hash"),
    "arrival": _list_columns("issue:id at:past", "person keys version said"),
    "known": _list_columns("since:past", "rule"),
    "notice": _list_columns(
        "number:id started:moment ended:moment closed:moment edited:flag former:count", "kind title keys fix text"
    ),
    "target": _list_columns("number:id", "state"),
    "pending": _list_columns("issue:id", "reason"),
    "looked": _list_columns("issue:id", "digest"),
}
KEYS = {
    "fact": "name",
    "comment": "id",
    "guidance": "comment, rule",
    "vote": "comment, login, content",
    "reply": "id",
    "issue": "number",
    "closing": "issue, at",
    "person": "login",
    "asked": "login",
    "mute": "rule",
    "arrival": "issue",
    "known": "rule",
    "notice": "number",
    "target": "number",
    "pending": "issue, reason",
    "looked": "issue",
}
LISTED = tuple(name for name in COLUMNS if name not in {"fact", "asked", "known", "target", "pending", "looked"})
"""The tables that are a function of what GitHub holds. The others say what a sweep has seen, and when."""


def _is_repository(value: str, latest: int) -> bool:
    del latest
    return re.fullmatch(r"[^\s/]{1,100}/[^\s/]{1,100}", value) is not None


def _is_number(value: str, latest: int) -> bool:
    del latest
    return re.fullmatch(r"[0-9]{1,15}", value) is not None


def _is_page(value: str, latest: int) -> bool:
    del latest
    return re.fullmatch(r"[1-9][0-9]{0,5}", value) is not None


def _is_time(value: str, latest: int) -> bool:
    """Whether it is a time of GitHub, and no later; "" before the first one."""
    return not value or (value.endswith("Z") and 0 <= datetime.fromisoformat(value).timestamp() <= latest)


def _is_list(value: str, latest: int) -> bool:
    del latest
    return isinstance(json.loads(value), list)


FACTS: Mapping[str, Callable[[str, int], bool]] = {
    "repository": _is_repository,
    "comments": _is_time,
    "comments_page": _is_page,
    "newest": _is_number,
    "watched": _is_number,
    "comments_edge": _is_list,
    "failed": _is_list,
    "issues": _is_time,
    "issues_page": _is_page,
    "issues_edge": _is_list,
    "missed_since": _is_time,
    "has_past": _is_number,
}
"""The facts that a ledger may have, each with what its value must be."""


def check_row(table: str, row: Sequence[int | str], latest: int) -> None:
    """Raise ValueError for a row that is not ours; nothing of the past is after `latest` (Unix seconds)."""
    columns = COLUMNS[table]
    wrong = [each.name for each, value in zip(columns, row, strict=True) if not each.allows(value, latest)]
    if wrong:
        raise ValueError(f"a row of `{table}` has values of another kind: {', '.join(wrong)}")
    if table == "fact" and not (row[0] in FACTS and FACTS[str(row[0])](str(row[1]), latest)):
        raise ValueError(f"a row of `fact` has values of another kind: {row[0]!r:.40}")


def _write_table(name: str) -> str:
    kinds = {int: "INTEGER", str: "TEXT"}
    columns = ", ".join(f'"{each.name}" {kinds[each.type]} NOT NULL' for each in COLUMNS[name])
    return f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({KEYS[name]})) WITHOUT ROWID"


TABLES = tuple(map(_write_table, COLUMNS))
