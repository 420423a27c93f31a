"""The action of a release, as a runner starts it: from an opened issue to the comment, and when things go wrong."""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests

from bot.start import StartError, install, read_lock
from release.archive import LOCK, THIRD_PARTY, build_asset
from tests.release.assets import Release, make_release, stamp_action
from tests.stand_ins import story
from tests.stand_ins.actions import Job, Ran, run_action
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.story import HOME, MATCHING, REPOSITORY, RULE, SENTENCES, add_rule, tell_event

pytestmark = pytest.mark.slow

TOKEN = "ghp_octo"
SETTINGS = "skip: {associations: []}\nidentity: {login: octo}\n"
HOSTILE = ("bot/__init__.py", "bot/cli/__init__.py", "yaml.py", "sitecustomize.py", "pip/__init__.py", "runpy.py")
"""Modules of a checkout that must never be imported."""

ISSUE = {"number": 2, "title": "It breaks", "body": MATCHING, "user": {"login": "reporter"}}
EVENT = {"action": "opened", "issue": ISSUE, "repository": {"full_name": REPOSITORY}}
OURS = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
BARE = f'#!/bin/sh\nexec {Path(sys.executable).resolve()} "$@"\n'
"""The Python of the tests, and the one that it was made from. A link to the first would be the second."""
OLD_PYTHON = """\
#!{python} -I
import runpy, sys
sys.version_info, sys.version = (3, {minor}, 12, "final", 0), "3.{minor}.12 (main, Jan  1 2026) [GCC 12.2.0]"
if "-c" in sys.argv:
    exec(sys.argv[sys.argv.index("-c") + 1])
else:
    runpy.run_path(sys.argv[-1], run_name="__main__")
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with make_release(tmp_path_factory.mktemp("release")) as made:
        yield made


def make_job(folder: Path, python: str = OURS, **environment: str) -> Job:
    """A runner with bash and one Python (default: ours, with packages), and without Docker; its paths have spaces."""
    programs, workspace, temp = (folder / name for name in ("programs", "work space", "_temp dir"))
    for each in (programs, workspace / HOME, temp):
        each.mkdir(parents=True)
    (programs / "bash").symlink_to(shutil.which("bash") or "")
    if python:
        (programs / "python3").write_text(python, encoding="utf-8")
        (programs / "python3").chmod(0o755)
    for name in HOSTILE:
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(f"open({str(folder / 'imported')!r}, 'w').close()\n", encoding="utf-8")
    (workspace / HOME / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    (workspace / HOME / "config.yml").write_text(SETTINGS, encoding="utf-8")
    return Job(
        workspace=workspace,
        temp=temp,
        environment={"PATH": str(programs), **environment},
        github={"token": TOKEN, "repository": REPOSITORY},
    )


def open_issue(url: str) -> dict[str, object]:
    """The payload of an issue that is opened on the emulator."""
    issues, headers = f"{url}/repos/{REPOSITORY}/issues", {"Authorization": f"token {TOKEN}"}
    requests.post(issues, json={"title": "Low disk space"}, headers=headers, timeout=LONGEST).raise_for_status()
    made = {"title": "It breaks", "body": MATCHING}
    issue = requests.post(issues, json=made, headers=headers, timeout=LONGEST).json()
    return {"action": "opened", "issue": issue, "repository": {"full_name": REPOSITORY}, "sender": issue["user"]}


def see_issue(url: str) -> tuple[list[str], list[list[str]]]:
    """The labels of the issue, and which of the known sentences each comment says."""
    headers = {"Authorization": f"token {TOKEN}"}
    issue = f"{url}/repos/{REPOSITORY}/issues/2"
    labels = requests.get(issue, headers=headers, timeout=LONGEST).json()["labels"]
    comments = requests.get(f"{issue}/comments", headers=headers, timeout=LONGEST).json()
    said = [[words for words in SENTENCES if words in comment["body"]] for comment in comments]
    return [label["name"] for label in labels], said


def start(action: Path, job: Job, event: object | None = None, **inputs: str) -> Ran:
    """Run the action on an event; the input `dry-run` is written `dry_run`."""
    path = job.temp / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    stated = {"GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": "issues", "GITHUB_REPOSITORY": REPOSITORY}
    ready = Job(workspace=job.workspace, temp=job.temp, environment=stated | dict(job.environment), github=job.github)
    return run_action(action, ready, {name.replace("_", "-"): value for name, value in inputs.items()})


def was_imported(job: Job) -> bool:
    return (job.workspace.parent / "imported").exists()


def test_an_opened_issue_is_labelled_and_answered(release: Release, emulator: str, tmp_path: Path) -> None:
    requests.post(
        f"{emulator}/repos/{REPOSITORY}/labels",
        json={"name": "area:disk", "color": "ededed"},
        headers={"Authorization": f"token {TOKEN}"},
        timeout=LONGEST,
    ).raise_for_status()
    job = make_job(tmp_path, GITHUB_API_URL=emulator)

    ran = start(release.action, job, open_issue(emulator), rules=HOME)

    outputs = {name: ran.outputs[name] for name in ("matched-rules", "labels", "comment")}
    assert (ran.code, ran.err, was_imported(job)) == (0, "", False)
    assert ran.commands == [f"::add-mask::{TOKEN}"]
    assert outputs == {"matched-rules": '["out-of-disk"]', "labels": '["area:disk"]', "comment": "created"}
    assert see_issue(emulator) == (["area:disk"], [[SENTENCES[0]]])


@pytest.mark.parametrize("fail_on, code", [("never", 0), ("error", 2)])
def test_an_asset_with_another_hash_is_refused(release: Release, tmp_path: Path, fail_on: str, code: int) -> None:
    job = make_job(tmp_path)
    action = stamp_action(release.action, tmp_path / "action", release.asset._replace(sha256="0" * 64))

    ran = start(action, job, fail_on=fail_on)

    refused = (
        f"::error title=Signpost::refused to run {release.asset.url}: its SHA-256 is {release.asset.sha256}, and this "
        f"release was made with {'0' * 64}; run the job again, and if this stays so, report it as a security problem"
    )
    assert (ran.code, ran.out.splitlines(), ran.outputs) == (code, [refused], {})
    assert [path.name for path in job.temp.iterdir() if path.is_dir()] == []


def test_without_the_asset_the_source_is_used(release: Release, tmp_path: Path) -> None:
    """This Python has the packages that the lock names, so pip, which would find none, is not asked."""
    job, gone = make_job(tmp_path, PIP_NO_INDEX="1"), f"{release.asset.url}.gone"
    action = stamp_action(release.action, tmp_path / "action", release.asset._replace(url=gone))

    ran = start(action, job, EVENT, dry_run="true", rules=HOME, fail_on="error", github_token="")

    why = "Signpost runs its source with packages from pip, which takes longer"
    assert (ran.code, ran.err, was_imported(job)) == (0, "", False)
    assert ran.out.splitlines()[0] == f"::notice title=Signpost::{gone}: HTTP Error 404: File not found; {why}"
    assert "Would     add labels: area:disk" in ran.out


@pytest.mark.parametrize("fail_on, code", [("never", 0), ("error", 2)])
def test_an_old_python_is_named_with_the_fix(release: Release, tmp_path: Path, fail_on: str, code: int) -> None:
    ran = start(release.action, make_job(tmp_path, OLD_PYTHON.format(python=sys.executable, minor=10)), fail_on=fail_on)

    said = (
        "::error title=Signpost::Signpost needs Python 3.11 or newer, and this runner has Python 3.10.12; add the step "
        "`actions/setup-python` with `python-version: '3.13'` before this one"
    )
    assert (ran.code, ran.out.splitlines(), ran.err) == (code, [said], "")


@pytest.mark.parametrize("python", ["", OLD_PYTHON.format(python=sys.executable, minor=6)])
@pytest.mark.parametrize(
    "command, fail_on, code", [("run", "never", 0), ("", "never", 0), ("report", "", 2), ("check", "never", 2)]
)
def test_a_runner_without_python_is_told_what_to_add(
    release: Release, tmp_path: Path, python: str, command: str, fail_on: str, code: int
) -> None:
    ran = start(release.action, make_job(tmp_path, python), command=command, fail_on=fail_on)

    said = (
        "::error title=Signpost::Signpost needs Python 3.11 or newer, and this runner has none; add the step "
        "`actions/setup-python` with `python-version: '3.13'` before this one"
    )
    assert (ran.code, ran.out.splitlines(), ran.err) == (code, [said], "")


@pytest.mark.parametrize(
    "command, made",
    [
        ("check", ()),
        ("report", ("signpost-report-2.md",)),
        ("index", (".signpost/issues.index",)),
        ("sweep", (".signpost/ledger.sqlite",)),
        ("site", ("public/index.html", "public/pagefind/pagefind.js")),
    ],
)
def test_each_command_works_with_what_is_in_the_asset(
    release: Release, fake_github: FakeGitHub, tmp_path: Path, command: str, made: tuple[str, ...]
) -> None:
    """With a Python without packages; `site` alone needs some more, which are there."""
    add_rule(fake_github)
    event = tell_event(fake_github, story.open_issue(fake_github))
    python = OURS if command == "site" else BARE
    job = make_job(tmp_path, python, GITHUB_API_URL=fake_github.url, PIP_NO_INDEX="1")

    ran = start(release.action, job, event, command=command, github_token=story.TOKEN, fail_on="error")

    assert (ran.code, was_imported(job)) == (0, False), ran.out + ran.err
    assert [name for name in made if not (job.workspace / name).is_file()] == []


def test_pip_installs_by_hash(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is our own wheel, so that no network is needed."""
    wheel = release.wheel
    right, wrong, home = (tmp_path / name for name in ("right.txt", "wrong.txt", "home"))
    home.mkdir()
    for lock, sha256 in ((right, hashlib.sha256(wheel.read_bytes()).hexdigest()), (wrong, "0" * 64)):
        lock.write_text(f"signpost-bot=={wheel.name.split('-')[1]} --hash=sha256:{sha256}\n", encoding="utf-8")
    for name in ("PIP_NO_INDEX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))

    with pytest.raises(StartError, match="DO NOT MATCH THE HASHES"):
        install([wrong], home)
    assert [*home.iterdir()] == []
    install([right], home)
    assert (home / "bot/start.py").is_file()


def test_an_asset_is_the_same_each_time_and_says_whose_work_it_has(release: Release, tmp_path: Path) -> None:
    build_asset(release.packages, release.wheel, tmp_path / "again.zip")

    with ZipFile(release.file) as archive:
        names, licences = archive.namelist(), archive.read(THIRD_PARTY).decode("utf-8")
    assert hashlib.sha256((tmp_path / "again.zip").read_bytes()).hexdigest() == release.asset.sha256
    assert [name for name in names if name.endswith((".py", ".pyi")) or name.startswith("bot/workbench/studio/")] == []
    assert {f"bot/packs/{name}/stored.json" for name in ("claude-code", "common", "rust")} <= {*names}
    assert [
        name for name in read_lock(LOCK) if f"\n{name.replace('-', '_')} ".lower() not in f"\n{licences}".lower()
    ] == []
