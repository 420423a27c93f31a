"""The texts of issues that Signpost opens itself. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.comment.links import MONTHS, write_date
from bot.comment.renderer import check_comment, render_notice
from bot.comment.sanitizer import GITHUB, defuse, fence_code, link_elsewhere, quote_code, write_title
from bot.output.charts import draw_rows
from bot.rules.ruleset import Rule
from bot.signals.incidents.detection import Incident
from bot.signals.ledger import NOTICE_TITLES, from_seconds
from bot.text.printable import count, reveal_line

MOST_OWN_LINKS = 10
"""Reports that are linked as `#N`, which also shows on their own page; the others are linked without a trace."""

MOST_LINKS = 300
_MOST_ROWS, _MOST_VERSIONS, _LONGEST_VERSION = 24, 8, 24
_LONGEST_PROBLEM = 300
_HOUR, _DAY = 3_600, 86_400
_STEPS = (_HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 7 * _DAY, 28 * _DAY)
"""Seconds of a row of the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """Where notices are, and which ones the settings of the repository ask for; `rules` are by their id."""

    repository: str
    server: str = GITHUB
    site: str = ""
    tracks_surges: bool = False
    lists_muted: bool = False
    rules: Mapping[str, Rule] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()

    def find_page(self, rule: str) -> str:
        """The page of a rule on the published site; "" without a site."""
        return f"{self.site.rstrip('/')}/p/{rule}/" if self.site else ""


def write_surge_title(incident: Incident) -> str:
    """The title of its tracking issue."""
    return f"{NOTICE_TITLES['surge']}{write_title(incident.public_title)}"


def write_surge(incident: Incident, settings: NoticeSettings, former: int = 0, ended: str = "") -> str:
    """The text of its tracking issue; `former` is that of the last time. Raises CommentError.

    `ended` is the sentence of one that is over; the text then asks for nothing more. Without it, the text depends on
    the reports alone and not on the present time, so it stays as it is until there is a new report.
    """
    rule = find_rule(incident.rules, settings)
    tldr, steps = _read_guidance(rule, settings) if rule else ("", [])
    own, others = incident.reports[:MOST_OWN_LINKS], incident.reports[MOST_OWN_LINKS:]
    values = {
        "lead": _write_lead(incident),
        "usual": incident.usual,
        "ended": ended,
        "problem": _write_problem(incident, rule, settings),
        "tldr": tldr,
        "steps": steps,
        "fix": _write_fix(rule, settings) if rule else "",
        "page": settings.find_page(rule.id) if rule else "",
        "former": former,
        "times": fence_code(draw_rows(count_times([each.at for each in incident.reports]))),
        "versions": fence_code(draw_rows(count_versions([each.version for each in incident.reports]))),
        "reports": [_write_report(each.issue, from_seconds(each.at), each.version) for each in own],
        "others": _write_others([each.issue for each in others], settings),
    }
    linked = [*(each.issue for each in own), *([former] if former else [])]
    return check_comment(render_notice("surge", values, linked, settings.server), settings.forbidden)


def _write_lead(incident: Incident) -> str:
    people, reports = len({each.person.casefold() for each in incident.reports}), len(incident.reports)
    said = f" in {count(reports, 'report')}" if reports != people else ""
    since = _write_moment(from_seconds(incident.start))
    return f"{count(people, 'person has', 'people have')} reported this{said} since {since}."


def find_rule(names: Iterable[str], settings: NoticeSettings) -> Rule | None:
    """The first rule of those that still exists."""
    return next((settings.rules[name] for name in names if name in settings.rules), None)


def find_fix(names: Iterable[str], settings: NoticeSettings) -> str:
    """The version that the rules name as fixed; "" if they name none."""
    rules = (settings.rules[name] for name in names if name in settings.rules)
    return next((rule.model.fixed_in.version for rule in rules if rule.model.fixed_in), "")


def _write_problem(incident: Incident, rule: Rule | None, settings: NoticeSettings) -> str:
    """The title of its rule, or else the message of the reports in a code block."""
    if rule:
        return _write_plain(rule.model.title, settings) or quote_code(rule.id)
    shown = reveal_line(incident.public_title)
    cut = shown if len(shown) <= _LONGEST_PROBLEM else f"{shown[:_LONGEST_PROBLEM]}…"
    return f"these reports have the same message.\n\n{fence_code(cut)}"


def _read_guidance(rule: Rule, settings: NoticeSettings) -> tuple[str, list[str]]:
    """The summary and the steps for everybody; nothing if each branch of the guidance depends on the report."""
    branch = next((each for each in rule.model.guidance if each.when is None), None)
    if branch is None:
        return "", []
    steps = (_write_plain(step, settings) for step in branch.steps)
    return _write_plain(branch.tldr, settings), [step for step in steps if step]


def _write_plain(text: str, settings: NoticeSettings) -> str:
    """A text of a rule on one line; "" if it has values of a report, which there is none of here."""
    if "{{" in text or "{%" in text or "\n" in text.strip():
        return ""
    return defuse(text.strip(), settings.repository, settings.server)


def _write_fix(rule: Rule, settings: NoticeSettings) -> str:
    fix = rule.model.fixed_in
    if fix is None:
        return ""
    path = f"{settings.repository}/pull/{fix.pr}"
    by = f" ({link_elsewhere(f'#{fix.pr}', path, settings.server)})" if fix.pr else ""
    return f"Fixed in {quote_code(fix.version)}{by}. If your version is older, please update, then try again."


def count_times(times: Sequence[int]) -> list[tuple[str, int]]:
    """The reports in each hour from the first to the last; longer steps than an hour if there are many."""
    if not times:
        return []
    first, last = min(times), max(times)
    step = next((each for each in _STEPS if last // each - first // each < _MOST_ROWS), _STEPS[-1])
    found = Counter(at // step for at in times)
    rows = range(max(first // step, last // step - _MOST_ROWS + 1), last // step + 1)
    return [(_name_time(from_seconds(row * step), step), found[row]) for row in rows]


def _name_time(start: datetime, step: int) -> str:
    day = f"{start.day:>2} {MONTHS[start.month - 1][:3]}"
    return f"{day} {start:%H:%M}" if step < _DAY else day


def count_versions(versions: Iterable[str]) -> list[tuple[str, int]]:
    """The reports of each version, the most frequent first; all beyond eight versions are one row."""
    found = Counter(map(read_version, versions))
    silent = found.pop("", 0)
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    rest = sum(number for _, number in ordered[_MOST_VERSIONS:])
    ends = [("other versions", rest), ("not stated", silent)]
    return [*ordered[:_MOST_VERSIONS], *(each for each in ends if each[1])]


_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")


def read_version(text: str) -> str:
    """The version, cut for a chart; "" for a text with characters that no version has."""
    version = text.strip()
    if not _VERSION.fullmatch(version):
        return ""
    return version if len(version) <= _LONGEST_VERSION else f"{version[:_LONGEST_VERSION]}…"


def _write_report(number: int, at: datetime, stated: str) -> str:
    version = read_version(stated)
    return f"#{number}, {_write_moment(at)}{f', version {quote_code(version)}' if version else ''}"


def _write_others(reports: Sequence[int], settings: NoticeSettings) -> str:
    links = list(_link_others(reports[:MOST_LINKS], settings))
    more = f", and {len(reports) - MOST_LINKS:,} more" if len(reports) > MOST_LINKS else ""
    return f"{', '.join(links)}{more}" if links else ""


def _link_others(reports: Iterable[int], settings: NoticeSettings) -> Iterator[str]:
    for each in reports:
        yield link_elsewhere(f"#{each}", f"{settings.repository}/issues/{each}", settings.server)


def write_over(text: str, ended: str) -> str:
    """A text of ours with the sentence that ends it, without what it asked for and promised."""
    asked, times = text.rfind("**What you can do"), text.rfind("**Reports by time (UTC)**")
    rest = text[: text.rfind("<sub>Posted automatically")]
    if asked >= 0:
        rest = rest[:asked] + (rest[times:] if times > asked else "")
    return f"{ended}\n\n{rest.strip()}\n\n<sub>Posted automatically by Signpost, which is done with this issue.</sub>"


def write_fixed(version: str, now: datetime) -> str:
    """The sentence of an incident that ends because its problem is fixed."""
    return f"**This is over** ({_write_moment(now)}): the problem is fixed in {quote_code(version)}. Please update."


def write_quiet(now: datetime) -> str:
    """The sentence of an incident that ends because there are no more reports than usual."""
    return (
        f"**This is over** ({_write_moment(now)}): for two days there have been no more reports than usual. "
        "If you still have this problem, please open a new issue."
    )


def write_unmuted(now: datetime) -> str:
    """The sentence of the list of muted rules when there are none."""
    return f"**This is done** ({_write_moment(now)}): no rule is muted any more."


def write_corrected(now: datetime) -> str:
    """The sentence of the list of problems when there are none."""
    return f"**This is done** ({_write_moment(now)}): Signpost can use all files in `.github/signpost/` again."


def write_second(first: int) -> str:
    """The sentence of an issue that gives way to an older one."""
    return f"**Please follow #{first} instead.** It is about the same, and this issue was opened in addition."


def _write_moment(at: datetime) -> str:
    return f"{write_date(at)}, {at:%H:%M} UTC"
