"""How a command reaches GitHub: the runner's settings, the event of a run, and the connection."""

import argparse
import json
import math
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import SettingsError, explain_cause

if TYPE_CHECKING:
    from bot.github.actions_runner import Settings
    from bot.github.client import GitHubTracker
    from bot.tracker.graph import PageCache
    from bot.tracker.types import Issue, IssueEvent, Skip, Tracker
    from bot.triage.skip import Event


_LONGEST_SILENCE = 15
"""Seconds without a byte of an answer, after which the connection counts as lost."""


def read_settings() -> "Settings":
    """The settings in the environment; raises SettingsError."""
    from bot.github.actions_runner import Settings

    return Settings.from_environment(os.environ)


def require_repository(asked: str | None, settings: "Settings") -> str:
    """The repository of a command that writes; raises SettingsError without one, or without a token."""
    repository = asked or settings.repository
    if not repository:
        raise SettingsError("the repository is missing; add --repo OWNER/NAME, or set GITHUB_REPOSITORY")
    if not settings.token:
        raise SettingsError("the token is missing; set the variable GITHUB_TOKEN")
    return repository


def connect_github(
    settings: "Settings | None" = None,
    *,
    most_seconds: float = math.inf,
    most_requests: float = math.inf,
    most_tries: int = 4,
    most_wait: float = 60.0,
    cache: "PageCache | None" = None,
) -> "GitHubTracker":
    """A connection with the token of the settings (default: the environment's); anonymous without a token.

    After `most_seconds` or `most_requests` it sends nothing any more; it sends a read at most `most_tries` times, and
    waits at most `most_wait` seconds for one request. `cache` is for pages of an issue graph.
    """
    from bot.github.client import connect
    from bot.github.transport import Patience

    settings = settings or read_settings()
    token = settings.token.get_secret_value() if settings.token else None
    answer = min(Patience().answer, most_seconds)
    patience = Patience(run=most_seconds, requests=most_requests, tries=most_tries, max_wait=most_wait, answer=answer)
    timeout = int(min(_LONGEST_SILENCE, most_seconds))
    return connect(token, settings.api_url, patience=patience, timeout=timeout, cache=cache)


def connect_run(event: "Event", settings: "Settings", *, is_dry_run: bool) -> "tuple[Tracker, GitHubTracker | None]":
    """The tracker of a run, and GitHub if there is a token; a dry run without a token uses only the payload.

    Raises SettingsError if the token is missing.
    """
    if settings.token:
        from bot.github.client import LONGEST_RUN

        live = connect_github(settings, most_seconds=LONGEST_RUN)
        return live, live
    if not is_dry_run:
        message = "the token is missing; set the input `github-token` or the variable GITHUB_TOKEN, or use --dry-run"
        raise SettingsError(message)
    from bot.github.webhook_event import IssueRequest, PayloadTracker

    if isinstance(event, IssueRequest):
        message = f"Signpost needs a token to read issue #{event.number}; set GITHUB_TOKEN"
        raise SettingsError(message)
    return PayloadTracker(_add_comment(event)), None


def _add_comment(event: "IssueEvent") -> "Issue":
    """The issue of an event with the comment that the event is about."""
    comment, issue = event.comment, event.issue
    if comment is None or any(each.id == comment.id for each in issue.comments):
        return issue
    return replace(issue, comments=(*issue.comments, comment))


def read_event(arguments: argparse.Namespace, settings: "Settings") -> "tuple[Event, None] | tuple[None, Skip]":
    """The event to act on, or else why there is nothing to do; raises SettingsError."""
    from bot.github.webhook_event import parse_event
    from bot.tracker.types import Skip

    path = arguments.event or settings.event_path
    if path is None:
        message = "the event is missing; add --event FILE, or run inside GitHub Actions (GITHUB_EVENT_PATH)"
        raise SettingsError(message)
    payload = read_payload(Path(path))
    name = arguments.event_name or (None if arguments.event else settings.event_name) or _guess_name(payload)
    if settings.issue and name == "workflow_dispatch":
        payload = {**payload, "inputs": {"issue": str(settings.issue)}}
    event = parse_event(name, payload, settings.repository)
    return (None, event) if isinstance(event, Skip) else (event, None)


def read_payload(path: Path) -> dict[str, Any]:
    """The payload of an event. Raises SettingsError if the file cannot be read, or is not a JSON object."""
    try:
        payload = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"cannot read the event {path}: {explain_cause(error)}"
        raise SettingsError(message) from error
    if not isinstance(payload, dict):
        message = f"the event {path} must be a JSON object; use the payload that GitHub sent"
        raise SettingsError(message)
    return payload


def _guess_name(payload: dict[str, Any]) -> str:
    if "inputs" in payload:
        return "workflow_dispatch"
    return "issue_comment" if "comment" in payload else "issues"


_REMOTE = re.compile(r"^\s*url = \S*?[/:@.]github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$", re.MULTILINE)


def find_remote(git_config: str) -> str | None:
    """The repository that a checkout's .git/config names first, as OWNER/NAME."""
    found = _REMOTE.search(git_config)
    return found[1] if found else None


def read_remote(folder: Path) -> str | None:
    """The repository of a checkout, as OWNER/NAME; None if its .git/config does not name one on github.com."""
    try:
        return find_remote((folder / ".git/config").read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
