"""Plans for issues that match rules: what the tests of a plan's parts share."""

from dataclasses import replace
from datetime import datetime

from bot.comment.marker import find_own_comments, read_marker, sign_comment
from bot.comment.renderer import render_withdrawal
from bot.rules.matcher import match_issue
from bot.tracker.types import Comment, Issue, Links
from bot.triage.actions import CreateComment, Plan, UpdateComment
from bot.triage.config import Config, Sources
from bot.triage.links import LinkInputs
from bot.triage.plan import make_plan
from bot.triage.snapshot import OUR_LOGIN, Snapshot, make_decisions
from tests.builders import HUMAN, OURSELVES, Fields, a_change, a_comment, a_rule, a_ruleset, after, an_issue

WITHDRAWN = render_withdrawal()
NOTHING = Plan()
TODAY = after().date()
LABELED = a_change("labeled", OURSELVES, label="needs-info")
BY_HAND = a_change("labeled", HUMAN, after(minutes=4), label="needs-info")


def sources_of(*rules: Fields, config: Config | None = None, **changes: object) -> Sources:
    fields: Fields = {"ruleset": a_ruleset(*rules), "config": config or Config()}
    return Sources(**(fields | changes))


def snapshot_of(issue: Issue, sources: Sources, **read: object) -> Snapshot:
    """An issue that was read; the repository has every label that the rules use, and no other issue."""
    ours = find_own_comments(issue.comments, (OUR_LOGIN, *sources.config.identity.also), issue.number)
    fields: Fields = {
        "also": tuple(sources.config.identity.also),
        "own": ours[0] if ours else None,
        "surplus": ours[1:],
        "matches": match_issue(issue, sources.ruleset),
        "history": () if issue.updated_at != after() else None,
        "link_inputs": LinkInputs(links=Links()),
    }
    snapshot = Snapshot(issue=issue, **(fields | read))
    labels = frozenset(make_decisions(snapshot, sources, TODAY).labels.add)
    return snapshot if "existing_labels" in read else replace(snapshot, existing_labels=labels)


def plan_of(
    issue: Issue, *rules: Fields, config: Config | None = None, now: datetime | None = None, **read: object
) -> Plan:
    """The plan for an issue that matches the rules."""
    return plan_from(issue, sources_of(*rules, config=config), now, **read)


def plan_from(issue: Issue, sources: Sources, now: datetime | None = None, **read: object) -> Plan:
    snapshot = snapshot_of(issue, sources, **read)
    return make_plan(snapshot, make_decisions(snapshot, sources, TODAY), sources, now or after(minutes=9))


def body_of(plan: Plan) -> str:
    (body,) = [action.body for action in plan.actions if isinstance(action, CreateComment | UpdateComment)]
    return body


def remember(body: str, **state: object) -> str:
    """The same comment, whose marker remembers more."""
    marker = read_marker(body)
    assert marker
    return sign_comment(body.rpartition("\n\n")[0], marker.model_copy(update=state))


def given_later(body: str, moment: datetime | None = None) -> str:
    """The same comment, whose guidance was not there from the start."""
    marker = read_marker(body)
    assert marker
    return remember(body, since=dict.fromkeys(marker.rules, int((moment or after(minutes=9)).timestamp())))


def kinds(plan: Plan) -> list[object]:
    """The actions, a comment by the name of its action alone."""
    return [a.action if isinstance(a, CreateComment | UpdateComment) else a for a in plan.actions]


def labels_only(**changes: object) -> Fields:
    return a_rule(mode="label", **changes)


def spoken(*rules: Fields, **changes: object) -> Comment:
    """Our comment as the rules make it today."""
    body = body_of(plan_of(an_issue(), *rules))
    return a_comment(body, OURSELVES, **changes)
