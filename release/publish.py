"""Publishes what dist/assets has as a release: `python -m release.publish --digest sha256:… --dry-run`.

A release is immutable once it is published (https://docs.github.com/en/code-security/concepts/supply-chain-security/immutable-releases).
So the commit that the tag will name, with the hashes in its action.yml, is made first; then a draft gets all assets;
and only its publication makes the tag. A run that fails before that leaves a draft and a branch, which the next run
replaces. With --dry-run, the commands are printed and nothing leaves this machine.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bot import __version__
from release.archive import PLATFORMS, name_asset
from release.image import IMAGE_ACTION, StampError, make_image_action, stamp_image
from release.notes import CHANGELOG, REPOSITORY, NotesError, check_version, make_notes
from release.stamp import read_asset, stamp

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
TAG = f"v{__version__}"
SUMS = "SHA256SUMS"
NO_DIGEST = f"sha256:{'0' * 64}"
"""Stands for the digest of an image that nobody has pushed."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons that a release has assets for."""

_FINAL = re.compile(r"\d+\.\d+\.\d+")
_BOT = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
_GIT = ("git", "-c", "credential.helper=", "-c", "credential.helper=!gh auth git-credential")
_REMOTE = f"https://github.com/{REPOSITORY}.git"


class PublishError(Exception):
    """The release cannot be published; the message says why, and what to do."""


class Assembled(NamedTuple):
    """What a release needs beside its assets: the commit that the tag names, and the files that were written.

    The actions are those of the commit: one has the hashes of the assets, the other the digest of the image.
    """

    commit: str
    sums: Path
    action: Path
    image_action: Path
    notes: Path


def assemble(digest: str, dist: Path = DIST) -> Assembled:
    """Make the commit, and write the files into a folder whose `assets` are complete. Raises an error of a part."""
    action = (ROOT / "action.yml").read_text("utf-8")
    url = f"https://github.com/{REPOSITORY}/releases/download/{TAG}"
    assets = [read_asset(path, url) for path in sorted((dist / "assets").glob("signpost-*.zip"))]
    changed = {"action.yml": stamp(action, assets), IMAGE_ACTION: stamp_image(make_image_action(action), digest)}
    commit = make_commit(changed)
    made = Assembled(
        commit,
        dist / "assets" / SUMS,
        dist / "commit/action.yml",
        dist / "commit" / IMAGE_ACTION,
        dist / "notes.md",
    )
    notes = make_notes(CHANGELOG.read_text("utf-8"), __version__, commit)
    for path, text in zip(made[1:], (list_hashes(dist / "assets"), *changed.values(), notes), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return made


def list_hashes(folder: Path) -> str:
    """The hashes of all files of a folder, as `sha256sum --check` reads them."""
    files = [path for path in sorted(folder.iterdir()) if path.name != SUMS]
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def make_commit(changed: Mapping[str, str]) -> str:
    """Make a commit on top of the checkout's, with these files; returns its SHA. No branch and no file changes.

    The same files on the same commit give the same SHA, because it takes over the date.
    """
    date = _run("git", "show", "--no-patch", "--format=%cI", "HEAD")
    people = {"NAME": _BOT[0], "EMAIL": _BOT[1], "DATE": date}
    given = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in people.items()}
    with TemporaryDirectory() as folder:
        given["GIT_INDEX_FILE"] = f"{folder}/index"
        _run("git", "read-tree", "HEAD", settings=given)
        for name, text in changed.items():
            blob = _run("git", "hash-object", "-w", "--stdin", stdin=text)
            _run("git", "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", settings=given)
        tree = _run("git", "write-tree", settings=given)
        message = f"release: {TAG}\n\nThe actions name the assets and the image of this release by their hashes."
        return _run("git", "commit-tree", tree, "-p", "HEAD", "-m", message, settings=given)


def name_moving_tag(version: str) -> str:
    """The tag that workflows name to get each new release without a breaking change: `v1`, also for 0.x.

    It is never a release itself, because those cannot move.
    """
    return f"v{max(int(version.partition('.')[0]), 1)}"


def list_commands(version: str, commit: str, assets: Iterable[Path], notes: Path) -> tuple[tuple[str, ...], ...]:
    """The commands that publish a release, in their order. The third makes the tag and cannot be undone."""
    tag, branch = f"v{version}", f"refs/heads/release/v{version}"
    is_final = _FINAL.fullmatch(version) is not None
    known = ("--repo", REPOSITORY)
    kind = "--latest" if is_final else "--prerelease"
    draft = ("gh", "release", "create", tag, *known, "--draft", "--target", commit, "--title", tag)
    moved = (*_GIT, "push", _REMOTE, f"+{commit}:refs/tags/{name_moving_tag(version)}")
    return (
        (*_GIT, "push", _REMOTE, f"+{commit}:{branch}"),
        (*draft, "--notes-file", str(notes), *map(str, assets)),
        ("gh", "release", "edit", tag, *known, "--draft=false", kind),
        *((moved,) if is_final else ()),
        (*_GIT, "push", _REMOTE, "--delete", branch),
    )


def choose_commands(made: Assembled, tagged: str, *, is_public: bool) -> tuple[tuple[str, ...], ...]:
    """Those commands that are still to be run, where the tag names a commit already ("": there is no tag).

    Raises PublishError if the tag or the release is another one, because neither can change.
    """
    commands = list_commands_of(made)
    if is_public and tagged == made.commit:
        return commands[3:]  # an earlier attempt failed after the publication
    if is_public:
        raise PublishError(f"{TAG} is published already and cannot change; choose the next version")
    if tagged:
        raise PublishError(f"the tag {TAG} exists without a release; delete it, because the publication makes it")
    return commands


def check_release(version: str, digest: str) -> None:
    """Raise an error for a version that is not that of the checkout or that is in development, or without an image."""
    if digest == NO_DIGEST:
        raise PublishError("--digest is missing; push the image first, and pass its digest")
    check_version(version, is_final=True)


def list_missing(names: Iterable[str], version: str) -> list[str]:
    """The files that a release must have and that are not among these."""
    distributions = (f"signpost_bot-{version}.tar.gz", f"signpost_bot-{version}-py3-none-any.whl")
    assets = [name_asset(version, system, python) for system in PLATFORMS for python in PYTHONS]
    return sorted({*distributions, *assets, SUMS} - {*names})


def read_draft() -> bool | None:
    """Whether the release is a draft; None if there is none. Raises PublishError if GitHub does not answer.

    https://github.com/cli/cli/blob/trunk/pkg/cmd/release/shared/fetch.go has the words of the command.
    """
    try:
        shown = _run("gh", "release", "view", TAG, "--repo", REPOSITORY, "--json", "isDraft")
    except PublishError as error:
        if "release not found" in str(error):
            return None
        raise
    return bool(json.loads(shown)["isDraft"])


def _run(*command: str, stdin: str = "", settings: Mapping[str, str] | None = None) -> str:
    environment = {**os.environ, **(settings or {})}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=stdin, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise PublishError(f"`{' '.join(command)}` failed with exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def list_commands_of(made: Assembled) -> tuple[tuple[str, ...], ...]:
    """The commands for a folder that is assembled."""
    return list_commands(__version__, made.commit, sorted(made.sums.parent.iterdir()), made.notes)


def publish(made: Assembled) -> None:
    """Run the commands, one after the other. Raises PublishError if a file is missing or a command fails."""
    missing = list_missing((path.name for path in made.sums.parent.iterdir()), __version__)
    if missing:
        raise PublishError(f"dist/assets lacks {', '.join(missing)}; build them first")
    is_draft = read_draft()
    tagged = _run(*_GIT, "ls-remote", _REMOTE, f"refs/tags/{TAG}")[:40]
    commands = choose_commands(made, tagged, is_public=is_draft is False)
    if is_draft:
        _run("gh", "release", "delete", TAG, "--repo", REPOSITORY, "--yes")
    for command in commands:
        print("$", *command, flush=True)
        print(_run(*command), flush=True)


def main() -> None:
    """Publish the release, or print how."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default=__version__, help="the version that you mean to publish")
    parser.add_argument("--digest", default=NO_DIGEST, help="the digest of the image (default: a row of zeros)")
    parser.add_argument("--dry-run", action="store_true", help="print the commands, and run none of them")
    arguments = parser.parse_args()
    try:
        if not arguments.dry_run:
            check_release(arguments.version, arguments.digest)
        made = assemble(arguments.digest)
        if arguments.dry_run:
            print(*(f"$ {' '.join(command)}" for command in list_commands_of(made)), sep="\n")
        else:
            publish(made)
    except (PublishError, NotesError, StampError, ValueError) as error:
        sys.exit(f"release: {error}")


if __name__ == "__main__":
    main()
