"""Values with good defaults, for tests that say only what matters to them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import yaml

from bot.comment.marker import Marker, sign_comment
from bot.duplicates.candidates import WHY, Candidate
from bot.duplicates.canonical import Target
from bot.duplicates.selection import LinkDecision
from bot.rules.loader import build_ruleset
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Account, Change, Comment, Issue, IssueEvent, LinkedIssue, Links

Fields = dict[str, Any]

OPENED = datetime(2026, 4, 8, 12, tzinfo=UTC)
REPORTER = Account(login="octocat")
HUMAN = Account(login="hubot-keeper")
OURSELVES = Account(login="github-actions[bot]", is_bot=True)
OTHER_BOT = Account(login="tidy-up[bot]", is_bot=True)


def after(*, minutes: float = 0, days: float = 0) -> datetime:
    """A moment after the issue was opened."""
    return OPENED + timedelta(minutes=minutes, days=days)


def an_issue(**changes: object) -> Issue:
    """An open issue about a full disk, as it was opened; one with comments or another `updated_at` has been touched."""
    changed: Fields = changes
    comments: tuple[Comment, ...] = changed.get("comments", ())
    fields: Fields = {
        "repository": "octo-org/octo-repo",
        "number": 7,
        "id": 7007,
        "title": "The build fails",
        "body": "write failed: No space left on device (os error 28)",
        "url": "https://github.com/octo-org/octo-repo/issues/7",
        "author": REPORTER,
        "created_at": OPENED,
        "updated_at": max((comment.created_at for comment in comments), default=OPENED),
        "comment_count": len(comments),
    }
    return Issue(**(fields | changed))


def touched(**changes: object) -> Issue:
    """The same issue, a minute after it was opened."""
    fields: Fields = {"updated_at": after(minutes=1)}
    return an_issue(**(fields | changes))


def an_event(issue: Issue, name: str = "issues", action: str = "opened", **changes: object) -> IssueEvent:
    """What GitHub says when the reporter did something."""
    fields: Fields = {"sender": REPORTER}
    return IssueEvent(name=name, action=action, issue=issue, **(fields | changes))


def a_comment(body: str = "me too", author: Account = REPORTER, **changes: object) -> Comment:
    """A comment, five minutes after the issue was opened."""
    fields: Fields = {"id": 1, "author": author, "body": body, "created_at": after(minutes=5)}
    return Comment(**(fields | changes))


def our_comment(text: str = "Free some space.", **state: object) -> Comment:
    """A comment of ours, with its marker."""
    fields: Fields = {"issue": 7}
    return a_comment(sign_comment(text, Marker(**(fields | state))), OURSELVES)


def a_change(kind: str, actor: Account = HUMAN, at: datetime = OPENED, **changes: object) -> Change:
    """An entry of an issue's history."""
    fields: Fields = changes
    return Change(kind=kind, actor=actor, at=at, **fields)


def a_rule(**changes: object) -> Fields:
    """A rule about a full disk, as YAML has it; a key that is None is left out."""
    fields: Fields = {
        "id": "out-of-disk",
        "title": "The disk is full",
        "match": {"phrase": "No space left on device"},
        "labels": ["needs-info"],
        "guidance": {"tldr": "The build ran out of disk space.", "steps": ["Free at least 2 GB."]},
        "examples": {"match": ["No space left on device"], "no_match": ["the disk is fine"]},
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def a_ruleset(*rules: Mapping[str, Any], pack: Mapping[str, Any] | None = None) -> Ruleset:
    """A pack of rules that all load; without any, the one about a full disk."""
    files = {f"rules/{rule['id']}.yml": yaml.safe_dump(dict(rule)) for rule in rules or [a_rule()]}
    files |= {"rules/pack.yml": yaml.safe_dump({"name": "rules", **pack})} if pack else {}
    return _build(tuple(files.items()))


@cache
def _build(files: tuple[tuple[str, str], ...]) -> Ruleset:
    ruleset = build_ruleset(dict(files))
    if ruleset.problems:
        raise ValueError("\n".join(map(str, ruleset.problems)))
    return ruleset


def matches_of(issue: Issue, *rules: Mapping[str, Any], pack: Mapping[str, Any] | None = None) -> tuple[Match, ...]:
    """The rules that the issue matches."""
    ruleset = a_ruleset(*rules, pack=pack)
    return match_rules(read_facts(issue, ruleset), ruleset)


def a_candidate(number: int, tier: str = "B", score: float = 0.5, **changes: object) -> Candidate:
    """An earlier issue that a search found."""
    fields: Fields = {"number": number, "tier": tier, "score": score, "why": dict[str, str](WHY.items())[tier]}
    return Candidate(**(fields | changes))


def a_target(number: int, **changes: object) -> Target:
    """An open issue that may be linked; higher numbers are older."""
    fields: Fields = {"number": number, "asked": number, "state": "open", "created_at": after(days=-number)}
    return Target(**(fields | changes))


def a_link(candidate: Candidate, target: Target | None = None, **changes: object) -> LinkDecision:
    """The decision to link a candidate, which is the end of its chain if no target is given."""
    fields: Fields = {"candidate": candidate, "effect": "linked", "target": target or a_target(candidate.number)}
    return LinkDecision(**(fields | changes))


def linked_issues(*numbers: int, **changes: object) -> Links:
    """What GitHub says of open issues about something else."""
    fields: Fields = {"issues": {n: LinkedIssue(issue=an_issue(number=n, url="", body="Slow")) for n in numbers}}
    return Links(**(fields | changes))
