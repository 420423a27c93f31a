"""What `signpost index` prints for people."""

from collections.abc import Iterator
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

from bot.duplicates.index.builder import Built
from bot.duplicates.index.search import Search, explain_left_out, list_shown, locate_shared
from bot.duplicates.search.calibration import LEAST, Calibration
from bot.duplicates.search.feature_labels import FEATURES, describe_value
from bot.duplicates.search.ranker import Hit, weigh_features
from bot.output.console import make_console, print_line
from bot.text.printable import count
from bot.text.redaction import show_text

if TYPE_CHECKING:
    from rich.console import Console

_MOST_FEATURES = 6
_INDENT = 11
_LEGEND = (
    "B: both have the same rare error or text, C: they are similar; B comes first, and then the highest percentage,"
    " which estimates how likely the issue, or one close to it, is the same problem"
)
_LEGEND_OF_REASONS = (
    "before each reason: how much it changes the odds of the candidate (+0.70 doubles them, -0.70 halves them),"
    " and the measured value"
)


def print_built(built: Built, path: Path) -> None:
    """Print the number of issues in an index, and how many changed."""
    done = f"built ({built.reason})" if built.reason else "built"
    changed = done if built.is_new else f"{built.changed:,} new or changed"
    print_line(f"{path}: {count(built.issues, 'issue')}, {changed}")


def print_search(search: Search, most: int, *, is_explained: bool) -> None:
    """Print the candidates, which of them may be shown, and on request the reasons."""
    console = make_console()
    shown = list_shown(search, most)
    if not shown:
        console.print(f"no similar issue among {count(search.size, 'issue')}", markup=False)
    for candidate in shown:
        if is_explained and candidate is not shown[0]:
            console.print()
        _print_candidate(console, candidate, search)
        if is_explained:
            _print_reasons(console, candidate, search)
    if shown:
        console.print(_LEGEND, style="dim", markup=False)
    if shown and is_explained:
        console.print(_LEGEND_OF_REASONS, style="dim", markup=False)
    console.print(_format_threshold(search), style="dim", markup=False)


def _print_candidate(console: "Console", candidate: Hit, search: Search) -> None:
    from rich.text import Text

    line = Text()
    line.append(f"{candidate.score:6.1%}  {candidate.tier}  ", "bold green" if candidate in search.related else "dim")
    line.append(f"#{candidate.number} ", "bold").append(show_text(candidate.title))
    line.append(f"  ({search.states.get(candidate.number, 'open')})", "dim")
    console.print(line)
    _print_indented(console, show_text(candidate.why))


def _print_reasons(console: "Console", candidate: Hit, search: Search) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for justify in ("left", "right", "right", "left"):
        table.add_column(justify=justify)
    for one in weigh_features(candidate, search.candidates, search.model)[:_MOST_FEATURES]:
        style = "green" if one.gain > 0 else "red"
        value = describe_value(one.name, one.value)
        table.add_row(" " * (_INDENT - 1), Text(f"{one.gain:+.2f}", style), value, FEATURES[one.name])
    console.print(table)
    for where, rarity in locate_shared(candidate, search.issue).items():
        _print_indented(console, f"in both, and in about 1 of {exp(rarity):,.0f} reports: {show_text(where)}", "cyan")
    if reason := explain_left_out(candidate, search.related, search.threshold):
        _print_indented(console, f"not shown to reporters: {reason}", "dim")


def _print_indented(console: "Console", text: str, style: str = "") -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(text, style), (0, 0, 0, _INDENT)))


def _format_threshold(search: Search) -> str:
    found = search.calibration
    if found is None or not found.is_telling:
        few = f" (it needs at least {LEAST} issues)" if found else ""
        return (
            f"{count(search.size, 'issue')}; C is shown from {search.threshold:.1%}, the default threshold;"
            f" `signpost index calibrate` learns a threshold for this repository{few}"
        )
    caught = f", and {found.caught} of {count(found.known, 'known duplicate')} the right one" if found.known else ""
    return (
        f"{count(search.size, 'issue')}; C is shown from {search.threshold:.1%}: of the last {found.replayed:,} issues,"
        f" {found.shown} would have been shown a similar issue{caught}"
    )


def print_calibration(calibration: Calibration, path: Path) -> None:
    """Print the threshold, its effect on the replayed issues, and how to use it."""
    if not calibration.is_telling:
        replayed = count(calibration.replayed, "issue was", "issues were")
        message = (
            f"{path}: {replayed} replayed, but a calibration needs at least {LEAST};"
            " Signpost uses the default threshold, and no comment links issues that are only similar"
        )
        print_line(message, "yellow")
        return
    for line in _format_calibration(calibration, path):
        print_line(line)


def _format_calibration(calibration: Calibration, path: Path) -> Iterator[str]:
    yield (
        f"{path}: issues that are only similar (tier C) are shown from {calibration.threshold:.1%},"
        f" for at most {calibration.share:.1%} of ordinary issues"
    )
    errors = (
        f"; also, {calibration.same_error:,} the same rare error or text (tier B)" if calibration.same_error else ""
    )
    yield f"of the last {calibration.replayed:,} issues, {calibration.shown:,} would have been shown one{errors}"
    if calibration.known:
        known = count(calibration.known, "known duplicate")
        yield f"{calibration.caught} of {known} would have been shown the right one"
    else:
        yield "none of them is a known duplicate, so it is unknown how often the right one would be shown"
    yield (
        f"`signpost run --index {path}` uses this threshold; to link similar issues in comments,"
        " set `duplicates: {tier_c: comment}` in config.yml"
    )
