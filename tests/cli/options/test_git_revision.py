"""Rules as they were: from a real git repository."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.cli.options.git_revision import read_revision
from bot.errors import SettingsError

GIT = shutil.which("git") or ""


def git(folder: Path, *arguments: str) -> None:
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**who, "PATH": os.environ["PATH"], "HOME": str(folder)}
    subprocess.run([GIT, "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)


def commit(folder: Path, tag: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A repository whose rules were written, and then changed."""
    folder = tmp_path / "there" / "rules"
    (folder / "more").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitattributes").write_text("there export-ignore\n", encoding="utf-8")
    commit(tmp_path, "before")
    for name in ("a.yml", "more/ü.yml", "pack.yml", "notes.txt", ".hidden/c.yml"):
        (folder / name).write_text(f"old {name}\n", encoding="utf-8")
    commit(tmp_path, "old")
    (folder / "a.yml").write_text("new\n", encoding="utf-8")
    (folder / "b.yml").write_text("new\n", encoding="utf-8")
    commit(tmp_path, "new")
    return folder


def test_a_folder_is_read_as_it_was_by_the_paths_of_today(rules: Path) -> None:
    assert read_revision(str(rules), "old") == {
        f"{rules}/a.yml": "old a.yml\n",
        f"{rules}/more/ü.yml": "old more/ü.yml\n",
        f"{rules}/pack.yml": "old pack.yml\n",
    }


def test_a_rule_file_comes_with_its_pack(rules: Path) -> None:
    assert read_revision(f"{rules}/a.yml", "old") == {
        f"{rules}/a.yml": "old a.yml\n",
        f"{rules}/pack.yml": "old pack.yml\n",
    }


def test_what_was_not_there_yet_is_empty(rules: Path) -> None:
    assert read_revision(str(rules), "before") == {}


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD:rules", ""])
def test_a_revision_that_is_none_is_reported(rules: Path, revision: str) -> None:
    with pytest.raises(SettingsError, match="has no revision"):
        read_revision(str(rules), revision)


def test_rules_outside_of_git_are_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not in a git repository"):
        read_revision(str(tmp_path), "HEAD")


def test_rules_that_are_nowhere_are_reported() -> None:
    with pytest.raises(SettingsError, match="there are no rules at nowhere/at/all"):
        read_revision("nowhere/at/all", "HEAD")
