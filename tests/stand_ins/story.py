"""A repository with a rule, an issue that matches it, and the command that looks at it: what whole-run tests share."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.stand_ins.command import Finished, Running, start_command
from tests.stand_ins.fake_github import BOT, MAINTAINER, REPORTER, Checker, FakeGitHub
from tests.stand_ins.github_json import Json, Person, StoredComment, StoredIssue, comment_json, issue_json, user_json

TOKEN = "ghs_bot"
REPOSITORY = "octo/widget"
TRIAGE = Person(login="triage[bot]", kind="Bot")
HOSTILE = "::error::reporter\n##[command]reporter\n"
"""What the runner would obey if it stood on a line of its own in the log."""

MATCHING = f"{HOSTILE}write failed: No space left on device (os error 28)\n{HOSTILE}"
OTHER = f"{HOSTILE}It only breaks on Mondays.\n{HOSTILE}"
RULE = """\
id: out-of-disk
title: The disk is full
match:
  phrase: "No space left on device"
labels: {add: ["area:disk"], remove: [invalid]}
follow: 1
guidance:
  tldr: The build ran out of disk space.
  steps:
    - Free at least 2 GB.
examples:
  match: ["write failed: No space left on device (os error 28)"]
  no_match: ["There is no space left in my heart for this bug"]
"""
COMMENTING = RULE.replace("guidance:\n", f"reviewed: {datetime.now(UTC).date()}\nguidance:\n  source: the manual\n")
"""The same, as `check` likes it."""
HOME = ".github/signpost"
NEW_ADVICE = "Your build ran out of disk space."
WITHDRAWN = "This note no longer applies"
REPORTED = "Issue report by Signpost"
SENTENCES = ("The build ran out of disk space.", NEW_ADVICE, WITHDRAWN, REPORTED)
"""What our comments say in these stories, however they look."""

ANSWER = "The build ran out of disk space. #1"


def add_rule(github: FakeGitHub, rule: str = RULE, name: str = "out-of-disk") -> None:
    """A rule of the repository's own; earlier reports are not looked for, unless a story says so."""
    files = github.add_repository(REPOSITORY, labels=("bug", "invalid", "area:disk")).files
    files[f"{HOME}/{name}.yml"] = rule
    files.setdefault(f"{HOME}/config.yml", "duplicates: {enabled: false}\n")


def open_issue(github: FakeGitHub, body: str = MATCHING, title: str = "It breaks") -> StoredIssue:
    """A new issue, beside the one that the rule follows."""
    if not github.add_repository(REPOSITORY).issues:
        github.add_issue("Low disk space is not handled", author=MAINTAINER)
    return github.add_issue(title, body)


def tell_event(
    github: FakeGitHub, issue: StoredIssue, action: str = "opened", comment: StoredComment | None = None
) -> Json:
    """The payload that GitHub sends about an issue, as it is now."""
    sender = comment.author if comment else REPORTER
    payload = {
        "action": action,
        "issue": issue_json(REPOSITORY, issue, github.url),
        "repository": {"full_name": REPOSITORY},
        "sender": user_json(sender, github.url),
    }
    return {**payload, "comment": comment_json(REPOSITORY, issue.number, comment, github.url)} if comment else payload


def start_run(
    github: FakeGitHub, event: Json, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Running:
    """`signpost run` in an empty checkout, as a workflow starts it."""
    path = folder / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    stated = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_NAME": "issue_comment" if "comment" in event else "issues",
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        **(environment or {}),
    }
    return start_command("run", *arguments, folder=folder, environment=stated)


def run_once(
    github: FakeGitHub, event: Json, *arguments: str, environment: Mapping[str, str] | None = None
) -> Finished:
    with TemporaryDirectory() as folder:
        return start_run(github, event, Path(folder), *arguments, environment=environment).go()


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What people see of an issue: its labels, our comments in short, what we did to labels, its status, our reactions.

    The reactions are those to comments of others.
    """

    labels: tuple[str, ...]
    comments: tuple[str, ...]
    flips: tuple[str, ...]
    state: str = "open"
    answers: tuple[str, ...] = ()


def see(issue: StoredIssue, us: Person = BOT) -> Ending:
    return Ending(
        labels=tuple(sorted(issue.labels)),
        comments=tuple(_shorten(comment.body) for comment in issue.comments if comment.author == us),
        flips=tuple(
            sorted(
                f"{change['event']} {change['label']['name']}"
                for change in issue.changes
                if change["actor"] == us and "label" in change
            )
        ),
        state=f"closed as {issue.state_reason}" if issue.state == "closed" else issue.state,
        answers=tuple(
            sorted(
                content
                for comment in issue.comments
                for person, content, _ in comment.reactions
                if person == us and comment.author != us
            )
        ),
    )


def _shorten(body: str) -> str:
    """Which of the known sentences it says, and the issue to follow; of a report, that it is one."""
    visible = body.partition("<!--")[0]
    if REPORTED in visible:
        return REPORTED
    said = [sentence for sentence in SENTENCES if sentence in visible]
    return " ".join([*said, *re.findall(r"#\d+", visible)])


@contextmanager
def copy_github(github: FakeGitHub, checker: Checker | None = None) -> Iterator[FakeGitHub]:
    """Another server with the same state, of which nothing is shared."""
    with FakeGitHub(checker=checker) as copy:
        copy.repositories = deepcopy(github.repositories)
        for _ in range(github.tick()):
            copy.tick()
        yield copy
