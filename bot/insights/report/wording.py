"""Words and names that all presentations of a report share. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.comment.links import write_date
from bot.insights.graph.types import Graph, describe_unread
from bot.insights.report.types import Comparison, Figures, Linked, Report, Role
from bot.text.printable import count
from bot.text.redaction import show_text
from bot.tracker.graph import Node

State = Literal["open", "done", "closed", "unread"]
"""The four states that colours show: open; completed or merged; closed for another reason; not read."""

STATES: dict[State, str] = {
    "open": "open",
    "done": "completed or merged",
    "closed": "closed otherwise",
    "unread": "not read",
}
COLOURS: Mapping[State, str] = {
    "open": "fill:#e69f00,color:#000000,stroke:#6e7781",
    "done": "fill:#0072b2,color:#ffffff,stroke:#6e7781",
    "closed": "fill:#999999,color:#000000,stroke:#6e7781,stroke-dasharray:4 3",
    "unread": "fill:#ffffff,color:#000000,stroke:#6e7781,stroke-dasharray:4 3",
}
"""Colours that people with any colour vision can tell apart; the state is in the label, too."""

ROLES: dict[Role, tuple[str, str]] = {
    "maintainer": ("maintainer", "maintainers"),
    "contributor": ("contributor", "contributors"),
    "reporter": ("reporter", "reporter"),
    "other": ("participant", "other participants"),
    "bot": ("bot", "bots"),
}
_REASONS = {"completed": "completed", "not_planned": "not planned", "duplicate": "duplicate", "reopened": "reopened"}
"""GitHub's reasons for a state (https://docs.github.com/en/rest/issues/issues); a file may have any other text."""

REACTIONS = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "hooray": "🎉",
    "confused": "😕",
    "heart": "❤️",
    "rocket": "🚀",
    "eyes": "👀",
}
EFFECTS = {
    "speaks": "Signpost would comment",
    "labels": "Signpost would only set labels",
    "suggests": "Signpost would only suggest labels",
    "observes": "Signpost would only count it",
    "silent": "another rule speaks instead",
}
EVIDENCE_NOTE = (
    "A relation is evidence, not proof. Signpost made this report from GitHub's data and rules, without a model."
)
LEGEND = (
    "Orange: open. Blue: completed or merged. Grey, dashed: closed otherwise. White, dashed: not read."
    " Dotted lines: mentions and claims. Thick border: the subject of this report."
)
_SHOWN_OF_ID = 8
_HOUR, _DAY = 3600, 86_400
_MONTH, _YEAR = 61 * _DAY, 730 * _DAY


def find_state(node: Node | None) -> State:
    """The state of a node, as colours show it."""
    if node is None or not (node.issue.is_state_known or node.is_merged):
        return "unread"
    if node.issue.state == "open" and not node.is_merged:
        return "open"
    is_done = node.is_merged or (not node.issue.is_pull_request and node.issue.state_reason == "completed")
    return "done" if is_done else "closed"


def name_state(node: Node | None) -> str:
    """The state in a word or two: `open`, `draft`, `merged`, `not planned`, `closed`, `unknown`, `not read`."""
    if node is None:
        return "not read"
    if node.is_merged:
        return "merged"
    if not node.issue.is_state_known:
        return "unknown"
    if node.issue.state == "open":
        return "draft" if node.is_draft else "open"
    reason = name_reason(node.issue.state_reason)
    return "closed" if node.issue.is_pull_request or not reason else reason


def name_reason(state_reason: str | None) -> str:
    """GitHub's reason for a state in words, "" for none and for any text that is not one of them."""
    return _REASONS.get(state_reason or "", "")


def describe_row_state(row: Linked) -> str:
    """The state of a row with its day: `merged 9 April 2026`; of an unread node the reason."""
    if row.node is None:
        return describe_unread(row.unread)
    at = row.node.merged_at or row.node.closed_at
    return f"{name_state(row.node)} {write_date(at)}" if at else name_state(row.node)


def name_kind(row: Linked) -> str:
    """`issue`, `pull request`, or `unknown` where that is not known."""
    if row.node is None:
        return "unknown"
    return "pull request" if row.node.issue.is_pull_request else "issue"


def mask_id(text: str) -> str:
    """The beginning of an id, enough to find it again, and never more than half of it: `req_011C…`."""
    return f"{text[: min(_SHOWN_OF_ID, len(text) // 2)]}…"


def list_ids(ids: Iterable[str], *, is_whole: bool) -> tuple[str, ...]:
    """The ids as a report shows them, each beginning once."""
    return tuple(dict.fromkeys(ids if is_whole else map(mask_id, ids)))


def write_day(at: str) -> str:
    """The moment of an earlier report, which is ISO 8601 (UTC where it has no zone), as the report writes moments."""
    moment = datetime.fromisoformat(at)
    return write_moment(moment.astimezone(UTC) if moment.tzinfo else moment)


def say_unchanged(found: Comparison) -> str:
    """What to say where no change was found."""
    return "Nothing changed among what both reports read." if found.remarks else "Nothing changed."


def shorten_title(title: str, longest: int) -> str:
    """The beginning of a title on one line, without private data."""
    text = show_text(title, 10 * longest)
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def write_moment(at: datetime) -> str:
    """`9 April 2026, 14:05 UTC`."""
    return f"{write_date(at)}, {at:%H:%M} UTC"


def write_span(span: timedelta) -> str:
    """A duration in its largest fitting unit: `40 minutes`, `5 hours`, `12 days`, `7 months`, `3 years`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 2 * _HOUR:
        return count(seconds // 60, "minute")
    if seconds < 2 * _DAY:
        return count(seconds // _HOUR, "hour")
    if seconds < _MONTH:
        return count(seconds // _DAY, "day")
    return count(seconds // (30 * _DAY), "month") if seconds < _YEAR else count(seconds // (365 * _DAY), "year")


def describe_coverage(graph: Graph) -> str:
    """How far the graph was read, in a few sentences."""
    coverage = graph.coverage
    pulls = sum(node.issue.is_pull_request for node in graph.nodes.values())
    read = (
        f"{count(len(graph.nodes) - pulls, 'issue')} and {count(pulls, 'pull request')}"
        if pulls
        else (count(len(graph.nodes), "issue"))
    )
    unread = f"; {len(graph.unread):,} more known by number only" if graph.unread else ""
    when = f"As of {write_moment(coverage.at)}"
    if coverage.is_offline:
        return f"{when}, from files on this machine; this report did not query GitHub. Read: {read}{unread}."
    how = f"depth {coverage.depth}, {coverage.requests:,} of at most {count(coverage.budget, 'request')}"
    return f"{when}: {how}. Read: {read}{unread}."


def list_figures(figures: Figures) -> Iterator[tuple[str, str]]:
    """The figures as rows: a name, and a value in words; rows without data are left out."""
    counted = (("Comments", figures.comments), ("Participants", figures.participants))
    yield from ((name, f"{number:,}") for name, number in counted if number is not None)
    if figures.reactions:
        yield "Reactions", ", ".join(f"{REACTIONS.get(name, name)} {n}" for name, n in figures.reactions.items())
    if figures.age is not None and figures.is_open is not None:
        yield ("Age" if figures.is_open else "Time to close"), write_span(figures.age)
    if figures.first_answer is not None:
        yield "First answer", f"after {write_span(figures.first_answer)}"
    if figures.first_maintainer_answer is not None:
        yield "First answer of a maintainer", f"after {write_span(figures.first_maintainer_answer)}"
    if figures.answers:
        roles = ((ROLES[role][1], figures.answers[role]) for role in ROLES if figures.answers.get(role))
        yield "Who comments", ", ".join(f"{role} {n}" for role, n in roles) + _limit(figures)
    if figures.timeline:
        ordered = sorted(figures.timeline.items(), key=lambda item: (-item[1], item[0]))
        yield "Timeline", ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in ordered)


def _limit(figures: Figures) -> str:
    return "" if figures.is_whole else " (not all comments were read)"


def find_title(report: Report) -> str:
    """The title of a report as plain text, without the issue's own title."""
    if len(report.seeds) == 1:
        address = report.seeds[0].address
        return str(address) if address.repository else "An issue"
    of = f" of {report.home}" if report.home else ""
    return f"{count(len(report.seeds), 'issue')}{of}"
