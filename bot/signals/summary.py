"""The result of a sweep for people: the summary of the run, lines for the terminal, and JSON. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bot.comment.sanitizer import quote_code
from bot.insights.week.presentation import describe_surge
from bot.signals.incidents.detection import NEEDED, Incident
from bot.signals.sweep import Handled, Swept
from bot.text.printable import count, reveal_line
from bot.triage.actions import Action, Close
from bot.triage.result import to_json as result_to_json
from bot.triage.summary import describe_action, write_line

MOST_LISTED = 200
"""Issues that the summary lists."""

MOST_NAMED = 10
"""Rules that one sentence names."""


def render_summary(swept: Swept) -> str:
    """The summary as Markdown."""
    return "\n\n".join(_write_parts(swept)) + "\n"


def _write_parts(swept: Swept) -> Iterator[str]:
    ledger = swept.ledger
    yield f"## Signpost sweep: {quote_code(swept.repository)}"
    if swept.error:
        yield f"**The sweep ended early:** {write_line(swept.error)} The next sweep goes on from there."
    votes = count(ledger.vote_count, "vote")
    yield f"{count(len(ledger.comments), 'comment')} of Signpost with {votes}; {_count_requests(swept)}."
    yield from _write_news(swept)
    if handled := [each for each in swept.handled if _is_shown(each)]:
        title = "### What would be done (dry run)" if swept.is_dry_run else "### What was done"
        yield f"{title}\n\n" + "\n".join(map(_describe_handled, handled[:MOST_LISTED]))
    if swept.notices:
        title = "### Signpost's own issues (dry run)" if swept.is_dry_run else "### Signpost's own issues"
        yield f"{title}\n\n" + "\n".join(f"- {write_line(each.describe())}" for each in swept.notices)
    if proposals := list(_list_proposals(swept)):
        yield "### For a person to decide\n\n" + "\n".join(f"- {write_line(each)}" for each in proposals)
    if swept.left:
        numbers = _list_numbers(each.issue for each in swept.left)
        yield f"{count(len(swept.left), 'issue')} left for the next sweep: {numbers}."


def _write_news(swept: Swept) -> Iterator[str]:
    """News about problems and rules: incidents, and rules that are new or newly muted."""
    if swept.incidents:
        yield "### Reported unusually often\n\n" + "\n".join(map(_describe_incident, swept.incidents))
    if swept.too_new:
        yield write_line(_explain_too_new(swept.too_new))
    if swept.newly_muted:
        yield "### Rules that only set labels from now on\n\n" + "\n".join(_describe_muted(swept))
        yield "\n".join(_explain_return(swept))


def _describe_incident(incident: Incident) -> str:
    numbers = _list_numbers(each.issue for each in incident.reports)
    return f"- {quote_code(incident.title)}: {describe_surge(incident.surge)} ({numbers})"


def _explain_too_new(rules: Sequence[str]) -> str:
    """Why rules cannot raise an alarm yet, and what helps."""
    shown = [f"`{rule}`" for rule in rules[:MOST_NAMED]]
    more = f" and {len(rules) - MOST_NAMED} more" if len(rules) > MOST_NAMED else ""
    who = "a rule is" if len(rules) == 1 else f"{len(rules):,} rules are"
    return (
        f"For {NEEDED.days} days {who} too new for an alarm, because its usual number of reports is unknown: "
        f"{', '.join(shown)}{more}. `signpost sweep --rebuild` reads the past with the present rules."
    )


def _count_requests(swept: Swept) -> str:
    return f"{count(swept.requests, 'request')} to GitHub, of at most {swept.budget:,}"


def _describe_muted(swept: Swept) -> Iterator[str]:
    for each in swept.newly_muted:
        wrong = each.wrong
        interval = f" ({wrong.value:.0%}, 95% interval {wrong.low:.0%} to {wrong.high:.0%})" if wrong else ""
        yield f"- {quote_code(each.rule)}: {each.reason}{interval.replace('%', ' %')}"


def _explain_return(swept: Swept) -> Iterator[str]:
    """When these rules comment again."""
    if any(each.wrong for each in swept.newly_muted):
        yield "A rule that votes have muted comments again as soon as its content changes."
    if any(each.wrong is None for each in swept.newly_muted):
        yield "A rule that a maintainer has muted comments again after `/signpost unmute RULE`."


def _is_shown(handled: Handled) -> bool:
    return bool(handled.error or (handled.result and handled.result.plan.actions))


def _describe_handled(handled: Handled) -> str:
    why = handled.rerun.describe()
    return f"- `#{handled.rerun.issue}` ({why}): {_describe_actions(handled)}"


def _describe_actions(handled: Handled) -> str:
    if handled.error or handled.result is None:
        return f"failed: {write_line(handled.error)}"
    done = ", ".join(describe_action(action) for action in handled.result.plan.actions)
    failed = "; ".join(write_line(error) for error in handled.result.errors)
    return f"{done} — failed: {failed}" if failed else done


def _list_proposals(swept: Swept) -> Iterator[str]:
    """What only a person may do, and what people should know."""
    yield from swept.waiting
    for each in swept.handled:
        for remark in each.result.plan.remarks if each.result else ():
            yield f"#{each.rerun.issue}: {remark}" if not remark.startswith("no sign of life") else remark


def _list_numbers(issues: Iterable[int]) -> str:
    numbers = [f"`#{number}`" for number in issues]
    more = f" and {len(numbers) - MOST_LISTED} more" if len(numbers) > MOST_LISTED else ""
    return ", ".join(numbers[:MOST_LISTED]) + more


def format_lines(swept: Swept) -> Iterator[str]:
    """The same for the terminal, line by line."""
    yield f"Swept     {swept.repository}"
    yield f"Comments  {len(swept.ledger.comments):,}"
    yield f"Votes     {swept.ledger.vote_count:,}"
    for incident in swept.incidents:
        yield f"Incident  {reveal_line(incident.title)}: {describe_surge(incident.surge)}"
    if swept.too_new:
        yield f"Too new   {_explain_too_new(swept.too_new)}"
    for mute in swept.newly_muted:
        yield f"Muted     {mute.rule}: {mute.reason}"
    for each in swept.handled:
        if _is_shown(each):
            verb = "Would" if swept.is_dry_run else "Did"
            actions = each.result.plan.actions if each.result else ()
            yield f"{verb:<9} #{each.rerun.issue}: {', '.join(map(_name_action, actions)) or each.error}"
    yield from (f"Notice    {reveal_line(each.describe())}" for each in swept.notices)
    yield from (f"Decide    {each}" for each in _list_proposals(swept))
    yield from (f"Failed    {failure}" for failure in swept.failures)
    if swept.left:
        yield f"Left      {count(len(swept.left), 'issue')} for the next sweep"
    if swept.error:
        yield f"Stopped   {swept.error} The next sweep goes on from there."
    yield f"Requests  {swept.requests} of at most {swept.budget}"


def _name_action(action: Action) -> str:
    if isinstance(action, Close):
        return f"close as {action.reason.replace('_', ' ')}"
    return action.action.replace("_", " ")


def to_json(swept: Swept) -> dict[str, Any]:
    """The result in the JSON format of `signpost sweep` (without schema_version)."""
    return {
        "repository": swept.repository,
        "dry_run": swept.is_dry_run,
        "comments": len(swept.ledger.comments),
        "votes": swept.ledger.vote_count,
        "withdrawals": len(swept.ledger.withdrawals),
        "closings": len(swept.ledger.closings),
        "handled": [_handled_json(each) for each in swept.handled],
        "left": [each.to_json() for each in swept.left],
        "muted": [{**each.to_json(), "new": each in swept.newly_muted} for each in swept.muted],
        "incidents": [_incident_json(each) for each in swept.incidents],
        "too_new": list(swept.too_new),
        "waiting": list(swept.waiting),
        "notices": [each.to_json() for each in swept.notices],
        "requests": swept.requests,
        "budget": swept.budget,
        "error": swept.error or None,
    }


def _handled_json(handled: Handled) -> dict[str, Any]:
    result = result_to_json(handled.result) if handled.result else {}
    kept: dict[str, Any] = {key: result[key] for key in ("skipped", "plan", "outcomes", "remarks") if key in result}
    return {**handled.rerun.to_json(), "error": handled.error or None, **kept}


def _incident_json(incident: Incident) -> dict[str, Any]:
    """Without logins."""
    surge = {**asdict(incident.surge), "usual": list(incident.surge.usual)}
    return {
        "key": incident.key,
        "keys": list(incident.keys),
        "title": incident.title,
        "rules": list(incident.rules),
        "since": datetime.fromtimestamp(incident.start, UTC).isoformat(),
        "issues": [each.issue for each in incident.reports],
        "sentence": describe_surge(incident.surge),
        **surge,
    }
