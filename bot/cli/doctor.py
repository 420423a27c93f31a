"""`signpost doctor`: check whether a repository is set up so that Signpost works."""

import argparse
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.cli.options.github import connect_github, find_remote, read_settings
from bot.cli.options.sources import HOME, FolderReader, read_sources
from bot.errors import SettingsError, SignpostError, TrackerError
from bot.output.console import add_format, make_console, print_hanging, print_json
from bot.output.progress import track
from bot.text.printable import count, reveal_line
from bot.tracker.setup import RepositoryFacts, TokenFacts, Unread, WorkflowRun, WorkflowState
from bot.tracker.types import Folder, Links
from bot.triage.config import Sources
from bot.triage.doctor.checks import check_setup
from bot.triage.doctor.setup import (
    Broken,
    Check,
    LocalFile,
    Setup,
    find_missing_labels,
    list_followed,
    list_wanted_labels,
)
from bot.triage.doctor.workflows import ACTION, Workflow, read_workflows

if TYPE_CHECKING:
    from bot.github.client import GitHubTracker

FOLDERS = {"workflows": ".github/workflows", "forms": ".github/ISSUE_TEMPLATE"}
_LOCAL = frozenset({"runs", "index", "ledger"})
"""Parts that are on this machine, or of which nothing is read without the workflows."""

_LONGEST = 90
"""Seconds after which it asks nothing more of GitHub, and shows what it found."""

_AT_ONCE = 50
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_STYLES = {"ok": "green", "warning": "yellow", "error": "red", "unchecked": "dim"}
_SHOWN = {"unchecked": "not checked"}

Part = TypeVar("Part")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--repo", metavar="OWNER/NAME", help="the repository (default: GITHUB_REPOSITORY, or the remote of this folder)"
    )
    parser.add_argument("--create-labels", action="store_true", help="create the labels that the rules want")
    parser.add_argument("--index", metavar="FILE", help="check this index instead of the one in the workflow cache")
    parser.add_argument("--ledger", metavar="FILE", help="check this ledger instead of the one in the workflow cache")
    parser.epilog = (
        "It reads rules, settings and workflows from the default branch, with the token in GITHUB_TOKEN.\n\n"
        "example: signpost doctor --repo octo-org/octo-repo"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0: fine, also with warnings; 1: there are errors; 2: wrong usage; 3: GitHub did not answer."""
    repository = _find_repository(arguments.repo)
    live = connect_github(most_seconds=_LONGEST, most_tries=2)
    setup = read_setup(live, repository, arguments.index, arguments.ledger)
    created, refused = _create_labels(live, setup) if arguments.create_labels else ((), "")
    if created and not isinstance(setup.labels, Unread):
        setup = replace(setup, labels=setup.labels | {*created})
    checks = check_setup(setup, datetime.now(UTC))
    if refused:
        failed = Check("labels", "error", refused, "Use a token that may write to the repository.")
        checks = tuple(failed if each.name == "labels" else each for each in checks)
    if arguments.format == "json":
        parts = [each.to_json() for each in checks]
        print_json({"repository": repository, "checks": parts, "created_labels": [*created]})
    else:
        _print(checks, created)
    return _find_exit_code(setup, checks)


def _find_exit_code(setup: Setup, checks: Iterable[Check]) -> int:
    if isinstance(setup.about, Unread) and not setup.about.is_missing:
        return 3
    return 1 if any(each.status == "error" for each in checks) else 0


def _find_repository(asked: str | None) -> str:
    repository = asked or read_settings().repository or _find_own()
    if not repository or not _REPOSITORY.fullmatch(repository):
        what = "the name of the repository is missing" if not repository else "the name of the repository is invalid"
        raise SettingsError(f"{what}; add --repo owner/name")
    return repository


def _find_own() -> str | None:
    try:
        return find_remote(Path(".git/config").read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


@dataclass(frozen=True)
class _Home(FolderReader):
    """The folder of the rules, which was read before."""

    folder: Folder

    def read_folder(self, repository: str, folder: str) -> Folder:
        """Return it."""
        del repository, folder
        return self.folder


def read_setup(live: "GitHubTracker", repository: str, index: str | None = None, ledger: str | None = None) -> Setup:
    """Read all parts of the setup, each by itself: a part that cannot be read does not stop the others.

    Raises TrackerError if GitHub answers neither for the token nor for the repository.
    """
    token, about = _attempt(live.read_token), _attempt(lambda: live.read_repository(repository))
    if isinstance(token, Unread) and isinstance(about, Unread) and not about.is_missing:
        raise TrackerError(about.reason)
    parts: dict[str, Any] = {"token": token, "about": about}
    reads: dict[str, Callable[[], object]] = {
        "workflows": lambda: _read_workflows(live, repository),
        "states": lambda: live.list_workflows(repository),
        "runs": lambda: _read_runs(live, repository, parts["workflows"], parts["states"]),
        "policy": lambda: live.read_policy(repository),
        "limit": lambda: live.read_interaction_limit(repository),
        "sources": lambda: _read_sources(live, repository, parts["workflows"]),
        "labels": lambda: _read_labels(live, repository, parts["sources"]),
        "follows": lambda: _read_follows(live, repository, parts["sources"]),
        "sections": lambda: _read_sections(_read_folder(live, repository, FOLDERS["forms"])),
        "caches": lambda: live.list_caches(repository, "signpost-"),
        "release": lambda: live.find_latest_release(ACTION),
        "index": lambda: _read_index(Path(index)) if index else None,
        "ledger": lambda: _read_ledger(Path(ledger), repository) if ledger else None,
    }
    blocked = _find_block(token, about)
    if blocked and isinstance(about, Unread) and not about.is_missing:
        parts["about"] = blocked
    for name, read in track(reads.items(), "parts", len(reads)):
        parts[name] = blocked if blocked and name not in _LOCAL else _attempt(read)
    return Setup(repository=repository, **parts)


def _find_block(token: TokenFacts | Unread, about: RepositoryFacts | Unread) -> Unread | None:
    """Why GitHub tells nothing about the repository, so that no other part is asked for or judged; None if it does."""
    if not isinstance(token, Unread) and not token.is_valid:
        return Unread("GitHub does not accept the token")
    return Unread("GitHub does not show the repository") if isinstance(about, Unread) and about.is_missing else None


def _attempt(read: Callable[[], Part]) -> Part | Unread:
    """What GitHub answers, or why it does not."""
    try:
        return read()
    except TrackerError as error:
        return Unread(str(error), is_missing=error.missing)


def _read_folder(live: "GitHubTracker", repository: str, folder: str) -> Folder | Unread:
    """A folder through GraphQL; without a token, or without GraphQL, its files one by one."""
    if live.may_read_marked:
        found = _attempt(lambda: live.read_folder(repository, folder))
        if not isinstance(found, Unread):
            return found
    return _attempt(lambda: live.read_files(repository, folder))


def _read_workflows(live: "GitHubTracker", repository: str) -> tuple[Workflow, ...] | Unread:
    files = _read_folder(live, repository, FOLDERS["workflows"])
    return files if isinstance(files, Unread) else read_workflows(files.files)


def _read_sources(
    live: "GitHubTracker", repository: str, workflows: tuple[Workflow, ...] | Unread
) -> Sources | Broken | Unread:
    """The rules and settings of the step that checks issues, as a run reads them."""
    home = _read_folder(live, repository, HOME)
    if isinstance(home, Unread):
        return home
    packs, others = _split_rules(() if isinstance(workflows, Unread) else workflows)
    if others:
        return Unread(f"the workflow reads rules and settings from {', '.join(others)}; run `signpost check` there")
    try:
        return read_sources(packs, None, repository, _Home(home))
    except SignpostError as error:
        return Broken(str(error))


def _split_rules(workflows: Iterable[Workflow]) -> tuple[list[str], list[str]]:
    """The packs that the step names as its rules, and the places that only a checkout has."""
    running = (use for workflow in workflows for use in workflow.uses if use.command == "run")
    inputs: Mapping[str, str] = next((use.inputs for use in running), {})
    places = inputs.get("rules", "").split()
    packs = [place for place in places if place.startswith("pack:")]
    named = [*places, *filter(None, [inputs.get("config", "").strip()])]
    others = [name for name in named if name not in packs and not name.strip("./").startswith(HOME.strip("."))]
    is_own = len(packs) < len(places)
    return ([] if is_own else packs), others


def _read_runs(
    live: "GitHubTracker",
    repository: str,
    workflows: tuple[Workflow, ...] | Unread,
    states: tuple[WorkflowState, ...] | Unread,
) -> dict[str, WorkflowRun | Unread | None]:
    """The last runs of the workflows that make the index or sweep."""
    if isinstance(workflows, Unread) or isinstance(states, Unread):
        return {}
    wanted = {workflow.file for workflow in workflows if workflow.does("index") or workflow.does("sweep")}
    found = [state for state in states if state.path in wanted]
    return {state.path: _attempt(partial(live.read_last_run, repository, state.id)) for state in found}


def _read_labels(live: "GitHubTracker", repository: str, sources: object) -> frozenset[str] | Unread:
    wanted = list_wanted_labels(sources) if isinstance(sources, Sources) else ()
    return _attempt(lambda: live.find_labels(repository, wanted)) if wanted else frozenset()


def _read_follows(live: "GitHubTracker", repository: str, sources: object) -> Links | Unread:
    """The issues to follow, fifty in a request."""
    numbers = list_followed(sources) if isinstance(sources, Sources) else ()
    if numbers and not live.may_read_marked:
        return Unread("only a token can read the state of issues to follow")
    found = Links()
    for start in range(0, len(numbers), _AT_ONCE):
        part = _attempt(partial(live.read_links, repository, numbers[start : start + _AT_ONCE]))
        if isinstance(part, Unread):
            return part
        found = replace(found, issues={**found.issues, **part.issues}, unread=found.unread | part.unread)
    return found


def _read_sections(folder: Folder | Unread) -> tuple[str, ...] | Unread | None:
    """The fields of the issue forms and the headings of the templates; None without any."""
    if isinstance(folder, Unread):
        return folder
    from bot.workbench.editor.issue_forms import read_form

    names: list[str] = []
    for path, text in folder.files.items():
        if path.endswith((".yml", ".yaml")) and Path(path).stem != "config":
            names += [field.label for field in read_form(text)]
        elif path.endswith(".md"):
            names += _HEADING.findall(text)
    return tuple(dict.fromkeys(names)) or None


def _read_index(path: Path) -> LocalFile:
    from bot.duplicates.index.file import read_index

    def read() -> None:
        with read_index(path):
            pass

    return _describe_file(path, read)


def _read_ledger(path: Path, repository: str) -> LocalFile:
    from bot.signals.file import read_ledger

    return _describe_file(path, lambda: read_ledger(path, repository))


def _describe_file(path: Path, read: Callable[[], object]) -> LocalFile:
    try:
        read()
        days = (datetime.now(UTC) - datetime.fromtimestamp(path.stat().st_mtime, UTC)).days
        return LocalFile(path.name, days)
    except (SignpostError, OSError) as error:
        return LocalFile(path.name, fault=str(error))


def _create_labels(live: "GitHubTracker", setup: Setup) -> tuple[tuple[str, ...], str]:
    """The labels that were created, one a second, and why the next one could not be."""
    created: list[str] = []
    for label in find_missing_labels(setup):
        try:
            live.create_label(setup.repository, label)
        except TrackerError as error:
            return tuple(created), str(error)
        created.append(label)
    return tuple(created), ""


def _print(checks: Iterable[Check], created: Iterable[str]) -> None:
    from rich.text import Text

    console, counts = make_console(), {"ok": 0, "warning": 0, "error": 0, "unchecked": 0}
    for check in checks:
        counts[check.status] += 1
        status = Text(f"{_SHOWN.get(check.status, check.status):<12}", _STYLES[check.status])
        print_hanging(Text.assemble(status, f"{check.name:<12}"), Text(reveal_line(check.message)), console)
        if check.fix:
            print_hanging(Text(f"{'':<24}"), Text(f"→ {reveal_line(check.fix)}"), console)
    for label in created:
        console.print(f"created the label {reveal_line(label)}", markup=False)
    told = f"{counts['ok']} ok, {count(counts['warning'], 'warning')}, {count(counts['error'], 'error')}"
    console.print(f"\n{told}, {counts['unchecked']} not checked", markup=False)
