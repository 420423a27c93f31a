"""Search an index for a text or an issue, calibrate it with its own last issues, and write the answer as JSON."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.duplicates.index.search import (
    SCORE_DIGITS,
    Search,
    explain_left_out,
    list_shown,
    replay_latest,
    search_index,
    search_number,
)
from bot.duplicates.index.writer import save_calibration
from bot.duplicates.search.calibration import Calibration, calibrate
from bot.errors import SettingsError
from bot.output.progress import track
from bot.tracker.types import Issue

_NUMBER = re.compile(r"#?([0-9]{1,18})", re.ASCII)
_IN_ARCHIVE = re.compile(r"(.+)#[0-9]{1,18}", re.ASCII | re.DOTALL)
_FILE_NAME = re.compile(r"\S+\.(?:json|jsonl|jsonl\.gz|md|txt)", re.ASCII)
_EPOCH_YEAR = 1970


def ask_index(path: Path, what: str, repository: str | None) -> Search:
    """Search for a text or an issue. Raises SettingsError, and TrackerError if GitHub cannot give the issue."""
    if (number := _NUMBER.fullmatch(what)) and (found := search_number(path, int(number[1]))):
        return found
    if number and not (repository or os.environ.get("GITHUB_REPOSITORY")):
        raise SettingsError(f"the index {path} has no issue {number[1]}; add --repo owner/name to read it from GitHub")
    return search_index(path, _read(what, repository) if number or _is_issue(what) else make_query(what))


def make_query(text: str) -> Issue:
    """A text as an issue that is filed now: its first line is the title."""
    title, _, body = text.partition("\n")
    now = datetime.now(UTC)
    return Issue(repository="", number=0, title=title, body=body, created_at=now, updated_at=now)


def _is_issue(what: str) -> bool:
    """Whether it names an issue. Raises SettingsError for the name of a file that does not exist."""
    line = _IN_ARCHIVE.fullmatch(what)
    name = line[1] if line else what
    if what == "-" or what.startswith(("http://", "https://")) or _is_file(name):
        return True
    if _FILE_NAME.fullmatch(name):
        raise SettingsError(f"the file {name} does not exist; if this is the text of a report, use standard input (-)")
    return False


def _is_file(what: str) -> bool:
    try:
        return Path(what).is_file()
    except (OSError, ValueError):
        return False  # a text


def _read(what: str, repository: str | None) -> Issue:
    """The issue; one without a date counts as filed now."""
    from bot.cli.options.issue import read_asked_issue

    issue = read_asked_issue(what, repository)
    if issue.created_at.year > _EPOCH_YEAR:
        return issue
    return replace(issue, created_at=datetime.now(UTC))


def search_to_json(search: Search, most: int) -> dict[str, Any]:
    """A search as JSON; `remark` is always empty and stays for scripts that read it."""
    return {
        "candidates": [
            {
                "number": candidate.number,
                "score": round(candidate.score, SCORE_DIGITS),
                "tier": candidate.tier,
                "why": candidate.why,
                "features": candidate.features.to_json(4),
                "title": candidate.title,
                "state": search.states.get(candidate.number),
                "left_out": explain_left_out(candidate, search.related, search.threshold),
            }
            for candidate in list_shown(search, most)
        ],
        "threshold": search.threshold,
        "calibration": search.calibration.to_json() if search.calibration else None,
        "issues": search.size,
        "remark": "",
    }


def calibrate_index(path: Path, share: float, last: int) -> Calibration:
    """Learn a threshold from the last issues of an index, and store it there. Raises SettingsError."""
    calibration = calibrate(list(track(replay_latest(path, last), "issues", last)), share)
    save_calibration(path, calibration)
    return calibration
