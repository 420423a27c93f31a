"""A small runner of composite actions: it reads action.yml, and runs the steps as GitHub does.

It knows the expressions that our action uses, and fails for any other.
https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
"""

import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.stand_ins.patience import LONGEST

SHELLS = {"bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}
"""https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell"""

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_NAME = re.compile(r"(inputs|github|steps)((?:\.[\w-]+)+)")
_OUTPUT = re.compile(r"^(?P<name>[\w-]+)<<(?P<end>\S+)\n(?P<value>.*?)\n(?P=end)\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where an action runs: `environment` is all that a step finds beside its own `env`, `github` its context."""

    workspace: Path
    temp: Path
    environment: Mapping[str, str]
    github: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What an action did: the code of the last step, what it printed, its outputs, and the seconds of each step."""

    code: int
    out: str
    err: str
    outputs: Mapping[str, str]
    seconds: tuple[float, ...]

    @property
    def commands(self) -> list[str]:
        """The workflow commands that it printed."""
        return [line for line in self.out.splitlines() if line.startswith("::")]


def evaluate(text: str, contexts: Mapping[str, Any]) -> str:
    """The text with the values of its expressions. Raises ValueError for one that is more than a name."""

    def look_up(found: re.Match[str]) -> str:
        name = _NAME.fullmatch(found[1])
        if not name:
            raise ValueError(f"this runner cannot evaluate {found[0]}")
        value: Any = contexts[name[1]]
        for part in name[2].split(".")[1:]:
            value = value.get(part, "") if value != "" else ""
        return str(value)

    return _EXPRESSION.sub(look_up, text)


def run_action(folder: Path, job: Job, inputs: Mapping[str, str]) -> Ran:
    """Run the action in the folder; `inputs` are those of `with`. Raises ValueError for what this runner cannot do."""
    action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
    if unknown := inputs.keys() - action["inputs"].keys():
        raise ValueError(f"the action has no input {sorted(unknown)}")
    contexts: dict[str, Any] = {"github": job.github, "steps": {}}
    defaults = {name: evaluate(str(each.get("default", "")), contexts) for name, each in action["inputs"].items()}
    contexts["inputs"] = {**defaults, **inputs}
    done, seconds = list[subprocess.CompletedProcess[str]](), list[float]()
    for step in action["runs"]["steps"]:
        start = time.monotonic()
        done.append(_run_step(step, folder, job, contexts))
        seconds.append(time.monotonic() - start)
        if done[-1].returncode:
            break
    outputs = {name: evaluate(each["value"], contexts) for name, each in action["outputs"].items()}
    return Ran(
        code=done[-1].returncode,
        out="".join(each.stdout for each in done),
        err="".join(each.stderr for each in done),
        outputs={name: value for name, value in outputs.items() if value},
        seconds=tuple(seconds),
    )


def _run_step(
    step: Mapping[str, Any], folder: Path, job: Job, contexts: dict[str, Any]
) -> subprocess.CompletedProcess[str]:
    if unknown := step.keys() - {"id", "name", "shell", "env", "run"}:
        raise ValueError(f"this runner does not know {sorted(unknown)} of a step")
    if "${{" in step["run"]:
        raise ValueError("a script must not contain an expression")
    script, output, summary = (job.temp / name for name in ("step.sh", "output", "summary.md"))
    script.write_text(step["run"], encoding="utf-8")
    output.write_text("", encoding="utf-8")
    ours = {"GITHUB_ACTION_PATH": folder, "GITHUB_WORKSPACE": job.workspace, "RUNNER_TEMP": job.temp}
    ours |= {"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary}
    stated = {name: evaluate(str(value), contexts) for name, value in step.get("env", {}).items()}
    environment = {"GITHUB_ACTIONS": "true", **job.environment, **{name: str(path) for name, path in ours.items()}}
    finished = subprocess.run(
        [*SHELLS[step["shell"]], script],
        cwd=job.workspace,
        env=environment | stated,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONGEST,
        check=False,
    )
    written = {each["name"]: each["value"] for each in _OUTPUT.finditer(output.read_text("utf-8"))}
    contexts["steps"][step.get("id", "")] = {"outputs": written}
    return finished
