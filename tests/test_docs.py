"""The documentation does not lie: every command in it is run, and what it lists is what there is."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bot.cli import COMMANDS, main
from bot.insights.report.wording import REACTIONS
from bot.insights.site.page import STATEMENTS
from bot.triage.people.settings import MEANINGS
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.story import HOME, MATCHING, RULE, TOKEN

pytestmark = pytest.mark.slow

LONGEST_README = 900
"""Words outside code blocks: what somebody reads before they decide."""
ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob(".github/*.md")])
BLOCK = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def find_commands(page: Path) -> list[str]:
    """The lines of all shell blocks, without comments."""
    blocks = BLOCK.findall(page.read_text("utf-8"))
    lines = [line.split(" # ")[0].strip() for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line and not line.startswith("#")]


OF_A_USER = ROOT / "docs/rules.md"
"""The page whose commands are those of somebody with a repository: run there, one after the other."""
OF_A_MAINTAINER = ROOT / "docs/signals.md"
"""The page whose commands ask GitHub, with a token."""
FIRST_DAY = ROOT / "docs/install.md"
"""The page whose commands lead to the first comment; `test_first_day.py` runs them."""
OF_AN_OPERATOR = ROOT / "docs/server.md"
"""The page whose commands run a server; `server/test_operation.py` and `server/test_story.py` run them."""
WITH_TOKEN = "GITHUB_TOKEN=$(gh auth token) "
"""Before a command that needs GitHub."""
_ELSEWHERE = {OF_A_USER, OF_A_MAINTAINER, OF_AN_OPERATOR, FIRST_DAY}
DOCUMENTED = [page for page in PAGES if page not in _ELSEWHERE and find_commands(page)]


@pytest.mark.parametrize("page", DOCUMENTED, ids=lambda page: str(page.relative_to(ROOT)))
def test_documented_commands_work(
    page: Path, fake_github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the page, in a folder that has what a checkout has, so that what they write stays there."""
    for name in ("rules", "tests", "benchmarks", "Makefile", "pyproject.toml", "requirements", "bot"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_API_URL", fake_github.url)
    fake_github.add_issue("Build fails", MATCHING, repository="octo-org/octo-repo")

    assert [(line, run_command(line)) for line in find_commands(page)] == [(line, 0) for line in find_commands(page)]


def run_command(line: str) -> int:
    """The exit code of a documented command. `make` only prints what it would do: its targets run elsewhere."""
    words = shlex.split(line.removeprefix(WITH_TOKEN))
    if line.startswith(WITH_TOKEN):
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("GITHUB_TOKEN", TOKEN)
            return run_signpost(words[1:])
    if words[0] == "signpost":
        return run_signpost(words[1:])
    assert words[0] == "make", f"{line!r} is run by no test"
    assert [path for path in re.findall(r"tests/[\w/.]+", line) if not (ROOT / path).exists()] == []
    return subprocess.run([*words, "--dry-run"], check=False, capture_output=True, cwd=ROOT).returncode


def test_the_commands_for_writers_of_rules_work_in_their_repository(
    fake_github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_API_URL", fake_github.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fake_github.add_issue("Build fails", "No space left on device", number=123)

    done = [(line, run_signpost(line.split()[1:])) for line in find_commands(OF_A_USER)]

    assert done == [(line, 0) for line in find_commands(OF_A_USER)]
    rules = re.findall(r"^```yaml\n(id: out-of-disk\n.*?)```", OF_A_USER.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / ".github/signpost/out-of-disk.yml").write_text(rules[0], encoding="utf-8")
    assert run_signpost(["check"]) == 0


def test_the_commands_for_maintainers_work_with_github(
    fake_github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_API_URL", fake_github.url)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fake_github.add_issue("Build fails", MATCHING, repository="octo-org/octo-repo")
    fake_github.repositories["octo-org/octo-repo"].files[f"{HOME}/out-of-disk.yml"] = RULE
    (tmp_path / HOME).mkdir(parents=True)
    (tmp_path / HOME / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "issues.jsonl").write_text('{"number": 1, "title": "Build fails", "body": ""}\n', encoding="utf-8")

    done = [(line, run_signpost(line.split()[1:])) for line in find_commands(OF_A_MAINTAINER)]

    assert done == [(line, 0) for line in find_commands(OF_A_MAINTAINER)]


def test_the_page_about_votes_has_each_reaction_with_its_default() -> None:
    rows = [
        f"| {REACTIONS[content]} | `{content}` | `{meaning}` | {STATEMENTS[meaning]} |"
        for content, meaning in MEANINGS.items()
    ]
    assert "\n".join(rows) in OF_A_MAINTAINER.read_text("utf-8")


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_headings_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text("utf-8"))

    assert [link for link in links if link[1] not in find_anchors(page.parent / link[0] if link[0] else page)] == []


def find_anchors(page: Path) -> set[str]:
    """The addresses that GitHub gives to the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_command_is_documented() -> None:
    lines = [line.removeprefix(WITH_TOKEN) for page in PAGES for line in find_commands(page)]
    documented = {line.split()[1] for line in lines if line.startswith("signpost ")}
    mentioned = set(re.findall(r"`signpost (\w+)", (ROOT / "README.md").read_text("utf-8")))

    assert set(COMMANDS) - documented - mentioned == set()


def test_the_readme_shows_a_workflow_that_an_upgrade_knows() -> None:
    """The first version of `signpost init` wrote it; `init --upgrade` makes the present one of it."""
    readme = (ROOT / "README.md").read_text("utf-8")
    workflow = (ROOT / "bot/cli/templates/older/workflow-1.yml").read_text("utf-8")

    assert f"```yaml\n{workflow}```" in readme
    assert len(workflow.splitlines()) <= 20


def test_the_readme_is_short() -> None:
    words = re.sub(r"^```.*?^```", "", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)

    assert len(re.findall(r"\w+", words)) <= LONGEST_README


def test_the_readme_links_every_page() -> None:
    links = re.findall(r"\]\((docs/[^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))

    linked = {ROOT / link for link in links} | {ROOT / "docs/release.md"}  # for those who release Signpost
    assert linked == set(ROOT.glob("docs/*.md"))


def test_the_figures_are_those_of_the_benchmarks() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| `", (ROOT / "docs/figures.md").read_text("utf-8"), re.MULTILINE)
    numbers = {number for row in rows for number in re.findall(r"\d[\d.,]*\d|\d", row)}
    measured = (ROOT / "benchmarks/README.md").read_text("utf-8")

    assert (bool(numbers), [number for number in numbers if number not in measured]) == (True, [])


CONTRIBUTING = (ROOT / ".github/CONTRIBUTING.md").read_text("utf-8")
WORKED_EXAMPLES = {
    part.partition("\n")[0]: part.partition("\n")[2].strip().splitlines()
    for part in CONTRIBUTING.partition("\n## Worked examples\n")[2].partition("\n## ")[0].split("\n### ")[1:]
}
LONGEST_EXAMPLE = 30


def list_quotes(example: list[str]) -> list[tuple[str, str]]:
    """Each line of code that an example quotes, after the file of its step."""
    quotes, file, is_code = [], "", False
    for line in example:
        if step := re.match(r"\d+\. `([^`]+)`", line):
            file = step[1]
        elif line.strip().startswith("```"):
            is_code = not is_code
        elif is_code and line.strip() != "...":
            quotes.append((file, line.strip()))
    return quotes


def list_named_files(example: list[str]) -> set[str]:
    """Paths in backticks: names with a folder or with the ending of a file."""
    spans = re.findall(r"`([^`\s]+)`", "\n".join(example))
    return {span for span in spans if re.fullmatch(r"[\w.-]+(/[\w.-]+)+|[\w-]+\.(md|toml)", span)}


@pytest.mark.parametrize("name", WORKED_EXAMPLES)
def test_a_worked_example_agrees_with_the_code(name: str) -> None:
    example = WORKED_EXAMPLES[name]
    quotes = list_quotes(example)
    files = {file: {line.strip() for line in (ROOT / file).read_text("utf-8").splitlines()} for file, _ in quotes}

    assert sorted(file for file in list_named_files(example) if not (ROOT / file).is_file()) == []
    assert [(file, line) for file, line in quotes if line not in files[file]] == []
    assert len(quotes) >= 4
    assert len(example) <= LONGEST_EXAMPLE


def test_there_are_three_worked_examples() -> None:
    assert [*WORKED_EXAMPLES] == ["Add a condition", "Add a rule pack", "Add an output format"]
