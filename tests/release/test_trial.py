"""A trial of an artefact fails at the first thing that its user would not expect."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from release.trial import RULE, TrialError, expect_match, expect_output, run_program, try_studio

COMMENT = {"action": "create_comment"}


def print_run(matches: list[dict[str, Any]], plan: list[dict[str, Any]]) -> str:
    return json.dumps({"matches": matches, "plan": plan})


def test_a_dry_run_that_matches_and_would_comment_passes() -> None:
    expect_match(print_run([{"rule": RULE}], [{"action": "add_labels"}, COMMENT]))


@pytest.mark.parametrize(
    "printed, message",
    [
        pytest.param("", "printed no JSON", id="nothing"),
        pytest.param(print_run([], [COMMENT]), r"matched \[\]", id="no match"),
        pytest.param(print_run([{"rule": "other"}], [COMMENT]), "matched .'other'.", id="another rule"),
        pytest.param(print_run([{"rule": RULE}], []), r"planned \[\]", id="no comment"),
        pytest.param('{"error": "broken"}', r"matched \[\]", id="an error"),
    ],
)
def test_any_other_dry_run_fails(printed: str, message: str) -> None:
    with pytest.raises(TrialError, match=message):
        expect_match(printed)


def test_the_outputs_must_name_the_rule() -> None:
    expect_output(f'matched-rules<<x\n["{RULE}"]\nx\n')
    with pytest.raises(TrialError, match="matched-rules"):
        expect_output("matched-rules<<x\n[]\nx\n")


@pytest.mark.parametrize(
    "code, message",
    [
        ("import sys; sys.exit('what is wrong')", "exit code 1: what is wrong"),
        ("import sys; print('x'); sys.exit(3)", "exit code 3: x"),
    ],
)
def test_a_program_that_fails_is_reported_with_what_it_printed(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(TrialError, match=message):
        run_program([sys.executable, "-c", code], tmp_path)


def test_a_program_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="did not finish"):
        run_program([str(tmp_path / "missing")], tmp_path)


def test_a_program_sees_nothing_of_the_job_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "INPUT_RULES"):
        monkeypatch.setenv(name, "value")
    code = "import os; print(*(name for name in os.environ if name.startswith(('GITHUB_', 'GH_', 'INPUT_'))))"
    assert run_program([sys.executable, "-c", code], tmp_path, {"INPUT_COMMAND": "run"}) == "INPUT_COMMAND\n"


def test_a_studio_that_prints_no_address_is_reported_whatever_its_bytes(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(b'\\x81\\xff\\n'); sys.exit(3)"
    with pytest.raises(TrialError, match="stopped with exit code 3 and printed no address"):
        try_studio([sys.executable, "-c", code], tmp_path)
