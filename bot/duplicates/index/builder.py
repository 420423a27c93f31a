"""Build or update an index from an archive; after a kill at any moment, the next run gives the same result."""

import json
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.archive.jsonl import IssueArchive
from bot.archive.parallel import work_through
from bot.duplicates.index.file import (
    REFUSED,
    WrongFileError,
    build_index,
    explain_damage,
    is_foreign,
    is_missing,
    open_index,
)
from bot.duplicates.index.reader import name_other, read_facts, read_form_text
from bot.duplicates.index.record import IndexWork, Record, Seen, cut_batches, learn_from_archive
from bot.duplicates.index.writer import add_records, drop_gone, list_digests, write_facts
from bot.duplicates.search.tokens import clean_title
from bot.output.progress import track

_BATCH = 10_000
"""Issues in one transaction: about 100 MB of memory."""

_GROWN = 4


@dataclass(frozen=True)
class Built:
    """The number of issues in an index, the new or changed ones, and whether and why it was built again."""

    issues: int
    changed: int
    is_new: bool
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON; `model` is always null and stays for scripts that read it."""
        return {
            "issues": self.issues,
            "changed": self.changed,
            "built": self.is_new,
            "reason": self.reason,
            "model": None,
        }


def build(path: Path, archive: IssueArchive, jobs: int, reason: str = "") -> Built:
    """Build the index of an archive, in place of any existing file. Raises SettingsError."""
    is_kept = is_foreign(path)
    with build_index(path) as connection:
        form_text = learn_from_archive(archive)
        changed = _fill(connection, archive, IndexWork(form_text), jobs)
        facts = {"learned": str(changed), "source": clean_title(archive.name)}
        write_facts(connection, {**facts, "form_text": json.dumps(sorted(form_text))})
    if is_kept:
        print(f"signpost: {path} was not an index; the former file is now {path}{REFUSED}", file=sys.stderr)
    return Built(changed, changed, is_new=True, reason=reason)


def update(path: Path, archive: IssueArchive, jobs: int) -> Built:
    """Update an index from an archive: add issues, replace changed texts, store states.

    It builds the index again if the file is not an index, is damaged, or has another format or another repository, or
    if the repository is four times as large as when its forms were read. Raises SettingsError.
    """
    if is_missing(path):
        return build(path, archive, jobs, "it did not exist")
    try:
        with closing(open_index(path, is_checked=True)) as connection, explain_damage(path):
            if (reason := _find_reason(connection, archive)) is None:
                return _update(connection, archive, jobs)
    except WrongFileError as error:
        reason = error.fault
        print(f"signpost: {reason}; Signpost builds it again", file=sys.stderr)
    return build(path, archive, jobs, reason)


def _find_reason(connection: sqlite3.Connection, archive: IssueArchive) -> str | None:
    facts = read_facts(connection)
    if other := name_other(facts.get("source", ""), archive.repository):
        return f"it was for {other}"
    learned = int(facts.get("learned", 0))
    total = archive.total if archive.total is not None else sum(1 for _ in archive.read_lines())
    return "the repository has grown" if total > _GROWN * (learned + 50) else None


def _update(connection: sqlite3.Connection, archive: IssueArchive, jobs: int) -> Built:
    known = list_digests(connection)
    form_text = read_form_text(read_facts(connection))
    changed = _fill(connection, archive, IndexWork(form_text, known), jobs)
    drop_gone(connection)
    return Built(len(list_digests(connection)), changed, is_new=False)


def _fill(connection: sqlite3.Connection, archive: IssueArchive, work: IndexWork, jobs: int) -> int:
    chunks: Iterable[list[Record | Seen]] = work_through(archive.read_lines(), work, jobs)
    tracked = track(chunks, "issues", archive.total, count=len)
    return sum(add_records(connection, batch) for batch in cut_batches(tracked, _BATCH))
