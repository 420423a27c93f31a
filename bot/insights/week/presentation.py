"""The report of a week as Markdown for a discussion or an issue, and as JSON. Without logins and pings. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from bot.comment.links import write_date
from bot.comment.sanitizer import GITHUB, escape_text, link_elsewhere, quote_cell, quote_code
from bot.insights.surge import BASELINE, Surge, Trend
from bot.insights.week.week import KnownProblem, Waiting, Week
from bot.text.error_lines import LONGEST_LINE
from bot.text.printable import count
from bot.text.redaction import LONGEST, mask_private, show_text
from bot.workbench.suggest.clusters import Cluster

_MOST_PROBLEMS = 30
_MOST_UNANSWERED = 10
_SHOWN_REPORTS = 5
_ONCE_A_YEAR = 0.95
_RARE = 0.01
_WEEK_DAYS = 7


def render_markdown(week: Week, server: str = GITHUB) -> str:
    """The report. Links go through redirect.github.com, so that no issue gets a backlink; `server` is the GitHub."""
    parts = (
        _write_head(week),
        _write_rising(week),
        _write_problems(week, server),
        _write_unknown(week, server),
        _write_answers(week, server),
        _write_looks(week),
    )
    return "\n\n".join(text for part in parts for text in part) + "\n"


def _write_head(week: Week) -> Iterator[str]:
    since, until = week.period
    where = quote_code(week.repository) if week.repository else "the archive"
    name = "The week" if week.period.days == _WEEK_DAYS else f"{count(week.period.days, 'day')}"
    yield f"# {name} of {where}: {write_date(since)} to {write_date(until)}"
    before = f" ({week.issues_before:,} in the {_name_period(week)} before)"
    came = f"{count(week.issues, 'new issue')}{before} from {count(week.people, 'person', 'people')}."
    rest = f"{week.unmatched:,} {'is' if week.unmatched == 1 else 'are'} unknown"
    known = f"A rule matches {week.matched:,} of them, and {rest}." if week.issues else ""
    yield " ".join(filter(None, [came, known, _describe_speed(week)]))


def _name_period(week: Week) -> str:
    return "week" if week.period.days == _WEEK_DAYS else count(week.period.days, "day")


def _describe_speed(week: Week) -> str:
    waiting = week.maintainers
    if waiting is None or not waiting.total:
        return ""
    if waiting.median is None:
        return "Fewer than half have an answer of a maintainer yet."
    return f"Half of them had an answer of a maintainer within {format_duration(waiting.median)}."


def _write_rising(week: Week) -> Iterator[str]:
    if not week.rising:
        return
    yield "## Rising"
    rows = [
        (
            _name_rule(each.rule, week),
            f"{each.surge.week}; usual {_write_range(each.surge.usual)}",
            f"{each.surge.people} within {format_duration(timedelta(days=each.surge.window))}",
            describe_chance(each.surge.expected),
        )
        for each in week.rising
    ]
    yield _write_table(("known problem", "people in 7 days", "most unusual", "by chance alone"), rows)
    yield "A rise right after a release is not a rate: how many people use the new version is unknown."


def _write_range(usual: tuple[int, int]) -> str:
    low, high = usual
    return f"{low}" if low == high else f"{low}–{high}"


def describe_chance(a_year: float) -> str:
    """How often chance alone does this, as a part of a sentence; `a_year` is the expected number of times a year."""
    if a_year >= _ONCE_A_YEAR:
        return "about once a year"
    if a_year < _RARE:
        return "less than once in 100 years"
    return f"about once in {round(1 / a_year):,} years" if a_year <= 0.5 else "less than once a year"  # noqa: PLR2004


def describe_surge(surge: Surge) -> str:
    """How unusual it is, as a sentence without its full stop."""
    reports, time = count(surge.reports, "report"), format_duration(timedelta(days=surge.window))
    return (
        f"{reports} in {time}, usually {describe_usual(surge)}; chance would do this {describe_chance(surge.expected)}"
    )


def describe_usual(surge: Surge) -> str:
    """How many reports are usual by the rule's own past, for a sentence: `one in 9 days`."""
    a_day = surge.mu / (surge.window * surge.g)
    days = round(1 / a_day)
    if days <= 1:
        return f"{a_day:,.0f} a day"
    return "one in 12 weeks or less" if days >= BASELINE else f"one in {days} days"


def _write_problems(week: Week, server: str) -> Iterator[str]:
    yield "## Known problems"
    if not week.problems:
        yield "No rule matches an issue of this time."
        return
    shown = week.problems[:_MOST_PROBLEMS]
    head = ("known problem", "issues", "people", f"people in the {_name_period(week)} before", "newest reports")
    yield _write_table(head, [_write_problem(each, week, server) for each in shown])
    if rest := len(week.problems) - len(shown):
        yield f"{count(rest, 'known problem')} with fewer reports {'is' if rest == 1 else 'are'} left out."


def _write_problem(problem: KnownProblem, week: Week, server: str) -> tuple[str, ...]:
    name, numbers = _name_rule(problem.rule, week), _link_all(problem.newest, week, server)
    return name, f"{problem.issues:,}", f"{problem.people:,}", f"{problem.people_before:,}", numbers


def _write_unknown(week: Week, server: str) -> Iterator[str]:
    yield "## Unknown"
    if not week.unmatched:
        yield "Every issue of this time is a known problem."
        return
    what = "No rule matches 1 issue" if week.unmatched == 1 else f"No rule matches {week.unmatched:,} issues"
    if not week.clusters:
        yield f"{what}, and no message occurs in two of them."
        return
    yield f"{what}. These messages occur in several of them; `signpost suggest` drafts rules for them:"
    rows = [_write_cluster(each, week, server) for each in week.clusters]
    yield _write_table(("message", "issues", "people", "reports"), rows)


def _write_cluster(cluster: Cluster, week: Week, server: str) -> tuple[str, ...]:
    numbers = _link_all(sorted(cluster.numbers, reverse=True)[:_SHOWN_REPORTS], week, server)
    return quote_cell(_show_message(cluster)), f"{cluster.issues:,}", f"{cluster.authors:,}", numbers


def _show_message(cluster: Cluster) -> str:
    """A line with the message, as its reporter saw it; a line that is too long starts at the message."""
    line = show_text(cluster.line, LONGEST_LINE)
    if len(line) <= LONGEST:
        return line
    start = _find_message(line.casefold(), cluster.words)
    return show_text(f"{'…' if start else ''}{line[start:]}")


def _find_message(line: str, words: Sequence[str]) -> int:
    """Where a message with these words begins: at the last place of its first word before its longest word."""
    longest = line.find(max(words, key=len, default=""))
    return max(0, line.rfind(words[0], 0, longest + len(words[0]))) if words and longest >= 0 else 0


def _write_answers(week: Week, server: str) -> Iterator[str]:
    yield "## Answers"
    if week.maintainers is None or week.signpost is None:
        yield "The archive does not have the comments; `--comments` downloads them."
        return
    if not week.maintainers.total:
        yield "No issue of this time waits for an answer."
        return
    yield "\n".join([_describe_waiting("Maintainers", week.maintainers), _describe_waiting("Signpost", week.signpost)])
    if week.unanswered:
        links = _link_unanswered(week, server)
        yield "Open, unknown and without an answer of a maintainer, the newest first:"
        yield "\n".join(links)
        if (rest := len(week.unanswered) - _MOST_UNANSWERED) > 0:
            yield f"And {rest:,} more."


def _describe_waiting(who: str, waiting: Waiting) -> str:
    head = f"- {who} answered {waiting.answered:,} of {count(waiting.total, 'issue')}"
    if waiting.median is None:
        return f"{head}."
    return f"{head}; half of all issues had an answer within {format_duration(waiting.median)}."


def _link_unanswered(week: Week, server: str) -> list[str]:
    """The latest ones first."""
    latest = week.unanswered[-_MOST_UNANSWERED:][::-1]
    return [
        f"- {_link(each.number, week, server)} {quote_code(show_text(each.title, LONGEST_LINE))}" for each in latest
    ]


def _write_looks(week: Week) -> Iterator[str]:
    if week.looks or week.quiet:
        yield "## Rules that need a look"
    if week.looks:
        rows = [(_name_rule(each.rule, week), escape_text(each.reason)) for each in week.looks]
        yield _write_table(("rule", "why"), rows)
    if week.quiet:
        names = ", ".join(map(quote_code, week.quiet))
        what = "1 rule has" if len(week.quiet) == 1 else f"{len(week.quiet):,} rules have"
        yield f"<details><summary>{what} no report in 12 weeks</summary>"
        yield names
        yield "</details>"


def _name_rule(rule: str, week: Week) -> str:
    """Its title and its id."""
    title = week.titles.get(rule, "")
    return f"{escape_text(title)} ({quote_cell(rule)})" if title else quote_cell(rule)


def _link_all(numbers: Iterable[int], week: Week, server: str) -> str:
    return ", ".join(_link(number, week, server) for number in numbers)


def _link(number: int, week: Week, server: str) -> str:
    if not week.repository:
        return quote_code(f"#{number}")
    return link_elsewhere(f"#{number}", f"{week.repository}/issues/{number}", server)


def _write_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def format_duration(time: timedelta) -> str:
    """A duration in its largest unit, rounded: `3 days`, `9 hours`, `1 minute`; less is `a minute`."""
    seconds = time.total_seconds()
    for name, size in _UNITS:
        if seconds >= 2 * size or (seconds >= size and name != "day"):
            return count(round(seconds / size), name)
    return "a minute"


def to_json(week: Week) -> dict[str, Any]:
    """The report in the JSON format of `signpost report --since` (without schema_version); no logins."""
    return {
        "repository": week.repository,
        "since": week.period.since.isoformat(),
        "until": week.period.until.isoformat(),
        "issues": week.issues,
        "issues_before": week.issues_before,
        "people": week.people,
        "matched": week.matched,
        "unmatched": week.unmatched,
        "rules": [{**asdict(each), "newest": list(each.newest)} for each in week.problems],
        "clusters": [_cluster_json(each) for each in week.clusters],
        "unanswered": [{"number": each.number, "title": mask_private(each.title)} for each in week.unanswered],
        "answers": {"maintainers": _waiting_json(week.maintainers), "signpost": _waiting_json(week.signpost)},
        "rising": [_trend_json(each) for each in week.rising],
        "looks": [asdict(each) for each in week.looks],
        "quiet": None if week.quiet is None else list(week.quiet),
    }


def _cluster_json(cluster: Cluster) -> dict[str, Any]:
    numbers = list(cluster.numbers)
    return {"message": _show_message(cluster), "issues": cluster.issues, "people": cluster.authors, "numbers": numbers}


def _waiting_json(waiting: Waiting | None) -> dict[str, Any] | None:
    if waiting is None:
        return None
    hours = None if waiting.median is None else round(waiting.median.total_seconds() / 3_600, 2)
    return {"total": waiting.total, "answered": waiting.answered, "median_hours": hours}


def _trend_json(trend: Trend) -> dict[str, Any]:
    surge = {**asdict(trend.surge), "usual": list(trend.surge.usual)}
    return {"rule": trend.rule, "lasts": trend.episode is not None, **surge}
