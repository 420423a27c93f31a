"""Start-up of the Action: CPU and wall time from the start of its step to the plan, next to an installation by pip.

The new way runs the step of `action.yml` as a runner does, from an asset that a server on this machine has. The old way
is what every event cost before: pip installs requirements/run.txt into a new environment, and the command runs there.
Both make the plan for one issue with the pack claude-code. pip needs a network; its downloads are cached, so that the
network does not count.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from release.archive import ROOT
from tests.release.assets import Release, make_release
from tests.stand_ins.actions import Job, run_action

EVENT = ROOT / "tests/cases/extra-usage-400/event.json"
PACK = "pack:claude-code"
ROUNDS = 9
ROUNDS_OF_PIP = 2
OURS = {"GITHUB_EVENT_PATH": str(EVENT), "GITHUB_EVENT_NAME": "issues", "PATH": os.environ["PATH"]}


class Cost(NamedTuple):
    """Seconds of CPU, user and system, of all processes, and seconds on the clock."""

    cpu: float
    wall: float


def measure(run: Callable[[Path], None]) -> Cost:
    """What one call costs; it gets an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        run(Path(folder))
        after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, end - start)


def start_action(release: Release, folder: Path) -> None:
    """The step of the action: download, comparison, unpacking and run."""
    workspace, temp = folder / "workspace", folder / "temp"
    workspace.mkdir()
    temp.mkdir()
    environment = OURS | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{OURS['PATH']}"}
    inputs = {"rules": PACK, "dry-run": "true", "github-token": "", "fail-on": "error"}
    ran = run_action(release.action, Job(workspace=workspace, temp=temp, environment=environment), inputs)
    if ran.code or "Would     create comment" not in ran.out or "::notice" in ran.out:
        raise SystemExit(f"the action did not start as it should:\n{ran.out}{ran.err}")


def install(release: Release, folder: Path) -> None:
    """A new environment with the packages of run.txt and our wheel, and one run."""
    python = folder / "venv/bin/python"
    call([sys.executable, "-m", "venv", str(folder / "venv")])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    call([*pip, "--require-hashes", "--requirement", str(ROOT / "requirements/run.txt")])
    call([*pip, "--no-deps", str(release.wheel)])
    call([str(python), "-m", "bot", "run", "--rules", PACK, "--dry-run"], OURS)


def call(command: list[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; raises CalledProcessError."""
    given = {**os.environ} if environment is None else {**environment}
    subprocess.run(command, check=True, cwd="/", env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def find_median(run: Callable[[Path], None], rounds: int) -> Cost:
    """The median of several rounds, after one that fills caches."""
    costs = [measure(run) for _ in range(rounds + 1)][1:]
    return Cost(median(each.cpu for each in costs), median(each.wall for each in costs))


def main() -> None:
    """Print the table, and how many times more the old way costs."""
    with tempfile.TemporaryDirectory() as folder, make_release(Path(folder)) as release:
        new = find_median(partial(start_action, release), ROUNDS)
        old = find_median(partial(install, release), ROUNDS_OF_PIP)
        size = release.file.stat().st_size
    print("| way | CPU s | wall s |\n|---|---|---|")
    print(f"| the action: download, compare, unpack, run | {new.cpu:.2f} | {new.wall:.1f} |")
    print(f"| pip install into a new environment, run | {old.cpu:.2f} | {old.wall:.1f} |")
    print(f"\nThe action takes {new.cpu / old.cpu:.1%} of the CPU time of pip. Its asset has {size / 1e6:.1f} MB.")


if __name__ == "__main__":
    main()
