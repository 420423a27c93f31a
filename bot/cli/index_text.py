"""What `signpost index` prints for people."""

from math import exp
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.cli.index_asking import explain_left_out
from bot.cli.index_building import Built
from bot.cli.output import make_console
from bot.duplicates.calibration import LEAST, Calibration
from bot.duplicates.explaining import locate_marks, weigh_features
from bot.duplicates.feature_words import FEATURES
from bot.duplicates.index_search import Search
from bot.duplicates.ranking import Candidate
from bot.github.tracker import Issue
from bot.history.intervals import Share
from bot.history.recall import Recall
from bot.history.shown import show_text

_TELLING = 6
_NEAREST = 3
_INDENT = 11


def print_built(built: Built, path: Path) -> None:
    """What an index holds now."""
    done = f"built ({built.reason})" if built.reason else "built"
    changed = done if built.is_new else f"{built.changed:,} new or changed"
    model = f"; their meaning by {built.model}" if built.model else ""
    make_console().print(f"{path}: {built.issues:,} issues, {changed}{model}", markup=False)


def print_search(search: Search, most: int, *, is_explained: bool) -> None:
    """Candidates, what may be shown of them, and on request why."""
    console = make_console()
    shown = search.candidates[:most]
    if not shown:
        console.print(f"nothing alike among {search.size:,} issues", markup=False)
    for candidate in shown:
        if is_explained and candidate is not shown[0]:
            console.print()
        _print_candidate(console, candidate, search)
        if is_explained:
            _print_reasons(console, candidate, search)
    console.print(_tell_threshold(search), style="dim", markup=False)
    if search.remark:
        console.print(search.remark, style="yellow", markup=False)


def _print_candidate(console: Console, candidate: Candidate, search: Search) -> None:
    line = Text()
    line.append(f"{candidate.score:6.1%}  {candidate.tier}  ", "bold green" if candidate in search.related else "dim")
    line.append(f"#{candidate.number} ", "bold").append(show_text(candidate.title))
    line.append(f"  ({search.states.get(candidate.number, 'open')})", "dim")
    console.print(line)
    _print_indented(console, show_text(candidate.why))


def _print_reasons(console: Console, candidate: Candidate, search: Search) -> None:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for one in weigh_features(candidate, search.candidates, search.model)[:_TELLING]:
        style = "green" if one.gain > 0 else "red"
        table.add_row(" " * (_INDENT - 1), Text(f"{one.gain:+.2f}", style), f"{one.value:.2f}", FEATURES[one.name])
    console.print(table)
    for where, rarity in _list_shared(candidate, search.issue).items():
        _print_indented(console, f"both have, as about one report in {exp(rarity):,.0f}: {show_text(where)}", "cyan")
    if reason := explain_left_out(candidate, search.related, search.threshold):
        _print_indented(console, f"not shown to reporters: {reason}", "dim")


def _list_shared(candidate: Candidate, issue: Issue | None) -> dict[str, float]:
    """The rarest marks that both have, as they stand in the issue that was asked about."""
    shared: dict[str, float] = {}
    places = locate_marks(issue.title, issue.body) if issue and candidate.marks else {}
    for mark, rarity in candidate.marks[:_NEAREST]:
        shared.setdefault(places.get(mark) or mark.partition(":")[2], rarity)
    return shared


def _print_indented(console: Console, text: str, style: str = "") -> None:
    console.print(Padding(Text(text, style), (0, 0, 0, _INDENT)))


def _tell_threshold(search: Search) -> str:
    found = search.calibration
    if found is None or not found.is_telling:
        return (
            f"{search.size:,} issues; shown from {search.threshold:.1%} on, which is the model's own threshold:"
            " `signpost index calibrate` learns that of this repository"
        )
    caught = f", and {found.caught} of {found.known} known duplicates the right one" if found.known else ""
    return (
        f"{search.size:,} issues; shown from {search.threshold:.1%} on: of the last {found.replayed:,} issues"
        f" {found.shown} would have been shown something{caught}"
    )


def print_calibration(calibration: Calibration) -> None:
    """The threshold, and what it would have done to the issues that were replayed."""
    console = make_console()
    console.print(
        f"threshold {calibration.threshold:.1%}, for {calibration.share:.1%} of ordinary issues", markup=False
    )
    console.print(
        f"of the last {calibration.replayed:,} issues, {calibration.shown:,} would have been shown something",
        markup=False,
    )
    if calibration.known:
        told = f"{calibration.caught} of {calibration.known} known duplicates would have been shown the right one"
        console.print(told, markup=False)
    if not calibration.is_telling:
        told = f"these are few: below {LEAST} issues chance decides, so the model's own threshold holds"
        console.print(told, style="yellow", markup=False)


def print_recall(recall: Recall) -> None:
    """The figures of an evaluation, with their 95 % intervals."""
    console = make_console()
    console.print(
        f"{recall.duplicates:,} duplicates and {recall.ordinary:,} ordinary issues, each by what was there before"
    )
    _print_shares(console, "right one among the first", {str(rank): share for rank, share in recall.recall.items()})
    console.print(f"mean reciprocal rank  {recall.mrr:.3f}\n", markup=False)
    caught = {f"{alarm:.0%}": share for alarm, share in recall.caught.items()}
    _print_shares(console, "ordinary issues shown something", caught, "duplicates shown the right one")
    table = Table("tier", "duplicates shown the right one", "duplicates", "ordinary issues", box=None)
    for tier, count in recall.tiers.items():
        table.add_row(tier, str(count.right), str(count.duplicates), str(count.ordinary))
    console.print(table)


def _print_shares(console: Console, what: str, shares: dict[str, Share], counted: str = "duplicates") -> None:
    table = Table(what, counted, "95 % interval", box=None)
    for name, share in shares.items():
        table.add_row(name, f"{share.value:.3f}", f"{share.low:.3f} to {share.high:.3f}")
    console.print(table)
