"""Rules in git: their files at a revision, read into memory, and the files that differ from one."""

import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bot.errors import SettingsError
from bot.rules.loader import find_pack
from bot.rules.ruleset import NOT_RULES, PACK_FILE, Ruleset
from bot.rules.spec.document import MAX_BYTES

_SUFFIXES = (".yml", ".yaml", ".j2")


class _Entry(NamedTuple):
    name: str
    object: str


def read_revision(place: str, revision: str) -> dict[str, str]:
    """The files of a place (a folder, a rule file, pack:NAME) at a revision, by the paths that they have today.

    Empty if the place did not exist yet. Raises SettingsError if it is not in a git repository, or if the revision
    does not exist.
    """
    path = find_pack(place.removeprefix("pack:")) if place.startswith("pack:") else Path(place)
    home = path if path.is_dir() else path.parent
    if not home.is_dir():
        message = f"there are no rules at {place}; give a folder, a rule file or pack:NAME"
        raise SettingsError(message)
    commit = _find_commit(home, place, revision)
    entries = [entry for entry in _list_entries(home, commit) if _is_wanted(entry.name, path)]
    return dict(zip((f"{home.as_posix()}/{entry.name}" for entry in entries), _read(home, entries), strict=True))


def _find_commit(home: Path, place: str, revision: str) -> str:
    if _git(home, "rev-parse", "--is-inside-work-tree").strip() != b"true":
        where = f"{place} is not in a git repository ({home.resolve()}), so it has no revision {revision!r}"
        message = f"{where}; give --rules a folder in a checkout that git trusts (safe.directory)"
        raise SettingsError(message)
    found = _git(home, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not found:
        message = f"the git repository of {place} has no revision {revision!r}; use a branch, a tag or HEAD~1"
        raise SettingsError(message)
    return found.decode().strip()


def _list_entries(home: Path, commit: str) -> list[_Entry]:
    """The files at and below the folder, by their path from there: `mode type object<TAB>path`, NUL after each."""
    entries = []
    for line in _git(home, "ls-tree", "-r", "-z", commit, ".").split(b"\0"):
        about, _, name = line.partition(b"\t")
        if about.split()[1:2] == [b"blob"]:
            entries.append(_Entry(name.decode("utf-8", "replace"), about.split()[2].decode()))
    return entries


def _is_wanted(name: str, path: Path) -> bool:
    """Whether a run reads the file today: all files outside hidden folders, or a rule file and its pack.yml."""
    inner = PurePosixPath(name)
    if not path.is_dir() and name not in {path.name, PACK_FILE}:
        return False
    return inner.suffix in _SUFFIXES and not any(part.startswith(".") for part in inner.parts)


def _read(home: Path, entries: list[_Entry]) -> list[str]:
    """The texts, through one `git cat-file --batch`: `object type size<LF>content<LF>` each."""
    asked = "".join(f"{entry.object}\n" for entry in entries).encode()
    output, texts, position = _git(home, "cat-file", "--batch", given=asked), list[str](), 0
    for _ in entries:
        start = output.index(b"\n", position) + 1
        size = int(output[position:start].split()[-1])
        content = output[start : start + min(size, MAX_BYTES + 1)]
        texts.append(content.decode("utf-8", "replace").removeprefix("\ufeff"))
        position = start + size + 1
    return texts


def _git(home: Path, *arguments: str, given: bytes = b"") -> bytes:
    """The output of git; empty if git fails."""
    program = shutil.which("git")
    if program is None:
        message = "--compare needs git, which is not on PATH; install git, or leave out --compare"
        raise SettingsError(message)
    command = [program, "-C", str(home), *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=False).stdout  # noqa: S603 - no shell


_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def _find_changed(revision: str | None) -> frozenset[Path]:
    """The files (as absolute paths) that differ, new ones that git does not know yet among them."""
    top = Path(_ask_git("rev-parse", "--show-toplevel").strip())
    base = revision or _find_base()
    changed = _ask_git("diff", "--name-only", "-z", "--diff-filter=d", "--end-of-options", base, "--")
    new = _ask_git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", str(top))
    return frozenset(top / name for name in (changed + new).split("\0") if name)


def find_changed_files(ruleset: Ruleset, revision: str | None) -> frozenset[str]:
    """The files of a set that differ from a revision; a change of pack.yml or config.yml counts for the whole folder.

    Without a revision: since the branch left the default branch, or, on that one itself, since the last commit.
    Raises SettingsError if there is no git, no repository or no such revision.
    """
    found = _find_changed(revision)
    folders = {path.parent for path in found if path.name in NOT_RULES}
    names = {rule.file for rule in ruleset.rules} | {problem.file for problem in ruleset.problems}
    names |= {pack.document.file for pack in ruleset.packs if pack.document}
    return frozenset(n for n in names if (path := Path(n).resolve()) in found or path.parent in folders)


def _find_base() -> str:
    for branch in _BRANCHES:
        done = _run("merge-base", "HEAD", branch)
        if done.returncode == 0:
            return done.stdout.strip()
    return "HEAD"


def _ask_git(*words: str) -> str:
    done = _run(*words)
    if done.returncode:
        reason = done.stderr.strip().partition("\n")[0]
        advice = (
            "give a revision that exists (in a new repository, commit first), put paths before --changed, "
            "or leave out --changed"
        )
        message = f"git cannot list the changes for --changed: {reason}; {advice}"
        raise SettingsError(message)
    return done.stdout


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 (no shell reads the words)
            ["git", *words],  # noqa: S607 (git is found as the user's shell finds it)
            capture_output=True,
            encoding="utf-8",  # git writes names as they are in its index, on every system
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        message = "--changed needs git, which is not on PATH; install git, or leave out --changed"
        raise SettingsError(message) from error
