"""`signpost doctor`: check whether a repository is set up so that Signpost works."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from bot.cli.options.archive import check_repository
from bot.cli.options.github import connect_github, read_remote, read_settings
from bot.errors import SettingsError, SignpostError, TrackerError
from bot.output.console import add_format, make_console, print_hanging, print_json
from bot.output.progress import track
from bot.text.markdown import find_headings
from bot.text.printable import count, reveal_line
from bot.tracker.fields import TYPE
from bot.tracker.setup import RepositoryFacts, TokenFacts, Unread, WorkflowState
from bot.tracker.types import Folder, Links
from bot.triage.config import Sources
from bot.triage.decisions import wants_suggestions
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
from bot.triage.people.fields import FieldFacts, find_problem
from bot.triage.sources import HOME, FolderReader, read_sources

if TYPE_CHECKING:
    from bot.github.client import GitHubTracker

FOLDERS = {"workflows": ".github/workflows", "forms": ".github/ISSUE_TEMPLATE"}
_REJECTED = Unread("GitHub does not accept the token")
_HIDDEN = Unread("GitHub does not show the repository")
_LONGEST = 90
"""Seconds after which the command sends no more requests, and shows what it found."""

_AT_ONCE = 50
_OURS = (PurePosixPath(HOME), PurePosixPath(HOME, "config.yml"))
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
    checks = _check(setup, created, refused)
    if arguments.format == "json":
        parts = [each.to_json() for each in checks]
        print_json({"repository": repository, "checks": parts, "created_labels": [*created]})
    else:
        _print(checks, created)
    return _find_exit_code(setup, checks)


def _check(setup: Setup, created: Iterable[str], refused: str) -> tuple[Check, ...]:
    """All checks, with the labels that were created, and why another one was not."""
    if not isinstance(setup.labels, Unread):
        setup = replace(setup, labels=setup.labels | {*created})
    checks = check_setup(setup, datetime.now(UTC))
    failed = Check("labels", "error", refused, "Use a token that may write to the repository.")
    return tuple(failed if refused and each.name == failed.name else each for each in checks)


def _find_exit_code(setup: Setup, checks: Iterable[Check]) -> int:
    if isinstance(setup.about, Unread) and not setup.about.is_missing:
        return 3
    return 1 if any(each.status == "error" for each in checks) else 0


def _find_repository(asked: str | None) -> str:
    repository = asked or read_settings().repository or read_remote(Path())
    if not repository:
        raise SettingsError("the repository is missing; add --repo owner/name")
    check_repository(repository)
    return repository


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
    token = _attempt(live.read_token)
    about = _REJECTED if _is_rejected(token) else _attempt(lambda: live.read_repository(repository))
    if isinstance(token, Unread) and isinstance(about, Unread) and not about.is_missing:
        raise TrackerError(about.reason)
    parts: dict[str, Any] = {"token": token, "about": about}
    reads: dict[str, Callable[[], object]] = {
        "workflows": lambda: _read_workflows(live, repository),
        "states": lambda: live.list_workflows(repository),
        "policy": lambda: live.read_policy(repository),
        "limit": lambda: live.read_interaction_limit(repository),
        "sources": lambda: _read_sources(live, repository, parts["workflows"]),
        "labels": lambda: _read_labels(live, repository, parts["sources"]),
        "fields": lambda: _read_fields(live, repository, parts["sources"]),
        "follows": lambda: _read_follows(live, repository, parts["sources"]),
        "suggestions": lambda: _read_suggestions(live, repository, parts["sources"]),
        "sections": lambda: _read_sections(_read_folder(live, repository, FOLDERS["forms"])),
        "caches": lambda: live.list_caches(repository, "signpost-"),
        "release": lambda: live.find_latest_release(ACTION),
    }
    blocked = _find_block(about)
    for name, read in track(reads.items(), "parts", len(reads)):
        parts[name] = blocked or _attempt(read)
    return Setup(
        repository=repository,
        **parts,
        conclusions=_read_conclusions(live, repository, parts["workflows"], parts["states"]),
        index=_read_index(Path(index)) if index else None,
        ledger=_read_ledger(Path(ledger), repository) if ledger else None,
    )


def _is_rejected(token: TokenFacts | Unread) -> bool:
    return not isinstance(token, Unread) and not token.is_valid


def _find_block(about: RepositoryFacts | Unread) -> Unread | None:
    """Why GitHub shows nothing of the repository, so that no other part can be read; None if it does."""
    if isinstance(about, Unread) and about.is_missing:
        return _HIDDEN
    return _REJECTED if about == _REJECTED else None


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
    packs = _choose_packs(() if isinstance(workflows, Unread) else workflows)
    if isinstance(packs, Unread):
        return packs
    try:
        return read_sources(packs, None, repository, _Home(home))
    except SignpostError as error:
        return Broken(str(error))


def _choose_packs(workflows: Iterable[Workflow]) -> list[str] | Unread:
    """The packs that the step names as its rules; it is unread if only a checkout has the places that it names."""
    running = (use for workflow in workflows for use in workflow.uses if use.command == "run")
    inputs: Mapping[str, str] = next((use.inputs for use in running), {})
    places = inputs.get("rules", "").split()
    packs = [place for place in places if place.startswith("pack:")]
    named = [*places, *filter(None, [inputs.get("config", "").strip()])]
    is_mixed = 0 < len(packs) < len(places)
    others = [name for name in named if is_mixed or not (name in packs or PurePosixPath(name) in _OURS)]
    where = ", ".join(others)
    message = f"the workflow reads rules and settings from {where}; run `signpost check` in a checkout"
    return Unread(message) if others else packs


def _read_conclusions(
    live: "GitHubTracker",
    repository: str,
    workflows: tuple[Workflow, ...] | Unread,
    states: tuple[WorkflowState, ...] | Unread,
) -> dict[str, str | Unread | None]:
    """How the last runs of the workflows that make the index or the ledger ended."""
    if isinstance(workflows, Unread) or isinstance(states, Unread):
        return {}
    wanted = {workflow.file for workflow in workflows if workflow.does("index") or workflow.does("sweep")}
    found = [state for state in states if state.path in wanted]
    return {state.path: _attempt(partial(live.read_conclusion, repository, state.id)) for state in found}


def _read_labels(live: "GitHubTracker", repository: str, sources: object) -> frozenset[str] | Unread:
    wanted = list_wanted_labels(sources) if isinstance(sources, Sources) else ()
    return _attempt(lambda: live.find_labels(repository, wanted)) if wanted else frozenset()


def _read_fields(live: "GitHubTracker", repository: str, sources: object) -> tuple[str, ...] | Unread | None:
    """What is wrong with the issue types and fields that rules set; None if they set none."""
    rules = sources.ruleset.rules if isinstance(sources, Sources) else ()
    wanted = [(rule.id, name, value) for rule in rules for name, value in rule.values]
    fields = {name: value for _, name, value in wanted if name != TYPE}
    types = [str(value) for _, name, value in wanted if name == TYPE]
    facts = _attempt(
        lambda: FieldFacts(
            types=live.list_types(repository, types) if types else None,
            definitions=live.list_fields(repository, fields) if fields else None,
        )
    )
    if isinstance(facts, Unread):
        return facts
    found = ((rule, find_problem(name, value, facts)) for rule, name, value in wanted)
    return tuple(f"{rule}: {problem}" for rule, problem in found if problem) if wanted else None


def _read_suggestions(live: "GitHubTracker", repository: str, sources: object) -> str | Unread | None:
    """Why GitHub has no suggestions, by any issue; None if nothing makes suggestions."""
    if not isinstance(sources, Sources) or not wants_suggestions(sources):
        return None
    found = live.search_issues(repository, "is:issue").issues
    if not found:
        return Unread("it needs an issue, and search finds none")
    return live.list_suggestions(repository, found[0].number).absence


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
            names += [heading.label for heading in find_headings(text)]
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
