"""What holds for every command: help with an example, exit codes, JSON alone on stdout, plain output."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which

import pytest

from bot.cli import COMMANDS, explain_choice
from bot.signals.file import open_ledger
from tests.stand_ins.command import ROOT, run_command
from tests.stand_ins.fake_github import SECONDARY_LIMIT, FakeGitHub, Fault, Reply
from tests.stand_ins.github_json import error_json
from tests.stand_ins.story import HOME, MATCHING, RULE, add_rule, open_issue, start_run, tell_event

pytestmark = pytest.mark.slow

HEAVY = ("github", "jinja2", "pydantic", "re2", "requests", "rich", "yaml")
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7])[0-9;]*m")

NEVER_ENDING = {"serve", "studio"}
"""Commands that serve until somebody stops them."""

ON_GITHUB = {"doctor", "sweep", "uninstall"}
"""Commands that do nothing without GitHub; their own tests have a fake one for them."""

each_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with one rule, an issue as a file, an event, an export and a ledger."""
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    issue = {"number": 2, "title": "It breaks", "body": MATCHING, "user": {"login": "reporter"}}
    event = {"action": "opened", "issue": issue, "repository": {"full_name": "octo/widget"}}
    (tmp_path / "issue.md").write_text(f"# It breaks\n\n{MATCHING}", encoding="utf-8")
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    (tmp_path / "issues.jsonl").write_text(f"{json.dumps(issue)}\n", encoding="utf-8")
    with open_ledger(tmp_path / ".signpost" / "ledger.sqlite", "octo/widget"):
        return tmp_path


USES = {
    "run": ("run", "--event", "event.json", "--dry-run"),
    "check": ("check",),
    "explain": ("explain", "issue.md"),
    "report": ("report", "issue.md"),
    "backtest": ("backtest", "--issues", "issues.jsonl"),
    "suggest": ("suggest", "--issues", "issues.jsonl"),
    "index": ("index", "build", "--index", "issues.index", "--issues", "issues.jsonl"),
    "new": ("new", "--from", "issue.md", "--out", "-", "--rules", "pack:rust"),
    "site": ("site", "--out", "public", "--issues", "issues.jsonl", "--cache", "cache"),
    "schema": ("schema",),
    "init": ("init",),
    "stats": ("stats",),
    "completion": ("completion", "zsh"),
}

each_use = pytest.mark.parametrize("command", USES)


def test_there_is_a_use_of_every_command() -> None:
    assert USES.keys() == COMMANDS.keys() - NEVER_ENDING - ON_GITHUB


@each_command
def test_help_ends_with_an_example_that_the_command_understands(command: str, tmp_path: Path) -> None:
    finished = run_command(command, "--help")

    example = finished.out.strip().splitlines()[-1]
    assert finished.code == 0
    assert example.startswith(f"example: signpost {command}")
    assert "unrecognized arguments" not in run_command(*shlex.split(example)[2:], folder=tmp_path).err


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - NEVER_ENDING - ON_GITHUB))
def test_the_example_of_help_works_as_it_stands(repository: Path, command: str) -> None:
    example = run_command(command, "--help").out.strip().splitlines()[-1]

    finished = run_command(*shlex.split(example)[2:], folder=repository)

    assert finished.code in {0, 1}, finished.err
    assert "signpost: " not in finished.err
    assert finished.out


@each_use
def test_a_command_ends_with_0_where_all_is_fine(repository: Path, command: str) -> None:
    finished = run_command(*USES[command], folder=repository)

    assert (finished.code, finished.err) == (0, "")
    assert finished.out


@each_use
@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": ""}], ids=["shell", "runner"])
def test_json_stands_alone_on_stdout(repository: Path, command: str, environment: dict[str, str]) -> None:
    finished = run_command(*USES[command], "--format", "json", folder=repository, environment=environment)

    assert json.loads(finished.out)["schema_version"] == 1
    assert finished.out.isascii()
    assert "##[" not in finished.out


@each_use
def test_text_has_no_line_that_the_runner_obeys(repository: Path, command: str) -> None:
    finished = run_command(*USES[command], folder=repository)

    assert not re.search(r"^\s*::|##\[", finished.out, flags=re.MULTILINE)


@each_command
def test_a_wrong_option_is_wrong_usage(command: str) -> None:
    finished = run_command(command, "--nonsense")

    assert (finished.code, finished.out) == (2, "")
    assert "usage: signpost" in finished.err


@each_use
def test_what_the_terminal_cannot_show_is_replaced(repository: Path, command: str) -> None:
    environment = {"PYTHONIOENCODING": "ascii", "PATH": os.environ["PATH"]}
    words = [sys.executable, "-m", "bot", *USES[command]]
    done = subprocess.run(
        words, cwd=repository, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words, code", [((), 2), (("nonsense",), 2), (("--help",), 0), (("--version",), 0)])
def test_without_a_command_the_commands_are_listed(words: tuple[str, ...], code: int) -> None:
    finished = run_command(*words)

    assert finished.code == code
    assert words == ("--version",) or all(command in finished.out + finished.err for command in COMMANDS)


@pytest.mark.parametrize("command", ["explain", "backtest"])
def test_no_colour_is_shown_where_none_is_wanted(repository: Path, command: str) -> None:
    coloured = run_command(*USES[command], folder=repository, environment={"FORCE_COLOR": "1", "TERM": "xterm"})
    plain = run_command(
        *USES[command], folder=repository, environment={"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": "1"}
    )

    assert bool(COLOUR.search(coloured.out)) == (command == "explain")
    assert not COLOUR.search(plain.out)


def test_an_interrupted_command_ends_with_130(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    limit = Reply(status=429, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "50"})
    fake_github.faults = {2: Fault(kind="answer", reply=limit)}
    running = start_run(fake_github, tell_event(fake_github, open_issue(fake_github)), tmp_path)

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(running.go)
        while len(fake_github.requests) < 2:
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(running.pid, signal.SIGINT)
        finished = ending.result()

    assert finished.code == 130
    assert "Traceback" not in finished.err


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["init", "--help"], ["run", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = f"""
import sys
from bot.cli import main
try:
    main({words})
except SystemExit:
    pass
print([name for name in {HEAVY if words[0] != "run" else ("github", "requests", "rich")} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_package_runs_as_a_module(repository: Path) -> None:
    words = [sys.executable, "-m", "bot", "check", str(repository / HOME)]
    done = subprocess.run(words, cwd=ROOT, env={}, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 rule, 2 examples: no errors, 2 warnings")


def run_in_shell(folder: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """One line of a shell in which `signpost` is the command, as people pipe and redirect it."""
    bash = which("bash")
    assert bash
    shell = f'set -o pipefail; signpost() {{ {shlex.quote(sys.executable)} -m bot "$@"; }}; {line}'
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run([bash, "-c", shell], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@each_use
@pytest.mark.parametrize("sink", ["| true", ">&-"], ids=["a reader that is gone", "no standard output"])
def test_who_does_not_read_to_the_end_is_no_finding(repository: Path, command: str, sink: str) -> None:
    done = run_in_shell(repository, f"signpost {shlex.join(USES[command])} {sink}")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
@pytest.mark.parametrize("form", ["text", "json"])
@each_use
def test_a_full_disk_is_reported_in_a_sentence(repository: Path, command: str, form: str) -> None:
    done = run_in_shell(repository, f"signpost {shlex.join(USES[command])} --format {form} > /dev/full")

    assert (done.returncode, done.stderr) == (
        2,
        "signpost: cannot continue: [Errno 28] No space left on device; free some disk space and try again\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_an_error_with_the_name_of_a_file_is_no_command_for_the_runner(tmp_path: Path) -> None:
    name = "rules\n::stop-commands::x.yml"
    (tmp_path / name).symlink_to(name)
    finished = run_command("check", ".", "--format", "github", folder=tmp_path)

    assert (finished.code, finished.out) == (2, "")
    assert [line.partition(": Too")[0] for line in finished.err.splitlines()] == [
        "signpost: cannot read rules⏎::stop-commands::x.yml"
    ]


@pytest.mark.parametrize("form", [("--format", "json"), ("--format=json",)])
def test_a_script_that_asked_for_json_gets_the_error_as_json(tmp_path: Path, form: tuple[str, ...]) -> None:
    finished = run_command("backtest", "--issues", "none.jsonl", "--rules", "pack:common", *form, folder=tmp_path)

    message = "cannot read none.jsonl: No such file or directory"
    assert (finished.code, finished.err) == (2, f"signpost: {message}\n")
    assert json.loads(finished.out) == {"schema_version": 1, "error": message}


@pytest.mark.parametrize(
    "words, message",
    [
        (("backtest",), "one of the arguments --issues --repo is required"),
        (
            ("index", "search", "--index", "x", "--most", "0", "y"),
            "argument --most: must be a positive integer, not '0'",
        ),
    ],
    ids=["backtest", "index search"],
)
def test_wrong_usage_is_reported_as_json_where_that_is_asked_for(words: tuple[str, ...], message: str) -> None:
    finished = run_command(*words, "--format", "json")

    assert (finished.code, finished.err.splitlines()[-1].partition(": error: ")[2]) == (2, message)
    assert json.loads(finished.out) == {"schema_version": 1, "error": message}


@pytest.mark.parametrize(
    "words, message",
    [
        (["chek"], "unknown command `chek`; did you mean `check`?"),
        (["Check"], "unknown command `Check`; did you mean `check`?"),
        (["sugest"], "unknown command `sugest`; did you mean `suggest`?"),
        (["check", "--stric"], "unknown argument `--stric`; did you mean `--strict`?"),
        (["check", "--no-prof"], "unknown argument `--no-prof`; did you mean `--no-proof`?"),
        (["check", "--format", "jsn"], "--format cannot be `jsn`; did you mean `json`?"),
        (["check", "--format=sarf"], "--format cannot be `sarf`; did you mean `sarif`?"),
        (["serve", "--prot", "8000"], "unknown argument `--prot`; did you mean `--port`?"),
        (["serve", "--workers", "2", "stats"], "unknown action `stats`; did you mean `status`?"),
        (["index", "serach"], "unknown action `serach`; did you mean `search`?"),
    ],
)
def test_a_misspelt_word_is_named_with_the_nearest(words: list[str], message: str, tmp_path: Path) -> None:
    finished = run_command(*words, folder=tmp_path)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.splitlines()[-1].partition(": error: ")[2] == message


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("'chek' (choose from 'init', 'check')", id="Python 3.11"),
        pytest.param("'chek' (choose from init, check)", id="Python 3.12 to 3.14"),
        pytest.param("'chek', maybe you meant 'check'? (choose from init, check)", id="with a suggestion"),
        pytest.param("chek (choose from init, check)", id="without quotes"),
    ],
)
def test_every_python_words_an_invalid_choice_in_its_own_way(written: str) -> None:
    found = explain_choice(f"argument COMMAND: invalid choice: {written}")

    assert found == "unknown command `chek`; did you mean `check`?"
