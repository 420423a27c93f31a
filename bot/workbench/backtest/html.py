"""The page of a backtest, from its report. Pure."""

import re
from collections.abc import Mapping, Sequence

from bot.archive.stats import Share
from bot.output.charts import Chart, draw_chart
from bot.output.page import render_page
from bot.text.redaction import show_text
from bot.workbench.backtest.report import Report, RuleReport

MOST_RULES = 200
"""Rules with a section of their own: a page of thousands is read by nobody."""
MOST_PAIRS = 30
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def write_page(report: Report) -> str:
    """The whole page: what strangers wrote is masked, cut and escaped in it."""
    matching = [rule for rule in report.rules if rule.tally.matches]
    shown = [rule for rule in report.rules if rule.tally.matches or rule.tally.silenced or rule.recall]
    is_known = _REPOSITORY.fullmatch(report.repository)
    values = {
        "report": report,
        "home": f"https://github.com/{report.repository}/issues/" if is_known else "",
        "matching": len(matching),
        "shown": shown[:MOST_RULES],
        "more": len(shown) - MOST_RULES,
        "overlaps": report.overlaps[:MOST_PAIRS],
        "more_overlaps": len(report.overlaps) - MOST_PAIRS,
        "chart": _chart_whole(report),
        "charts": {rule.id: draw_chart([rule.weeks]) for rule in shown[:MOST_RULES]},
        "said": _say_whole(report),
        "spoken": {rule.id: _say_rule(rule, report.weeks) for rule in shown[:MOST_RULES]},
        "share": show_percent,
        "certain": show_certain,
        "show": show_text,
    }
    return render_page("bot.workbench.backtest", "backtest.html.j2", values)


def show_percent(share: Share | None) -> str:
    """`12.3 %`, or a dash."""
    return f"{share.value:.1%}".replace("%", " %") if share else "–"


def show_certain(share: Share | None) -> Mapping[str, str] | None:
    """A share, its interval and its counts, in words."""
    if share is None:
        return None
    return {
        "value": f"{share.value:.2f}",
        "interval": f"{share.low:.2f} to {share.high:.2f}",
        "counts": f"{share.hits} of {share.total}",
    }


def _chart_whole(report: Report) -> Chart:
    matched = [week.matched for week in report.by_week]
    others = [week.issues - week.matched for week in report.by_week]
    return draw_chart([matched, others])


def _say_whole(report: Report) -> str:
    counts = [week.issues for week in report.by_week]
    return _say("Issues", counts, report.weeks) + f" A rule matched {report.tally.matched} of them."


def _say_rule(rule: RuleReport, weeks: tuple[str, ...]) -> str:
    return _say(f"Matches of {rule.id}", rule.weeks, weeks)


def _say(what: str, counts: Sequence[int], weeks: tuple[str, ...]) -> str:
    """A chart in words, for those who do not see it."""
    if not any(counts):
        return f"{what} by week: none."
    most = max(range(len(counts)), key=lambda index: counts[index])
    span = f"from {weeks[0]} to {weeks[-1]}" if len(weeks) > 1 else f"in {weeks[0]}"
    return f"{what} by week {span}: {sum(counts)} in all, most in {weeks[most]} ({counts[most]})."
