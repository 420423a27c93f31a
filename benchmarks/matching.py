"""Matching 10 to 10,000 rules: Signpost next to a `re` loop and hyperscan, on the same texts."""

import argparse
import re
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import hyperscan

from benchmarks.samples import make_issues, make_messages, make_rules
from bot.issue.facts import Facts
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.text.normalize import collapse, squeeze
from bot.tracker.types import Issue

Found = list[frozenset[int]]
Engine = Callable[[list[Facts]], Found]
ROUNDS = 5


def match_by_signpost(ruleset: Ruleset) -> Engine:
    """Prefilter over all rules, then each candidate's conditions with their evidence."""

    def run(prepared: list[Facts]) -> Found:
        return [frozenset(int(match.rule.id[5:]) for match in match_rules(facts, ruleset)) for facts in prepared]

    return run


def match_by_loop(messages: list[str]) -> Engine:
    """One compiled pattern after the other, as most bots do."""
    patterns = [re.compile(re.escape(squeeze(collapse(message)))) for message in messages]

    def run(prepared: list[Facts]) -> Found:
        return [_search_each(patterns, facts) for facts in prepared]

    return run


def _search_each(patterns: list[re.Pattern[str]], facts: Facts) -> frozenset[int]:
    texts = [text.squeezed for text in facts.texts]
    return frozenset(index for index, pattern in enumerate(patterns) if any(map(pattern.search, texts)))


def match_by_hyperscan(messages: list[str]) -> Engine:
    """All patterns in one hyperscan database; one scan a text."""
    database = hyperscan.Database()
    patterns = [re.escape(squeeze(collapse(message))).encode() for message in messages]
    flags = [hyperscan.HS_FLAG_SINGLEMATCH] * len(patterns)
    database.compile(expressions=patterns, ids=list(range(len(patterns))), elements=len(patterns), flags=flags)

    def run(prepared: list[Facts]) -> Found:
        return [_scan(database, facts) for facts in prepared]

    return run


def _scan(database: hyperscan.Database, facts: Facts) -> frozenset[int]:
    hits: set[int] = set()
    for text in facts.texts:
        database.scan(text.squeezed.encode(), match_event_handler=lambda index, *_: hits.add(index))
    return frozenset(hits)


def read_all(issues: list[Issue], ruleset: Ruleset) -> list[Facts]:
    """The facts of the issues, with both normal forms made."""
    prepared = [read_facts(issue, ruleset) for issue in issues]
    for facts in prepared:
        for text in facts.texts:
            _ = text.squeezed
    return prepared


def measure(run: Callable[[], object], rounds: int) -> float:
    """Seconds: the median of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    """Print a row for each number of rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=200)
    parser.add_argument("--rules", type=int, nargs="+", default=[10, 100, 1_000, 10_000])
    arguments = parser.parse_args()
    print(
        "| rules | load s | read µs | signpost µs | re loop µs | hyperscan µs | re / signpost | signpost / hyperscan |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for count in arguments.rules:
        print(_measure_row(count, arguments.issues))


def _measure_row(count: int, issue_count: int) -> str:
    messages = make_messages(count)
    issues = make_issues(messages, issue_count)
    start = time.perf_counter()
    ruleset = make_rules(messages)
    _ = ruleset.prefilter
    load = time.perf_counter() - start
    read = measure(lambda: read_all(issues, ruleset), 3) / issue_count
    engines = {
        "signpost": match_by_signpost(ruleset),
        "loop": match_by_loop(messages),
        "hyperscan": match_by_hyperscan(messages),
    }
    few = issues[: max(5, issue_count * 100 // max(count, 100))]
    took: dict[str, float] = {}
    found: dict[str, Found] = {}
    for name, engine in engines.items():
        sample = few if name == "loop" else issues
        prepared = read_all(sample, ruleset)
        found[name] = engine(prepared)[: len(few)]
        took[name] = measure(partial(engine, prepared), ROUNDS) / len(sample)
    if len({tuple(result) for result in found.values()}) != 1:
        message = f"the engines disagree at {count} rules"
        raise SystemExit(message)
    signpost, loop, scan = (took[name] * 1e6 for name in ("signpost", "loop", "hyperscan"))
    ratios = f"{loop / signpost:.1f} | {signpost / scan:.1f}"
    return f"| {count:,} | {load:.2f} | {read * 1e6:.0f} | {signpost:.0f} | {loop:.0f} | {scan:.0f} | {ratios} |"


if __name__ == "__main__":
    main()
