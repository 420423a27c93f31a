"""An index as a collection of reports: a query reads only the parts of the file that it needs."""

import json
import re
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from bot.duplicates.index.file import TimeLimit
from bot.duplicates.index.record import hash_fingerprint, make_former
from bot.duplicates.search.collection import LAG, Posting, hash_pair
from bot.duplicates.search.document import Profile

PAGE = 4_096
"""The number of slots on a page of pair counts, one byte each."""

MOST = 255
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}", re.ASCII)
_MOST_DOCUMENTS = 2**22
"""Four million: a list of more reports is not from the index of one repository."""

_MOST_CONTENT = 64 * 1024 * 1024
"""Characters of all profiles that one search reads: a hundred times what long reports have."""

_ROWS = """
SELECT r.document, r.number, r.author, r.created, r.original IS NOT NULL AND r.created < :known, r.content,
    (SELECT max(m.created) FROM mention m WHERE m.target = r.number AND m.created < :now),
    (SELECT count(*) FROM report d WHERE d.original = r.number AND d.created < :known),
    (SELECT max(d.created) FROM report d WHERE d.original = r.number AND d.created < :known)
FROM report r WHERE r.document IN (SELECT value FROM json_each(:documents))
"""
_ORIGINALS = """
SELECT o.document FROM report r JOIN report o ON o.number = r.original
WHERE r.document IN (SELECT value FROM json_each(:documents)) AND r.created < :known
"""


class IndexCollection:
    """The reports of an index file in the current transaction of the connection.

    `explain_damage`, which opens the file, explains errors of SQLite.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        later: frozenset[int] = frozenset(),
        now: float = float("inf"),
        limit: TimeLimit | None = None,
    ) -> None:
        """The collection at a past moment (`now`, in seconds since 1970); `later` are the reports filed since.

        A question after the `limit` raises SlowIndexError.
        """
        self._connection = connection
        self._limit = limit or TimeLimit()
        self._room = _MOST_CONTENT
        self._words: dict[str, tuple[int, int]] = {}
        self._pages: dict[int, bytes] = {}
        self._recent: Counter[int] | None = None
        self._moment = {"now": now, "known": now - LAG}
        self.facts = read_facts(connection)
        self.size = int(self.facts.get("reports", 0))
        self._segments = [row[0] for row in connection.execute("SELECT id FROM segment ORDER BY id")]
        gone = connection.execute("SELECT document FROM gone LIMIT ?", (_MOST_DOCUMENTS,))
        self.gone = later.union(row[0] for row in gone)

    def count_word(self, word: str) -> int:
        self._limit.check()
        return self._find_word(word)[1]

    def _find_word(self, word: str) -> tuple[int, int]:
        if word not in self._words:
            row = self._connection.execute("SELECT id, count FROM word WHERE word = ?", (word,)).fetchone()
            self._words[word] = row or (-1, 0)
        return self._words[word]

    def list_postings(self, word: str) -> Iterator[Posting]:
        number, count = self._find_word(word)
        room = min(count + len(self.gone), _MOST_DOCUMENTS)
        for segment in self._segments:
            self._limit.check()
            row = self._connection.execute(
                "SELECT documents, impacts FROM posting WHERE segment = ? AND word = ?", (segment, number)
            ).fetchone()
            if row:
                room -= len(row[1])
                if room < 0 or len(row[0]) != 4 * len(row[1]):
                    raise ValueError("a word in more reports than there are")
                yield array("I", row[0]), row[1]

    def count_pair(self, pair: tuple[str, str]) -> int:
        self._limit.check()
        slot = hash_pair(pair)
        page, place = divmod(slot, PAGE)
        if page not in self._pages:
            row = self._connection.execute("SELECT counts FROM pair WHERE page = ?", (page,)).fetchone()
            self._pages[page] = row[0] if row else bytes(PAGE)
        return min(MOST, self._pages[page][place] + self._count_recent()[slot])

    def _count_recent(self) -> Counter[int]:
        if self._recent is None:
            rows = self._connection.execute("SELECT slots FROM recent_pair")
            self._recent = Counter()
            for (slots,) in rows:
                self._limit.check()
                self._recent.update(array("I", slots))
        return self._recent

    def find_by_fingerprint(self, fingerprint: str) -> Sequence[int]:
        self._limit.check()
        query = "SELECT document FROM mark WHERE hash = ? LIMIT ?"
        rows = self._connection.execute(query, (hash_fingerprint(fingerprint), _MOST_DOCUMENTS))
        return [row[0] for row in rows]

    def list_originals(self, documents: Iterable[int]) -> list[int]:
        return [row[0] for row in self._connection.execute(_ORIGINALS, self._bind(documents))]

    def read_profiles(self, documents: Iterable[int]) -> dict[int, Profile]:
        """A document that is gone is left out."""
        rows = self._connection.execute(_ROWS, self._bind(set(documents) - self.gone))
        return {row[0]: self._make_profile(row[1:]) for row in rows}

    def _make_profile(self, row: tuple[Any, ...]) -> Profile:
        """A row of `_ROWS`, whose values may be of any kind; raises what `explain_damage` explains."""
        self._limit.check()
        number, author, created, is_duplicate, content, mentioned, duplicates, repeated = row
        former = make_former(number, content)
        self._room -= len(former.title) + sum(map(len, former.words))
        if not (isinstance(author, str) and isinstance(created, float) and isfinite(created)) or self._room < 0:
            raise ValueError("a report with values of another kind, or too large")
        active = max(created, mentioned or created, repeated or created)
        return replace(
            former,
            author=author,
            created=created,
            active=active,
            duplicates=duplicates,
            is_duplicate=bool(is_duplicate),
        )

    def _bind(self, documents: Iterable[int]) -> dict[str, object]:
        return {"documents": json.dumps(list(documents)), **self._moment}

    def read_issue(self, number: int) -> Profile | None:
        """The profile of an issue, if the index has it."""
        row = self._connection.execute("SELECT document FROM report WHERE number = ?", (number,)).fetchone()
        return None if row is None else self.read_profiles([row[0]])[row[0]]

    def read_original(self, number: int) -> int | None:
        """The issue that this one is known to be a duplicate of."""
        row = self._connection.execute("SELECT original FROM report WHERE number = ?", (number,)).fetchone()
        return None if row is None else row[0]

    def list_latest(self, most: int) -> list[int]:
        """The documents of the issues that were filed last, the oldest of them first."""
        rows = self._connection.execute(
            "SELECT document FROM report ORDER BY created DESC, number DESC LIMIT ?", (most,)
        )
        return [row[0] for row in rows][::-1]

    def read_states(self, numbers: Iterable[int]) -> dict[int, str]:
        """`open` or `closed`, as it was when the issue was last seen."""
        query = "SELECT number, state FROM report WHERE number IN (SELECT value FROM json_each(?))"
        return dict(self._connection.execute(query, (json.dumps(list(numbers)),)))


def read_facts(connection: sqlite3.Connection) -> dict[str, str]:
    """The facts about the index as a whole."""
    return dict(connection.execute("SELECT name, value FROM fact LIMIT 100"))


def name_other(source: str, repository: str) -> str | None:
    """The repository of an index, by its fact `source`, if it is not the given one.

    None if either is unknown: the name of a file has no slash.
    """
    is_known = _REPOSITORY.fullmatch(source) is not None and bool(repository)
    return source if is_known and source.casefold() != repository.casefold() else None


def read_form_text(facts: Mapping[str, str]) -> frozenset[str]:
    """The lines of the repository's own issue forms, as they were learned when the index was built."""
    return frozenset(json.loads(facts.get("form_text", "[]")))
