"""Which files differ from a git revision."""

import subprocess
from pathlib import Path

from bot.errors import SettingsError

_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def find_changed(revision: str | None) -> frozenset[Path]:
    """The files (as absolute paths) that differ from a revision, new ones that git does not know yet among them.

    Without a revision: since the branch left the default branch, or, on that one itself, since the last commit.
    Raises SettingsError where there is no git, no repository or no such revision.
    """
    top = Path(_git("rev-parse", "--show-toplevel").strip())
    base = revision or _find_base()
    changed = _git("diff", "--name-only", "-z", "--diff-filter=d", "--end-of-options", base, "--")
    new = _git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", str(top))
    return frozenset(top / name for name in (changed + new).split("\0") if name)


def _find_base() -> str:
    for branch in _BRANCHES:
        done = _run("merge-base", "HEAD", branch)
        if done.returncode == 0:
            return done.stdout.strip()
    return "HEAD"


def _git(*words: str) -> str:
    done = _run(*words)
    if done.returncode:
        reason = done.stderr.strip().partition("\n")[0]
        advice = "give a revision that is there, with paths in front of --changed, or leave --changed out"
        message = f"--changed asks git, which says: {reason}; {advice}"
        raise SettingsError(message)
    return done.stdout


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 (git is found as the user's shell finds it; no shell reads the words)
    except OSError as error:
        message = "--changed needs git, which is not here; install it, or leave --changed out"
        raise SettingsError(message) from error
