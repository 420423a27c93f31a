"""Earlier reports in the step summary: which are linked, why, what the scores are made of, and which are not. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from bot.comment.links import describe_status
from bot.comment.sanitizer import quote_cell
from bot.duplicates.candidates import Duplicate, Earlier, LeftOut
from bot.duplicates.search.feature_labels import FEATURES, describe_value
from bot.triage.links import Linking

_MOST_QUOTED = 3
MOST_LEFT_OUT = 5
"""So many of those that are not linked are told."""

_SCORE = "The score says how likely the two are the same problem at all; A and B are linked whatever it is."


def describe_earlier(linking: Linking, unshown: Iterable[LeftOut]) -> Iterator[str]:
    """Paragraphs of Markdown; `unshown` are those of the reports that may be linked, and are not all the same."""
    left_out = (*unshown, *linking.left_out)
    hidden = {each.earlier.number for each in unshown}
    linked = [each for each in linking.duplicates if _number_found(each) not in hidden]
    if linked:
        yield "\n".join(_write_table(linked))
        yield _SCORE
    else:
        yield "Nothing is linked." if left_out else "No earlier report is near enough to be told."
    if left_out:
        yield "Not linked:"
        yield "\n".join(map(_describe_left_out, left_out[:MOST_LEFT_OUT]))
    if scored := [each.found for each in linked if each.found and each.found.features]:
        yield "<details><summary>What the scores are made of</summary>"
        yield "\n".join(_write_features(scored))
        yield "</details>"
    if linking.expected:
        yield linking.expected


def _number_found(duplicate: Duplicate) -> int:
    return duplicate.found.number if duplicate.found else duplicate.number


def _write_table(linked: Iterable[Duplicate]) -> Iterator[str]:
    yield "| report | evidence | how it stands | both say | score |"
    yield "|---|---|---|---|---:|"
    for each in linked:
        said = "<br>".join(map(quote_cell, each.found.evidence[:_MOST_QUOTED])) if each.found else ""
        evidence = f"{each.tier}: {each.why}"
        yield f"| {_refer(each)} | {evidence} | {describe_status(each)} | {said} | {each.confidence:.1%} |"


def _refer(duplicate: Duplicate) -> str:
    """With a link, as a summary makes no backlink; the title is a stranger's."""
    found = duplicate.found
    shown = f"[#{duplicate.number}]({duplicate.url})" if duplicate.url else f"`#{duplicate.number}`"
    if found is None or found.number in {0, duplicate.number}:
        return f"{shown} {quote_cell(found.title)}" if found and found.title else shown
    return f"{shown}, as `#{found.number}` is a duplicate of it"


def _describe_left_out(out: LeftOut) -> str:
    found = out.earlier
    title = f" {quote_cell(found.title)}" if found.title else ""
    return f"- `#{found.number}`{title}: {out.why} ({found.tier}: {found.why}; {found.score:.1%})"


def _write_features(found: Sequence[Earlier]) -> Iterator[str]:
    """A column each; what is zero everywhere tells nothing."""
    yield f"| | {' | '.join(f'`#{each.number}`' for each in found)} |"
    yield "|---|" + "---:|" * len(found)
    for name, said in FEATURES.items():
        values = [each.features.get(name, 0.0) for each in found]
        if any(values):
            yield f"| {said} | {' | '.join(describe_value(name, value) for value in values)} |"
