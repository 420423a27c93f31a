"""What stands around the package agrees with it: action, image, locks, versions and pages."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import AliasChoices

from bot import __version__
from bot.cli.action import CACHE, INDEX
from bot.cli.options.log import make_outputs
from bot.cli.run import REPORT_OUTPUT
from bot.github.actions_runner import Command, Settings
from bot.signals.file import LEDGER
from bot.triage.result import Result
from tests.stand_ins.lock import hold_lock

ROOT = Path(__file__).parents[1]
IGNORED = {".git", *(line.strip("/\n") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ACTION: Mapping[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SITE = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["site"]]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

LONGEST_WORKFLOW = 20
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|crates)\.(?:org|com|io)\b")


def tracked_files() -> list[Path]:
    tops = [path for path in ROOT.iterdir() if path.name not in IGNORED]
    files = [path for top in tops for path in ((top,) if top.is_file() else top.rglob("*")) if path.is_file()]
    return [path for path in files if "__pycache__" not in path.parts]


def requirements_of(group: str) -> list[Requirement]:
    texts = PROJECT["project"]["dependencies"] if group == "run" else PROJECT["dependency-groups"][group]
    return [Requirement(text) for text in texts]


def locked_versions(group: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.+!-]+)", text, flags=re.MULTILINE))


def documented_blocks() -> list[str]:
    """The YAML of the README and of the pages, the README first."""
    return re.findall(r"^```ya?ml\n(.*?)^```$", "\n".join(PAGES.values()), flags=re.MULTILINE | re.DOTALL)


def documented_workflows() -> list[str]:
    """Those blocks that are whole workflows; the first is the one that everybody installs."""
    return [block for block in documented_blocks() if "runs-on:" in block]


def documented_steps() -> list[str]:
    """The blocks that show the steps of that workflow with more inputs."""
    return [block for block in documented_blocks() if block.lstrip().startswith("steps:")]


def input_of(variable: str) -> str:
    return variable.removeprefix("INPUT_").lower().replace("_", "-")


def test_no_file_names_this_machine_or_a_package_registry() -> None:
    with hold_lock("studio-page"):
        texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in tracked_files()}
    found = [str(path.relative_to(ROOT)) for path, text in texts.items() if str(ROOT) in text or REGISTRY.search(text)]
    assert found == []


def test_each_entry_of_a_list_in_pyproject_says_why_it_is_there() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.match(r'\s+"', line) and "  # " not in line] == []


@pytest.mark.parametrize("group", ["run", *PROJECT["dependency-groups"]])
def test_a_lock_holds_what_pyproject_asks_for(group: str) -> None:
    locked = locked_versions(group)
    wanted = requirements_of(group)
    assert [str(each) for each in wanted if locked.get(canonicalize_name(each.name), "") not in each.specifier] == []


def test_locks_agree_about_the_versions_they_share() -> None:
    versions: dict[str, set[str]] = {}
    for group in ("run", "action", "site", *PROJECT["dependency-groups"]):
        for name, version in locked_versions(group).items():
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_action_gets_all_packages_but_those_that_it_never_imports() -> None:
    """pycparser is for building, and shtab for shells; PyGithub imports cryptography for keys of Apps alone."""
    left_out = {"cryptography", "markdown-it-py", "mdurl", "pycparser", "pygments", "rich", "shtab"}
    site = {"markdown-it-py", "mdurl", *map(canonicalize_name, (each.name for each in SITE))}
    assert locked_versions("run").keys() - locked_versions("action").keys() == left_out
    assert locked_versions("site").keys() == site


def test_version_and_changelog_agree() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE)[0]
    assert newest == ("Unreleased" if ".dev" in __version__ else __version__)


def test_both_stages_of_the_image_stand_on_the_same_pinned_base() -> None:
    bases = set(re.findall(r"^FROM (python\S+)", DOCKERFILE, flags=re.MULTILINE))
    assert [bool(re.fullmatch(r"python:[\d.]+-slim-\w+@sha256:[0-9a-f]{64}", base)) for base in bases] == [True]


def test_the_action_offers_the_inputs_that_the_settings_read() -> None:
    aliases = [field.validation_alias for field in Settings.model_fields.values()]
    names = [alias.choices[0] if isinstance(alias, AliasChoices) else alias for alias in aliases]
    read = {input_of(name) for name in names if isinstance(name, str) and name.startswith("INPUT_")}
    assert set(ACTION["inputs"]) == read


def test_the_settings_take_the_defaults_of_the_action() -> None:
    defaults = {f"INPUT_{name.upper()}": each["default"] for name, each in ACTION["inputs"].items()}
    settings = Settings.from_environment({**defaults, "INPUT_GITHUB-TOKEN": "token"})
    read = (settings.rules, settings.config, settings.dry_run, settings.fail_on, settings.issue, settings.command)
    assert read == ((), None, False, "never", None, "run")


def test_the_action_offers_the_outputs_that_a_run_writes() -> None:
    assert set(ACTION["outputs"]) == {*make_outputs(Result(repository="owner/name", issue=1)), REPORT_OUTPUT}


def test_the_page_about_installation_lists_inputs_and_outputs_of_the_action() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", PAGES["install"], flags=re.MULTILINE)
    assert listed == [*ACTION["inputs"], *ACTION["outputs"]]


def test_the_workflow_of_the_readme_is_short() -> None:
    assert len(documented_workflows()[0].splitlines()) <= LONGEST_WORKFLOW


def test_the_documented_workflows_give_inputs_that_exist() -> None:
    jobs = [job for block in documented_workflows() for job in yaml.safe_load(block)["jobs"].values()]
    jobs += [yaml.safe_load(block) for block in documented_steps()]
    steps = [step for job in jobs for step in job["steps"] if step.get("uses", "").startswith("signpost-bot/signpost@")]
    given = {name for step in steps for name in step.get("with", {})}
    commands = {step.get("with", {}).get("command", "run") for step in steps}
    assert given <= set(ACTION["inputs"])
    assert commands == {*get_args(Command)} - {"check"}


def test_the_documented_caches_are_where_the_action_writes() -> None:
    caches = re.findall(r"^          path: (\.signpost.*)$", "\n".join(documented_blocks()), flags=re.MULTILINE)
    assert {*caches} == {CACHE, INDEX, LEDGER}


def test_an_index_that_a_second_attempt_made_is_kept() -> None:
    """A cache is never written again under the same key, and all attempts at a run have its number."""
    steps = [step for job in yaml.safe_load(documented_workflows()[1])["jobs"].values() for step in job["steps"]]
    keys = {step["with"]["key"] for step in steps if "cache/save" in step.get("uses", "")}
    own = "-${{ github.run_id }}-${{ github.run_attempt }}"
    assert keys == {f"signpost-history{own}", f"signpost-index{own}"}


def test_the_workflow_of_the_sweep_keeps_its_ledger_where_runs_restore_it() -> None:
    (workflow,) = (block for block in documented_workflows() if "command: sweep" in block)
    steps = [step for job in yaml.safe_load(workflow)["jobs"].values() for step in job["steps"]]
    restored = [step for block in documented_steps() for step in yaml.safe_load(block)["steps"]]
    caches = [step["with"] for step in steps if "cache/" in step.get("uses", "")]
    own = "signpost-ledger-${{ github.run_id }}-${{ github.run_attempt }}"
    assert {(each["path"], each["key"]) for each in caches} == {(LEDGER, own)}
    assert [each.get("restore-keys") for each in caches] == ["signpost-ledger-", None]
    assert caches[0] in [step["with"] for step in restored if "cache/restore" in step["uses"]]
    assert [step["with"] for step in restored if "ledger" in step["with"]] == [{"ledger": LEDGER}]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["check-jsonschema", "--builtin-schema", "vendor.github-workflows"], id="schema"),
        pytest.param(["actionlint", "-no-color", "-shellcheck=", "-pyflakes="], id="actionlint"),
    ],
)
@pytest.mark.parametrize("number", range(len(documented_workflows())))
def test_the_documented_workflows_are_right(tmp_path: Path, command: list[str], number: int) -> None:
    workflow = tmp_path / "signpost.yml"
    workflow.write_text(documented_workflows()[number], encoding="utf-8")
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:], workflow], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_checkout_has_the_same_bytes_on_windows() -> None:
    """Git for Windows writes CRLF unless the repository says otherwise; hashes of rules and golden files need LF."""
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text("utf-8").splitlines()
