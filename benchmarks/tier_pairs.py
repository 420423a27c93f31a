"""Prints pairs of a report and the earlier one it would be linked to, to be read by people who do not know the score.

Usage: python -m benchmarks.tier_pairs ISSUES.jsonl.gz DUPLICATES.jsonl --tier C --half second --sample 60 --seed 1

Tier B: of all issues of the half, those that have an earlier one with the same error. Tier C: of those that nobody
marked as duplicates, the share whose best candidate looks most alike, as a repository's own calibration would choose.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.duplicate_rows import Labelled, read_labelled
from bot.duplicates.earlier import Earlier
from bot.duplicates.finding import list_earlier
from bot.duplicates.model_file import read_model
from bot.duplicates.ranking import rank_candidates
from bot.github.tracker import Issue
from bot.history.asking import ask_history, split_history
from bot.history.recall import find_threshold

EXCERPT = 600
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Linked:
    """An issue and the best earlier one it would be linked to, or None; `is_ordinary` if it is no known duplicate."""

    number: int
    best: Earlier | None
    is_ordinary: bool


def find_links(labelled: Labelled, half: str) -> Iterator[Linked]:
    """The best that an index of all earlier issues has for each issue of a half, whatever its score."""
    split, model = split_history(labelled.issues, labelled.truth, half, len(labelled.issues)), read_model()
    ordinary = frozenset(split.ordinary)
    queries = ask_history(labelled.issues, labelled.truth, ordinary.union(split.duplicates))
    for size, query in enumerate(queries):
        if query:
            ranked = rank_candidates(query.profile, query.compared, model)
            best = next(iter(list_earlier(ranked, 0.0, size)), None)
            yield Linked(query.profile.number, best, query.profile.number in ordinary)


def choose_pairs(links: Iterable[Linked], tier: str, share: float) -> list[tuple[int, int]]:
    """Of tier B all; of tier C those of ordinary issues above the score that a share of these reaches."""
    found = list(links)
    threshold = find_threshold([link.best.score if link.best else 0.0 for link in found if link.is_ordinary], share)
    return [
        (link.number, link.best.number)
        for link in found
        if link.best and link.best.tier == tier and (tier == "B" or (link.is_ordinary and link.best.score > threshold))
    ]


def write_pair(place: int, newer: Issue, older: Issue) -> str:
    """A pair as it is read: titles and how the texts begin; e-mail addresses are masked."""
    return f"## {place}\n\n{_write_issue(newer)}\n\n--- earlier: ---\n\n{_write_issue(older)}\n"


def _write_issue(issue: Issue) -> str:
    text = f"#{issue.number} {issue.title}\n{issue.body[:EXCERPT].strip()}"
    return _ADDRESS.sub("(e-mail)", text)


def print_pairs(issues: Sequence[Issue], pairs: Sequence[tuple[int, int]], size: int, seed: int) -> None:
    """A sample in an order that says nothing."""
    by_number = {issue.number: issue for issue in issues}
    chosen = random.Random(seed).sample(sorted(pairs), min(size, len(pairs)))  # noqa: S311 (a sample, no secret)
    for place, (newer, older) in enumerate(chosen, 1):
        print(write_pair(place, by_number[newer], by_number[older]))
    print(f"{len(chosen)} of {len(pairs):,} pairs", file=sys.stderr)


def main() -> None:
    """Ask the half, choose, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("issues", type=Path, help="GitHub issue objects, one a line; may be .gz")
    parser.add_argument("truth", type=Path, help="what is known of its duplicates")
    parser.add_argument("--tier", choices=("B", "C"), required=True)
    parser.add_argument("--share", type=float, default=0.02, help="of ordinary issues, for tier C (default: .02)")
    parser.add_argument("--half", choices=("first", "second"), default="second", help="of the known duplicates")
    parser.add_argument("--sample", type=int, default=60, help="how many (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="another one gives other pairs")
    arguments = parser.parse_args()
    labelled = read_labelled(arguments.issues, arguments.truth)
    pairs = choose_pairs(find_links(labelled, arguments.half), arguments.tier, arguments.share)
    print_pairs(labelled.issues, pairs, arguments.sample, arguments.seed)


if __name__ == "__main__":
    main()
