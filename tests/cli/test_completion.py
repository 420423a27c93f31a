"""`signpost completion`: a real shell completes commands, options, choices, files and ids of rules."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stand_ins.command import run_command
from tests.stand_ins.story import HOME

COMPLETE = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
definition=$(complete -p signpost); function=${definition#*-F }
${function%% *} signpost "${@: -1}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
"""
"""What bash does when somebody presses Tab after the words."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two rules, an issue, and the script of each shell."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / HOME).mkdir(parents=True)
    for name in ("out-of-disk.yml", "api-error.yml", "pack.yml", "config.yml"):
        (folder / HOME / name).touch()
    (folder / "issue.md").touch()
    for shell in ("bash", "zsh", "fish"):
        (folder / f"script.{shell}").write_text(run_command("completion", shell, folder=folder).out, "utf-8")
    return folder


@pytest.mark.parametrize(
    "words, expected",
    [
        (("ch",), {"check"}),
        (("run", "--dr"), {"--dry-run"}),
        (("index", "bu"), {"build"}),
        (("check", "--format", "j"), {"json", "junit"}),
        (("completion", ""), {"bash", "zsh", "fish"}),
        (("explain", "iss"), {"issue.md"}),
        (("explain", "7", "--rule", ""), {"api-error", "out-of-disk"}),
        (("explain", "7", "--rule", "o"), {"out-of-disk"}),
        (("explain", "7", "--rule", "="), {"api-error", "out-of-disk"}),
        (("explain", "7", "--rule", "=", "o"), {"out-of-disk"}),
        (("check", "--format", "=", "json", "--st"), {"--strict"}),
        (("nowhere", "--x"), {""}),
    ],
)
def test_bash_completes(words: tuple[str, ...], expected: set[str], folder: Path) -> None:
    command = ["bash", "--norc", "-c", COMPLETE, "bash", "script.bash", "signpost", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)

    assert (set(done.stdout.split("\n")[:-1]), done.stderr) == (expected, "")


def test_each_shell_of_this_machine_reads_its_script(folder: Path) -> None:
    shells = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
    done = {
        shell: subprocess.run([shell, "-n", folder / f"script.{shell}"], check=False).returncode for shell in shells
    }

    assert done == dict.fromkeys(shells, 0)


def test_zsh_takes_a_value_after_a_space_and_after_an_equals_sign(folder: Path) -> None:
    script = (folder / "script.zsh").read_text("utf-8")

    assert set(re.findall(r'^  "\*?--[a-z-]+(=?)\[[^"]*\]:', script, re.MULTILINE)) == {"="}
    assert set(re.findall(r'^  "--(?:dry-run|strict)(=?)\[', script, re.MULTILINE)) == {""}
