"""The report of a backtest on a terminal: a summary, each rule, and notes."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.archive.stats import Share
from bot.output.charts import draw_sparkline
from bot.output.console import make_console, print_json
from bot.text.printable import count
from bot.text.redaction import show_text
from bot.workbench.backtest.presentation import list_effects, report_to_json
from bot.workbench.backtest.report import Comparison, Report, RuleReport, TruthReport
from bot.workbench.backtest.tally import Typical

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_SHOWN = 10
_LINE = 24
_TITLE = 60


def print_report(report: Report, form: str, *, details: bool) -> None:
    """Print it as "json" or "text"; `details` adds the ten most and least typical matches of each rule to a text."""
    if form == "json":
        print_json(report_to_json(report))
    else:
        _print_text(report, details=details)


def _print_text(report: Report, *, details: bool) -> None:
    console = make_console()
    _print_summary(console, report)
    if shown := [rule for rule in report.rules if rule.tally.matches or rule.tally.silenced or _is_judged(rule)]:
        console.print(_make_table(shown, report))
    _print_effects(console, report)
    if report.truth:
        _print_truth(console, report.truth)
    if report.comparison:
        _print_comparison(console, report.comparison)
    if report.clusters:
        _print_clusters(console, report)
    if details:
        for rule in shown:
            _print_typical(console, rule)
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    console.print(f"{count(report.tally.issues, 'issue')}, {report.tally.matched:,} matched", markup=False)


def _print_effects(console: "Console", report: Report) -> None:
    effects = dict(list_effects(report.tally))
    for kind, named in effects.items():
        console.print(f"{kind:<9}{named}", markup=False)
    if effects:
        console.print()


def _is_judged(rule: RuleReport) -> bool:
    return bool(rule.precision or rule.recall or (rule.opinion and rule.opinion.voters))


def _print_summary(console: "Console", report: Report) -> None:
    if not report.weeks:
        return
    issues, matched, comments = zip(*report.by_week, strict=True)
    console.print(f"{report.name}, {report.weeks[0]} to {report.weeks[-1]}", style="bold", markup=False)
    rate = f"{report.tally.comments}, {report.comments_a_week:g} per week\n"
    rows = (("issues", issues, sum(issues)), ("matched", matched, sum(matched)), ("comments", comments, rate))
    for name, series, total in rows:
        console.print(f"{name:<9}{draw_sparkline(series, _LINE):<{_LINE}}  {total}", markup=False)


def _make_table(rules: Sequence[RuleReport], report: Report) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rule", no_wrap=True)
    for name in ("matches", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("by week" if len(report.weeks) <= _LINE else "over time", no_wrap=True)
    is_raisable = any(rule.raised_a_week is not None for rule in rules)
    for name in ("comments per week", *(["if raised to comment"] if is_raisable else [])):
        table.add_column(name, justify="right", min_width=8, max_width=9 if is_raisable else None)
    for name in ("precision", "recall") if report.truth else ():
        table.add_column(f"{name} (95 %)", justify="right", min_width=16)
    for name in ("solved", "wrong") if report.has_votes else ():
        table.add_column(f"{name} (95 %)", justify="right", min_width=16)
    for rule in rules:
        table.add_row(*_list_cells(rule, is_raisable=is_raisable, is_judged=report.truth is not None))
    return table


def _list_cells(rule: RuleReport, *, is_raisable: bool, is_judged: bool) -> Iterator[str]:
    yield rule.id
    yield f"{rule.tally.matches}"
    yield f"{rule.share.value:.1%}" if rule.share else ""
    yield draw_sparkline(rule.weeks, _LINE)
    yield f"{rule.comments_a_week:g}" if rule.tally.comments and rule.weeks else "-"
    if is_raisable:
        yield f"{rule.raised_a_week:g}" if rule.raised_a_week is not None and rule.weeks else "-"
    if is_judged:
        yield format_share(rule.precision)
        yield format_share(rule.recall)
    if rule.opinion:
        yield format_share(rule.opinion.solved)
        yield format_share(rule.opinion.wrong)


def format_share(share: Share | None) -> str:
    """`0.94 (0.81-0.98) 31/33`, or a dash without counts."""
    if share is None:
        return "-"
    return f"{share.value:.2f} ({share.low:.2f}-{share.high:.2f}) {share.hits}/{share.total}"


def _print_truth(console: "Console", truth: TruthReport) -> None:
    issues = count(truth.known, "known issue")
    known = "the labels of the issues" if truth.source == "labels" else f"the truth about {issues}"
    console.print(f"against {known}:", style="bold", markup=False)
    console.print(f"  precision  {format_share(truth.precision)} matches", markup=False)
    console.print(f"  recall     {format_share(truth.recall)} issues", markup=False)
    console.print(f"  {truth.false_alarms} of {truth.known_none} issues with no known problem matched", markup=False)
    if truth.uncovered:
        named = ", ".join(f"{show_text(name, 40)} ({number})" for name, number in truth.uncovered[:_SHOWN])
        console.print(f"  no rule has these ids: {named}", markup=False)
    console.print()


def _print_comparison(console: "Console", comparison: Comparison) -> None:
    comments = comparison.comments
    console.print(f"against the rules at {comparison.revision}:", style="bold", markup=False)
    for name, change in comparison.rules:
        console.print(f"  {name}: {change.gained} gained, {change.lost} lost", markup=False)
        for sign, numbers in (("+", change.gained_issues), ("-", change.lost_issues)):
            if numbers:
                console.print(f"    {sign} {list_numbers(numbers)}", markup=False)
    if not comparison.rules:
        console.print("  every rule matches the same issues", markup=False)
    console.print(f"  comments: {comments.gained} gained, {comments.lost} lost\n", markup=False)


def list_numbers(numbers: Sequence[int]) -> str:
    """`#12, #7, …`: the first ten."""
    shown = [f"#{number}" for number in numbers[:_SHOWN]]
    return ", ".join([*shown, "…"] if len(numbers) > _SHOWN else shown)


def _print_clusters(console: "Console", report: Report) -> None:
    console.print("messages that unmatched issues share:", style="bold", markup=False)
    for cluster in report.clusters[:_SHOWN]:
        console.print(f"{cluster.issues:>7}  {show_text(cluster.text)}", markup=False)
    console.print("  `signpost suggest` drafts rules for them\n", markup=False)


def _print_typical(console: "Console", rule: RuleReport) -> None:
    for name, typicals in (("most", rule.most_typical), ("least", rule.least_typical)):
        if typicals:
            console.print(f"{rule.id}, {name} typical matches", style="bold", markup=False)
        for typical in typicals:
            console.print(f"  {_format_typical(typical)}", markup=False)
    console.print()


def _format_typical(typical: Typical) -> str:
    sighting = typical.sighting
    title = show_text(sighting.title, _TITLE)
    kind = f"{typical.pattern}; {typical.share:.0%} of matches; focus {sighting.focus:.0%}"
    return f"#{sighting.number} {title} [{kind}]"
