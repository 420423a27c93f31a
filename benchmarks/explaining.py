"""How long an explanation takes, and whether the intended rule is among the nearest.

    python -m benchmarks.explaining [--rules rules/claude-code]

The intended rule is one whose own example no longer matches, because some of its words were replaced.
"""

import argparse
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from time import perf_counter

from benchmarks.samples import make_issues, make_messages, make_rules
from bot.rules.loader import load_rules
from bot.rules.matcher import read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from bot.triage.config import make_default_config
from bot.workbench.check.examples import make_example_issue
from bot.workbench.explain.diagnosis import explain_facts
from bot.workbench.explain.explainer import NEAREST, make_explanation

RULES = 1_000
SHARES = (0.1, 0.25)
LONGEST = 65_536
TODAY = date(2026, 1, 1)
_WORD = re.compile(r"[A-Za-z]{4,}")


def measure_time() -> Iterator[tuple[str, float]]:
    """Seconds for one issue and 1,000 rules, by what the issue consists of."""
    ruleset = make_rules(make_messages(RULES))
    issue = make_issues(make_messages(RULES), 1)[0]
    explain_facts(read_facts(issue, ruleset), ruleset)  # the prefilter is made before the clock starts
    bodies = {
        "made up, 4 KB": issue.body,
        "the same, 64 KB": (issue.body * LONGEST)[:LONGEST],
        "64 KB of one word": "a" * LONGEST,
        "64 KB of headings": ("### Heading\n\nx\n" * LONGEST)[:LONGEST],
        "64 KB of stack frames": ('  File "a.py", line 1, in x\n' * LONGEST)[:LONGEST],
    }
    for name, body in bodies.items():
        start = perf_counter()
        make_explanation(replace(issue, body=body), ruleset, make_default_config(), TODAY)
        yield name, perf_counter() - start


def rank_meant(ruleset: Ruleset, share: float) -> list[int]:
    """For each example that no longer matches, how many other rules are held to be nearer than its own."""
    chance, ranks = random.Random(5), list[int]()  # noqa: S311 (no secret)
    for rule in ruleset.rules:
        for example in rule.model.examples.match:
            found = explain_facts(read_facts(_reword(make_example_issue(example), share, chance), ruleset), ruleset)
            others = [explanation.rule.id for explanation in found if explanation.match is None]
            if rule.id in others:
                ranks.append(others.index(rule.id))
    return ranks


def _reword(issue: Issue, share: float, chance: random.Random) -> Issue:
    def change(word: re.Match[str]) -> str:
        return chance.choice(["some", "other", "thing", "words"]) if chance.random() < share else word[0]

    return replace(issue, title=_WORD.sub(change, issue.title), body=_WORD.sub(change, issue.body))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", default="rules/claude-code")
    ruleset = load_rules([parser.parse_args().rules])
    print(f"| issue, {RULES} rules | s |\n|---|---|")
    for name, seconds in measure_time():
        print(f"| {name} | {seconds:.2f} |")
    print(f"\n| words replaced | examples that no longer match | nearest | among the {NEAREST} nearest |")
    print("|---|---|---|---|")
    for share in SHARES:
        ranks = rank_meant(ruleset, share)
        nearest, shown = (sum(rank < most for rank in ranks) / len(ranks) for most in (1, NEAREST))
        print(f"| {share:.0%} | {len(ranks)} | {nearest:.0%} | {shown:.0%} |")


if __name__ == "__main__":
    main()
