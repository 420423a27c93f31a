"""What `signpost suggest` finds in an archive, next to its most frequent lines, with time and peak memory.

    python -m benchmarks.suggest ARCHIVE.jsonl.gz --wanted "internal compiler error" "linking with"
    python -m benchmarks.suggest --excerpts EXCERPTS.jsonl --rules rules/claude-code --wanted "out of extra usage"

    python -m benchmarks.suggest --excerpts EXCERPTS.jsonl --rules rules/claude-code --wanted "out of extra usage"
The data is not part of the project.
"""

import argparse
import json
import resource
import time
from collections import Counter
from pathlib import Path

from benchmarks.excerpts import read_excerpts, write_issue
from bot.archive.jsonl import IssueArchive, open_file
from bot.archive.parallel import count_cores
from bot.rules.loader import read_place
from bot.rules.matcher import match_rules, read_facts
from bot.text.normalize import collapse
from bot.workbench.archive_passes import Files, RuledArchive, compile_rules
from bot.workbench.suggest.miner import Find, mine_archive

USAGE = (
    *("extra-usage-400", "third-party-extra-usage-400", "extra-usage-banner", "long-context-1m-banner"),
    *("long-context-429", "rate-limit-429", "server-rate-limited", "usage-limit-reached", "credit-balance-low"),
    *("api-usage-limits-400", "third-party-gateway-400", "credential-only", "org-disabled-400", "gateway-spend-limit"),
)
"""The rules of the pack claude-code about usage, billing and limits."""

_SHORTEST_LINE = 12
_SHOWN = 90


def open_excerpts(path: Path) -> IssueArchive:
    """The labelled excerpts as an archive of whole issues, each by a reporter of its own."""
    rows = []
    for excerpt in read_excerpts(path):
        issue = write_issue(excerpt, excerpt.message, excerpt.dump)
        user = {"login": f"reporter-{excerpt.number}"}
        rows.append({"number": excerpt.number, "title": issue.title, "body": issue.body, "user": user})
    lines = [(f"{path}:{number}", json.dumps(row)) for number, row in enumerate(rows, 1)]
    return IssueArchive(name=str(path), open_lines=lambda: iter(lines))


def read_rules(place: str, without: list[str]) -> Files:
    """The files of a place, but for those rules."""
    return {file: text for file, text in read_place(place).items() if Path(file).stem not in without}


def count_lines(history: IssueArchive, rules: tuple[Files, ...], most: int, needle: str = "") -> list[tuple[str, int]]:
    """The lines that most unmatched issues have, of those that hold `needle`: the plain way."""
    ruleset, counts = compile_rules(rules), Counter[str]()
    for issue in history.read_issues():
        if not (ruleset.rules and match_rules(read_facts(issue, ruleset), ruleset)):
            lines = {line.strip() for line in f"{issue.title}\n{issue.body}".splitlines()}
            counts.update(line for line in lines if len(line) >= _SHORTEST_LINE and needle in line.lower())
    return counts.most_common(most)


def find_rank(texts: list[str], wanted: str) -> str:
    """The place of the first text that has the words, from 1; a dash where none has."""
    collapsed = collapse(wanted)
    return next((str(place) for place, text in enumerate(texts, 1) if collapsed in collapse(text)), "-")


def main() -> None:
    """Print the drafts, the most frequent lines, and the place of each wanted message in both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", nargs="?", type=Path)
    parser.add_argument("--excerpts", type=Path)
    parser.add_argument("--rules")
    parser.add_argument("--without", nargs="*", default=list(USAGE))
    parser.add_argument("--wanted", nargs="*", default=[])
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=count_cores())
    asked = parser.parse_args()
    if not (asked.history or asked.excerpts):
        parser.error("an archive is missing; give its file, or --excerpts FILE")
    history = open_excerpts(asked.excerpts) if asked.excerpts else open_file(asked.history)
    rules = (read_rules(asked.rules, asked.without),) if asked.rules else ()
    start = time.perf_counter()
    find = mine_archive(RuledArchive(issues=history, rules=rules, jobs=asked.jobs), asked.top)
    took, cpu, peak = time.perf_counter() - start, measure_cpu(), measure_peak()
    print_drafts(find)
    plain = {
        "lines": count_lines(history, rules, asked.top),
        "lines with `error`": count_lines(history, rules, asked.top, "error"),
    }
    print_plain(plain)
    print_ranks(find, plain, asked.wanted)
    print(f"\n{find.unmatched + find.matched:,} issues, {find.unmatched:,} without a rule, {asked.jobs} processes:")
    print(f"suggest {took:.1f} s wall, {cpu:.1f} s CPU of all processes; peak memory of one {peak:,} MB")


def print_drafts(find: Find) -> None:
    """One row per draft."""
    print("| | draft | issues | authors | labels |\n|---|---|---|---|---|")
    for place, draft in enumerate(find.drafts, 1):
        labels = ", ".join(f"{label.name} {label.share:.0%}" for label in draft.labels)
        print(f"| {place} | `{_cut(draft.phrases)}` | {draft.issues:,} | {draft.authors:,} | {labels} |")


def print_plain(plain: dict[str, list[tuple[str, int]]]) -> None:
    """One row per line, for each way to count them."""
    for name, lines in plain.items():
        print(f"\n| | most frequent {name} | issues |\n|---|---|---|")
        for place, (line, count) in enumerate(lines, 1):
            print(f"| {place} | `{_cut((line,))}` | {count:,} |")


def print_ranks(find: Find, plain: dict[str, list[tuple[str, int]]], wanted: list[str]) -> None:
    """The place of each wanted message."""
    ways = {"suggest": [" ".join(draft.phrases) for draft in find.drafts]}
    ways |= {name: [line for line, _ in lines] for name, lines in plain.items()}
    print(f"\n| wanted | {' | '.join(ways)} |\n|---|{'---|' * len(ways)}")
    for text in wanted:
        print(f"| {text} | {' | '.join(find_rank(texts, text) for texts in ways.values())} |")


def measure_peak() -> int:
    """The largest memory that this process or one of its workers had, in MB."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024


def measure_cpu() -> float:
    """Seconds of CPU time that this process and its workers had."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _cut(texts: tuple[str, ...]) -> str:
    text = " / ".join(texts).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


if __name__ == "__main__":
    main()
