"""A maintainer's first day: from an empty repository to the first comment, by the commands of the page about it.

GitHub is the emulator that others wrote. The test plays the parts that it lacks: `git push` brings files to its API,
and a person starts the workflow on the page Actions. It has no GraphQL, so the job has a checkout of the rules.
"""

import base64
import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from bot.triage.doctor.workflows import read_workflows
from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.github_json import Json, Value
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.story import HOME, REPOSITORY
from tests.test_docs import FIRST_DAY, find_commands

TOKEN = "ghp_octo"
MOST_COMMANDS = 6


@dataclass(frozen=True, kw_only=True)
class Day:
    """The emulator's address, the maintainer's clone, and the repository that it pushes to."""

    url: str
    clone: Path
    bare: Path
    git: Mapping[str, str]

    def ask(self, verb: str, path: str, body: Json | None = None) -> Value:
        headers = {"Authorization": f"token {TOKEN}"}
        address = f"{self.url}/repos/{REPOSITORY}{path}"
        answer = requests.request(verb, address, json=body, headers=headers, timeout=LONGEST)
        answer.raise_for_status()
        return answer.json()

    def call_git(self, *arguments: str, folder: Path | None = None) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=folder or self.clone, env=dict(self.git), capture_output=True, text=True, check=True
        )
        return done.stdout

    def run(self, line: str) -> int:
        """One command of the page; installing has its own test (`test_wheel.py`)."""
        words = shlex.split(line)
        if words[0] == "git":
            self.call_git(*words[1:])
            if words[1] == "push":
                self.receive()
        elif words[0] == "signpost":
            return self.call(*words[1:]).code
        else:
            assert words == ["pipx", "install", "signpost-bot"]
        return 0

    def call(self, *arguments: str) -> Finished:
        environment = {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": TOKEN}
        return run_command(*arguments, folder=self.clone, environment=environment)

    def receive(self) -> None:
        """GitHub has what was pushed."""
        for path in self.call_git("ls-tree", "-r", "--name-only", "main", folder=self.bare).split():
            text = self.call_git("show", f"main:{path}", folder=self.bare)
            body = {"message": "Push", "content": base64.b64encode(text.encode()).decode()}
            self.ask("PUT", f"/contents/{path}", body)

    def start_workflow(self, number: int, workspace: Path) -> Finished:
        """What a runner does after **Run workflow**: the inputs of the step become variables."""
        self.call_git("clone", "--quiet", str(self.bare), str(workspace))
        text = (workspace / ".github/workflows/signpost.yml").read_text("utf-8")
        (use,) = read_workflows({"signpost.yml": text})[0].uses
        inputs = {name: value.replace("${{ inputs.issue }}", str(number)) for name, value in use.inputs.items()}
        event = workspace / "event.json"
        event.write_text(json.dumps({"inputs": {"issue": str(number)}, "sender": {"login": "octo"}}), encoding="utf-8")
        environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_EVENT_NAME": "workflow_dispatch",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": REPOSITORY,
            "INPUT_GITHUB_TOKEN": TOKEN,
            "INPUT_RULES": HOME,
            **{f"INPUT_{name.upper().replace('-', '_')}": value for name, value in inputs.items()},
        }
        return run_command("run", folder=workspace, environment=environment)


@pytest.fixture
def day(emulator: str, tmp_path: Path) -> Day:
    """The clone of a repository without a commit, whose address is on github.com."""
    bare = tmp_path / "octo" / "widget.git"
    git = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_COUNT": "4",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GIT_CONFIG_KEY_1": "init.defaultBranch",
        "GIT_CONFIG_VALUE_1": "main",
        "GIT_CONFIG_KEY_2": "user.name",
        "GIT_CONFIG_VALUE_2": "octo",
        "GIT_CONFIG_KEY_3": "user.email",
        "GIT_CONFIG_VALUE_3": "octo@example.com",
    }
    made = Day(url=emulator, clone=tmp_path / "widget", bare=bare, git=git)
    made.call_git("init", "--quiet", "--bare", str(bare), folder=tmp_path)
    made.call_git("clone", "--quiet", "https://github.com/octo/widget.git", folder=tmp_path)
    return made


def test_six_commands_lead_to_the_first_comment(day: Day, tmp_path: Path) -> None:
    page = FIRST_DAY.read_text("utf-8")
    commands = find_commands(FIRST_DAY)
    before, after = re.findall(r"`mode: (\w+)` to `mode: (\w+)`", page)[0]
    example = re.findall(r"^```text\n(.+)\n```", page, re.MULTILINE)[0]

    codes = [(line, day.run(line)) for line in commands[:2]]
    settings = day.clone / HOME / "config.yml"
    settings.write_text(settings.read_text("utf-8").replace(f"mode: {before}", f"mode: {after}"), encoding="utf-8")
    codes += [(line, day.run(line)) for line in commands[2:]]
    issue = day.ask("POST", "/issues", {"title": "It breaks", "body": example})
    finished = day.start_workflow(issue["number"], tmp_path / "workspace")

    labels = [label["name"] for label in day.ask("GET", f"/issues/{issue['number']}")["labels"]]
    assert finished.err == "", finished
    (comment,) = day.ask("GET", f"/issues/{issue['number']}/comments")
    assert (codes, len(commands)) == ([(line, 0) for line in commands], MOST_COMMANDS)
    assert (finished.code, labels) == (0, ["needs-info"])
    assert "The build ran out of disk space." in comment["body"]


def test_after_the_first_day_the_doctor_finds_nothing(day: Day) -> None:
    for line in find_commands(FIRST_DAY):
        day.run(line)

    checks = json.loads(day.call("doctor", "--format", "json").out)["checks"]

    assert [check for check in checks if check["status"] in {"warning", "error"}] == []
    assert [check["name"] for check in checks if check["status"] == "ok"] == CHECKED


CHECKED = [
    *("token", "repository", "workflow", "events", "concurrency", "permissions", "runner", "version", "rules"),
    *("settings", "labels", "follow", "forms", "rate limit"),
]
"""The emulator has neither settings of Actions nor caches nor interaction limits."""
