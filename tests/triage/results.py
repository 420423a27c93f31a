"""Results of a run: what the tests of its JSON and its summary share."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.duplicates.canonical import Fix
from bot.duplicates.selection import LinkDecision
from bot.errors import Problem
from bot.rules.matcher import Match
from bot.triage.actions import AddLabels, Close, CreateComment, CreateLabels, Plan, RemoveLabels, UpdateComment
from bot.triage.apply import Outcome
from bot.triage.config import Config
from bot.triage.decisions import Decisions, decide_rules
from bot.triage.links import LinkDecisions
from bot.triage.result import Result
from tests.builders import OPENED, Fields, a_candidate, a_link, a_rule, a_target, an_issue, matches_of

REPOSITORY = "octo-org/octo-repo"
PLAN = Plan(
    (
        CreateLabels(("new",)),
        AddLabels(("needs-info", "new")),
        RemoveLabels(("invalid",)),
        CreateComment("Hello"),
        UpdateComment(44, "Hello again"),
        Close("duplicate", 3),
    ),
    ("the label `gone` does not exist here",),
)
URL = "https://github.com/o/r/issues/5"
FIX = Fix(version="2.1.96", at=datetime(2026, 4, 9, tzinfo=UTC), is_sure=True)
FOUND = a_candidate(
    5, score=0.9, why="same error", title="It | `breaks`", evidence=("no space left",), features={"age": 1.5}
)
PLAIN = a_candidate(6, score=0.9, why="same error")
LINKS = LinkDecisions(
    candidates=(
        a_link(FOUND, a_target(5, url=URL, followers=14)),
        a_link(PLAIN, a_target(6, url=URL, state="fixed", fix=FIX)),
        LinkDecision(
            candidate=replace(FOUND, number=8, tier="C"), effect="refused", reason="#8 is closed as not planned"
        ),
    ),
    expectation="2 of the last 90 issues would have been shown a similar issue.",
)


def decided(matches: tuple[Match, ...] = (), links: LinkDecisions = LINKS) -> Decisions:
    return Decisions(rules=decide_rules(matches, Config(), OPENED.date()), links=links)


def a_result(**changes: object) -> Result:
    issue = an_issue(body="Run | `make`\nwrite failed: No space left on device")
    disk = a_rule(match={"phrase": "No space left on {thing:word}"}, supersedes=["any-write"])
    write = a_rule(id="any-write", title="Any write", match={"phrase": "write failed: No space"}, mode="label")
    fields: Fields = {"repository": REPOSITORY, "issue": 7}
    fields |= {"decisions": decided(matches_of(issue, disk, write))}
    fields |= {"plan": PLAN, "requests": 4, "remarks": ("#3 is closed",)}
    fields |= {"problems": (Problem("rules/bad.yml", 3, 1, "`tilte` is unknown; did you mean `title`?"),)}
    fields |= {"outcomes": (*(Outcome(a) for a in PLAN.actions[:5]), Outcome(PLAN.actions[5], error="403:\nno right"))}
    return Result(**(fields | changes))
