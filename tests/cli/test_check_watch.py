"""`signpost check --watch`: it says what each change of the files did, and ends when somebody interrupts it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bot.errors import Problem
from bot.triage.sources import read_stamp
from bot.workbench.check.checker import CheckReport
from bot.workbench.check.terminal import format_change
from tests.stand_ins.command import ROOT, run_command
from tests.stand_ins.story import HOME, RULE

LABELLING = RULE.replace("title:", "mode: label\ntitle:")
MISSED = LABELLING.replace('["write failed: No space', '["write failed: no more space')
A = Problem("a.yml", 1, 1, "wrong", "schema")
MOVED = Problem("a.yml", 9, 1, "wrong", "schema")
B = Problem("b.yml", 2, 1, "odd", "no-source", "warning")


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ((), (), ["1 rule, 2 examples: no errors (before: no errors)"]),
        ((A,), (MOVED,), ["1 rule, 2 examples: 1 error (before: 1 error)"]),
        ((A, B), (B,), ["1 problem solved; 1 rule, 2 examples: no errors, 1 warning (before: 1 error, 1 warning)"]),
        (
            (A,),
            (A, MOVED, B),
            [
                "a.yml:9:1: wrong [schema]",
                "",
                "b.yml:2:1: warning: odd [no-source]",
                "",
                "schema     https://signpost-bot.github.io/signpost/messages/schema/",
                "no-source  https://signpost-bot.github.io/signpost/messages/no-source/",
                "",
                "1 rule, 2 examples: 2 errors, 1 warning (before: 1 error)",
            ],
        ),
    ],
    ids=["no difference", "moved", "solved", "new"],
)
def test_what_a_change_did(before: tuple[Problem, ...], after: tuple[Problem, ...], expected: list[str]) -> None:
    assert [*format_change(CheckReport(1, 2, before), CheckReport(1, 2, after))] == expected


def test_every_change_of_a_folder_is_seen(tmp_path: Path) -> None:
    """A new file, another text, a file that takes another's place, other permissions, and a file that goes.

    A link to nothing and what editors write next to a file are no change.
    """
    rules = tmp_path / "rules"
    rules.mkdir()
    stamps = [read_stamp([str(rules)])]
    for change in (
        lambda: (rules / "a.yml").write_text("1", "utf-8"),
        lambda: (rules / "a.yml").write_text("22", "utf-8"),
        lambda: ((tmp_path / "new").write_text("33", "utf-8"), (tmp_path / "new").replace(rules / "a.yml")),
        lambda: (rules / "a.yml").chmod(0o400),
        (rules / "a.yml").unlink,
    ):
        change()
        stamps.append(read_stamp([str(rules)]))
    (rules / "nowhere.yml").symlink_to("away")
    for name in (".a.yml.swp", ".hidden.yml", "a.yml~", "4913", "#a.yml#"):
        (rules / name).touch()

    assert [one != other for one, other in pairwise(stamps)] == [True] * 5
    assert (read_stamp([str(rules)]), read_stamp([str(tmp_path / "gone")])) == ({}, {})


def test_one_file_is_watched_with_the_files_next_to_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.yml", "pack.yml", "deep/b.yml"):
        (tmp_path / name).touch()

    found = {Path(file).relative_to(tmp_path).as_posix() for file in read_stamp([str(tmp_path / "a.yml")])}
    assert found == {"a.yml", "pack.yml"}
    assert len(read_stamp(["pack:common"])) > 3


def test_only_people_watch() -> None:
    finished = run_command("check", "--watch", "--format", "json")

    assert (finished.code, finished.err) == (2, "signpost: --watch prints text, not json; leave out --format\n")


@pytest.fixture
def watching(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """The command, in a repository with a rule."""
    (tmp_path / HOME).mkdir(parents=True)
    (tmp_path / HOME / "out-of-disk.yml").write_text(LABELLING, "utf-8")
    words = [sys.executable, "-m", "bot", "check", "--watch"]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.slow
def test_it_goes_on_until_it_is_interrupted(watching: "subprocess.Popen[str]", tmp_path: Path) -> None:
    rule, draft = tmp_path / HOME / "out-of-disk.yml", tmp_path / "draft"
    assert watching.stdout
    told = [read_result(watching.stdout)]
    draft.write_text(MISSED, "utf-8")
    draft.replace(rule)
    told.append(read_result(watching.stdout))
    rule.parent.rename(tmp_path / "elsewhere")
    told.append(read_result(watching.stdout))
    (tmp_path / "elsewhere").rename(rule.parent)
    rule.write_text(LABELLING, "utf-8")
    told.append(read_result(watching.stdout))
    watching.send_signal(signal.SIGINT)

    assert told == [
        "1 rule, 2 examples: no errors",
        "1 rule, 2 examples: 1 error (before: no errors)",
        f"signpost: there are no rules at {HOME}; give a folder, a .yml file or pack:NAME, or run `signpost init`",
        "1 problem solved; 1 rule, 2 examples: no errors (before: 1 error)",
    ]
    assert watching.wait(30) == 130


def read_result(lines: Iterator[str]) -> str:
    """The next line that ends what the command says about a change."""
    return next(line.rstrip() for line in lines if "2 examples: " in line or line.startswith("signpost: "))
