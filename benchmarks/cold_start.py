"""Cold start: CPU time of `signpost run --dry-run` with 50 rules, next to a bare interpreter and importing PyGithub."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.samples import make_messages

HERE = Path(__file__).parent.parent
EVENT = HERE / "tests/cases/extra-usage-400/event.json"
PACK = "rules/claude-code"
RULES = 50
SHIPPED = 13
ROUNDS = 15
GIVEN = "import jinja2.sandbox, pydantic, yaml; type('Model', (pydantic.BaseModel,), {})"
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


def measure_cpu(command: list[str]) -> float:
    """Milliseconds of CPU (user and system), median of several runs after one that warms the disk."""
    ours = ("GITHUB_", "INPUT_", "GH_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    times = []
    for _ in range(ROUNDS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=HERE, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(times[1:]) * 1000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "claude-code"
        pack.mkdir()
        write_rules(pack)
        run = [sys.executable, "-m", "bot", "run", "--event", str(EVENT), "--dry-run", "--rules"]
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "one pydantic model, jinja2.sandbox and yaml, imported": [sys.executable, "-c", GIVEN],
            "PyGithub, imported": [sys.executable, "-c", "import github"],
            "signpost --help": [sys.executable, "-m", "bot", "--help"],
            f"signpost run --dry-run, {RULES} rules": [*run, str(pack)],
            f"signpost run --dry-run, the pack {Path(PACK).name}": [*run, PACK],
        }
        print("| command | CPU ms |")
        print("|---|---|")
        for name, command in rows.items():
            print(f"| {name} | {measure_cpu(command):.0f} |")


if __name__ == "__main__":
    main()
