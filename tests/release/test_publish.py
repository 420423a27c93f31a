"""A release is a list of commands, whose order nothing may change: what is published cannot be changed afterwards."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bot import __version__
from bot.start import TABLE
from release.check import BUILT, FAILED, PASSED, SKIPPED, Row, find_exit_code, format_row
from release.notes import NotesError
from release.publish import (
    NO_DIGEST,
    PYTHONS,
    SUMS,
    TAG,
    PublishError,
    assemble,
    check_release,
    list_commands,
    list_hashes,
    list_missing,
)

ROOT = Path(__file__).parents[2]
SHA = "c" * 40
DIGEST = f"sha256:{'0a' * 32}"
ZIP = Path("dist/assets/signpost-1.2.0-linux-x86_64-3.13.zip")
NOTES = Path("dist/notes.md")


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607


def spell(version: str) -> list[str]:
    """The commands, without what lets git speak to GitHub."""
    lines = [" ".join(command) for command in list_commands(version, SHA, [ZIP], NOTES)]
    return [re.sub(r"^git .* push https://\S+", "git push", line) for line in lines]


def test_a_release_is_drafted_with_its_assets_then_published_and_only_then_v1_moves() -> None:
    known = "--repo signpost-bot/signpost"
    assert spell("1.2.0") == [
        f"git push +{SHA}:refs/heads/release/v1.2.0",
        f"gh release create v1.2.0 {known} --draft --target {SHA} --title v1.2.0 --notes-file {NOTES} {ZIP}",
        f"gh release edit v1.2.0 {known} --draft=false --latest",
        f"git push +{SHA}:refs/tags/v1",
        "git push --delete refs/heads/release/v1.2.0",
    ]


@pytest.mark.parametrize("version", ["1.3.0rc1", "1.3.0a2", "1.3.0.post1", "1.3.0.dev0"])
def test_a_version_that_is_not_final_leaves_v1_and_latest_where_they_are(version: str) -> None:
    commands = "\n".join(spell(version))
    assert ("--prerelease" in commands, "--latest" in commands, "refs/tags/v1" in commands) == (True, False, False)


@pytest.mark.parametrize("version, tag", [("0.2.0", "v1"), ("1.0.0", "v1"), ("2.0.0", "v2"), ("10.4.1", "v10")])
def test_a_breaking_release_leaves_users_of_the_version_before_where_they_are(version: str, tag: str) -> None:
    assert f"git push +{SHA}:refs/tags/{tag}" in spell(version)


@pytest.mark.parametrize(
    "version, digest, message",
    [
        pytest.param(__version__, NO_DIGEST, "--digest is missing", id="no image"),
        pytest.param("9.9.9", DIGEST, f"the version is {__version__}", id="another version"),
        pytest.param("", DIGEST, f"the version is {__version__}", id="no version"),
    ],
)
def test_a_release_that_does_not_fit_the_checkout_is_refused(version: str, digest: str, message: str) -> None:
    with pytest.raises((PublishError, NotesError), match=message):
        check_release(version, digest)


def test_a_release_has_an_asset_for_each_platform_and_python() -> None:
    missing = list_missing([ZIP.name, SUMS], "1.2.0")
    assert len(missing) == 5 * len(PYTHONS) + 2 - 1
    assert ZIP.name not in missing
    assert list_missing(missing, "1.2.0") == sorted([SUMS, ZIP.name])


def test_the_commit_of_a_release_changes_the_actions_alone(tmp_path: Path) -> None:
    asset = f"signpost-{__version__}-linux-x86_64-3.13.zip"
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / asset).write_bytes(b"asset")

    made = assemble(DIGEST, tmp_path)

    sums = made.sums.read_text("utf-8")
    sha256 = sums.split()[0]
    url = f"https://github.com/signpost-bot/signpost/releases/download/{TAG}/{asset}"
    stamped = yaml.safe_load(git("show", f"{made.commit}:action.yml"))
    image = yaml.safe_load(git("show", f"{made.commit}:docker/action.yml"))
    assert sums == f"{sha256}  {asset}\n"
    assert git("diff", "--name-only", "HEAD", made.commit).split() == ["action.yml", "docker/action.yml"]
    assert stamped["runs"]["steps"][0]["env"][TABLE] == f"linux-x86_64 3.13 {url} {sha256}\n"
    assert image["runs"]["image"] == f"docker://ghcr.io/signpost-bot/signpost@{DIGEST}"
    assert made.action.read_text("utf-8") == git("show", f"{made.commit}:action.yml")
    assert f"signpost-bot/signpost@{made.commit} # {TAG}" in made.notes.read_text("utf-8")
    assert assemble(DIGEST, tmp_path) == made


def test_the_hashes_do_not_list_themselves(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tmp_path / SUMS).write_text("old", "utf-8")
    assert list_hashes(tmp_path) == f"{empty}  a\n"


@pytest.mark.parametrize(
    "outcomes, is_strict, code",
    [
        ([PASSED, SKIPPED], False, 0),
        ([PASSED, SKIPPED], True, 1),
        ([PASSED], True, 0),
        ([FAILED, PASSED], False, 1),
        ([PASSED, BUILT], True, 0),
    ],
)
def test_what_was_skipped_is_an_error_only_if_nothing_may_be(
    outcomes: list[str], code: int, *, is_strict: bool
) -> None:
    assert find_exit_code([Row("a", outcome, "") for outcome in outcomes], is_strict=is_strict) == code


def test_a_row_tells_outcome_size_hash_name_and_reason() -> None:
    row = Row("assets/a.whl", PASSED, "works", 1_234_567, "0123456789abcdef")
    assert format_row(row) == "passed     1,235 kB  0123456789ab  assets/a.whl: works"
    assert format_row(Row("image", SKIPPED, "no engine")) == f"skipped {'':>11}  {'':<12}  image: no engine"
