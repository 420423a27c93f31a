"""Prints pairs of a report and the earlier one it would link, for people who do not know the score.

Usage: python -m benchmarks.tier_pairs ISSUES.jsonl.gz DUPLICATES.jsonl --tier C --half second --sample 60 --seed 1

Tier B: of all issues of the half, those that have an earlier one with the same error. Tier C: of those without a
duplicate mark, the share whose best candidate has the highest score, as a repository's own calibration would choose.
With --found by-search the candidates are what GitHub's search would find; with --chunk 300 each 300 issues in a row are
a repository of their own.
"""

import argparse
import random
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.duplicate_rows import Labelled, read_labelled
from benchmarks.github_search import SearchHistory
from bot.duplicates.candidates import Candidate
from bot.duplicates.evaluation import KnownIssue, find_threshold, replay_issues, split_issues
from bot.duplicates.finder import FindOnGitHub
from bot.duplicates.index.search import list_candidates
from bot.duplicates.search.model import read_model
from bot.duplicates.search.ranker import rank_candidates
from bot.tracker.types import Issue

EXCERPT = 600
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Linked:
    """An issue and the best earlier one that it would link, or None; `is_ordinary` if it is not a known duplicate."""

    number: int
    best: Candidate | None
    is_ordinary: bool


def list_half(labelled: Labelled, half: str) -> tuple[list[Issue], frozenset[int]]:
    """The issues of a half, and those of them that are not known duplicates."""
    split = split_issues(labelled.issues, labelled.truth, half, len(labelled.issues))
    asked = {*split.duplicates, *split.ordinary}
    places = [place for place, issue in enumerate(labelled.issues) if issue.number in asked]
    return list(labelled.issues[places[0] : places[-1] + 1]), frozenset(split.ordinary)


def find_links(
    issues: Sequence[Issue], truth: Mapping[int, KnownIssue], asked: Collection[int]
) -> Iterator[tuple[int, Candidate | None]]:
    """The best candidate that an index of all earlier issues has for each query, at any score."""
    model = read_model()
    for size, query in enumerate(replay_issues(issues, truth, asked)):
        if query:
            ranked = rank_candidates(query.profile, query.compared, model)
            yield query.profile.number, next(iter(list_candidates(ranked, 0.0, size)), None)


def find_links_in_chunks(
    issues: Sequence[Issue], truth: Mapping[int, KnownIssue], size: int
) -> Iterator[tuple[int, Candidate | None]]:
    """The same, in many small repositories; a rest that makes none is left out."""
    for start in range(0, len(issues) - size + 1, size):
        chunk = issues[start : start + size]
        yield from find_links(chunk, truth, [issue.number for issue in chunk])


def find_links_by_search(
    issues: Sequence[Issue], asked: Collection[int], repository: str
) -> Iterator[tuple[int, Candidate | None]]:
    """The best candidate that a run without an index finds, if its score reaches the threshold of the model."""
    history, wanted = SearchHistory(), frozenset(asked)
    find = FindOnGitHub(history)
    for issue in issues:
        here = replace(issue, repository=repository)
        if issue.number in wanted:
            yield issue.number, next(iter(find(here).candidates), None)
        history.add(here)


def ask_half(labelled: Labelled, half: str, chunk: int | None, *, by_search: bool) -> list[Linked]:
    """What the issues of a half would be linked to."""
    issues, ordinary = list_half(labelled, half)
    asked = [issue.number for issue in issues]
    if by_search:
        found = find_links_by_search(labelled.issues, asked, "owner/name")
    elif chunk:
        found = find_links_in_chunks(issues, labelled.truth, chunk)
    else:
        found = find_links(labelled.issues, labelled.truth, asked)
    return [Linked(number, best, number in ordinary) for number, best in found]


def choose_pairs(found: Sequence[Linked], tier: str, share: float) -> list[tuple[int, int]]:
    """Of tier B all; of tier C those of ordinary issues above the score that a share of these reaches."""
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
    parser.add_argument("issues", type=Path, help="GitHub issue objects, one per line; may be .gz")
    parser.add_argument("truth", type=Path, help="the known duplicates")
    parser.add_argument("--tier", choices=("B", "C"), required=True)
    parser.add_argument("--share", type=float, default=0.01, help="share of ordinary issues, for tier C (default: .01)")
    parser.add_argument("--half", choices=("first", "second"), default="second", help="half of the duplicates")
    parser.add_argument(
        "--found", choices=("in-index", "by-search"), default="in-index", help="how candidates are found"
    )
    parser.add_argument("--chunk", type=int, metavar="N", help="make a repository of each N issues in a row")
    parser.add_argument("--sample", type=int, default=60, help="number of pairs (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other pairs (default: 1)")
    arguments = parser.parse_args()
    labelled = read_labelled(arguments.issues, arguments.truth)
    links = ask_half(labelled, arguments.half, arguments.chunk, by_search=arguments.found == "by-search")
    pairs = choose_pairs(links, arguments.tier, arguments.share)
    print_pairs(labelled.issues, pairs, arguments.sample, arguments.seed)


if __name__ == "__main__":
    main()
