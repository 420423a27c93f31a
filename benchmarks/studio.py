"""How long the studio takes from a keystroke to its numbers, over 10,000 made-up issues of 4 KB with 100 rules."""

import statistics
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from time import perf_counter

import psutil
import yaml

from benchmarks.samples import make_issues, make_messages, make_rules
from bot.archive.jsonl import read_issues
from bot.rules.loader import read_place
from bot.rules.ruleset import Pack
from bot.rules.spec.pack import PackModel
from bot.workbench.studio.api import format_issues, format_state
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.surroundings import Surroundings, find_surroundings

ISSUES = 10_000
RULES = 100
TIMES = 5
TODAY = date(2026, 11, 25)
VERSIONS: Mapping[str, object] = {
    "a phrase": {"phrase": "permission denied while reading"},
    "a phrase with a hole": {"phrase": "permission denied while reading {name:word} configuration"},
    "a pattern": {"regex": "timed out after [a-z ]{0,40} to answer"},
    "a pattern without a literal": {"regex": "[0-9]+[.][0-9]+[.][0-9]+"},
    "alternatives and a `none`": {
        "any": [{"phrase": "limit is reached"}, {"phrase": "index out of bounds"}],
        "none": [{"phrase": "unable to access"}],
    },
    "a field of the form": {"section": "Version", "contains": "2.1"},
    "no text at all": {"language": "en"},
}


def write_rule(match: object, title: str, stem: str = "edited") -> str:
    """A rule that only labels, under a title that makes its text a new one."""
    examples = {"match": ["an example that is missed"], "no_match": ["x"]}
    return yaml.safe_dump({"id": stem, "title": title, "mode": "label", "match": match, "examples": examples})


def make_bench(arguments: list[str]) -> tuple[Workbench, str]:
    """The bench over made-up issues, or over a file of issues with the rules of a folder; and the rule's name."""
    if arguments:
        history, folder = arguments
        file = min(name for name in read_place(folder) if not name.endswith("pack.yml"))
        around, stem = find_surroundings(read_place(folder), file, read_place(file)), Path(file).stem
        return Workbench(
            around, write_rule({"phrase": "saved"}, "saved", stem), read_issues(Path(history)), TODAY
        ), stem
    messages = make_messages(RULES)
    around = Surroundings("rules/edited.yml", Pack(PackModel(name="rules")), make_rules(messages))
    issues = iter(make_issues(messages, ISSUES))
    return Workbench(around, write_rule({"phrase": "a phrase that was saved"}, "saved"), issues, TODAY), "edited"


def finish(bench: Workbench) -> None:
    """Do all that is left."""
    while bench.step():
        pass


def measure(bench: Workbench, match: object, stem: str) -> tuple[float, float, int]:
    """Milliseconds from the text to the numbers, the longest step among them, and the matches."""
    times, longest = [], 0.0
    for number in range(TIMES):
        text, start = write_rule(match, f"version {number}", stem), perf_counter()
        bench.edit(text)
        while not bench.has_numbers:
            before = perf_counter()
            bench.step()
            longest = max(longest, perf_counter() - before)
        format_state(bench)
        format_issues(bench, "matched", "", 0, 100)
        times.append(perf_counter() - start)
    return 1000 * statistics.median(times), 1000 * longest, len(bench.working.hits)


def main() -> None:
    """Print the figures."""
    bench, stem = make_bench(sys.argv[1:])
    start = perf_counter()
    finish(bench)
    took, memory = perf_counter() - start, psutil.Process().memory_info().rss / 2**20
    print(f"{bench.count} issues read, understood and matched by the other rules in {took:.1f} s; {memory:.0f} MB\n")
    print(f"{'a keystroke in':<42} {'numbers after':>14} {'longest step':>14} {'matches':>9}")
    for name, match in VERSIONS.items():
        total, longest, matches = measure(bench, match, stem)
        print(f"{name:<42} {total:>11.0f} ms {longest:>11.1f} ms {matches:>9}")


if __name__ == "__main__":
    main()
