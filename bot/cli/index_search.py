"""An index searched: for a text or an issue, and for its own last issues, which calibrates it; answers as JSON."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.duplicates.index.search import Search, explain_left_out, replay_latest, search_index, search_number
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
    """Who said it before; raises SettingsError, and TrackerError where the issue is GitHub's to give."""
    if (number := _NUMBER.fullmatch(what)) and (found := search_number(path, int(number[1]))):
        return found
    if number and not (repository or os.environ.get("GITHUB_REPOSITORY")):
        raise SettingsError(f"the index {path} holds no issue {number[1]}; give --repo owner/name to ask GitHub for it")
    return search_index(path, _read(what, repository) if number or _is_issue(what) else make_query(what))


def make_query(text: str) -> Issue:
    """A text as an issue that is filed now: its first line is the title."""
    title, _, body = text.partition("\n")
    now = datetime.now(UTC)
    return Issue(repository="", number=0, title=title, body=body, created_at=now, updated_at=now)


def _is_issue(what: str) -> bool:
    """Whether it names an issue; raises SettingsError where it can only be meant as a file, and there is none."""
    line = _IN_ARCHIVE.fullmatch(what)
    name = line[1] if line else what
    if what == "-" or what.startswith(("http://", "https://")) or _is_file(name):
        return True
    if _FILE_NAME.fullmatch(name):
        raise SettingsError(f"there is no file {name}; a text that looks like one can be given by standard input (-)")
    return False


def _is_file(what: str) -> bool:
    try:
        return Path(what).is_file()
    except (OSError, ValueError):
        return False  # a text


def _read(what: str, repository: str | None) -> Issue:
    """The issue; one that nobody has filed yet is filed now."""
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
                "score": round(candidate.score, 6),
                "tier": candidate.tier,
                "why": candidate.why,
                "features": candidate.features.to_json(4),
                "title": candidate.title,
                "state": search.states.get(candidate.number),
                "left_out": explain_left_out(candidate, search.related, search.threshold),
            }
            for candidate in search.candidates[:most]
        ],
        "threshold": search.threshold,
        "calibration": search.calibration.to_json() if search.calibration else None,
        "issues": search.size,
        "remark": "",
    }


def calibrate_index(path: Path, share: float, last: int) -> Calibration:
    """Learn a threshold from the last issues of an index, and keep it there. Raises SettingsError."""
    calibration = calibrate(list(track(replay_latest(path, last), "issues", last)), share)
    save_calibration(path, calibration)
    return calibration
