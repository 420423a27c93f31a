"""The text of a repository's own issue forms, learned from its issues: lines that a large share of them has. Pure."""

from collections import Counter
from collections.abc import Iterable

from bot.duplicates.search.tokens import MAX_CHARACTERS, normalise_line
from bot.tracker.types import Issue

SAMPLE = 2_000
"""Issues from which it is learned: bounds the memory, and is plenty for shares of a tenth."""

_SHARE = 0.1
_LEAST = 20
_MOST_LINES = 400
_MAX_COUNTED = 200_000


def learn_form_text(issues: Iterable[Issue]) -> frozenset[str]:
    """The lines (`normalise_line`) that at least a tenth of the issues has, and at least 20; at most 400 lines."""
    counts, total = Counter[str](), 0
    for issue in issues:
        total += 1
        counts.update({normalise_line(line) for line in issue.body[:MAX_CHARACTERS].splitlines()} - {""})
        if len(counts) > _MAX_COUNTED:
            counts = Counter({line: count for line, count in counts.items() if count > 1})
    least = max(_LEAST, _SHARE * total)
    common = sorted(((count, line) for line, count in counts.items() if count >= least), reverse=True)
    return frozenset(line.encode("utf-8", "replace").decode() for _, line in common[:_MOST_LINES])
