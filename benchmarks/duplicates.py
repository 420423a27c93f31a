"""An index of made-up issues: its build, its size, its queries beside SQLite's own full-text search, and adding one.

Usage: python -m benchmarks.duplicates [COUNT ...] [--embed FOLDER]
"""

import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.samples import make_words
from bot.cli.index_building import build
from bot.duplicates.entry import make_entry
from bot.duplicates.index_file import open_index
from bot.duplicates.index_search import search_index
from bot.duplicates.index_writing import add_entries
from bot.duplicates.sentence_model import load_sentence_model
from bot.duplicates.words import find_words
from bot.github.tracker import Account, Issue
from bot.history.cores import count_cores
from bot.history.issues import open_file

QUERIES = 60
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


def measure(do: Callable[[Issue], object], queries: Sequence[Issue]) -> tuple[float, float]:
    """Median and 95th percentile of the CPU milliseconds of each query, after a first one that is not counted."""
    do(queries[0])
    times = []
    for issue in queries:
        start = process_time()
        do(issue)
        times.append(1_000 * (process_time() - start))
    times.sort()
    return times[len(times) // 2], times[int(0.95 * len(times))]


def measure_cold(index: Path) -> float:
    """CPU milliseconds of `signpost index search` in a process of its own; the median of seven."""
    times = []
    for _ in range(7):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [
            sys.executable,
            "-m",
            "bot",
            "index",
            "search",
            "--index",
            str(index),
            "--format",
            "json",
            "it stops",
        ]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 1_000 * sorted(times)[3]


def report(count: int, folder: Path, embed: str) -> str:
    """One row of the table; `embed` is the place of a sentence model, "" for none."""
    issues, index, fts = folder / "issues.jsonl", folder / "a.index", folder / "fts.sqlite3"
    write_issues(issues, count)
    start, used = perf_counter(), _read_cpu()
    build(index, open_file(issues), count_cores(), embed)
    built, cpu = perf_counter() - start, _read_cpu() - used
    start = process_time()
    build_fts(fts, issues)
    built_fts = process_time() - start
    step = max(1, count // QUERIES)
    queries = [replace(issue, number=0) for issue in make_issues(count) if issue.number % step == 0]
    ours = measure(lambda issue: search_index(index, issue), queries)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    with closing(sqlite3.connect(fts)) as connection:
        theirs = measure(lambda issue: ask_fts(connection, issue), queries)
    encode = load_sentence_model(embed).encode if embed else None
    with closing(open_index(index)) as connection:
        added = measure(
            lambda issue: add_entries(
                connection, [make_entry(replace(issue, number=10**9 + hash(issue.title) % 10**8), encode=encode)]
            ),
            queries,
        )
    cells = [
        f"{count:,}",
        f"{built:.0f}",
        f"{cpu:.0f}",
        f"{index.stat().st_size / 1e6:.0f}",
        f"{memory:.0f}",
        f"{ours[0]:.0f} ({ours[1]:.0f})",
        f"{measure_cold(index):.0f}",
        f"{added[0]:.1f} ({added[1]:.1f})",
        f"{built_fts:.0f}",
        f"{theirs[0]:.0f} ({theirs[1]:.0f})",
    ]
    return f"| {' | '.join(cells)} |"


def _read_cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """The table, a row a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000, 100_000], metavar="COUNT")
    parser.add_argument("--embed", default="", metavar="FOLDER", help="a sentence model, as `signpost index` takes it")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(
        "| issues | build s | build CPU s | MB | peak MB | query ms (p95) | new process ms | add one ms (p95)"
        " | FTS5 build s | FTS5 query ms (p95) |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as folder:
            print(report(count, Path(folder), arguments.embed), flush=True)


if __name__ == "__main__":
    main()
