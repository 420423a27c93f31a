"""Cold start: CPU time of `signpost run --dry-run`, next to the bare imports that it cannot do without."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.samples import make_messages
from bot.rules import stored

HERE = Path(__file__).parent.parent
EVENT = HERE / "tests/cases/extra-usage-400/event.json"
PACK = "rules/claude-code"
RULES = 50
SHIPPED = 13
ROUNDS = 15
GIVEN = "import jinja2.sandbox, pydantic, re2, yaml; type('Model', (pydantic.BaseModel,), {})"
BARE = "pydantic with one model, jinja2.sandbox, yaml and re2, imported"
GUIDANCE = (
    "guidance:\n  tldr: This is a known problem{% if version %}, seen in {{ version }}{% endif %}.\n"
    "  steps:\n    - Update and try again.\n    - Look at `status`.\n  notes: It was reported before.\n"
)


def write_rules(folder: Path) -> None:
    """50 rules: some of a shipped pack, and made-up ones with guidance and templates."""
    shipped = [path for path in sorted((HERE / PACK).glob("*.yml")) if path.name != "pack.yml"]
    for path in (HERE / PACK / "pack.yml", *shipped[:SHIPPED]):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    for index, message in enumerate(make_messages(RULES - SHIPPED)):
        text = f"id: rule-{index}\ntitle: Problem {index}\nmatch:\n  phrase: '{message}'\nlabels: [known]\n{GUIDANCE}"
        text += f"examples:\n  match: ['{message}']\n  no_match: ['something else entirely']\n"
        (folder / f"rule-{index}.yml").write_text(text, "utf-8")


def install(home: Path) -> None:
    """The package as a wheel installs it, with the stored forms of its packs."""
    shutil.copytree(HERE / "bot", home / "bot", ignore=shutil.ignore_patterns("frontend", "static"))
    shutil.copytree(HERE / "rules", home / "bot/packs")
    stored.main([str(home / "bot/packs")])


def copy_rule(folder: Path) -> None:
    """One rule of the pack, with the facts of the pack."""
    for name in ("pack.yml", "extra-usage-400.yml"):
        shutil.copy(HERE / PACK / name, folder)


def measure_once(command: list[str], home: Path) -> float:
    """Milliseconds of CPU, user and system, of one process."""
    ours = ("GITHUB_", "INPUT_", "GH_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=home, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def measure_all(commands: Mapping[str, list[str]], home: Path) -> dict[str, float]:
    """The median of several rounds, after one that warms the disk.

    All commands take turns, so a busy machine slows each of them alike.
    """
    rounds = [{name: measure_once(command, home) for name, command in commands.items()} for _ in range(ROUNDS + 1)]
    return {name: median(each[name] for each in rounds[1:]) for name in commands}


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home, fifty, one = (Path(folder) / name for name in ("home", "fifty", "one"))
        for each in (home, fifty, one):
            each.mkdir()
        install(home)
        write_rules(fifty)
        copy_rule(one)
        run = [sys.executable, "-m", "bot", "run", "--event", str(EVENT), "--event-name", "issues", "--dry-run"]
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            BARE: [sys.executable, "-c", GIVEN],
            "signpost --help": [sys.executable, "-m", "bot", "--help"],
            "signpost run --dry-run, one rule": [*run, "--rules", str(one)],
            f"signpost run --dry-run, {RULES} rules": [*run, "--rules", str(fifty)],
            f"signpost run --dry-run, the pack {Path(PACK).name} as a folder": [*run, "--rules", str(HERE / PACK)],
            f"signpost run --dry-run, pack:{Path(PACK).name}": [*run, "--rules", f"pack:{Path(PACK).name}"],
        }
        times = measure_all(rows, home)
        print("| command | CPU ms | times the imports |")
        print("|---|---|---|")
        for name, time in times.items():
            print(f"| {name} | {time:.0f} | {time / times[BARE]:.1f} |")


if __name__ == "__main__":
    main()
