"""Values with good defaults, for tests that say only what matters to them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from bot.comment.marker import Marker, sign_comment
from bot.github.tracker import Account, Change, Comment, Issue, IssueEvent
from bot.rules.loading import build_ruleset
from bot.rules.matching import Match, match_rules, read_facts
from bot.rules.rule import Ruleset

OPENED = datetime(2026, 4, 8, 12, tzinfo=UTC)
REPORTER = Account(login="octocat")
HUMAN = Account(login="hubot-keeper")
OURSELVES = Account(login="github-actions[bot]", is_bot=True)
OTHER_BOT = Account(login="tidy-up[bot]", is_bot=True)


def after(*, minutes: float = 0, days: float = 0) -> datetime:
    """A moment after the issue was opened."""
    return OPENED + timedelta(minutes=minutes, days=days)


def an_issue(**changes: Any) -> Issue:
    """An open issue about a full disk, as it was opened; one with comments or another `updated_at` has been touched."""
    comments = changes.get("comments", ())
    defaults: dict[str, Any] = {
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
    return Issue(**(defaults | changes))


def touched(**changes: Any) -> Issue:
    """The same issue, a minute after it was opened."""
    return an_issue(**({"updated_at": after(minutes=1)} | changes))


def an_event(issue: Issue, name: str = "issues", action: str = "opened", **changes: Any) -> IssueEvent:
    """What GitHub says when the reporter did something."""
    return IssueEvent(name=name, action=action, issue=issue, **({"sender": REPORTER} | changes))


def a_comment(body: str = "me too", author: Account = REPORTER, **changes: Any) -> Comment:
    """A comment, five minutes after the issue was opened."""
    return Comment(**({"id": 1, "author": author, "body": body, "created_at": after(minutes=5)} | changes))


def our_comment(text: str = "Free some space.", **state: Any) -> Comment:
    """A comment of ours, with its marker."""
    return a_comment(sign_comment(text, Marker(**({"issue": 7} | state))), OURSELVES)


def a_change(kind: str, actor: Account = HUMAN, at: datetime = OPENED, **changes: Any) -> Change:
    """An entry of an issue's history."""
    return Change(kind=kind, actor=actor, at=at, **changes)


def a_rule(**changes: Any) -> dict[str, Any]:
    """A rule about a full disk, as YAML has it; a key that is None is left out."""
    defaults: dict[str, Any] = {
        "id": "out-of-disk",
        "title": "The disk is full",
        "match": {"phrase": "No space left on device"},
        "labels": ["needs-info"],
        "guidance": {"tldr": "The build ran out of disk space.", "steps": ["Free at least 2 GB."]},
        "examples": {"match": ["No space left on device"], "no_match": ["the disk is fine"]},
    }
    return {key: value for key, value in (defaults | changes).items() if value is not None}


def a_ruleset(*rules: Mapping[str, Any], pack: Mapping[str, Any] | None = None) -> Ruleset:
    """A pack of rules that all load; without any, the one about a full disk."""
    files = {f"rules/{rule['id']}.yml": yaml.safe_dump(dict(rule)) for rule in rules or [a_rule()]}
    files |= {"rules/pack.yml": yaml.safe_dump({"name": "rules", **pack})} if pack else {}
    ruleset = build_ruleset(files)
    assert ruleset.problems == ()
    return ruleset


def matches_of(issue: Issue, *rules: Mapping[str, Any], pack: Mapping[str, Any] | None = None) -> tuple[Match, ...]:
    """The rules that the issue matches."""
    ruleset = a_ruleset(*rules, pack=pack)
    return match_rules(read_facts(issue, ruleset), ruleset)
