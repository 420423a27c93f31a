"""The whole command `signpost backtest`: issues per CPU second and peak memory, next to a `re` loop and hyperscan.

It counts the CPU seconds of the command and its workers: they stay the same on a busy machine. Made-up issues come
first. With --issues FILE (or the variable SIGNPOST_BENCH_ISSUES) it also reads an archive, with the rules for it.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import psutil
import re2

from benchmarks.matching import Engine, match_by_hyperscan, match_by_loop, read_all
from benchmarks.samples import make_issues, make_messages, write_rule
from bot.archive.jsonl import read_issues
from bot.rules.loader import read_place
from bot.rules.ruleset import Ruleset
from bot.rules.spec.condition import Condition
from bot.rules.spec.phrase import Phrase, parse_phrase
from bot.text.normalize import collapse, squeeze
from bot.workbench.archive_passes import compile_rules

ROOT = Path(__file__).parent.parent
SAMPLE = 1_000
"""Issues on which the loop and hyperscan are measured where rules are many: the loop would take an hour for all."""
_BLOCK = 5_000
"""Made-up issues that are written at once, so that this script needs no memory for them either."""


class Measured(NamedTuple):
    """What a command took: wall seconds, CPU seconds and the peak of the memory of all its processes, in MB."""

    wall: float
    cpu: float
    peak: float


def run_backtest(issues: Path, rules: Sequence[str], *options: str) -> Measured:
    """The command in a process of its own; its memory is what it and its workers have for themselves (USS)."""
    command = [sys.executable, "-m", "bot", "backtest", "--issues", str(issues), "--rules", *rules, "--format", "json"]
    start, peak, cpu = time.perf_counter(), 0.0, 0.0
    with subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak, cpu = max(peak, _measure_memory(watched)), max(cpu, _measure_cpu(watched))
            time.sleep(0.2)
    if process.returncode:
        message = f"the command ended with {process.returncode}"
        raise SystemExit(message)
    return Measured(time.perf_counter() - start, cpu, peak)


def _all_of(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _measure_memory(process: psutil.Process) -> float:
    total = 0
    for each in _all_of(process):
        try:
            total += each.memory_full_info().uss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 1e6


def _measure_cpu(process: psutil.Process) -> float:
    total = 0.0
    for each in _all_of(process):
        try:
            times = each.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        total += times.user + times.system
    return total


def write_history(path: Path, messages: list[str], count: int) -> None:
    """Made-up issues as GitHub writes them, one per line, a few at once."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        block = make_issues(messages, min(count, _BLOCK))
        for number in range(count):
            issue = block[number % len(block)]
            day = f"{2020 + number % 6}-{number % 12 + 1:02}-{number % 28 + 1:02}T00:00:00Z"
            line = {"number": number + 1, "title": issue.title, "body": issue.body, "created_at": day}
            file.write(json.dumps(line) + "\n")


def write_rules(folder: Path, messages: list[str]) -> None:
    """One file per message."""
    folder.mkdir()
    for index, message in enumerate(messages):
        (folder / f"rule-{index}.yml").write_text(write_rule(index, message), "utf-8")


def measure_engine(engine: Engine, issues: Path, ruleset: Ruleset, most: int) -> float:
    """Issues per CPU second: parsing, reading and looking for every phrase."""
    start, count = time.process_time(), 0
    source = islice(read_issues(issues), most)
    while block := list(islice(source, SAMPLE)):
        engine(read_all(block, ruleset))
        count += len(block)
    return count / (time.process_time() - start)


def list_literals(ruleset: Ruleset) -> list[str]:
    """The phrases that the prefilter looks for, as literals: for one with holes its longest part."""
    needles = (needle for rule in ruleset.rules for needle in rule.condition.needles or ())
    phrases = (parse_phrase(source) for rule in ruleset.rules for source in _list_phrases(rule.model.match))
    known = dict(map(_read_needle, phrases))
    return [known[needle.pattern] for needle in needles if needle.pattern in known]


def _list_phrases(condition: Condition) -> Iterator[str]:
    if condition.phrase:
        yield condition.phrase
    at_least = condition.at_least.of if condition.at_least else ()
    for child in (*(condition.all or ()), *(condition.any or ()), *at_least):
        yield from _list_phrases(child)


def _read_needle(phrase: Phrase) -> tuple[str, str]:
    """The pattern of a phrase's needle, and text that each match of it holds."""
    if phrase.is_short:
        return re2.escape(phrase.collapsed), phrase.collapsed
    return phrase.squeezed_pattern, max((squeeze(collapse(literal)) for literal in phrase.literals), key=len)


def print_rows(name: str, issues: Path, rules: Sequence[str], count: int) -> None:
    """The command with all that it does, without clusters, and on one core; then the other engines on a sample."""
    ruleset = compile_rules(read_place(place) for place in rules)
    literals = list_literals(ruleset)
    is_quick = len(literals) < SAMPLE // 2
    loop = measure_engine(match_by_loop(literals), issues, ruleset, count if is_quick else SAMPLE // 5)
    scan = measure_engine(match_by_hyperscan(literals), issues, ruleset, count if is_quick else SAMPLE)
    cores = len(os.sched_getaffinity(0))
    runs = {
        f"signpost backtest, {cores} cores": (),
        f"the same without clusters, {cores} cores": ("--no-clusters",),
        "the same without clusters, 1 core": ("--no-clusters", "--jobs", "1"),
    }
    for what, more in runs.items():
        took = run_backtest(issues, rules, *more)
        speed = count / took.cpu
        ratios = f"{speed / loop:.1f} | {speed / scan:.2f}"
        print(
            f"| {name}: {what} | {took.wall:.0f} | {took.cpu:.0f} | {speed:.0f} | {took.peak:.0f} | {ratios} |",
            flush=True,
        )
    print(f"| {name}: `re` loop | | | {loop:.0f} | | 1.0 | {loop / scan:.2f} |")
    print(f"| {name}: hyperscan | | | {scan:.0f} | | {scan / loop:.1f} | 1.00 |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--made-up", type=int, default=20_000, metavar="N", help="made-up issues; 0 for none")
    parser.add_argument("--rule-count", type=int, default=1_000, metavar="N", help="made-up rules")
    parser.add_argument("--issues", default=os.environ.get("SIGNPOST_BENCH_ISSUES"), metavar="FILE.jsonl.gz")
    parser.add_argument("--rules", nargs="+", default=["rules/rust"], metavar="PATH")
    arguments = parser.parse_args()
    print("| what | wall s | CPU s | issues per CPU second | peak MB | to `re` loop | to hyperscan |")
    print("|---|---|---|---|---|---|---|")
    if arguments.made_up:
        with tempfile.TemporaryDirectory() as name:
            folder, messages = Path(name), make_messages(arguments.rule_count)
            write_history(folder / "made-up.jsonl.gz", messages, arguments.made_up)
            write_rules(folder / "rules", messages)
            title = f"{arguments.rule_count:,} rules, {arguments.made_up:,} made-up issues"
            print_rows(title, folder / "made-up.jsonl.gz", [str(folder / "rules")], arguments.made_up)
    if arguments.issues:
        path = Path(arguments.issues)
        count = sum(1 for _ in read_issues(path))
        title = f"{path.name.partition('.')[0]}, {count:,} issues, {', '.join(arguments.rules)}"
        print_rows(title, path, arguments.rules, count)


if __name__ == "__main__":
    main()
