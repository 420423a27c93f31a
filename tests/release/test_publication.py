"""A release of a copy of the repository, published by the real commands to a repository on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from release.notes import REPOSITORY
from release.publish import SUMS, list_missing

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VERSION = "7.8.9"
DIGEST = f"sha256:{'0a' * 32}"
GH = """\
#!/bin/sh
# Does what GitHub does with a draft: it keeps it, and makes the tag when the draft is published.
set -e
case "$1 $2" in
"release view") cat "$DRAFTS/$3" 2>/dev/null || { echo "${FAULT:-release not found}" >&2; exit 1; } ;;
"release create")
    test ! -e "$DRAFTS/$3"
    echo '{"isDraft": true}' >"$DRAFTS/$3"
    while test "$1" != --target; do shift; done
    git --git-dir "$REMOTE" cat-file -e "$2^{commit}"
    echo "$2" >"$DRAFTS/target"
    shift; while test "$1" != --notes-file; do shift; done; shift 2
    for file; do basename "$file"; done >"$DRAFTS/files"
    ;;
"release edit")
    git --git-dir "$REMOTE" update-ref "refs/tags/$3" "$(cat "$DRAFTS/target")"
    echo '{"isDraft": false}' >"$DRAFTS/$3"
    ;;
"release delete") rm "$DRAFTS/$3" ;;
*) exit 1 ;;
esac
"""
"""A stand-in for GitHub's command, which needs GitHub."""


def git(*words: str, folder: Path) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A clone whose version is final, with a file for each asset; `remote` is beside it."""
    git("clone", "--quiet", "--bare", "--shared", str(ROOT), "remote", folder=tmp_path)
    git("clone", "--quiet", "--shared", "remote", "copy", folder=tmp_path)
    folder = tmp_path / "copy"
    for name in ("bot/__init__.py", "release", "action.yml", "CHANGELOG.md"):
        subprocess.run(["cp", "-r", ROOT / name, folder / Path(name).parent], check=True)  # noqa: S607
    for name, old, new in (
        ("bot/__init__.py", r'^__version__ = "[^"]+"$', f'__version__ = "{VERSION}"'),
        ("CHANGELOG.md", r"^## \[.*", f"## [{VERSION}] - 2026-12-31"),
    ):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE), "utf-8")
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message", "a release", folder=folder)
    (folder / "dist/assets").mkdir(parents=True)
    for name in list_missing([SUMS], VERSION):
        (folder / "dist/assets" / name).write_text(name, "utf-8")
    return folder


def publish(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    programs, drafts = folder.parent / "programs", folder.parent / "drafts"
    programs.mkdir(exist_ok=True)
    drafts.mkdir(exist_ok=True)
    (programs / "gh").write_text(GH, "utf-8")
    (programs / "gh").chmod(0o755)
    remote = {"REMOTE": str(folder.parent / "remote"), "DRAFTS": str(drafts)}
    rewritten = {"KEY": f"url.{remote['REMOTE']}.insteadOf", "VALUE": f"https://github.com/{REPOSITORY}.git"}
    settings = {"GIT_CONFIG_COUNT": "1", **{f"GIT_CONFIG_{key}_0": value for key, value in rewritten.items()}}
    command = [sys.executable, "-m", "release.publish", "--version", VERSION, "--digest", DIGEST]
    given = {**os.environ, **environment, **remote, **settings, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=given, check=False, capture_output=True, text=True)


def list_refs(folder: Path) -> dict[str, str]:
    lines = git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags", "refs/heads/release", folder=folder)
    return dict(line.split() for line in lines.splitlines())


def test_a_published_release_has_all_assets_its_tag_and_v7_and_leaves_no_branch(copy: Path) -> None:
    remote = copy.parent / "remote"
    before = list_refs(remote)

    done = publish(copy)

    assert done.returncode == 0, done.stderr
    after = list_refs(remote)
    commit = after[f"refs/tags/v{VERSION}"]
    assert after == {**before, f"refs/tags/v{VERSION}": commit, "refs/tags/v7": commit}
    assert git("rev-parse", f"{commit}^", folder=remote) == git("rev-parse", "HEAD", folder=copy)
    assert (copy.parent / "drafts/files").read_text("utf-8").split() == sorted([SUMS, *list_missing([SUMS], VERSION)])
    assert git("status", "--porcelain", folder=copy) == ""


def test_a_draft_that_a_failed_run_left_is_replaced(copy: Path) -> None:
    draft = copy.parent / "drafts" / f"v{VERSION}"
    draft.parent.mkdir()
    draft.write_text('{"isDraft": true}', "utf-8")

    assert publish(copy).returncode == 0
    assert draft.read_text("utf-8") == '{"isDraft": false}\n'


def test_a_run_that_failed_after_the_publication_goes_on(copy: Path) -> None:
    remote = copy.parent / "remote"
    assert publish(copy).returncode == 0
    after = list_refs(remote)
    git("update-ref", "refs/tags/v7", "HEAD", folder=remote)
    git("update-ref", f"refs/heads/release/v{VERSION}", after["refs/tags/v7"], folder=remote)

    assert publish(copy).returncode == 0
    assert list_refs(remote) == after


def test_a_published_release_and_a_tag_are_never_replaced(copy: Path) -> None:
    remote, release = copy.parent / "remote", copy.parent / "drafts" / f"v{VERSION}"
    git("update-ref", f"refs/tags/v{VERSION}", "HEAD", folder=remote)
    before = list_refs(remote)

    tagged = publish(copy)
    release.write_text('{"isDraft": false}', "utf-8")
    published = publish(copy)

    assert (tagged.returncode, "exists without a release" in tagged.stderr) == (1, True)
    assert (published.returncode, "is published already and cannot change" in published.stderr) == (1, True)
    assert list_refs(remote) == before


def test_a_release_without_one_of_its_assets_is_not_published(copy: Path) -> None:
    (copy / "dist/assets" / f"signpost-{VERSION}-windows-x86_64-3.14.zip").unlink()

    done = publish(copy)

    assert (done.returncode, "lacks signpost-7.8.9-windows-x86_64-3.14.zip" in done.stderr) == (1, True)


def test_an_error_of_github_is_not_taken_for_a_missing_draft(copy: Path) -> None:
    before = list_refs(copy.parent / "remote")

    done = publish(copy, FAULT="HTTP 502: Bad Gateway (https://api.github.com/graphql)")

    assert (done.returncode, "HTTP 502" in done.stderr, list_refs(copy.parent / "remote")) == (1, True, before)
    assert [*(copy.parent / "drafts").iterdir()] == []


@pytest.mark.parametrize("version, code", [(VERSION, 1), ("7.8", 0), ("7.8.90", 0)])
def test_a_version_that_is_published_is_refused_before_its_image_gets_a_name(
    copy: Path, version: str, code: int
) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    (step,) = (each for each in workflow["jobs"]["build"]["steps"] if "ls-remote" in each.get("run", ""))
    git("update-ref", f"refs/tags/v{VERSION}", "HEAD", folder=copy.parent / "remote")

    command = ["bash", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(
        command, cwd=copy, env={**os.environ, "VERSION": version}, check=False, capture_output=True, text=True
    )

    assert (done.returncode, step["if"]) == (code, "${{ !inputs.dry-run }}"), done.stderr
    assert ("is published already" in done.stdout) == bool(code)
