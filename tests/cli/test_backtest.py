"""`signpost backtest`: rules over an export of past issues."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.rules.loader import build_ruleset
from tests.cli.options.test_git_revision import commit, git
from tests.signals.ledgers import a_given, a_guidance, a_ledger, a_vote, write_ledger
from tests.stand_ins.command import ROOT, Finished, run_command
from tests.stand_ins.github_json import Json
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.story import HOME, MATCHING, OTHER, RULE

CAPTURING = RULE.replace('"No space left on device"', '"os error {code:int}"').replace("follow: 1\n", "")
GH_KEYS = {"author": {"login": "reporter"}, "createdAt": "2026-04-08T09:00:00Z", "state": "OPEN", "labels": []}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(CAPTURING, encoding="utf-8")
    return tmp_path


def backtest(folder: Path, *arguments: str, issues: str = "issues.jsonl") -> Finished:
    return run_command("backtest", "--issues", issues, *arguments, folder=folder)


def describe(number: int, body: str, **more: Any) -> Json:  # noqa: ANN401 - JSON
    return {"number": number, "title": "It breaks", "body": body, **more}


ISSUES = [describe(1, OTHER), describe(2, MATCHING), describe(3, f"Again: {MATCHING}")]


def write_lines(path: Path, issues: list[Json]) -> None:
    path.write_text("".join(f"{json.dumps(issue)}\n" for issue in issues), encoding="utf-8")


def write_gzip(path: Path, issues: list[Json]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(issue)}\n" for issue in issues)


def write_array(path: Path, issues: list[Json]) -> None:
    path.write_text(json.dumps([{**issue, **GH_KEYS} for issue in issues]), encoding="utf-8")


def write_pages(path: Path, issues: list[Json]) -> None:
    path.write_text(json.dumps(issues[:1]) + json.dumps(issues[1:]), encoding="utf-8")


@pytest.mark.parametrize(
    "write, name",
    [
        pytest.param(write_lines, "issues.jsonl", id="an issue a line"),
        pytest.param(write_gzip, "issues.jsonl.gz", id="compressed"),
        pytest.param(write_array, "issues.json", id="gh issue list --json"),
        pytest.param(write_pages, "issues.json", id="gh api --paginate"),
    ],
)
def test_issues_are_read_in_the_forms_in_which_people_have_them(
    checkout: Path, write: Callable[[Path, list[Json]], None], name: str
) -> None:
    write(checkout / name, ISSUES)

    finished = backtest(checkout, "--format", "json", issues=name)

    assert (finished.code, finished.err) == (0, "")
    told = json.loads(finished.out)
    assert (told["schema_version"], told["issues"], told["matched"], told["rules"]) == (1, 3, 2, {"out-of-disk": 2})


def test_each_issue_is_listed_with_its_matches(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES[:2])

    backtest(checkout, "--per-issue", "out.jsonl")

    assert list(map(json.loads, (checkout / "out.jsonl").read_text("utf-8").splitlines())) == [
        {"number": 1, "matches": []},
        {"number": 2, "matches": [{"rule": "out-of-disk", "captures": {"code": "28"}}]},
    ]


def test_text_tells_what_happened_rule_by_rule(checkout: Path) -> None:
    write_lines(
        checkout / "issues.jsonl",
        [{**issue, "created_at": f"2026-04-0{day}T09:00:00Z"} for issue in ISSUES for day in (1, 8)],
    )

    assert [line.rstrip() for line in backtest(checkout).out.splitlines()] == [
        "issues.jsonl, 2026-W14 to 2026-W15",
        "issues   ██                        6",
        "matched  ██                        4",
        "comments ██                        4, 2 per week",
        "",
        "",
        " rule          matches   share   by week   comments per week",
        " " + "─" * 59,
        " out-of-disk         4   66.7%   ██                        2",
        "",
        "labels   area:disk (4)",
        "",
        "note: out-of-disk matches 67% of all issues; check that it is meant to be this broad.",
        "6 issues, 4 matched",
    ]


def test_what_is_known_is_held_against_the_matches(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES)
    known = [{"number": 1, "rules": []}, {"number": 2, "class": "out-of-disk"}, {"number": 3, "class": "other"}]
    write_lines(checkout / "truth.jsonl", known)

    told = json.loads(backtest(checkout, "--against", "truth.jsonl", "--format", "json").out)

    assert {key: told["truth"][key] for key in ("source", "known", "known_none", "false_alarms", "uncovered")} == {
        "source": "file",
        "known": 3,
        "known_none": 1,
        "false_alarms": 0,
        "uncovered": {"other": 1},
    }
    assert told["truth"]["precision"] == {"value": 0.5, "low": 0.0945, "high": 0.9055, "hits": 1, "total": 2}
    assert (told["per_rule"]["out-of-disk"]["wrong"], told["per_rule"]["out-of-disk"]["missed"]) == ([3], [])


def test_labels_are_held_against_the_matches(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", [describe(1, OTHER, labels=["area:disk"]), *ISSUES[1:]])

    finished = backtest(checkout, "--against", "labels")

    assert "precision  0.00 (0.00-0.66) 0/2 matches" in finished.out
    assert "recall     0.00 (0.00-0.79) 0/1 issues" in finished.out


def test_votes_are_shown_for_the_rule_as_it_is_now(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES)
    (rule,) = build_ruleset({"out-of-disk.yml": CAPTURING}).rules
    votes = [a_vote("a", "+1"), a_vote("b", "+1"), a_vote("c"), a_vote("a", "-1", comment=2)]
    given = (a_guidance(rule.id, rule.content_hash), a_guidance(rule.id, "of an earlier text"))
    ledger = a_ledger(a_given(1, given[0]), a_given(2, given[1]), votes=votes)
    write_ledger(checkout / "ledger.sqlite", ledger)

    text = backtest(checkout, "--ledger", "ledger.sqlite", "--html", "out.html")
    told = json.loads(backtest(checkout, "--ledger", "ledger.sqlite", "--format", "json").out)
    unasked = json.loads(backtest(checkout, "--format", "json").out)

    assert (text.code, [line.split()[-7:] for line in text.out.splitlines() if line.startswith(" out-of-disk")]) == (
        0,
        [["-", "0.67", "(0.21-0.94)", "2/3", "0.33", "(0.06-0.79)", "1/3"]],
    )
    assert told["per_rule"]["out-of-disk"]["votes"] == {
        "voters": 3,
        "solved": {"value": 0.6667, "low": 0.2077, "high": 0.9385, "hits": 2, "total": 3},
        "wrong": {"value": 0.3333, "low": 0.0615, "high": 0.7923, "hits": 1, "total": 3},
    }
    assert unasked["per_rule"]["out-of-disk"]["votes"] is None
    assert '<th scope="col" class="number">solved</th>' in (checkout / "out.html").read_text("utf-8")


def test_settings_beside_the_rules_count(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES)
    (checkout / HOME / "config.yml").write_text("mode: label\n", encoding="utf-8")

    assert json.loads(backtest(checkout, "--format", "json").out)["comments"] == 0


@pytest.mark.slow
def test_all_cores_give_what_one_process_gives(checkout: Path) -> None:
    issues = [
        describe(number, (OTHER, MATCHING)[number % 3 == 0], created_at=f"2026-04-{number % 30 + 1:02}T09:00:00Z")
        for number in range(1, 900)
    ]
    write_lines(checkout / "issues.jsonl", issues)

    one, several = (
        backtest(checkout, "--format", "json", "--jobs", jobs, "--per-issue", f"{jobs}.jsonl") for jobs in ("1", "3")
    )

    assert (several.code, several.err, several.out) == (0, "wrote 3.jsonl\n", one.out)
    assert (checkout / "3.jsonl").read_text("utf-8") == (checkout / "1.jsonl").read_text("utf-8")
    assert json.loads(one.out)["matched"] == 299


def test_a_broken_line_far_down_is_reported_with_its_place(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", [describe(number, OTHER) for number in range(1, 700)])
    with (checkout / "issues.jsonl").open("a", encoding="utf-8") as file:
        file.write("{\n")

    finished = backtest(checkout, "--jobs", "2")

    assert (finished.code, finished.out, finished.err[:40]) == (2, "", "signpost: issues.jsonl:700: invalid JSON")


def write_endlessly(path: Path) -> None:
    """Write issues as lines until the reader is gone."""
    with suppress(BrokenPipeError), path.open("w", encoding="utf-8") as into:
        for number in count(1):
            into.write(f"{json.dumps(describe(number, MATCHING))}\n")
            into.flush()


def test_an_interrupted_run_leaves_no_process_behind(checkout: Path) -> None:
    """As a terminal does it: Ctrl-C reaches every process of the group. Whoever is left would keep stderr open."""
    os.mkfifo(checkout / "issues.jsonl")
    os.mkfifo(checkout / "out.jsonl")
    command = [sys.executable, "-m", "bot", "backtest", "--issues", "issues.jsonl", "--per-issue", "out.jsonl"]
    process = subprocess.Popen(
        [*command, "--jobs", "2"],
        cwd=checkout,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    # Lines come until nobody reads them: a run that waits for one would hold back what it has to say of the first.
    writer = Thread(target=write_endlessly, args=(checkout / "issues.jsonl",))
    writer.start()
    with process, (checkout / "out.jsonl").open(encoding="utf-8") as out:
        assert json.loads(out.readline())["number"] == 1
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=LONGEST)
        writer.join(LONGEST)

    assert (process.returncode, said) == (130, (b"", b""))


def test_rules_are_compared_with_what_they_were(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES)
    git(checkout, "init", "--quiet")
    commit(checkout, "old")
    (checkout / HOME / "out-of-disk.yml").write_text(
        CAPTURING.replace("os error {code:int}", "only breaks on"), "utf-8"
    )

    told = json.loads(backtest(checkout, "--compare", "old", "--format", "json").out)
    text = backtest(checkout, "--compare", "old").out

    assert told["compare"] == {
        "revision": "old",
        "comments": {"gained": 1, "lost": 2, "gained_issues": [1], "lost_issues": [3, 2]},
        "rules": {"out-of-disk": {"gained": 1, "lost": 2, "gained_issues": [1], "lost_issues": [3, 2]}},
    }
    assert "  out-of-disk: 1 gained, 2 lost\n    + #1\n    - #3, #2\n  comments: 1 gained, 2 lost\n" in text


def test_messages_that_unmatched_issues_share_are_reported(checkout: Path) -> None:
    error = "error: cannot open the widget store"
    issues = [describe(number, error, user={"login": f"user-{number}"}) for number in range(1, 9)]
    write_lines(checkout / "issues.jsonl", [*issues, *(describe(number, "Nothing to see.") for number in range(9, 60))])

    told = json.loads(backtest(checkout, "--format", "json").out)

    assert (told["unmatched"]["issues"], told["unmatched"]["newest"]) == (59, list(range(59, 49, -1)))
    assert [cluster["issues"] for cluster in told["unmatched"]["clusters"]][:1] == [8]
    assert "cannot open the widget store" in backtest(checkout).out
    assert "cannot open the widget store" not in backtest(checkout, "--no-clusters").out


def test_the_report_can_be_a_page(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES)

    finished = backtest(checkout, "--html", "report.html")

    assert (finished.code, finished.err) == (0, "")
    assert "<title>Backtest of issues.jsonl</title>" in (checkout / "report.html").read_text("utf-8")


def test_details_show_the_most_and_least_typical_matches(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES)

    told = backtest(checkout, "--details").out

    assert "out-of-disk, most typical matches" in told
    assert "#3 It breaks [phrase: " in told


def test_empty_lines_are_no_issues(checkout: Path) -> None:
    (checkout / "issues.jsonl").write_text("\n\n", encoding="utf-8")

    assert json.loads(backtest(checkout, "--format", "json").out)["issues"] == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_history_that_a_windows_shell_wrote_is_read(checkout: Path, encoding: str) -> None:
    text = json.dumps({**ISSUES[0], "title": "Ça ne va pas"}, ensure_ascii=False) + "\r\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (checkout / "issues.jsonl").write_bytes((mark + text).encode(encoding))

    assert json.loads(backtest(checkout, "--format", "json").out)["issues"] == 1


@pytest.mark.parametrize(
    "line, reason",
    [
        pytest.param('{"number": 2, "tit', "issues.jsonl:2: invalid JSON (", id="cut off"),
        pytest.param("[" * 100_000, "issues.jsonl:2: invalid JSON (", id="nested without end"),
        pytest.param(f'{{"number": {"1" * 5000}}}', "issues.jsonl:2: invalid JSON (", id="a number without end"),
        pytest.param('"text"', "issues.jsonl:2: Not a GitHub issue: the whole: input should be an object.", id="text"),
        pytest.param('{"title": "x"}', "issues.jsonl:2: Not a GitHub issue: number: field required", id="no number"),
    ],
)
def test_a_broken_line_is_reported_with_its_place(checkout: Path, line: str, reason: str) -> None:
    (checkout / "issues.jsonl").write_text(f"{json.dumps(ISSUES[0])}\n{line}\n", encoding="utf-8")

    finished = backtest(checkout)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"x" * 9000)[:-12]], ids=["no gzip", "cut off"])
def test_a_broken_archive_is_reported(checkout: Path, content: bytes) -> None:
    (checkout / "issues.jsonl.gz").write_bytes(content)

    finished = backtest(checkout, issues="issues.jsonl.gz")

    assert (finished.code, finished.err.startswith("signpost: cannot read issues.jsonl.gz: ")) == (2, True)


@pytest.mark.parametrize(
    "arguments, reason",
    [
        pytest.param((), "cannot read issues.jsonl: ", id="no such file"),
        pytest.param(("--per-issue", "nowhere/out.jsonl"), "cannot write nowhere/out.jsonl: ", id="no such folder"),
        pytest.param(("--html", "nowhere/x.html"), "cannot read issues.jsonl: ", id="the archive comes first"),
        pytest.param(("--compare", "HEAD"), ".github/signpost is not in a git repository", id="not in git"),
        pytest.param(("--against", "nowhere"), "cannot read nowhere: ", id="no such truth"),
        pytest.param(("--config", "nowhere"), "cannot read nowhere: ", id="no such settings"),
        pytest.param(("--rules", "nowhere"), "there are no rules at nowhere", id="no such rules"),
    ],
)
def test_wrong_usage_is_reported_in_one_sentence(checkout: Path, arguments: tuple[str, ...], reason: str) -> None:
    finished = backtest(checkout, *arguments)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


def test_a_broken_rule_is_reported_and_the_others_still_count(checkout: Path) -> None:
    (checkout / HOME / "broken.yml").write_text("id: broken\n", encoding="utf-8")
    write_lines(checkout / "issues.jsonl", ISSUES)

    finished = backtest(checkout, "--format", "json")

    assert (finished.code, json.loads(finished.out)["matched"]) == (2, 2)
    assert f"{HOME}/broken.yml:1:1: " in finished.err


@pytest.mark.parametrize("option", ["--per-issue", "--html"])
def test_an_input_is_never_overwritten(checkout: Path, option: str) -> None:
    write_lines(checkout / "issues.jsonl", [describe(7, MATCHING)])
    before = (checkout / "issues.jsonl").read_bytes()

    finished = backtest(checkout, option, "issues.jsonl")

    told = "signpost: issues.jsonl is an input of this command; choose another file for the output\n"
    assert (finished.code, finished.err, (checkout / "issues.jsonl").read_bytes()) == (2, told, before)


def test_a_file_that_is_no_page_is_never_replaced_by_one(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", [describe(7, MATCHING)])
    (checkout / "notes.md").write_text("# Notes", "utf-8")

    finished = backtest(checkout, "--html", "notes.md")

    assert (finished.code, (checkout / "notes.md").read_text("utf-8")) == (2, "# Notes")
