"""`signpost index`: built, kept up to date, asked, measured."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.duplicates.index.search import explain_left_out
from bot.duplicates.index.terminal import print_calibration
from bot.duplicates.search.calibration import Calibration
from bot.duplicates.search.features import Features
from bot.duplicates.search.model import Standing
from bot.duplicates.search.ranker import Hit, choose_related
from bot.tracker.types import Issue
from tests.duplicates.samples import some_reports
from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.patience import LONGEST

ESCAPE = "\x1b[31m"


def write_history(folder: Path, issues: list[Issue], name: str = "issues.jsonl") -> str:
    lines = [
        json.dumps(
            {
                "number": issue.number,
                "title": issue.title,
                "body": issue.body,
                "state": issue.state,
                "created_at": issue.created_at.isoformat(),
                "user": {"login": issue.author.login},
            }
        )
        for issue in issues
    ]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return name


def index(folder: Path, *arguments: str) -> Finished:
    return run_command("index", *arguments, folder=folder)


def read_json(folder: Path, *arguments: str) -> dict[str, Any]:
    done = index(folder, *arguments, "--format", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an archive of 120 issues and its index."""
    write_history(tmp_path, some_reports(120))
    assert index(tmp_path, "build", "--index", "a.index", "--issues", "issues.jsonl").code == 0
    return tmp_path


def search(folder: Path, what: str) -> dict[str, Any]:
    return read_json(folder, "search", "--index", "a.index", what)


def test_an_index_is_built_and_asked(folder: Path) -> None:
    found = search(folder, "The parser crashes\nerror: parser failed with code crashes")

    best = found["candidates"][0]
    assert (best["title"], best["state"], found["issues"]) == ("The parser crashes", "open", 120)
    assert {"number", "score", "tier", "why", "features", "left_out"} <= best.keys()
    assert len(found["candidates"]) == 10


@pytest.mark.parametrize("what", ["#71", "71", "issues.jsonl#71", "-", "issue.md"])
def test_an_issue_can_be_named_in_many_ways(folder: Path, what: str) -> None:
    report = some_reports(71)[-1]
    text = f"# {report.title}\n{report.body}"
    (folder / "issue.md").write_text(text, encoding="utf-8")

    done = run_command("index", "search", "--index", "a.index", what, "--format", "json", folder=folder, stdin=text)

    numbers = [candidate["number"] for candidate in json.loads(done.out)["candidates"]]
    assert 1 in numbers[:3]
    assert 71 not in numbers or what in {"-", "issue.md"}


def test_a_number_of_nowhere_is_explained(folder: Path) -> None:
    done = index(folder, "search", "--index", "a.index", "999")

    assert done.code == 2
    assert done.err.startswith("signpost: the index a.index has no issue 999; add --repo owner/name")


def test_an_update_brings_the_index_in_line(folder: Path) -> None:
    changed = [replace(issue, title="Volcano erupts") if issue.number == 7 else issue for issue in some_reports(125)]
    write_history(folder, changed)

    done = read_json(folder, "update", "--index", "a.index", "--issues", "issues.jsonl")

    assert done == {"schema_version": 1, "issues": 125, "changed": 6, "built": False, "reason": "", "model": None}
    assert search(folder, "Volcano erupts")["candidates"][0]["number"] == 7
    assert read_json(folder, "update", "--index", "a.index", "--issues", "issues.jsonl")["changed"] == 0


def test_an_index_of_few_issues_is_built_anew_when_there_are_many(folder: Path) -> None:
    write_history(folder, some_reports(700))

    done = read_json(folder, "update", "--index", "a.index", "--issues", "issues.jsonl")

    assert (done["built"], done["reason"], done["issues"]) == (True, "the repository has grown", 700)


@pytest.mark.parametrize("action", ["build", "update"])
def test_a_wrong_file_is_replaced_and_kept_beside(folder: Path, action: str) -> None:
    (folder / "a.index").write_text("not an index", encoding="utf-8")
    refused = index(folder, "search", "--index", "a.index", "parser")

    done = index(folder, action, "--index", "a.index", "--issues", "issues.jsonl")

    assert (refused.code, done.code) == (2, 0)
    assert "is not an index of Signpost; build it with `signpost index build --index a.index`" in refused.err
    assert "signpost: a.index was not an index; the former file is now a.index.refused\n" in done.err
    assert search(folder, "parser")["issues"] == 120
    assert (folder / "a.index.refused").read_text("utf-8") == "not an index"


def test_a_damaged_index_is_reported_and_built_anew(folder: Path) -> None:
    whole = (folder / "a.index").read_bytes()
    (folder / "a.index").write_bytes(whole[: len(whole) // 2])

    done = index(folder, "update", "--index", "a.index", "--issues", "issues.jsonl")

    assert done.code == 0
    assert done.err == "signpost: the index a.index was cut off; Signpost builds a new one\n"
    assert "120 issues, built" in done.out


def test_a_build_that_is_killed_leaves_what_was_there(folder: Path) -> None:
    before = search(folder, "7")  # an issue with a date: a text counts as filed now, so its scores change with time
    os.mkfifo(folder / "endless.jsonl")
    command = [sys.executable, "-m", "bot", "index", "build", "--index", "a.index", "--issues", "endless.jsonl"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, cwd=folder, env=environment)
    with process, (folder / "endless.jsonl").open("w", encoding="utf-8") as pipe:
        pipe.write((folder / "issues.jsonl").read_text("utf-8"))
        pipe.flush()  # what is written when the pipe is closed finds no reader
        process.send_signal(signal.SIGKILL)

    assert search(folder, "7") == before
    assert index(folder, "build", "--index", "a.index", "--issues", "issues.jsonl").code == 0
    assert search(folder, "7") == before


def test_an_explanation_shows_what_made_the_score(folder: Path) -> None:
    (folder / "issue.md").write_text(f"# The parser {ESCAPE}crashes\n\nerror: parser failed with code crashes", "utf-8")

    done = index(folder, "search", "--index", "a.index", "issue.md", "--explain", "--most", "2")

    assert done.code == 0
    assert "The parser crashes" in done.out
    assert re.search(r"\+\d\.\d\d +\d+% +words in common, against the best candidate's", done.out)
    assert "both have" in done.out
    assert "line 2: error: parser failed with code crashes" in done.out
    assert "not shown to reporters: " in done.out
    assert "the default threshold" in done.out
    assert "\x1b" not in done.out


def test_an_empty_index_answers(tmp_path: Path) -> None:
    (tmp_path / "issues.jsonl").write_text("", encoding="utf-8")
    index(tmp_path, "build", "--index", "a.index", "--issues", "issues.jsonl")

    assert index(tmp_path, "search", "--index", "a.index", "parser").out.startswith(
        "no similar issue among 0 issues\n0 issues;"
    )
    calibrated = index(tmp_path, "calibrate", "--index", "a.index")
    assert (calibrated.code, calibrated.err) == (0, "")
    assert "0 issues were replayed, but a calibration needs at least 100" in calibrated.out


def test_what_was_learned_is_quoted(folder: Path) -> None:
    learned = read_json(folder, "calibrate", "--index", "a.index", "--share", "0.1", "--last", "110")

    assert (learned["share"], learned["replayed"], learned["known"]) == (0.1, 110, 0)
    assert learned["shown"] <= 11
    assert search(folder, "parser")["threshold"] == learned["threshold"]
    told = index(folder, "search", "--index", "a.index", "parser").out
    assert f"of the last 110 issues, {learned['shown']} would have been shown a similar issue" in told


def test_a_calibration_says_what_it_means_and_what_comes_of_it(folder: Path) -> None:
    done = index(folder, "calibrate", "--index", "a.index", "--share", "0.1")

    first, shown, known, following = done.out.splitlines()
    assert first.startswith("a.index: issues that are only similar (tier C) are shown from ")
    assert first.endswith("%, for at most 10.0% of ordinary issues")
    assert re.fullmatch(r"of the last 120 issues, \d+ would have been shown one", shown)
    assert known.startswith("none of them is a known duplicate")
    assert following.startswith("`signpost run --index a.index` uses this threshold")
    assert "`duplicates: {tier_c: comment}`" in following


def test_a_calibration_counts_the_issues_with_the_same_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_calibration(
        Calibration(share=0.1, threshold=0.5, replayed=120, shown=12, known=0, caught=0, same_error=3), Path("a.index")
    )

    shown = "of the last 120 issues, 12 would have been shown one; also, 3 the same rare error or text (tier B)"
    assert shown in " ".join(capsys.readouterr().out.split())


def test_what_a_search_shows_is_explained(folder: Path) -> None:
    plain = index(folder, "search", "--index", "a.index", "The parser crashes").out
    explained = index(folder, "search", "--index", "a.index", "The parser crashes", "--explain").out

    assert "B comes first, and then the highest percentage" in plain
    assert "B: both have the same rare error or text, C: they are similar" in plain
    assert "+0.70 doubles them" not in plain
    assert "+0.70 doubles them" in explained


def test_what_few_issues_tell_is_not_taken_for_learned(folder: Path) -> None:
    own = search(folder, "parser")["threshold"]

    learned = index(folder, "calibrate", "--index", "a.index", "--share", "0.5", "--last", "60")

    assert "a calibration needs at least 100; Signpost uses the default threshold" in learned.out
    assert search(folder, "parser")["threshold"] == own
    told = index(folder, "search", "--index", "a.index", "parser").out
    assert "the default threshold" in told
    assert "learns a threshold for this repository (it needs at least 100 issues)\n" in told


@pytest.mark.parametrize(
    "arguments", [("calibrate", "--last", "0"), ("calibrate", "--last=-5"), ("search", "x", "--most", "many")]
)
def test_a_number_is_one_from_1_on(folder: Path, arguments: tuple[str, ...]) -> None:
    done = index(folder, *arguments, "--index", "a.index")

    assert (done.code, "must be a positive integer" in done.err) == (2, True)


def test_more_than_there_are_means_all(folder: Path) -> None:
    assert read_json(folder, "calibrate", "--index", "a.index", "--last", "9" * 30)["replayed"] == 120


@pytest.mark.parametrize("number", [10**18, 2**63, 2**70])
def test_a_number_that_no_index_can_keep_is_reported(tmp_path: Path, number: int) -> None:
    issues = [*some_reports(1), replace(some_reports(2)[1], number=number)]
    write_history(tmp_path, issues)

    done = index(tmp_path, "build", "--index", "a.index", "--issues", "issues.jsonl")

    assert (done.code, done.err.startswith("signpost: issues.jsonl:2: Not a GitHub issue: number: ")) == (2, True)


def test_a_file_that_is_not_there_is_no_text(folder: Path) -> None:
    done = index(folder, "search", "--index", "a.index", "isue.json")

    assert (done.code, done.err.startswith("signpost: the file isue.json does not exist; if this is the text")) == (
        2,
        True,
    )


@pytest.mark.parametrize("share", ["0", "1", "-3", "nan"])
def test_a_share_is_a_part(folder: Path, share: str) -> None:
    assert (
        "--share must be a number between 0 and 1, such as 0.01"
        in index(folder, "calibrate", "--index", "a.index", f"--share={share}").err
    )


def test_duplicates_that_are_known_measure_it(folder: Path) -> None:
    truth = [{"number": n, "duplicate_of": n - 70, "group": [n - 70]} for n in range(101, 121)]
    (folder / "truth.jsonl").write_text("\n".join(map(json.dumps, truth)), encoding="utf-8")
    arguments = ("evaluate", "--issues", "issues.jsonl", "--truth", "truth.jsonl")

    found = read_json(folder, *arguments)

    assert found["queries"] == 10
    assert list(found["recall"]) == ["1", "3", "5", "10"]
    assert list(found["caught"]) == ["0.01", "0.02", "0.05", "0.1"]
    assert found["tiers"].keys() == {"B", "C"}
    assert found["recall"]["1"] <= found["recall"]["10"] <= 1
    assert read_json(folder, *arguments, "--all")["queries"] == 20
    told = index(folder, *arguments).out
    assert "10 duplicates and" in told
    assert "95 % interval" in told
    assert "from a score of" in told
    assert "with fewer than 100 ordinary issues, their shares are not reliable" in told
    assert re.search(r"^ C: similar +10 +\d+ +\d+ *$", told, flags=re.MULTILINE)


def test_a_truth_without_duplicates_measures_nothing(folder: Path) -> None:
    (folder / "truth.jsonl").write_text('{"number": 3, "duplicate_of": null}', encoding="utf-8")

    done = index(folder, "evaluate", "--issues", "issues.jsonl", "--truth", "truth.jsonl")

    assert (done.code, done.err.partition(":")[2].strip()[:11]) == (2, "truth.jsonl")


def test_a_repository_is_downloaded_and_kept_up_to_date(fake_github: FakeGitHub, tmp_path: Path) -> None:
    environment = {"GITHUB_API_URL": fake_github.url, "XDG_CACHE_HOME": str(tmp_path)}
    for report in some_reports(20):
        fake_github.add_issue(report.title, report.body, number=report.number)
    arguments = ("--index", "a.index", "--repo", "octo/widget")

    built = run_command("index", "build", *arguments, folder=tmp_path, environment=environment)
    fake_github.add_issue("Volcano erupts", "There is lava", number=21)
    updated = run_command("index", "update", *arguments, folder=tmp_path, environment=environment)

    assert built.out == "a.index: 20 issues, built\n", built.err
    assert updated.out == "a.index: 21 issues, 1 new or changed\n", updated.err
    assert search(tmp_path, "Volcano erupts")["candidates"][0]["number"] == 21


def test_a_repository_of_a_github_that_others_wrote_is_kept_up_to_date(emulator: str, tmp_path: Path) -> None:
    environment = {"GITHUB_API_URL": emulator, "GITHUB_TOKEN": "ghp_octo", "XDG_CACHE_HOME": str(tmp_path)}
    arguments = ("--index", "a.index", "--repo", "octo/widget")
    for report in some_reports(120):
        open_there(emulator, report.title, report.body)

    built = run_command("index", "build", *arguments, folder=tmp_path, environment=environment)
    open_there(emulator, "Volcano erupts", "There is lava")
    updated = run_command("index", "update", *arguments, folder=tmp_path, environment=environment)

    assert built.out == "a.index: 120 issues, built\n", built.err
    assert updated.out == "a.index: 121 issues, 1 new or changed\n", updated.err
    assert search(tmp_path, "Volcano erupts")["candidates"][0]["number"] == 121


def open_there(address: str, title: str, body: str) -> None:
    headers = {"Authorization": "token ghp_octo"}
    given = {"title": title, "body": body}
    requests.post(
        f"{address}/repos/octo/widget/issues", json=given, headers=headers, timeout=LONGEST
    ).raise_for_status()


def test_an_index_of_another_repository_is_built_anew(fake_github: FakeGitHub, tmp_path: Path) -> None:
    environment = {"GITHUB_API_URL": fake_github.url, "XDG_CACHE_HOME": str(tmp_path)}
    for number in range(1, 4):
        fake_github.add_issue("It breaks", number=number)
    fake_github.add_issue("Volcano erupts", repository="octo/gadget", number=2)

    done = [
        run_command(
            "index", "update", "--index", "a.index", "--repo", name, folder=tmp_path, environment=environment
        ).out
        for name in ("octo/widget", "octo/widget", "octo/gadget")
    ]

    assert done == [
        "a.index: 3 issues, built (it did not exist)\n",
        "a.index: 3 issues, 0 new or changed\n",
        "a.index: 1 issue, built (it was for octo/widget)\n",
    ]


@pytest.mark.parametrize(
    "numbers, scores, threshold, reasons",
    [
        ((1, 2, 3, 4), (0.9, 0.6, 0.2, 0.6), 0.5, (None, None, None, "other candidates rank higher")),
        ((1, 2), (0.3, 0.6), 0.5, ("its score is below 50.0%", "the best one's score is below 50.0%")),
    ],
)
def test_what_is_left_out_is_reported_with_its_reason(
    numbers: tuple[int, ...], scores: tuple[float, ...], threshold: float, reasons: tuple[str | None, ...]
) -> None:
    found = [a_candidate(number, score) for number, score in zip(numbers, scores, strict=True)]
    related = choose_related(found, threshold)

    assert tuple(explain_left_out(candidate, related, threshold) for candidate in found) == reasons


def test_a_sibling_of_a_series_is_left_out() -> None:
    sibling = a_candidate(1, 0.9, series=1.0)

    assert explain_left_out(sibling, (), 0.5) == "by the same author within two days, with another title (a series)"


def a_candidate(number: int, score: float, series: float = 0.0) -> Hit:
    features = Features(*(0.0,) * len(Features._fields))._replace(series=series)
    standing = Standing(*(0.0,) * len(Standing._fields))
    return Hit(number=number, title="Title", score=score, tier="C", why="why", features=features, standing=standing)
