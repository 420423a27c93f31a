"""Rules on an archive: how often each matches, and how far the tracker's own labels agree; or a sample to read."""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.archive.jsonl import read_issues
from bot.rules.loader import load_rules
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Rule, Ruleset
from bot.tracker.types import Issue

SEED = 7
LONGEST_EXCERPT = 160


@dataclass
class Tally:
    """What one rule did over an archive; `agreeing` counts the issues that carry each label that the rule adds."""

    matched: int = 0
    silent: int = 0
    spoke: int = 0
    people: set[str] = field(default_factory=set)
    agreeing: Counter[str] = field(default_factory=Counter)

    def add(self, issue: Issue, match: Match) -> None:
        """Count one match; a superseded one is silent."""
        self.matched += 1
        self.silent += match.superseded_by is not None
        is_willing = match.rule.model.mode == "comment" and match.branch is not None
        self.spoke += is_willing and match.superseded_by is None
        self.people.add(issue.author.login)
        self.agreeing.update(label for label in match.rule.model.labels.add if label in issue.labels)


def match_history(issues: Iterator[Issue], ruleset: Ruleset) -> Iterator[tuple[Issue, tuple[Match, ...]]]:
    """Each issue with its matches."""
    for issue in issues:
        yield issue, match_rules(read_facts(issue, ruleset), ruleset)


def print_table(found: Iterator[tuple[Issue, tuple[Match, ...]]], ruleset: Ruleset) -> None:
    """One row per rule, and below them how many issues with a label have a rule that adds it."""
    tallies, labelled, caught = defaultdict[str, Tally](Tally), Counter[str](), Counter[str]()
    total = 0
    for issue, matches in found:
        total += 1
        labelled.update(issue.labels)
        for match in matches:
            tallies[match.rule.id].add(issue, match)
        caught.update({label for match in matches for label in match.rule.model.labels.add} & {*issue.labels})
    print("| rule | mode | issues | people | comments | labels that agree |\n|---|---|---|---|---|---|")
    for rule in sorted(ruleset.rules, key=lambda rule: (-tallies[rule.id].matched, rule.id)):
        print(_make_row(rule, tallies[rule.id]))
    print(f"\n{total:,} issues")
    for label in sorted({label for rule in ruleset.rules for label in rule.model.labels.add} & {*labelled}):
        print(f"{label}: {caught[label]:,} of {labelled[label]:,} found")


def _make_row(rule: Rule, tally: Tally) -> str:
    agreement = [f"{label} {tally.agreeing[label] / (tally.matched or 1):.0%}" for label in rule.model.labels.add]
    cells = (rule.id, rule.model.mode, tally.matched, len(tally.people), tally.spoke, ", ".join(agreement))
    return "| " + " | ".join(map(str, cells)) + " |"


def print_sample(found: Iterator[tuple[Issue, tuple[Match, ...]]], rule: str, size: int) -> None:
    """The same issues each time, one per line: number, title, evidence, and the start of the text."""
    hits = [(issue, match) for issue, matches in found for match in matches if match.rule.id == rule]
    chosen = random.Random(SEED).sample(hits, min(size, len(hits)))  # noqa: S311 (a sample, no secret)
    for issue, match in sorted(chosen, key=lambda hit: hit[0].number):
        evidence = match.evidence[0].text if match.evidence else ""
        print(f"#{issue.number} {issue.title!r} | {evidence[:LONGEST_EXCERPT]!r} | {issue.body[:LONGEST_EXCERPT]!r}")


def main() -> None:
    """Read the archive once, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("issues", type=Path, help="GitHub issue objects, one per line; may be .gz")
    parser.add_argument("rules", nargs="+", help="folders, rule files or pack:NAME")
    parser.add_argument("--sample", metavar="RULE", help="print matches of one rule, to be read")
    parser.add_argument("--size", type=int, default=30, help="how many (default: 30)")
    arguments = parser.parse_args()
    ruleset = load_rules(arguments.rules)
    found = match_history(read_issues(arguments.issues), ruleset)
    if arguments.sample:
        print_sample(found, arguments.sample, arguments.size)
    else:
        print_table(found, ruleset)


if __name__ == "__main__":
    main()
