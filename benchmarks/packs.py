"""A pack on issues that a person has labelled: precision and recall of each class, next to a plain search.

    python -m benchmarks.packs EXCERPTS.jsonl [--rules rules/claude-code] [--other ARCHIVE.jsonl.gz ...] [--only FILE]

The excerpts are not part of the project. The environment variable `EXCERPTS` can name them, too.
"""

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

from benchmarks.excerpts import NONE, Excerpt, join_text, read_excerpts, vary
from bot.archive.jsonl import read_issues
from bot.rules.loader import load_rules
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.rules.spec.condition import Condition
from bot.rules.spec.phrase import parse_phrase
from bot.tracker.types import Issue

UNDESCRIBED = ("login-cloudflare", "oauth-org-membership-403", "screenshot-only")
"""Classes that neither the error reference nor the study's tables of signatures describe."""

_CERTAINTY = 1.96


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine says of an issue: the rules that speak, and whether a comment would be posted."""

    rules: tuple[str, ...]
    comments: bool = False


Engine = Callable[[Issue], Answer]


@dataclass
class Score:
    """How the answers stand to the labels; `wrong` says which are not right."""

    hits: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    commented: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, excerpt: Excerpt, answer: Answer, variant: str) -> None:
        """Count one issue: each rule that speaks is right or wrong."""
        right = excerpt.label in answer.rules
        if excerpt.label != NONE:
            (self.hits if right else self.missed)[excerpt.label] += 1
        for name in answer.rules:
            if name != excerpt.label:
                self.false[name] += 1
        if excerpt.label == NONE and answer.comments:
            self.commented.append(excerpt.number)
        if answer.rules != (() if excerpt.label == NONE else (excerpt.label,)):
            said = ", ".join(answer.rules) or "nothing"
            self.wrong.append(f"{excerpt.number} ({variant}): {excerpt.label} expected, {said} said")

    def sum_up(self, classes: Iterable[str]) -> tuple[int, int, int]:
        """Hits, false answers and misses of some classes."""
        names = set(classes)
        return tuple(sum(counts[name] for name in names) for counts in (self.hits, self.false, self.missed))  # type: ignore[return-value]


def ask_signpost(ruleset: Ruleset) -> Engine:
    """The rules that match and are not superseded."""

    def ask(issue: Issue) -> Answer:
        speaking = [match for match in match_rules(read_facts(issue, ruleset), ruleset) if not match.superseded_by]
        comments = any(match.rule.model.mode == "comment" and match.branch is not None for match in speaking)
        return Answer(tuple(match.rule.id for match in speaking), comments)

    return ask


def ask_search(ruleset: Ruleset) -> Engine:
    """The same phrases, looked for with `in` in title and body in lower case; the pack's order decides, too."""
    order = {name: place for pack in ruleset.packs for place, name in enumerate(pack.model.precedence)}
    rules = sorted(ruleset.rules, key=lambda rule: order.get(rule.id, len(order)))
    phrases = {rule.id: tuple(literal.lower() for literal in _find_literals(rule.model.match)) for rule in rules}

    def ask(issue: Issue) -> Answer:
        text = join_text(read_facts(issue, ruleset))
        found = next((name for name, literals in phrases.items() if any(one in text for one in literals)), None)
        return Answer((found,) if found else (), comments=found is not None)

    return ask


def _find_literals(condition: Condition) -> Iterator[str]:
    if condition.phrase:
        yield max(parse_phrase(condition.phrase).literals, key=len)
    for child in (*(condition.all or ()), *(condition.any or ())):
        yield from _find_literals(child)


def measure(excerpts: Iterable[Excerpt], ask: Engine, variants: frozenset[str]) -> Score:
    """The score of an engine on the excerpts in those of their variants."""
    score = Score()
    for excerpt in excerpts:
        for variant, issue in vary(excerpt):
            if variant in variants:
                score.add(excerpt, ask(issue), variant)
    return score


def tell_share(part: int, whole: int) -> str:
    """A share with its 95 % interval (Wilson's), or a dash."""
    if not whole:
        return "-"
    share, spread = part / whole, _CERTAINTY**2 / whole
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return f"{share:.3f} ({max(0, middle - half):.2f} to {min(1, middle + half):.2f})"


def show_classes(score: Score) -> None:
    """A table with a row for each class."""
    print("| class | right | wrong | missed | precision | recall |\n|---|---|---|---|---|---|")
    for name in sorted({*score.hits, *score.false, *score.missed}):
        right, wrong, missed = score.hits[name], score.false[name], score.missed[name]
        shares = tell_share(right, right + wrong), tell_share(right, right + missed)
        print(f"| {name} | {right} | {wrong} | {missed} | {' | '.join(shares)} |")


def show_totals(title: str, score: Score) -> None:
    """One row: precision over all classes, recall over described ones, comments without a known problem."""
    everything = {*score.hits, *score.false, *score.missed}
    right, wrong, _ = score.sum_up(everything)
    known, _, missed = score.sum_up(everything - {*UNDESCRIBED})
    row = (title, tell_share(right, right + wrong), tell_share(known, known + missed), str(len(score.commented)))
    print(f"| {' | '.join(row)} |")


def show_others(ruleset: Ruleset, paths: list[Path]) -> None:
    """What the pack finds in histories of other projects, where it should find nothing."""
    ask = ask_signpost(ruleset)
    for path in paths:
        found, total = defaultdict[str, list[int]](list), 0
        for issue in read_issues(path):
            total += 1
            for name in ask(issue).rules:
                found[name].append(issue.number)
        count = sum(map(len, found.values()))
        print(f"\n{path.name}: {count} matches in {total:,} issues")
        for name, numbers in sorted(found.items(), key=lambda item: -len(item[1])):
            print(f"  {len(numbers):>5}  {name}: {', '.join(map(str, numbers[:8]))}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given = os.environ.get("EXCERPTS")
    parser.add_argument("excerpts", type=Path, nargs="?" if given else None, default=given and Path(given))
    parser.add_argument("--rules", default="rules/claude-code")
    parser.add_argument("--other", type=Path, action="append", default=[])
    parser.add_argument("--only", type=Path, help="a JSON list of issue numbers")
    arguments = parser.parse_args()
    ruleset = load_rules([arguments.rules])
    excerpts = [excerpt for excerpt in read_excerpts(arguments.excerpts) if not excerpt.is_silent]
    if arguments.only:
        wanted = set(json.loads(arguments.only.read_text("utf-8")))
        excerpts = [excerpt for excerpt in excerpts if excerpt.number in wanted]
    as_it_was, mangled = frozenset({"as it was"}), frozenset({"wrapped", "escaped"})
    score = measure(excerpts, ask_signpost(ruleset), as_it_was)
    show_classes(score)
    print(f"\n{len(excerpts)} issues\n")
    print("| engine | precision, all classes | recall, described classes | comments without a known problem |")
    print("|---|---|---|---|")
    show_totals("signpost", score)
    show_totals("plain search", measure(excerpts, ask_search(ruleset), as_it_was))
    twisted = measure(excerpts, ask_signpost(ruleset), mangled)
    show_totals("signpost, wrapped and escaped", twisted)
    show_totals("plain search, wrapped and escaped", measure(excerpts, ask_search(ruleset), mangled))
    print("", *score.wrong, "", *twisted.wrong, sep="\n")
    show_others(ruleset, arguments.other)


if __name__ == "__main__":
    main()
