"""Plans for issues that match rules: what the tests of a plan's parts share."""

from datetime import datetime

from bot.comment.templates import read_template
from bot.tracker.types import Comment, Issue
from bot.triage.actions import CreateComment, Plan, UpdateComment
from bot.triage.config import Config
from bot.triage.decisions import Wish, choose_wish
from bot.triage.plan import make_plan
from bot.triage.state import State
from tests.builders import HUMAN, OURSELVES, Fields, a_change, a_comment, a_rule, after, an_issue, matches_of

WITHDRAWN = read_template("withdrawn.md.j2")
NOTHING = Plan()
LABELED = a_change("labeled", OURSELVES, label="needs-info")
BY_HAND = a_change("labeled", HUMAN, after(minutes=4), label="needs-info")


def wish_of(issue: Issue, *rules: Fields, config: Config | None = None) -> Wish:
    return choose_wish(matches_of(issue, *rules), config or Config(), after().date())


def plan_of(
    issue: Issue, *rules: Fields, config: Config | None = None, now: datetime | None = None, **state: object
) -> Plan:
    """The plan for an issue that matches the rules; the repository has every label that they use."""
    wish = wish_of(issue, *rules, config=config)
    fields: Fields = {"existing_labels": frozenset(wish.add), "history": () if issue.updated_at != after() else None}
    return make_plan(issue, wish, State(**(fields | state)), config or Config(), now or after(minutes=9))


def body_of(plan: Plan) -> str:
    (body,) = [action.body for action in plan.actions if isinstance(action, CreateComment | UpdateComment)]
    return body


def kinds(plan: Plan) -> list[object]:
    """The actions, a comment by the name of its action alone."""
    return [a.action if isinstance(a, CreateComment | UpdateComment) else a for a in plan.actions]


def labels_only(**changes: object) -> Fields:
    return a_rule(mode="label", **changes)


def spoken(*rules: Fields, **changes: object) -> Comment:
    """Our comment as the rules make it today."""
    body = body_of(plan_of(an_issue(), *rules))
    return a_comment(body, OURSELVES, **changes)
