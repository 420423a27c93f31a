"""The past issues that a command looks at: a file, or a repository that is downloaded once and then kept up to date."""

import argparse
import os
import re
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot.archive.jsonl import EMPTY_ARCHIVE, IssueArchive, open_file
from bot.cli.options.github import connect_github
from bot.errors import SettingsError
from bot.output.progress import track
from bot.text.printable import count

if TYPE_CHECKING:
    from bot.archive.store import Store
    from bot.tracker.archive import RemoteArchive

STORE = "history.sqlite3"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def add_archive(parser: argparse.ArgumentParser, *, is_required: bool = True) -> None:
    """The arguments that name the past issues."""
    source = parser.add_mutually_exclusive_group(required=is_required)
    source.add_argument(
        "--issues",
        metavar="FILE.jsonl",
        help="GitHub issue objects, one per line, or the output of `gh issue list --json`; may be .gz",
    )
    source.add_argument(
        "--repo",
        metavar="OWNER/NAME",
        help="download the issues of this repository with the token in GITHUB_TOKEN; later only what has changed",
    )
    add_download(parser)


def add_download(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """The arguments that say how `--repo` is downloaded."""
    parser.add_argument("--comments", action="store_true", help="with --repo: also download the comments")
    parser.add_argument(
        "--cache", metavar="DIR", help="with --repo: the folder of the download (default: the user's cache)"
    )
    parser.add_argument(
        "--cached", action="store_true", help="with --repo: use the last download, and send no requests"
    )


def add_jobs(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """`--jobs`, for the commands that read past issues on all cores."""
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one per core)")


def count_jobs(arguments: argparse.Namespace | None = None) -> int:
    """The number of worker processes: that of `--jobs`, or else one per core."""
    from bot.archive.parallel import count_cores

    return arguments.jobs if arguments and arguments.jobs > 0 else count_cores()


def open_optional(file: str | None) -> IssueArchive:
    """The archive of a file, or an empty one."""
    return open_file(Path(file)) if file else EMPTY_ARCHIVE


def open_archive(arguments: argparse.Namespace) -> IssueArchive:
    """The archive that the arguments name.

    Raises SettingsError, and TrackerError if GitHub stops the download; the part that was downloaded is kept.
    """
    if arguments.issues:
        return open_file(Path(arguments.issues))
    from bot.archive.store import open_store, open_stored

    check_repository(arguments.repo)
    path = find_cache(arguments.cache) / STORE
    if not arguments.cached:
        with open_store(path) as store:
            remote = connect_github()
            _download(remote, store, arguments.repo, "issues")
            if arguments.comments:
                _download(remote, store, arguments.repo, "comments")
    archive = open_stored(path, arguments.repo)
    if arguments.cached and not archive.total:
        message = f"{path} has no issues of {arguments.repo}; leave out --cached to download them"
        raise SettingsError(message)
    return archive


def check_repository(name: str) -> None:
    """Raise SettingsError for a name that is not `owner/name`."""
    if not _REPOSITORY.fullmatch(name):
        raise SettingsError(f"{name!r} is not a repository name; write it as owner/name")


def find_cache(asked: str | None) -> Path:
    """The folder for data that can be downloaded again.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    if asked:
        return Path(asked)
    stated = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(stated) if stated and Path(stated).is_absolute() else Path.home() / ".cache") / "signpost"


def _download(remote: "RemoteArchive", store: "Store", repository: str, kind: Literal["issues", "comments"]) -> None:
    """Download with a bar: GitHub says with the first page how many there are."""
    from bot.archive.store import download

    pages = download(remote, store, repository, kind)
    if (last := next(pages, None)) is None:
        return
    total = None if last.pages_left is None else last.pages_left + 1
    for page in track(chain([last], pages), f"pages of {kind}", total):
        last = page
    if last.total is not None:
        _report_gone(store, repository, last.total)


def _report_gone(store: "Store", repository: str, total: int) -> None:
    """GitHub lists changed issues, but not issues that were deleted or moved to another repository."""
    gone = store.count_issues(repository) - total
    if gone > 0:
        what = count(gone, "issue is", "issues are")
        advice = f"to remove {'it' if gone == 1 else 'them'}, delete {store.path} and download again"
        print(f"signpost: {what} no longer in {repository}, but still in the archive; {advice}", file=sys.stderr)
