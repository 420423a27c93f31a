"""An archive as postings: the terms that an issue shares with all earlier ones, with the frequencies of that day."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.rep_model import Numbers, Places, Shared

Fields = tuple[Sequence[str], Sequence[str]]
"""The terms of summary and description, in their order."""


@dataclass(frozen=True)
class History:
    """The terms of reports by date: one row per report and term, in the order of the reports.

    `starts` is where each report begins. `order` sorts the rows by term, then by report; `ranks` is the place of each
    row then, and `first` where its term begins there. `mean_lengths` are those of all reports before each.
    """

    starts: Places
    terms: Places
    reports: Places
    counts: Numbers
    order: Places
    ranks: Places
    first: Places
    lengths: Numbers
    mean_lengths: Numbers

    def list_rows(self, report: int) -> Places:
        """The rows of a report."""
        return np.arange(self.starts[report], self.starts[report + 1])


def make_history(reports: Iterable[Fields]) -> History:
    """The postings of the reports, which come in the order of their dates."""
    numbers: dict[str, int] = {}
    terms, sizes = list[int](), [0]
    counts, lengths = list[tuple[int, ...]](), list[tuple[int, int]]()
    for summary, description in reports:
        own, other = Counter(summary), Counter(description)
        rows = sorted((numbers.setdefault(term, len(numbers)), own[term], other[term]) for term in own | other)
        terms.extend(row[0] for row in rows)
        counts.extend(row[1:] for row in rows)
        sizes.append(len(rows))
        lengths.append((len(summary), len(description)))
    return _order_rows(np.array(sizes), np.array(terms), np.array(counts, np.float64), np.array(lengths, np.float64))


def _order_rows(sizes: Places, terms: Places, counts: Numbers, lengths: Numbers) -> History:
    order = np.argsort(terms, kind="stable")
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    begins = np.concatenate(([0], np.cumsum(np.bincount(terms))))
    seen = np.arange(1, len(lengths) + 1)[:, None]
    means = np.concatenate((np.ones((1, 2)), np.maximum(np.cumsum(lengths, 0) / seen, 1e-9)))
    return History(
        starts=np.cumsum(sizes),
        terms=terms,
        reports=np.repeat(np.arange(len(lengths)), sizes[1:]),
        counts=counts,
        order=order,
        ranks=ranks,
        first=begins[terms],
        lengths=lengths,
        mean_lengths=means,
    )


def share_with_earlier(history: History, asked: int) -> Shared:
    """What each earlier report shares with a report, by the frequencies and lengths of its day."""
    rows = history.list_rows(asked)
    frequencies = history.ranks[rows] - history.first[rows]
    ends = np.cumsum(frequencies)
    places = np.arange(frequencies.sum()) + np.repeat(history.first[rows] - ends + frequencies, frequencies)
    found = history.order[places]
    pairs = np.stack((found, np.repeat(rows, frequencies)))
    idf = np.repeat(_weigh_rarity(frequencies, asked), frequencies)
    return _share(history, pairs, history.reports[found], idf, asked)


def count_terms(history: History, day: int) -> Places:
    """In how many of the reports before the one of a day each term stands."""
    return np.bincount(history.terms[: history.starts[day]], minlength=int(history.terms.max()) + 1)


def share_with(history: History, asked: int, others: Sequence[int], frequencies: Places, day: int) -> Shared:
    """What others share with a report, in their order, by the frequencies (`count_terms`) and lengths of a day."""
    rows = history.list_rows(asked)
    theirs = [history.list_rows(other) for other in others]
    found = np.concatenate(theirs)
    is_shared = np.isin(history.terms[found], history.terms[rows])
    own = rows[np.searchsorted(history.terms[rows], history.terms[found[is_shared]])]
    reports = np.repeat(np.arange(len(others)), [len(their) for their in theirs])[is_shared]
    pairs = np.stack((found[is_shared], own))
    idf = _weigh_rarity(frequencies[history.terms[pairs[0]]], day)
    return replace(_share(history, pairs, reports, idf, day), size=len(others))


def _weigh_rarity(frequencies: Places, day: int) -> Numbers:
    """log2 of the reports before a day, divided by those with the term; 0 for a term that none has."""
    found: Numbers = np.where(frequencies, np.log2(day / np.maximum(frequencies, 1)), 0.0)
    return found


def _share(history: History, pairs: Places, reports: Places, idf: Numbers, day: int) -> Shared:
    """From pairs of rows, the report's and that of the one who asks."""
    found, own = pairs
    lengths = history.lengths[history.reports[found]] / history.mean_lengths[day]
    return Shared(
        size=day,
        report=reports,
        idf=idf,
        summary=history.counts[found, 0],
        description=history.counts[found, 1],
        summary_length=lengths[:, 0],
        description_length=lengths[:, 1],
        asked_summary=history.counts[own, 0],
        asked_description=history.counts[own, 1],
    )
