"""A history made into entries of an index, on all cores. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.archive.jsonl import History, Line, parse_line
from bot.duplicates.index.record import Entry, Seen, digest_text, find_original, make_entry
from bot.duplicates.search.tokens import SAMPLE, learn_form_text
from bot.tracker.types import Issue


@dataclass(frozen=True)
class IndexWork:
    """Lines of a history made into entries; those whose digest is `known` under their number are only seen."""

    form_text: frozenset[str]
    known: Mapping[int, int] = field(default_factory=dict)

    def prepare(self) -> Callable[[Sequence[Line]], list[Entry | Seen]]:
        """The work, ready to be done; it raises SettingsError for a line that is no issue."""
        return partial(_make_entries, work=self)


def _make_entries(lines: Sequence[Line], work: IndexWork) -> list[Entry | Seen]:
    issues = [issue for where, line in lines for issue in parse_line(line, where) if not issue.is_pull_request]
    return [_make_entry(issue, work) for issue in issues]


def _make_entry(issue: Issue, work: IndexWork) -> Entry | Seen:
    if issue.number in work.known and work.known[issue.number] == digest_text(issue):
        return Seen(issue.number, issue.state, find_original(issue))
    return make_entry(issue, work.form_text)


def learn_from_history(history: History) -> frozenset[str]:
    """The text of the repository's own forms, from at most 2,000 issues that lie evenly in the history."""
    lines = sample_evenly(history.read_lines(), SAMPLE)
    return learn_form_text(issue for where, line in lines for issue in parse_line(line, where)[:SAMPLE])


def sample_evenly(lines: Iterable[Line], most: int) -> list[Line]:
    """Every n-th line, n being the smallest power of two for which these are at most so many."""
    kept, step = list[Line](), 1
    for place, line in enumerate(lines):
        if place % step == 0:
            kept.append(line)
        if len(kept) > most:
            kept, step = kept[::2], step * 2
    return kept


def cut_batches(chunks: Iterable[list[Entry | Seen]], size: int) -> Iterator[list[Entry | Seen]]:
    """Chunks put together until they hold at least so many."""
    batch = list[Entry | Seen]()
    for chunk in chunks:
        batch += chunk
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
