"""Where in an issue the evidence of its matches stands: what a page or a terminal highlights. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

from bot.rules.conditions.verdict import Verdict
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.text.markdown import Span
from bot.tracker.types import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """One piece of evidence in place: `start` and `end` count characters of `source` (title, body, comment N).

    `condition` is the condition in words, as verdicts have it.
    """

    source: str
    start: int
    end: int
    rule: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HighlightPiece:
    """A run of a source that the same highlights cover, the longest of them first."""

    source: str
    start: int
    end: int
    highlights: tuple[Highlight, ...]


def find_highlights(issue: Issue, ruleset: Ruleset) -> tuple[Highlight, ...]:
    """The evidence of every rule that matches the issue, superseded ones too, in the order in which it stands there."""
    return list_highlights(match_rules(read_facts(issue, ruleset), ruleset), list_sources(issue))


def list_sources(issue: Issue) -> dict[str, str]:
    """The texts of an issue that evidence may stand in, by the names that evidence has for them, in reading order."""
    own = [comment.body for comment in issue.comments if comment.author.login == issue.author.login]
    comments = {f"comment {number}": body for number, body in enumerate(own, 1)}
    return {"title": issue.title, "body": issue.body, **comments}


def list_highlights(matches: Iterable[Match], sources: Mapping[str, str]) -> tuple[Highlight, ...]:
    """The evidence of these matches in reading order; `sources` as `list_sources` gives them."""
    order = {source: number for number, source in enumerate(sources)}
    found = {highlight for match in matches for highlight in highlight_verdict(match.rule.id, match.verdict, sources)}
    return tuple(sorted(found, key=lambda h: (order[h.source], h.start, -h.end, h.rule, h.condition)))


def trim_span(text: str, span: Span) -> Span:
    """The span without white space at its ends; of an empty one the last line before it that says something."""
    written = text[span.start : span.end]
    if written.strip():
        start = span.start + len(written) - len(written.lstrip())
        return Span(start, start + len(written.strip()))
    end = len(text[: span.start].rstrip())
    return Span(text.rfind("\n", 0, end) + 1, end)


def highlight_verdict(rule: str, verdict: Verdict, sources: Mapping[str, str]) -> Iterator[Highlight]:
    """The evidence of everything in the verdict that held."""
    for part in verdict.walk():
        for item in part.evidence:
            span = trim_span(sources[item.source], Span(item.start, item.end))
            yield Highlight(source=item.source, start=span.start, end=span.end, rule=rule, condition=part.wanted)


def split_highlights(highlights: Iterable[Highlight]) -> tuple[HighlightPiece, ...]:
    """Pieces that do not overlap, in the order given; each names all highlights that cover it."""
    return tuple(
        piece for source, group in groupby(highlights, key=lambda h: h.source) for piece in _split(source, [*group])
    )


def _split(source: str, highlights: list[Highlight]) -> Iterator[HighlightPiece]:
    cuts = sorted({position for h in highlights for position in (h.start, h.end)})
    for start, end in pairwise(cuts):
        covering = tuple(h for h in highlights if h.start <= start and end <= h.end)
        if covering:
            yield HighlightPiece(source=source, start=start, end=end, highlights=covering)
