"""An index whose reports have a meaning, by a sentence model: built, kept up to date, and asked without the model."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cli.finding import FindInIndex
from tests.cli.test_index import index, read_json, write_history
from tests.duplicates.samples import a_report, some_reports
from tests.duplicates.tiny_model import WORDS, write_tiny_model

ROOT = Path(__file__).parents[2]
QUERY = "The parser dies"
FEW = ("--index", "a.index", "--issues", "issues.jsonl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a history of 120 issues, a sentence model, and an index made with it."""
    write_history(tmp_path, some_reports(120))
    write_tiny_model(tmp_path / "tiny")
    made = read_json(tmp_path, "build", *FEW, "--embed", "tiny")
    assert (made["issues"], made["model"]) == (120, "tiny")
    return tmp_path


def search(folder: Path, what: str) -> dict[str, Any]:
    return read_json(folder, "search", "--index", "a.index", what, "--most", "100")


def read_meanings(found: dict[str, Any]) -> dict[str, float]:
    return {candidate["title"]: candidate["features"]["meaning"] for candidate in found["candidates"]}


def test_what_means_the_same_is_nearer(folder: Path) -> None:
    found = search(folder, QUERY)

    meanings = read_meanings(found)
    assert meanings["The parser crashes"] > 0.9 > meanings["The parser flickers"]
    assert found["remark"] == ""


def test_an_issue_of_the_index_needs_no_model(folder: Path) -> None:
    (folder / "tiny").rename(folder / "elsewhere")

    found = search(folder, "71")

    assert found["remark"] == ""
    assert max(read_meanings(found).values()) > 0.9


def test_the_meaning_is_explained(folder: Path) -> None:
    told = index(folder, "search", "--index", "a.index", QUERY, "--explain").out

    assert "how near its meaning is, by the sentence model" in told


def test_an_update_goes_on_with_the_model_of_the_index(folder: Path) -> None:
    volcano = replace(some_reports(7)[-1], title="Volcano crashes")
    write_history(folder, [volcano if issue.number == 7 else issue for issue in some_reports(125)])

    done = read_json(folder, "update", *FEW)

    assert done == {
        "schema_version": 1,
        "issues": 125,
        "changed": 6,
        "built": False,
        "reason": "",
        "model": "tiny",
    }
    assert read_meanings(search(folder, "Volcano dies"))["Volcano crashes"] > 0.9
    assert read_json(folder, "update", *FEW, "--embed", "tiny")["changed"] == 0


@pytest.mark.parametrize("spoil", ["PRAGMA user_version = 1", "DROP TABLE gone"])
def test_an_index_that_is_refused_is_built_anew_with_its_model(folder: Path, spoil: str) -> None:
    with closing(sqlite3.connect(folder / "a.index")) as connection:
        connection.execute(spoil)
        connection.commit()

    done = read_json(folder, "update", *FEW)

    assert (done["built"], done["model"]) == (True, "tiny")


def test_batches_and_processes_change_no_meaning(folder: Path) -> None:
    write_history(folder, some_reports(500))
    index(folder, "build", *FEW, "--embed", "tiny", "--jobs", "1")
    alone = search(folder, "471")

    index(folder, "build", *FEW, "--embed", "tiny", "--jobs", "2")

    assert search(folder, "471") == alone


def test_a_model_that_moved_is_taken_from_its_new_place(folder: Path) -> None:
    (folder / "tiny").rename(folder / "moved")

    assert read_json(folder, "update", *FEW, "--embed", "moved")["built"] is False

    assert search(folder, QUERY)["remark"] == ""


@pytest.mark.parametrize(
    "embed, reason, model",
    [("other", "with another sentence model", "other"), ("none", "without a sentence model", None)],
)
def test_another_model_means_another_index(folder: Path, embed: str, reason: str, model: str | None) -> None:
    write_tiny_model(folder / "other", {**WORDS, "printer": (0.0, 0.0, 0.0, 1.0)})

    done = read_json(folder, "update", *FEW, "--embed", embed)

    assert (done["built"], done["reason"], done["model"]) == (True, reason, model)
    assert read_json(folder, "update", *FEW)["built"] is False


def test_without_its_model_an_index_ranks_by_words_and_says_so(folder: Path) -> None:
    (folder / "tiny").rename(folder / "elsewhere")

    found = search(folder, QUERY)

    assert found["remark"].startswith(
        "earlier reports were looked for without the index's sentence model tiny:"
        f" the sentence model has no model.onnx in {folder / 'tiny'}; give a folder"
    )
    assert found["remark"] in index(folder, "search", "--index", "a.index", QUERY).out.replace("\n", " ")
    assert FindInIndex(folder / "a.index")(a_report(500, QUERY)).remarks == (found["remark"],)
    index(folder, "build", *FEW)
    assert search(folder, QUERY)["candidates"] == found["candidates"]


def test_without_its_model_an_index_is_not_updated(folder: Path) -> None:
    before = (folder / "a.index").read_bytes()
    (folder / "tiny").rename(folder / "elsewhere")
    write_history(folder, some_reports(125))

    done = index(folder, "update", *FEW)

    assert done.code == 2
    assert "by a sentence model that cannot be used: " in done.err
    assert "or do without: `--embed none`" in done.err
    assert (folder / "a.index").read_bytes() == before


@pytest.mark.parametrize("action", ["build", "update"])
def test_a_model_that_is_not_there_is_told_before_anything_is_done(tmp_path: Path, action: str) -> None:
    write_history(tmp_path, some_reports(3))

    done = index(tmp_path, action, *FEW, "--embed", "nowhere")

    assert done.code == 2
    assert done.err.startswith("signpost: the sentence model has no model.onnx in ")
    assert not (tmp_path / "a.index").exists()


def test_a_variable_that_nobody_set_takes_no_model_away(folder: Path) -> None:
    before = (folder / "a.index").read_bytes()

    done = index(folder, "update", *FEW, "--embed", "")

    assert (done.code, "argument --embed: it is empty; name a folder, `installed` or `none`" in done.err) == (2, True)
    assert (folder / "a.index").read_bytes() == before


def test_a_threshold_is_learned_with_the_model_and_one_without(folder: Path) -> None:
    learned = read_json(folder, "calibrate", "--index", "a.index", "--share", "0.1", "--last", "110")
    assert search(folder, QUERY)["threshold"] == learned["threshold"]

    (folder / "tiny").rename(folder / "elsewhere")

    assert search(folder, QUERY)["calibration"]["replayed"] == 110


def test_a_model_is_measured_against_known_duplicates(folder: Path) -> None:
    truth = [{"number": n, "duplicate_of": n - 70, "group": [n - 70]} for n in range(101, 121)]
    (folder / "truth.jsonl").write_text("\n".join(map(json.dumps, truth)), encoding="utf-8")

    found = read_json(folder, "evaluate", "--issues", "issues.jsonl", "--truth", "truth.jsonl", "--embed", "tiny")

    assert found["queries"] == 10


LOADED = """
import sys
from bot.cli import main
main(sys.argv[1:])
print([name for name in ("onnxruntime", "tokenizers", "numpy") if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("action", [("build", "--issues", "issues.jsonl"), ("search", "parser")])
def test_nothing_heavy_is_loaded_for_an_index_of_words(tmp_path: Path, action: tuple[str, ...]) -> None:
    write_history(tmp_path, some_reports(3))
    index(tmp_path, "build", *FEW)
    command = [sys.executable, "-c", LOADED, "index", *action, "--index", "a.index"]

    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )

    assert done.stderr.splitlines()[-1] == "[]"
