"""What `signpost index evaluate` prints for people."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from bot.archive.stats import Share
from bot.duplicates.evaluation.metrics import Recall
from bot.duplicates.search.calibration import LEAST
from bot.output.console import make_console

_TIERS: Mapping[str, str] = {"A": "the same known problem", "B": "the same rare error or text", "C": "reads alike"}


def print_recall(recall: Recall) -> None:
    """The figures of an evaluation, with their 95 % intervals, and what each says."""
    console = make_console()
    duplicates = f"{recall.duplicates:,} duplicate{'' if recall.duplicates == 1 else 's'}"
    asked = f"{duplicates} and {recall.ordinary:,} ordinary issues"
    console.print(f"{asked}, each asked about as if it had just been filed\n", markup=False)
    ranks = {str(rank): share for rank, share in recall.recall.items()}
    _print_shares(console, ("right one among the first", "part of the duplicates"), ranks)
    console.print(f"mean reciprocal rank  {recall.mrr:.3f} (1 where the right one is always the first)\n", markup=False)
    caught = {f"{alarm:.0%}": share for alarm, share in recall.caught.items()}
    columns = ("ordinary issues shown something", "duplicates shown the right one")
    _print_shares(console, columns, caught, [f"{recall.thresholds[alarm]:.1%}" for alarm in recall.caught])
    if recall.ordinary < LEAST:
        message = f"these are few ordinary issues: below {LEAST} chance decides what part of them is shown something"
        console.print(message, style="yellow", markup=False)
    console.print("\nby tier, whatever the score:", markup=False)
    _print_tiers(console, recall)


def _print_tiers(console: Console, recall: Recall) -> None:
    table = Table("tier", "duplicates shown any", "and the right one", "ordinary issues shown any", box=None)
    for tier, count in recall.tiers.items():
        row = (count.duplicates, count.right, count.ordinary)
        table.add_row(f"{tier}: {_TIERS[tier]}", *(f"{number:,}" for number in row))
    console.print(table)


def _print_shares(
    console: Console, columns: tuple[str, str], shares: dict[str, Share], thresholds: Sequence[str] = ()
) -> None:
    """A table of shares; `thresholds` are the scores from which on something is shown then."""
    table = Table(*columns, "95 % interval", *(["from a score of"] if thresholds else []), box=None)
    for (name, share), *threshold in zip(shares.items(), *([thresholds] if thresholds else []), strict=True):
        table.add_row(name, f"{share.value:.3f}", f"{share.low:.3f} to {share.high:.3f}", *threshold)
    console.print(table)
