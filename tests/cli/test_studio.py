"""The command `signpost studio`: what it prints, what it refuses, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar

import pytest

from tests.stand_ins.command import ROOT, run_command
from tests.stand_ins.patience import LONGEST

RULE = "rules/claude-code/extra-usage-400.yml"


pytestmark = pytest.mark.usefixtures("built_page")


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, with a terminal's signals."""
    command = [sys.executable, "-m", "bot", "studio", *arguments, "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    printed = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", printed)
    assert found, printed
    return found[0]


def test_the_address_leads_to_the_page_and_ctrl_c_ends_it() -> None:
    with started(RULE, "--issues", "tests/cases/issues.jsonl") as process:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with opener.open(read_address(process), timeout=LONGEST) as page:
            assert b"<title>Signpost studio</title>" in page.read()
            room = page.url
        with opener.open(f"{room}rule", timeout=LONGEST) as rule:
            assert json.load(rule)["file"] == RULE

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=LONGEST) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_the_address_is_json_on_demand() -> None:
    with started(RULE, "--format", "json") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]

        told = json.loads("".join(lines))

    assert (told["schema_version"], told["file"]) == (1, RULE)
    assert told["address"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        pytest.param(["missing.yml"], "there is no rule file missing.yml", id="no such rule"),
        pytest.param(["rules"], "cannot read rules", id="a folder"),
        pytest.param([RULE, "--rules", "missing"], "there are no rules at missing", id="no such rules"),
        pytest.param([RULE, "--port", "65536"], "--port must be from 0 to 65535, not 65536", id="no port"),
        pytest.param([RULE, "--port", "-1"], "--port must be from 0 to 65535, not -1", id="a negative port"),
    ],
)
def test_what_cannot_be_is_explained(arguments: list[str], complaint: str) -> None:
    done = run_command("studio", *arguments, "--no-browser", environment=dict(os.environ))

    assert (done.code, complaint in done.err, done.out) == (2, True, "")


def test_a_port_that_is_taken_is_explained() -> None:
    with started(RULE) as process:
        port = read_address(process).split(":")[2].split("/")[0]

        done = run_command("studio", RULE, "--port", port, "--no-browser", environment=dict(os.environ))

    assert (done.code, f"cannot use port {port}" in done.err) == (2, True)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_its_name_is_reported(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\nfrom bot.cli import main\nsys.exit(main(['studio', {RULE!r}]))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    fix = "run: pipx install --force 'signpost-bot[studio]'"
    assert done.stderr == f"signpost: the studio needs {missing}, which is not installed; {fix}\n"
