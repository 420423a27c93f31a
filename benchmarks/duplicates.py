"""An index of made-up issues: build, size, queries and adding one, next to SQLite's own full-text search.

Usage: python -m benchmarks.duplicates [COUNT ...] [--curve FILE.svg]
"""

import argparse
import json
import os
import random
import resource
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from time import perf_counter

from benchmarks.costs import Cost, Timing, list_tables, measure, measure_command, read_cpu
from benchmarks.samples import make_words
from bot.archive.jsonl import open_file
from bot.archive.parallel import count_cores
from bot.duplicates.index.builder import build
from bot.duplicates.index.file import open_index
from bot.duplicates.index.record import make_record
from bot.duplicates.index.search import search_index
from bot.duplicates.index.writer import add_records
from bot.duplicates.search.tokens import find_words
from bot.tracker.types import Account, Issue

COUNTS = (1_000, 3_000, 10_000, 30_000, 100_000)
QUERIES, PROCESSES = 60, 21
_SEARCH = (sys.executable, "-m", "bot", "index", "search", "--format", "json")
_EVERYONE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_TITLE, _BODY, _LOG, _MATTER = 8, 70, 0.3, 0.5
_START = datetime(2015, 1, 1, tzinfo=UTC)


def make_issues(count: int) -> Iterator[Issue]:
    """Issues whose words are as unequally frequent as real ones (Zipf), and half of them those of the issue's matter.

    A third ends with an error and its frames.
    """
    chance = random.Random(5)  # noqa: S311 (no secret)
    words = make_words(25_000)
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(words))))
    for number in range(1, count + 1):
        length = int(min(1_200, chance.lognormvariate(0, 0.9) * _BODY)) + 5
        matter = chance.choices(words, cum_weights=weights, k=15)
        body = " ".join(
            chance.choice(matter) if chance.random() < _MATTER else word
            for word in chance.choices(words, cum_weights=weights, k=length)
        )
        if chance.random() < _LOG:
            body += "\n" + _make_log(chance, words)
        title = " ".join(chance.choices(words, cum_weights=weights, k=_TITLE))
        filed = _START + timedelta(minutes=5 * number)
        author = Account(login=f"user{number % 5_000}")
        yield Issue(
            repository="", number=number, title=title, body=body, author=author, created_at=filed, updated_at=filed
        )


def _make_log(chance: random.Random, words: Sequence[str]) -> str:
    one, other = chance.choices(words, k=2)
    frames = "\n".join(f"  at {one}.{name} ({name}.js:{chance.randint(1, 400)})" for name in chance.choices(words, k=4))
    return f"Error: cannot read {one} of {other}\n{frames}"


def write_issues(path: Path, count: int) -> None:
    """The issues as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        for issue in make_issues(count):
            found = {"number": issue.number, "title": issue.title, "body": issue.body}
            user = {"login": issue.author.login}
            file.write(json.dumps({**found, "user": user, "created_at": issue.created_at.isoformat()}) + "\n")


def build_fts(path: Path, issues: Path) -> None:
    """The same issues in SQLite's full-text search (FTS5), title and body."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE VIRTUAL TABLE issue USING fts5 (title, body, content = '', tokenize = 'porter')")
        connection.executemany(
            "INSERT INTO issue (rowid, title, body) VALUES (?, ?, ?)",
            ((issue.number, issue.title, issue.body) for issue in open_file(issues).read_issues()),
        )


def ask_fts(connection: sqlite3.Connection, issue: Issue) -> None:
    """The best 60 by its BM25: the title five times as heavy, the first 80 words."""
    words = dict.fromkeys(find_words(f"{issue.title} {issue.body}"))
    match = " OR ".join(f'"{word}"' for word in list(words)[:80])
    query = "SELECT rowid FROM issue WHERE issue MATCH ? ORDER BY bm25(issue, 5.0, 1.0) LIMIT 60"
    connection.execute(query, (match,)).fetchall()


def measure_index(count: int, folder: Path) -> Cost:
    """All figures of an index of `count` issues, which is written into a folder."""
    issues, index, fts = folder / "issues.jsonl", folder / "a.index", folder / "fts.sqlite3"
    write_issues(issues, count)
    begun, used = perf_counter(), read_cpu(*_EVERYONE)
    build(index, open_file(issues), count_cores())
    built, built_cpu = perf_counter() - begun, read_cpu(*_EVERYONE) - used
    begun = perf_counter()
    build_fts(fts, issues)
    fts_built = perf_counter() - begun
    size = index.stat().st_size
    queries = choose_queries(count)
    return Cost(
        issues=count,
        built=built,
        built_cpu=built_cpu,
        size=size / 1e6,
        query=measure(lambda issue: search_index(index, issue), queries),
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
        new_process=measure_command([*_SEARCH, "--index", str(index), "it stops"], PROCESSES),
        added=measure_adding(index, queries),
        fts_built=fts_built,
        fts_size=fts.stat().st_size / 1e6,
        fts_query=measure_fts(fts, queries),
    )


def choose_queries(count: int) -> list[Issue]:
    """Some of the issues, evenly, asked as if they were new."""
    step = max(1, count // QUERIES)
    return [replace(issue, number=0) for issue in make_issues(count) if issue.number % step == 0]


def measure_adding(index: Path, queries: Sequence[Issue]) -> Timing:
    """The time to put each into the index."""
    with closing(open_index(index)) as connection:
        return measure(lambda issue: add_records(connection, [make_record(_renumber(issue))]), queries)


def _renumber(issue: Issue) -> Issue:
    return replace(issue, number=10**9 + hash(issue.title) % 10**8)


def measure_fts(path: Path, queries: Sequence[Issue]) -> Timing:
    """The time to ask the full-text search."""
    with closing(sqlite3.connect(path)) as connection:
        return measure(lambda issue: ask_fts(connection, issue), queries)


def main() -> None:
    """The tables, with one row per size, and the picture of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS, metavar="COUNT", help="numbers of issues")
    parser.add_argument("--curve", type=Path, metavar="FILE.svg", help="draw the costs against the number of issues")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n", flush=True)
    costs = []
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as folder:
            costs.append(measure_index(count, Path(folder)))
    print("\n".join(list_tables(costs)))
    if arguments.curve:
        from benchmarks.cost_curve import draw_costs  # noqa: PLC0415 (its library would count in the peak of memory)

        arguments.curve.write_text(draw_costs(costs), encoding="utf-8")


if __name__ == "__main__":
    main()
