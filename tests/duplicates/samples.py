"""Made-up reports, and what an index of them answers."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from bot.duplicates.index.file import build_index
from bot.duplicates.index.reader import IndexCollection
from bot.duplicates.index.record import make_record
from bot.duplicates.index.writer import add_records
from bot.duplicates.search.collection import MemoryCollection
from bot.duplicates.search.document import Profile, make_profile
from bot.duplicates.search.features import Features
from bot.duplicates.search.model import Model, Slope, Standing
from bot.duplicates.search.ranker import search_collection
from bot.tracker.types import Account, Issue
from tests.builders import after, an_issue

THINGS = ("parser", "linker", "socket", "window", "button", "printer", "keyboard", "cursor", "folder", "archive")
DEEDS = ("crashes", "hangs", "flickers", "leaks memory", "refuses to start", "prints nothing", "is slow")
NO_FEATURES = Features(*(0.0,) * len(Features._fields))
MODEL = Model(
    order=NO_FEATURES._replace(word_score=4.0, title_likeness=2.0, quiet=-0.1),
    confidence=tuple(Slope(6.0 * (name == "title_likeness")) for name in (*Features._fields, *Standing._fields)),
    intercept=-3.0,
    threshold=0.5,
)


def a_report(number: int, title: str, body: str = "", author: str = "", **changes: object) -> Issue:
    """A report that was filed `number` days after the first."""
    filed = after(days=number)
    account = Account(login=author or f"user-{number}")
    return an_issue(
        number=number, title=title, body=body, author=account, created_at=filed, updated_at=filed, **changes
    )


def some_reports(count: int) -> list[Issue]:
    """Reports in which problems come back from time to time, each with an error of its own kind."""
    reports = []
    for number in range(1, count + 1):
        thing, deed = THINGS[number % len(THINGS)], DEEDS[number % len(DEEDS)]
        error = f"error: {thing} failed with code {deed.split()[0]}"
        body = f"When I open the {thing} it {deed}.\n{error}\nSee #{number // 2}."
        reports.append(a_report(number, f"The {thing} {deed}", body))
    return reports


def fill_memory(issues: Iterable[Issue]) -> MemoryCollection:
    """The issues in memory, in their order."""
    collection = MemoryCollection()
    for issue in issues:
        collection.add(make_profile(issue))
    return collection


def fill_index(path: Path, issues: Iterable[Issue], batch: int = 10) -> Path:
    """An index of the issues."""
    records = [make_record(issue) for issue in issues]
    with build_index(path) as connection:
        for start in range(0, len(records), batch):
            add_records(connection, records[start : start + batch])
    return path


def ask_all(connection: sqlite3.Connection, queries: Iterable[Issue]) -> list[object]:
    """All that an index answers to the queries, and the reports themselves."""
    answers: list[object] = [
        search_collection(make_profile(issue), IndexCollection(connection), MODEL) for issue in queries
    ]
    collection = IndexCollection(connection)
    answers += [collection.size, sorted(collection.read_profiles(list_documents(connection)).values(), key=read_number)]
    return answers


def read_number(profile: Profile) -> int:
    return profile.number


def list_documents(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT document FROM report")]
