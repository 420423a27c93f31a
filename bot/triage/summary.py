"""The step summary for maintainers: matches, links and actions, with their reasons. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.comment.links import describe_status
from bot.comment.sanitizer import fence_code, quote_cell, quote_code
from bot.duplicates.search.feature_labels import FEATURES, describe_value
from bot.duplicates.selection import LinkDecision
from bot.rules.matcher import Match
from bot.text.printable import count
from bot.triage.actions import (
    Action,
    AddLabels,
    Close,
    CreateLabels,
    React,
    RemoveLabels,
    SetFields,
    SetType,
    SuggestClose,
    SuggestLabels,
)
from bot.triage.result import Result

_MOST_QUOTED = 3
MOST_NOT_LINKED = 5
"""Candidates that are not linked and are listed all the same."""

LONGEST_LINE = 1_000
"""The number of characters of a remark or an error that the summary shows."""

_MARKUP = re.compile(r"[\\`<\[\]&]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""The start of code, HTML, a link, an entity or an address that GitHub turns into a link."""

_BLOCK_START = re.compile(r"^(\d{0,9})(#(?=#{0,5}(?:\s|$))|[>+*_=~|)-]|(?<=\d)\.)")
"""The start of a heading, a list, a quote, a rule or a code block, at the start of a line."""

_SCORE = "The score estimates how likely both are the same problem. Signpost links tiers A and B at any score."


def render_summary(result: Result, *, is_dry_run: bool) -> str:
    """The step summary: matches with their evidence, actions, remarks and the number of requests."""
    return "\n\n".join(_write_parts(result, is_dry_run=is_dry_run)) + "\n"


def _write_parts(result: Result, *, is_dry_run: bool) -> Iterator[str]:
    name = f"{result.repository}#{result.issue}" if result.issue else result.repository
    yield f"## Signpost: {quote_code(name)}"
    if result.skipped:
        yield f"Skipped: {result.skipped.reason}."
    elif not result.matches:
        yield "No rule matches."
    for decision in sorted(result.decisions.rules, key=lambda each: each.match.superseded_by is not None):
        yield _describe_match(decision.match, decision.mode)
    if result.links.duplicates or result.links.refused or result.links.expectation:
        yield "### Earlier reports\n\n" + "\n\n".join(_describe_links(result))
    if result.plan.actions:
        yield ("### What would be done (dry run)\n\n" if is_dry_run else "### What was done\n\n") + "\n".join(
            _describe_actions(result)
        )
    if result.all_remarks:
        yield "### Remarks\n\n" + "\n".join(f"- {write_line(remark)}" for remark in result.all_remarks)
    if result.problems:
        yield "### Rules that did not load\n\n" + fence_code("\n".join(map(str, result.problems)))
    yield f"{count(result.requests, 'request')} to GitHub."


def _describe_match(match: Match, mode: str) -> str:
    silent = f", superseded by {quote_code(match.superseded_by)}" if match.superseded_by else ""
    lines = [
        f"### {quote_code(match.rule.id)}: {match.rule.model.title} ({mode}{silent})",
        "",
        "| where | line | text | wanted |",
        "|---|---|---|---|",
    ]
    cells = ((item.view, str(item.line), quote_cell(item.text), quote_cell(item.wanted)) for item in match.evidence)
    lines += [f"| {' | '.join(row)} |" for row in cells]
    captures = ", ".join(f"{name} = {quote_cell(capture.value)}" for name, capture in match.captures.items())
    answers = (f"{quote_code(label.name)} for {quote_cell(label.answer)}" for label in match.answered)
    found = [("Found", captures), ("Labels of answers", ", ".join(answers))]
    return "\n\n".join(["\n".join(lines), *(f"{name}: {said}" for name, said in found if said)])


def write_line(text: str) -> str:
    """A message of GitHub, of a template or of a file on one line, without links, pictures or HTML that work."""
    flat = " ".join(text.split())
    shown = flat if len(flat) <= LONGEST_LINE else f"{flat[:LONGEST_LINE]}…"
    parts = shown.split("`")
    if "``" in shown or len(parts) % 2 == 0:
        line = _escape(shown)
    else:
        line = "`".join(part if number % 2 else _escape(part) for number, part in enumerate(parts))
    return _BLOCK_START.sub(r"\1\\\2", line)


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def _describe_actions(result: Result) -> Iterator[str]:
    outcomes = {id(outcome.action): outcome for outcome in result.outcomes}
    for action in result.plan.actions:
        outcome = outcomes.get(id(action))
        failed = f" — failed: {write_line(outcome.error)}" if outcome and outcome.error else ""
        left = " — not done, see the remarks" if outcome and outcome.is_left else ""
        yield f"- {describe_action(action)}{failed}{left}"


def describe_action(action: Action) -> str:
    """What an action does, as Markdown."""
    name = action.action.replace("_", " ")
    match action:
        case CreateLabels() | AddLabels() | RemoveLabels():
            return f"{name} {', '.join(map(quote_code, action.labels))}"
        case SetType() | SetFields():
            return action.describe()
        case SuggestLabels():
            return f"{name} {', '.join(f'{quote_code(each.name)} ({each.confidence})' for each in action.labels)}"
        case Close() | SuggestClose():
            return _describe_closing(action)
        case React():
            return f"react with {'👍' if action.content == '+1' else '😕'} to comment {action.comment_id}"
        case _:
            return name


def _describe_closing(action: Close | SuggestClose) -> str:
    canonical = f" of #{action.duplicate_of}" if action.duplicate_of else ""
    how = f"as {action.reason.replace('_', ' ')}{canonical}"
    return f"close {how}" if isinstance(action, Close) else f"suggest to close {how} ({action.confidence})"


def _describe_links(result: Result) -> Iterator[str]:
    """The linked candidates, how their scores came about, and the candidates that are not linked."""
    links = result.links
    not_linked = (*links.hidden, *links.refused)
    if links.linked:
        yield "\n".join(_write_table(links.linked))
        yield _SCORE
    else:
        yield "Nothing is linked." if not_linked else "No earlier report is similar enough."
    if not_linked:
        yield "Not linked:"
        yield "\n".join(map(_describe_not_linked, not_linked[:MOST_NOT_LINKED]))
    if scored := [link for link in links.linked if link.candidate.features]:
        yield "<details><summary>How the scores came about</summary>"
        yield "\n".join(_write_features(scored))
        yield "</details>"
    if links.expectation:
        yield links.expectation


def _write_table(links: Iterable[LinkDecision]) -> Iterator[str]:
    yield "| report | evidence | status | text in both | score |"
    yield "|---|---|---|---|---:|"
    for each in links:
        said = "<br>".join(map(quote_cell, each.candidate.evidence[:_MOST_QUOTED]))
        evidence = f"{each.tier}: {each.why}"
        status = describe_status(each).replace("|", "\\|")
        yield f"| {_refer(each)} | {evidence} | {status} | {said} | {each.confidence:.1%} |"


def _refer(link: LinkDecision) -> str:
    """A link to the issue, because a summary makes no backlink; the title is text of a stranger."""
    found = link.candidate
    shown = f"[#{link.number}]({link.url})" if link.url else f"`#{link.number}`"
    if found.number == link.number:
        return f"{shown} {quote_cell(found.title)}" if found.title else shown
    return f"{shown}, because `#{found.number}` is a duplicate of it"


def _describe_not_linked(link: LinkDecision) -> str:
    found = link.candidate
    title = f" {quote_cell(found.title)}" if found.title else ""
    return f"- `#{found.number}`{title}: {link.reason} ({found.tier}: {found.why}; {found.score:.1%})"


def _write_features(links: Sequence[LinkDecision]) -> Iterator[str]:
    """One column per candidate, without features that are zero everywhere."""
    found = [link.candidate for link in links]
    yield f"| | {' | '.join(f'`#{each.number}`' for each in found)} |"
    yield "|---|" + "---:|" * len(found)
    for name, said in FEATURES.items():
        values = [each.features.get(name, 0.0) for each in found]
        if any(values):
            yield f"| {said} | {' | '.join(describe_value(name, value) for value in values)} |"
