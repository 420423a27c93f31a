"""A comment before it is posted; where a run would post nothing, the reason, and the comment all the same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.comment.marker import read_visible
from bot.github.webhook_event import IssueRequest, PayloadTracker
from bot.output.page import render_comment_markdown, render_markdown, render_page
from bot.tracker.types import Issue, IssueEvent, Tracker
from bot.triage.config import Sources
from bot.triage.result import Result, to_json
from bot.triage.run import run
from bot.triage.sources import read_sources

_RULE = "─" * 72
_COMMENTS = frozenset({"create_comment", "update_comment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The result of a dry run, and the whole comment, with its hidden line; "" if there is nothing to say at all.

    If a run would not post it, `reasons` says why, each in a sentence.
    """

    result: Result
    body: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def is_posted(self) -> bool:
        """Whether a run would post the comment."""
        return bool(self.body) and not self.reasons

    def to_json(self) -> dict[str, Any]:
        """The comment in the JSON formats of `signpost run` and `signpost explain`."""
        return {"body": self.body or None, "is_posted": self.is_posted, "reasons": list(self.reasons)}


def preview(event: IssueEvent | IssueRequest, sources: Sources, tracker: Tracker) -> Preview:
    """The comment on an issue as it is now. Raises TrackerError if GitHub cannot be read."""
    now = datetime.now(UTC)
    result = run(event, sources, tracker, now, is_dry_run=True)
    if body := _find_comment(result):
        return Preview(result=result, body=body)
    lifted = result
    if result.skipped:
        sources = _lift_skip(sources)
        lifted = run(event, sources, tracker, now, is_dry_run=True)
    if lifted.decisions.rules and not _find_comment(lifted):
        lifted = run(event, _lift_modes(sources, lifted), tracker, now, is_dry_run=True)
    return Preview(result=result, body=_find_comment(lifted), reasons=tuple(_explain_silence(result)))


def read_local_sources(places: Iterable[str], config: Path | None, rule: str | None = None) -> Sources:
    """The rules at those places, or one of them alone, with these settings; nothing is read from GitHub."""
    sources = read_sources(places, str(config) if config else None, "", None)
    if rule is None:
        return sources
    alone = tuple(each for each in sources.ruleset.rules if rule in each.names)
    return replace(sources, ruleset=replace(sources.ruleset, rules=alone))


def preview_new(issue: Issue, sources: Sources) -> Preview:
    """The comment on an issue as if it was opened now, without a request: issues that it links count as open."""
    new = replace(issue, state="open", is_locked=False, comments=(), comment_count=0, updated_at=issue.created_at)
    event = IssueRequest(repository=new.repository, number=new.number, sender=new.author)
    return preview(event, sources, PayloadTracker(new))


def _find_comment(result: Result) -> str:
    planned: Iterable[Mapping[str, Any]] = to_json(result)["plan"]
    return next((str(action["body"]) for action in planned if action["action"] in _COMMENTS), "")


def _explain_silence(result: Result) -> Iterator[str]:
    if result.skipped:
        yield f"Nothing would be posted: {result.skipped.reason}."
        return
    found = [each for each in result.decisions.rules if each.effect != "silent"]
    held = [each for each in found if each.effect != "speaks"]
    remarks = result.plan.remarks
    if not found:
        yield "Nothing would be posted: no rule matches."
    elif held or remarks:
        yield "Nothing would be posted."
    else:
        yield "Nothing would be posted: the comment on the issue says this already."
    yield from (f"The guidance of `{each.rule}` stays out: {each.reason}." for each in held)
    yield from _list_suggestions(to_json(result)["plan"])
    yield from (f"{remark[:1].upper()}{remark[1:]}." for remark in remarks)


def _list_suggestions(planned: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for action in planned:
        if action["action"] == "suggest_labels":
            yield from (f"Signpost would suggest the label `{each['name']}`." for each in action["labels"])
        elif action["action"] == "suggest_close":
            yield f"Signpost would suggest to close the issue as {action['reason'].replace('_', ' ')}."


def _lift_skip(sources: Sources) -> Sources:
    """The sources without settings that skip issues."""
    nothing: dict[str, object] = {"labels": [], "authors": [], "associations": [], "bots": False}
    skip = sources.config.skip.model_copy(update=nothing)
    return replace(sources, config=sources.config.model_copy(update={"skip": skip}))


def _lift_modes(sources: Sources, result: Result) -> Sources:
    """The sources without anything that keeps the matching rules from speaking; what people decided still counts."""
    matching = {each.rule for each in result.decisions.rules}
    rules = tuple(
        replace(rule, model=rule.model.model_copy(update={"mode": "comment"})) if rule.id in matching else rule
        for rule in sources.ruleset.rules
    )
    ruleset = replace(sources.ruleset, rules=rules)
    config = sources.config.model_copy(update={"mode": "comment", "modes": {}})
    return replace(sources, ruleset=ruleset, config=config, muted={})


def format_preview(shown: Preview) -> Iterator[str]:
    """Why a run would post nothing, and the comment all the same; no line for a comment that the plan has."""
    if not shown.is_posted:
        yield from (f"Preview   {reason}" for reason in shown.reasons)
        if shown.body:
            yield from ("Preview   If it was posted, the comment would be:", _RULE, *shown.body.splitlines(), _RULE)


def render_preview(shown: Preview, server: str, title: str = "") -> str:
    """The comment as one static page in GitHub's look."""
    result = shown.result
    labels = [
        name for action in to_json(result)["plan"] if action["action"] == "add_labels" for name in action["labels"]
    ]
    issues_url = f"{server}/{result.repository}/issues" if result.repository else ""
    values = {
        "issue": f"{result.repository}#{result.issue}" if result.issue else "an issue",
        "title": title,
        "remarks": list(map(render_markdown, shown.reasons)),
        "labels": labels,
        "sets": [
            render_markdown(f"Signpost would {each.describe()}.")
            for each in result.plan.actions
            if each.action == "set_type" or each.action == "set_fields"  # noqa: PLR1714 (mypy tells them so)
        ],
        "login": "github-actions",
        "body": render_comment_markdown(read_visible(shown.body), issues_url) if shown.body else "",
        "source": shown.body,
    }
    return render_page("bot.comment", "preview.html.j2", values)
