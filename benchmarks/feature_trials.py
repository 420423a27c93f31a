"""What each feature of the ranking is worth, and what features add that were tried and left out.

Usage: python -m benchmarks.feature_trials A-issues.jsonl.gz A-duplicates.jsonl B-issues.jsonl.gz B-duplicates.jsonl

It uses first halves only, so that choices can rest on it: each with coefficients of the other one. A line is the mean
of both archives. A feature that is tried is one value more than `Features` has.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from math import log1p
from pathlib import Path
from statistics import fmean

from benchmarks.duplicate_rows import make_all_rows, read_labelled
from benchmarks.train_ranking import fit_model
from bot.duplicates.evaluation import Query, answer_query, measure_recall
from bot.duplicates.search.document import Profile
from bot.duplicates.search.features import Compared, Features
from bot.duplicates.search.ranker import find_platforms
from bot.text.versions import find_versions

Trial = Callable[[Profile, Profile], float]
Half = tuple[Query, ...]

_QUOTED = re.compile(r"""'[^'\n]{4,80}'|"[^"\n]{4,80}"|`[^`\n]{4,80}`""")


def count_quoted(query: Profile, candidate: Profile) -> float:
    """Strings in quotes that both have to the letter (log)."""
    return log1p(len({*_QUOTED.findall(query.text)}.intersection(_QUOTED.findall(candidate.text))))


def agree_on_versions(query: Profile, candidate: Profile) -> float:
    """1 where both name one version, -1 where each names another, else 0."""
    return _agree(*({stated.text for stated in find_versions(each.text)} for each in (query, candidate)))


def agree_on_platforms(query: Profile, candidate: Profile) -> float:
    """1 where both texts name one platform, -1 where each names another, else 0."""
    return _agree(*(find_platforms(each.text) for each in (query, candidate)))


def agree_on_platforms_of_titles(query: Profile, candidate: Profile) -> float:
    """The same by the titles alone."""
    return _agree(*(find_platforms(each.title) for each in (query, candidate)))


def cross_to_body(query: Profile, candidate: Profile) -> float:
    """The share of the words of the query's title that are in the candidate's body and not in its title."""
    return _share(query.title_counts, candidate.body_counts, candidate.title_counts)


def cross_to_title(query: Profile, candidate: Profile) -> float:
    """The share of the words of the candidate's title that are in the query's body and not in its title."""
    return _share(candidate.title_counts, query.body_counts, query.title_counts)


TRIALS: Mapping[str, Trial] = {
    "quoted strings in common": count_quoted,
    "versions agree": agree_on_versions,
    "platforms agree": agree_on_platforms,
    "platforms of the titles agree": agree_on_platforms_of_titles,
    "its title in the other's body": cross_to_body,
    "the other's title in its body": cross_to_title,
}


def _agree(one: set[str], other: set[str]) -> float:
    return 0.0 if not (one and other) else 1.0 if one & other else -1.0


def _share(title: Mapping[str, int], body: Mapping[str, int], known: Mapping[str, int]) -> float:
    return sum(word in body and word not in known for word in title) / (len(title) or 1)


def change(half: Half, change_row: Callable[[Profile, Compared], Features]) -> Half:
    """The same queries with other features."""
    return tuple(
        replace(query, compared=tuple(replace(row, features=change_row(query.profile, row)) for row in query.compared))
        for query in half
    )


def leave_out(name: str, _: Profile, row: Compared) -> Features:
    """The features without one of them."""
    return row.features._replace(**{name: 0.0})


def try_out(trial: Trial, query: Profile, row: Compared) -> Features:
    """The features with one more, which has no name; `tuple.__new__`, as `Features` itself takes no more values."""
    return tuple.__new__(Features, (*row.features, trial(query, row.profile)))


def measure(halves: Sequence[Half]) -> list[float]:
    """R@1, R@5, R@10, and the shares caught at 2 and 5 %: the mean of both, each with coefficients of the other."""
    found = []
    for own, other in (halves, halves[::-1]):
        model = fit_model(other)
        if recall := measure_recall([answer_query(query, model) for query in own]):
            shares = [*(recall.recall[rank] for rank in (1, 5, 10)), *(recall.caught[share] for share in (0.02, 0.05))]
            found.append([share.value for share in shares])
    return [fmean(column) for column in zip(*found, strict=True)]


def measure_change(halves: Sequence[Half], change_row: Callable[[Profile, Compared], Features]) -> list[float]:
    """The same with other features."""
    return measure([change(half, change_row) for half in halves])


def print_lines(halves: Sequence[Half]) -> None:
    """All lines; a difference of less than .01 is chance."""
    print("| features | R@1 | R@5 | R@10 | caught at 2 % | 5 % |\n|---|---|---|---|---|---|")
    changes: Iterable[tuple[str, Callable[[Profile, Compared], Features]]] = chain(
        ((f"without `{name}`", partial(leave_out, name)) for name in Features._fields),
        ((f"with: {name}", partial(try_out, trial)) for name, trial in TRIALS.items()),
    )
    _print_line("as shipped", measure(halves))
    for name, change_row in changes:
        _print_line(name, measure_change(halves, change_row))


def _print_line(name: str, figures: Iterable[float]) -> None:
    print(f"| {name} | {' | '.join(f'{figure:.3f}' for figure in figures)} |", flush=True)


def main() -> None:
    """Ask the first halves, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs=4, type=Path, help="issues and truth, in turn")
    paths = parser.parse_args().paths
    histories = [read_labelled(*pair) for pair in zip(paths[::2], paths[1::2], strict=True)]
    print_lines([rows.first for rows in make_all_rows(histories)])


if __name__ == "__main__":
    main()
