"""What is installed from the wheel works without the checkout: packs, templates and schemas are in it."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot import __version__
from release.build import build_distributions

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PACKS = sorted(path.parent.name for path in (ROOT / "rules").glob("*/pack.yml"))
TEMPLATES = [path for path in (ROOT / "bot").rglob("templates/*") if path.is_file()]
DEPENDENCIES = sysconfig.get_path("purelib")
"""Ours are lent to the new environment, without the network; the checkout that is installed with them is not."""


@pytest.fixture(scope="module")
def wheel(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del built_page
    return build_distributions(tmp_path_factory.mktemp("wheel"))[1]


@pytest.fixture(scope="module")
def signpost(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel into an environment of its own."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home)
    run_pip("--python", str(home / "bin/python"), "install", "--no-deps", "--no-index", str(wheel))
    return home / "bin/signpost"


def run_pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    subprocess.run(command, check=True, capture_output=True, cwd="/")


def run(
    signpost: Path, *words: str, folder: Path, stdin: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": DEPENDENCIES, **(environment or {})}
    return subprocess.run(
        [signpost, *words], cwd=folder, env=given, input=stdin, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_what_commands_read(wheel: Path) -> None:
    files = {path.removeprefix("bot/") for path in zipfile.ZipFile(wheel).namelist()}

    schemas = {f"packs/{name}" for name in ("schema.json", "pack.schema.json", "config.schema.json")}
    assert schemas | {f"packs/{name}/{file}" for name in PACKS for file in ("pack.yml", "stored.json")} <= files
    assert {path.relative_to(ROOT / "bot").as_posix() for path in TEMPLATES} <= files
    assert {
        f"workbench/studio/static/{name}" for name in ("index.html", "studio.js", "studio.css", "THIRD-PARTY.txt")
    } <= files
    assert [name for name in files if name.startswith("workbench/studio/frontend/")] == []
    tops = {path.partition("/")[0] for path in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"bot", f"signpost_bot-{__version__}.dist-info"}


def test_the_source_distribution_holds_what_the_wheel_is_made_of(wheel: Path) -> None:
    with tarfile.open(wheel.with_name(f"signpost_bot-{__version__}.tar.gz")) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert tops == {".gitignore", "LICENSE", "PKG-INFO", "README.md", "bot", "pyproject.toml", "rules"}


def test_the_page_of_the_wheel_on_an_index_has_no_relative_link(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        page = archive.read(f"signpost_bot-{__version__}.dist-info/METADATA").decode()
    assert re.findall(r"""\]\((?!https:|#)[^)]*|src(?:set)?="(?!https:)[^"]*""", page) == []


@pytest.mark.parametrize("pack", PACKS)
def test_a_shipped_pack_is_found_by_its_name(signpost: Path, tmp_path: Path, pack: str) -> None:
    printed = run(signpost, "schema", "--rules", f"pack:{pack}", folder=tmp_path)

    assert (printed.returncode, printed.stderr) == (0, "")
    assert json.loads(printed.stdout)["properties"]["also"]["items"]["examples"] == sorted(
        path.stem for path in (ROOT / "rules" / pack).glob("*.yml") if path.name != "pack.yml"
    )


def test_a_shipped_pack_is_proven(signpost: Path, tmp_path: Path) -> None:
    checked = run(signpost, "check", "pack:claude-code", folder=tmp_path)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_repository_is_set_up_and_its_first_issue_explained(signpost: Path, tmp_path: Path) -> None:
    assert run(signpost, "init", "--offline", "--vscode", folder=tmp_path).returncode == 0
    assert run(signpost, "check", folder=tmp_path).returncode == 0

    explained = run(
        signpost, "explain", "-", "--format", "json", folder=tmp_path, stdin="# No space left on device\n\nHelp"
    )

    assert explained.returncode == 0, explained.stderr
    assert "out-of-disk" in explained.stdout


def test_the_version_is_that_of_the_package(signpost: Path, wheel: Path, tmp_path: Path) -> None:
    version = run(signpost, "--version", folder=tmp_path).stdout.strip()
    assert [version, wheel.name.split("-")[1]] == [__version__] * 2


def test_a_wheel_without_the_page_says_how_to_get_it(signpost: Path, tmp_path: Path) -> None:
    site = next((signpost.parents[1] / "lib").glob("python*/site-packages/bot/workbench/studio/static"))
    site.rename(site.with_name("elsewhere"))
    rule = ROOT / "rules/claude-code/extra-usage-400.yml"

    done = run(signpost, "studio", str(rule), "--no-browser", folder=tmp_path)

    site.with_name("elsewhere").rename(site)
    assert (done.returncode, "run `make studio`" in done.stderr) == (2, True)
