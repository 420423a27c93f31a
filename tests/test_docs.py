"""The documentation does not lie: every command in it is run, and what it lists is what there is."""

import re
import subprocess
from pathlib import Path

import pytest

from bot.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob(".github/*.md")])
BLOCK = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def find_commands(page: Path) -> list[str]:
    """The lines of all shell blocks, without comments."""
    blocks = BLOCK.findall(page.read_text("utf-8"))
    lines = [line.split(" # ")[0].strip() for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line and not line.startswith("#")]


DOCUMENTED = [
    pytest.param(line, id=f"{page.relative_to(ROOT)}: {line}") for page in PAGES for line in find_commands(page)
]


@pytest.mark.parametrize("line", DOCUMENTED)
def test_documented_commands_work(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = line.split()
    monkeypatch.chdir(tmp_path if words[:2] == ["signpost", "init"] else ROOT)
    if words[0] == "signpost":
        with pytest.MonkeyPatch.context() as patch:
            for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ACTIONS"):
                patch.delenv(name, raising=False)
            assert run_signpost(words[1:]) == 0
    else:
        assert words[0] == "make", f"{line!r} is run by no test"
        subprocess.run([*words, "--dry-run"], check=True, capture_output=True, cwd=ROOT)


def run_signpost(arguments: list[str]) -> int:
    """The command's exit code; argparse ends `--help` by SystemExit."""
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_is_documented() -> None:
    documented = {line.split()[1] for page in PAGES for line in find_commands(page) if line.startswith("signpost ")}
    mentioned = set(re.findall(r"`signpost (\w+)", (ROOT / "README.md").read_text("utf-8")))

    assert set(COMMANDS) - documented - mentioned == set()


def test_the_readme_shows_the_workflow_that_init_writes() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    workflow = (ROOT / "bot/cli/templates/workflow.yml").read_text("utf-8")

    assert f"```yaml\n{workflow}```" in readme
    assert len(workflow.splitlines()) <= 20
