"""Rules by what they are worth: solved and wrong rates with their intervals, and the trend. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.archive.stats import Share, list_weeks, measure_share, pick_counts
from bot.output.charts import draw_chart
from bot.output.page import render_page
from bot.signals.ledger import Ledger
from bot.signals.mute import Mute
from bot.signals.votes import WORKS, WRONG, Tally, Votes

RECENT_WEEKS = 4
MOST_WEEKS = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStats:
    """One rule. `worth` orders the rules: the lower bound of its solved rate less that of its wrong rate, in percent.

    It is None without a verdict. `trend` compares the wrong rate of the last four weeks with that of the time before:
    `better` or `worse` only if their 95 % intervals do not overlap. `weekly` has the voters of each week of the table.
    """

    votes: Votes
    title: str = ""
    worth: int | None = None
    trend: str = "unknown"
    weekly: tuple[int, ...] = ()
    mute: Mute | None = None

    @property
    def rule(self) -> str:
        """The id of the rule."""
        return self.votes.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """All rules that have a comment, the most valuable first, and the totals of the ledger."""

    repository: str
    rules: tuple[RuleStats, ...] = ()
    weeks: tuple[str, ...] = ()
    comments: int = 0
    votes: int = 0
    withdrawals: int = 0
    closings: int = 0
    reopened: int = 0


def make_stats(
    ledger: Ledger, votes: Mapping[str, Votes], muted: Iterable[Mute], titles: Mapping[str, str], today: date
) -> Stats:
    """The stats of the rules that `votes` has; `titles` are theirs, as far as they are known."""
    silent = {each.rule: each for each in muted}
    this_week = f"{today.isocalendar().year:04}-W{today.isocalendar().week:02}"
    weeks = list_weeks([*(week for each in votes.values() for week in each.weeks), this_week])[-MOST_WEEKS:]
    rules = [
        RuleStats(
            votes=each,
            title=titles.get(rule, ""),
            worth=measure_worth(each.all),
            trend=find_trend(each.weeks, weeks),
            weekly=pick_counts({week: tally.voters for week, tally in each.weeks.items()}, weeks),
            mute=silent.get(rule),
        )
        for rule, each in votes.items()
    ]
    rules.sort(key=lambda stats: (-(stats.worth or 0), -stats.votes.all.voters, stats.rule))
    return Stats(
        repository=ledger.repository,
        rules=tuple(rules),
        weeks=weeks,
        comments=len(ledger.comments),
        votes=ledger.vote_count,
        withdrawals=len(ledger.withdrawals),
        closings=len(ledger.closings),
        reopened=sum(closing.reopened > 0 for closing in ledger.closings),
    )


def measure_worth(tally: Tally) -> int | None:
    """How much a rule helps for certain, in percent: -100 to 100; None without a verdict.

    The lower bounds rank few votes below many of the same share.
    """
    solved, wrong = tally.solved, tally.wrong
    return round(100 * (solved.low - wrong.low)) if solved and wrong else None


def find_trend(weekly: Mapping[str, Tally], weeks: Sequence[str]) -> str:
    """`better`, `worse`, `steady`, or `unknown` if one of the two times has no verdict."""
    recent = _join([weekly[week] for week in weeks[-RECENT_WEEKS:] if week in weekly])
    before = _join([tally for week, tally in weekly.items() if week not in weeks[-RECENT_WEEKS:]])
    if recent is None or before is None:
        return "unknown"
    if recent.low > before.high:
        return "worse"
    return "better" if recent.high < before.low else "steady"


def _join(tallies: Sequence[Tally]) -> Share | None:
    """The wrong rate over several weeks."""
    return measure_share(sum(each.counts.get(WRONG, 0) for each in tallies), sum(each.verdicts for each in tallies))


def to_json(stats: Stats) -> dict[str, Any]:
    """The stats in the JSON format of `signpost stats` (without schema_version)."""
    return {
        "repository": stats.repository,
        "comments": stats.comments,
        "votes": stats.votes,
        "withdrawals": stats.withdrawals,
        "closings": stats.closings,
        "reopened": stats.reopened,
        "weeks": list(stats.weeks),
        "rules": [_rule_json(each) for each in stats.rules],
    }


def _rule_json(stats: RuleStats) -> dict[str, Any]:
    votes = stats.votes
    return {
        "rule": stats.rule,
        "title": stats.title,
        "content_hash": votes.content_hash,
        "worth": stats.worth,
        "trend": stats.trend,
        "comments": votes.comments,
        "refused": votes.refused,
        "muted": stats.mute.reason if stats.mute else None,
        "all": _tally_json(votes.all),
        "authors": _tally_json(votes.authors),
        "others": _tally_json(votes.others),
        "jury": _tally_json(votes.jury),
        "weekly_voters": list(stats.weekly),
    }


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {
        "voters": tally.voters,
        "counts": dict(tally.counts),
        "solved": share_to_json(tally.solved),
        "wrong": share_to_json(tally.wrong),
    }


def share_to_json(share: Share | None) -> dict[str, float] | None:
    """A share with its interval."""
    return {"value": share.value, "low": share.low, "high": share.high} if share else None


def format_share(share: Share | None) -> str:
    """`67 % (35-88)`: the share and its 95 % interval, in percent."""
    return f"{share.value:.0%} ({share.low * 100:.0f}-{share.high * 100:.0f})".replace("%", " %") if share else "-"


def render_html(stats: Stats) -> str:
    """The whole page."""
    charts = {each.rule: draw_chart([each.weekly]) for each in stats.rules}
    values = {"stats": stats, "charts": charts, "also": _describe_others, "worth": format_worth}
    return render_page("bot.signals", "stats.html.j2", values)


def _describe_others(stats: RuleStats) -> str:
    """What people say other than that it works or does not fit."""
    counts = stats.votes.all.counts
    return ", ".join(f"{name} {number}" for name, number in counts.items() if name not in {WORKS, WRONG})


def list_columns(stats: RuleStats) -> tuple[str, ...]:
    """A row of the table, as text: `HEADINGS` names the cells."""
    votes = stats.votes
    return (
        *(stats.rule, "muted" if stats.mute else stats.trend),
        *(format_share(votes.all.solved), format_share(votes.all.wrong), format_worth(stats.worth)),
        *(f"{votes.all.voters:,}", f"{votes.comments:,}", f"{votes.refused:,}"),
        *(format_share(votes.authors.wrong), format_share(votes.others.wrong)),
    )


HEADINGS = (
    *("rule", "trend", "solved", "wrong", "worth", "voters"),
    *("comments", "withdrawn", "wrong (authors)", "wrong (others)"),
)
NARROW = 6
"""The number of columns that a narrow terminal has room for."""


def format_worth(worth: int | None) -> str:
    """`+34`, `-5` or `0`; a dash without a verdict."""
    if worth is None:
        return "-"
    return f"{worth:+d}" if worth else "0"
