"""What people who gave commands get for an answer: a reaction, and the explanation of the decisions. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.comment.renderer import CommentError, render_explanation
from bot.comment.sanitizer import quote_code
from bot.issue.commands import Said, find_last
from bot.tracker.types import Comment
from bot.triage.actions import React
from bot.triage.decisions import Decisions, RuleDecision, RuleEffect
from bot.triage.people.closing import find_order

if TYPE_CHECKING:
    from bot.triage.snapshot import Snapshot

ANSWERED_WITHIN = timedelta(days=3)
"""Commands get an answer so long after they were written or edited; the one that started the run always does."""

MOST_REACTIONS = 10
"""In one run; the next one goes on."""

_LONGEST_QUOTE = 120
_MOST_RULES = 10
_MOST_QUOTED = 3
_EFFECTS: Mapping[RuleEffect, str] = {
    "speaks": "gives advice",
    "labels": "only sets its labels",
    "suggests": "only suggests its labels",
    "observes": "is only counted",
    "silent": "is silent",
    "refused": "is silent",
}


def plan_reactions(
    snapshot: "Snapshot", decisions: Decisions, known: frozenset[str], now: datetime
) -> tuple[list[React], list[str]]:
    """👍 and 😕 for the commands that have no such answer yet, and a remark for each that has no effect.

    `known` are the ids of all rules. At most `MOST_REACTIONS`: the comment that started the run has precedence, then
    the newest one.
    """
    answers, free = list[tuple[int, list[React], list[str]]](), MOST_REACTIONS
    for comment, said in _group_commands(snapshot, now):
        faults = {each.command: _find_fault(each, snapshot, decisions, known) for each in said}
        actions = _list_missing(comment, faults.values())[:free]
        is_told = any(action.content == "confused" for action in actions)
        remarks = [_describe(command, comment, fault) for command, fault in faults.items() if fault and is_told]
        answers.append((comment.id, actions, remarks))
        free -= len(actions)
    answers.sort(key=lambda answer: answer[0])
    return [each for _, found, _ in answers for each in found], [each for *_, found in answers for each in found]


def _list_missing(comment: Comment, faults: Iterable[str | None]) -> list[React]:
    wanted = {"confused" if fault else "+1" for fault in faults if fault is not None}
    missing = wanted - {name for name, count in comment.reactions if count}
    return [React(comment.id, content) for content in ("+1", "confused") if content in missing]


def _group_commands(snapshot: "Snapshot", now: datetime) -> Iterator[tuple[Comment, list[Said]]]:
    """The comments with commands that are due for an answer, by precedence; a report answers for itself."""
    groups = dict[int, list[Said]]()
    for each in sorted(snapshot.said, key=lambda each: each.comment.changed_at, reverse=True):
        if each.command.name != "report" and not snapshot.is_us(each.comment.author.login):
            groups.setdefault(each.comment.id, []).append(each)
    for said in sorted(groups.values(), key=lambda said: said[0].comment.id == snapshot.asked, reverse=True):
        comment = said[0].comment
        if comment.id == snapshot.asked or now - comment.changed_at <= ANSWERED_WITHIN:
            yield comment, said


def _find_fault(said: Said, snapshot: "Snapshot", decisions: Decisions, rules: frozenset[str]) -> str | None:
    """Why a command has no effect; "" if it has one, None if that is not certain yet."""
    name, argument = said.command.name, said.command.argument
    if said.fault:
        return None if said.is_unsure else said.fault
    if name in {"mute", "unmute"} and argument not in rules:
        return "there is no rule with this id"
    if name in {"close", "keep-open"} and (reason := _find_overruling(said, snapshot)):
        return None if dict(said.comment.reactions).get("+1") else reason  # it may have had its effect
    if name == "explain" and not decisions.rules:
        return "no rule matches"
    return _find_refusal(said.command.number, decisions) if name == "duplicate" else ""


def _find_refusal(number: int | None, decisions: Decisions) -> str | None:
    links = decisions.links
    if not links.is_complete:
        return None
    refused = (each.reason for each in links.refused if each.candidate.number == number)
    return "" if links.asked else next(refused, "")


def _find_overruling(said: Said, snapshot: "Snapshot") -> str:
    """Why a `close` or `keep-open` does not count (any more), such as one that an edit put into an old comment."""
    last = find_last(snapshot.said, "close", "keep-open")
    if last and last.command.name != said.command.name:
        return f"a later `{last.command.name}` overrides it"
    is_settled = said.command.name == "close" and not find_order(snapshot.said, snapshot.history or ())
    return "the issue was closed or reopened after the comment was written; write a new one" if is_settled else ""


def describe_fault(said: Said) -> str:
    """A command that has no effect, for maintainers."""
    return _describe(said.command, said.comment, said.fault)


def _describe(command: object, comment: Comment, fault: str) -> str:
    text = str(command)
    shown = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
    return f"{quote_code(shown)} in comment {comment.id} has no effect: {fault}"


def explain(snapshot: "Snapshot", decisions: Decisions) -> str:
    """The explanation that a maintainer asked for, as Markdown for our comment; "" if nobody did.

    It stays as long as the command stays on the issue.
    """
    if not find_last(snapshot.said, "explain") or not decisions.rules:
        return ""
    lines = [line for rule in decisions.rules[:_MOST_RULES] for line in _explain_rule(rule)]
    try:
        return render_explanation(lines, snapshot.issue.url)
    except CommentError:
        return ""


def summarize(decisions: Decisions) -> list[str]:
    """The same as remarks, for an issue where our comment cannot show it."""
    return [f"explained: {next(_explain_rule(rule))[2:]}" for rule in decisions.rules[:_MOST_RULES]]


def _explain_rule(decision: RuleDecision) -> Iterator[str]:
    yield f"- {quote_code(decision.rule)} {_EFFECTS[decision.effect]}: {decision.reason}"
    for item in decision.match.evidence[:_MOST_QUOTED]:
        yield f"  - {item.view}, line {item.line}: {quote_code(item.text[:_LONGEST_QUOTE])}"
