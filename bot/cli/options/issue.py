"""The one issue that a command is asked about: a number, an address, a file, a line of an archive, standard input."""

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from bot.archive.jsonl import find_encoding, parse_line, read_lines
from bot.cli.options.archive import check_repository
from bot.cli.options.github import connect_github, read_settings
from bot.errors import SettingsError, explain_cause
from bot.github.payloads import parse_issue
from bot.output.progress import track
from bot.tracker.graph import Address
from bot.tracker.types import EPOCH, Issue

ISSUE_FORMS = (
    "an issue number, an issue URL, a JSON or Markdown file, one issue of an archive (FILE.jsonl#123),"
    " or - for standard input"
)
_ADDRESS = re.compile(r"/(?P<repository>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<number>\d+)")
_ISSUE_NUMBER = re.compile(r"[0-9]{1,18}")
_IN_ARCHIVE = re.compile(r"(?P<file>.+)#(?P<number>\d{1,18})", re.ASCII | re.DOTALL)
_ARCHIVE_SUFFIXES = (".jsonl", ".ndjson", ".gz")


def add_repository(parser: argparse.ArgumentParser) -> None:
    """`--repo`, for the commands that may be asked about a bare number."""
    parser.add_argument(
        "--repo", metavar="OWNER/NAME", help="the repository of the issue number (default: GITHUB_REPOSITORY)"
    )


def read_asked_issue(asked: str, repository: str | None) -> Issue:
    """The issue, with its comments if they are available. Raises SettingsError, and TrackerError from GitHub."""
    read_settings()
    stored = read_stored_issue(asked)
    return stored or _fetch(parse_address(asked, repository))


def read_stored_issue(asked: str) -> Issue | None:
    """The issue of a file, of an archive or of standard input; None for a number or a URL. Raises SettingsError."""
    if asked == "-":
        read = sys.stdin.buffer.read()
        return _parse(read.decode(find_encoding(read), "replace"), "standard input")
    if line := find_archive_line(asked):
        return _find_in_archive(*line)
    return _read_file(Path(asked)) if _is_file(asked) else None


def find_archive_line(asked: str) -> tuple[Path, int] | None:
    """The archive and the number in `FILE.jsonl#123`; None if it is something else."""
    line = _IN_ARCHIVE.fullmatch(asked)
    if line is None or _is_file(asked) or not _is_file(line["file"]):
        return None
    return Path(line["file"]), int(line["number"])


def parse_address(asked: str, repository: str | None) -> Address:
    """The issue that a number (of `repository`, or GITHUB_REPOSITORY) or a URL names. Raises SettingsError."""
    settings = read_settings()
    if "://" in asked:
        _check_host(asked, settings.api_url, settings.server_url)
    address = _ADDRESS.search(urlsplit(asked).path) if "://" in asked else None
    number = address["number"] if address else asked.removeprefix("#")
    repository = address["repository"] if address else repository or settings.repository
    if not _ISSUE_NUMBER.fullmatch(number):
        message = f"{asked!r} is not a file, an issue number or an issue URL; give one of these"
        raise SettingsError(message)
    if not int(number):
        raise SettingsError(f"the issue number must be a positive integer, not {number}")
    if not repository:
        message = f"the repository of issue #{number} is missing; add --repo owner/name, or give the URL of the issue"
        raise SettingsError(message)
    check_repository(repository)
    return Address(repository, int(number))


def _check_host(url: str, api_url: str, server_url: str) -> None:
    """Raise SettingsError for a URL of another server than the one of the API, which would read another issue."""
    api = (urlsplit(api_url).hostname or "").removeprefix("api.")
    hosts = {api, *(f"{name}.{api}" for name in ("api", "www", "redirect")), _find_host(server_url)} - {""}
    host = _find_host(url)
    if host not in hosts:
        message = f"{url[:200]!r} is on {host or 'no server'}, but Signpost reads from {api}"
        raise SettingsError(f"{message}; give an issue of {api}, or set GITHUB_API_URL to the API of the other GitHub")


def _find_host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # not an address, such as one with half an IPv6 address
        return ""


def _is_file(asked: str) -> bool:
    try:
        return Path(asked).is_file()
    except (OSError, ValueError) as error:
        message = f"cannot read {asked[:80]!r}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _read_file(path: Path) -> Issue:
    if path.name.endswith(_ARCHIVE_SUFFIXES):
        message = f"{path} is an archive of issues; choose one of them, for example {path}#123"
        raise SettingsError(message)
    try:
        read = path.read_bytes()
        return _parse(read.decode(find_encoding(read), "replace"), str(path))
    except OSError as error:
        message = f"cannot read {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _find_in_archive(path: Path, number: int) -> Issue:
    """The last line with that number: exports are appended to. Only lines that hold the number at all are parsed."""
    found = None
    for where, line in track(read_lines(path), "lines"):
        if str(number) in line:
            found = next((issue for issue in parse_line(line, where) if issue.number == number), found)
    if found is None:
        message = f"{path} has no issue {number}; check the number"
        raise SettingsError(message)
    return found


def _fetch(address: Address) -> Issue:
    tracker = connect_github()
    issue = tracker.get_issue(*address)
    return replace(issue, comments=tracker.list_comments(issue)) if issue.comment_count else issue


def _parse(text: str, where: str) -> Issue:
    """A webhook payload, an issue object, or Markdown whose first line, if it starts with `# `, is the title."""
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{") or where.endswith(".json"):
        return _parse_json(text, where)
    first, _, rest = text.partition("\n")
    title, body = (first[2:].strip(), rest) if first.startswith("# ") else ("", text)
    return Issue(repository="", number=0, title=title, body=body, created_at=EPOCH, updated_at=EPOCH)


def _parse_json(text: str, where: str) -> Issue:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{where} is not valid JSON: {error}; give one GitHub issue or a webhook payload"
        raise SettingsError(message) from error
    if not isinstance(found, dict):
        message = f"{where} must be one JSON object; for several issues, use a .jsonl file and choose one: FILE#123"
        raise SettingsError(message)
    return parse_issue(found.get("issue", found))
