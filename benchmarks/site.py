"""What the known-problems site costs: a first and a second build, beside a plain generator with as many pages.

    python -m benchmarks.site --rules 1000 --issues 100000
    python -m benchmarks.site --folder rules/rust --archive ISSUES.jsonl.gz

The plain generator is Eleventy (npm), which renders the Markdown of the same guidance, and nothing else.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import yaml

from benchmarks.samples import make_issues, make_messages
from tests.stand_ins.fetch import NODE_FOLDER, install_npm, node_environment

ELEVENTY = ("@11ty/eleventy", "3.1.8")
TAGS = 40
DAYS = 700
PEOPLE = 30_000
START = datetime(2024, 12, 1, tzinfo=UTC)
GUIDANCE = [
    {"when": {"version": "<2.0"}, "tldr": "This was changed in `2.0`.", "steps": ["Update to `2.0`.", "Try it again."]},
    {
        "tldr": "The tool says that something is not as it should be, and where.",
        "steps": ["Read the [help](https://example.com/help).", "Run `my-tool doctor`.", "Try it again."],
        "example": "my-tool doctor --verbose\nmy-tool retry",
        "notes": "It often happens after an update, and mostly on one system.",
        "recommendation": "Please add the output of `my-tool doctor`.",
    },
]


def write_rules(folder: Path, messages: Sequence[str]) -> Path:
    """A folder with a rule for each message."""
    folder.mkdir()
    pack = {"name": folder.name, "product": "My Tool", "captures": {"version": {"first_of": [{"section": "Version"}]}}}
    (folder / "pack.yml").write_text(yaml.safe_dump(pack), "utf-8")
    for number, message in enumerate(messages):
        rule = {
            "id": f"problem-{number}",
            "title": f"The problem number {number}",
            "tags": [f"subject-{number % TAGS}", f"part-{number % 7}"],
            "match": {"any": [{"phrase": message}, {"phrase": f"{message} again and again"}]},
            "guidance": GUIDANCE,
            "examples": {"match": [message], "no_match": ["all is well"]},
        }
        (folder / f"problem-{number}.yml").write_text(yaml.safe_dump(rule, sort_keys=False), "utf-8")
    return folder


def write_archive(path: Path, messages: list[str], issues: int) -> Path:
    """Made-up issues of 4 KB over two years, most with one of the messages."""
    chance = random.Random(1)  # noqa: S311 (figures that can be repeated)
    with path.open("w", encoding="utf-8") as file:
        for issue in make_issues(messages, issues):
            at = START + timedelta(days=DAYS * issue.number / issues)
            line = {
                "number": issue.number,
                "title": issue.title,
                "body": f"{issue.body}\n\n### Version\n\n{chance.randrange(1, 4)}.{chance.randrange(30)}.0\n",
                "html_url": f"https://github.com/octo-org/octo-repo/issues/{issue.number}",
                "user": {"login": f"person-{chance.randrange(PEOPLE)}"},
                "state": chance.choice(["open", "closed"]),
                "comments": chance.randrange(9),
                "created_at": at.isoformat(),
                "updated_at": at.isoformat(),
            }
            file.write(json.dumps(line) + "\n")
    return path


class Cost(NamedTuple):
    """The seconds that a command took, and those of all its processes together on the processors."""

    seconds: float
    processor: float

    def __str__(self) -> str:
        return f"{self.seconds:7.1f} s, {self.processor:7.1f} s of CPU"


def run(command: Sequence[str], folder: Path | None = None) -> tuple[str, Cost]:
    """The output of a command, and its cost."""
    start, before = perf_counter(), os.times()
    done = subprocess.run(
        command, cwd=folder, env=node_environment(), capture_output=True, text=True, check=True, encoding="utf-8"
    )
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout, Cost(perf_counter() - start, processor)


def build(work: Path, rules: Path, archive: Path) -> tuple[dict[str, Any], Cost]:
    """What `signpost site` says about one build, and its cost."""
    command = [sys.executable, "-m", "bot", "site", "--out", str(work / "out"), "--rules", str(rules)]
    command += ["--issues", str(archive), "--cache", str(work / "cache"), "--format", "json"]
    out, cost = run(command)
    told: dict[str, Any] = json.loads(out)
    return told, cost


def write_markdown(folder: Path, rules: Path, pages: int) -> None:
    """The guidance of the rules as Markdown for a plain generator, so many pages in all."""
    texts = [text for path in sorted(rules.glob("*.yml")) if (text := _write_text(path))]
    for number in range(pages):
        path = folder / "p" / f"page-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[number % len(texts)], "utf-8")


def _write_text(path: Path) -> str:
    rule = yaml.safe_load(path.read_text("utf-8"))
    return "\n\n".join([f"# {rule['title']}", *_list_texts(rule.get("guidance"))]) if "guidance" in rule else ""


def _list_texts(guidance: Any) -> Iterator[str]:  # noqa: ANN401 (YAML)
    for branch in guidance if isinstance(guidance, list) else [guidance]:
        yield branch["tldr"]
        yield from (f"1. {step}" for step in branch.get("steps", []))
        yield from (branch[key] for key in ("notes", "recommendation") if key in branch)


def build_plainly(work: Path, rules: Path, pages: int) -> Cost:
    """What Eleventy costs for so many pages, its start included."""
    write_markdown(work / "plain", rules, pages)
    package = install_npm(*ELEVENTY) / "node_modules" / "@11ty" / "eleventy" / "cmd.cjs"
    command = [str(NODE_FOLDER / "node"), str(package), "--input=plain", "--output=plain-out", "--quiet"]
    return run(command, work)[1]


def measure(work: Path, rules: Path, archive: Path) -> None:
    """Print the figures."""
    told, first = build(work, rules, archive)
    again, second = build(work, rules, archive)
    bare, bare_cost = build(work / "bare", rules, Path(os.devnull))
    plain = build_plainly(work, rules, told["pages"])
    size = told["bytes"] / 1e6
    print(f"{len(told['problems']):,} rules, {told['issues']:,} issues, search: {told['search']}")
    print(f"first build     {first}: {told['pages']:,} pages, {told['files']:,} files, {size:.1f} MB")
    print(f"second build    {second}: {again['pages_written']:,} pages written")
    print(f"without issues  {bare_cost}: {bare['pages'] / bare_cost.processor:,.0f} pages a second of CPU")
    print(f"Eleventy        {plain}: {told['pages'] / plain.processor:,.0f} pages a second of CPU, plain Markdown")


def main() -> None:
    """Measure with made-up or real rules and issues."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=1_000, help="how many rules to make up")
    parser.add_argument("--issues", type=int, default=100_000, help="how many issues to make up")
    parser.add_argument("--folder", type=Path, help="a folder of real rules")
    parser.add_argument("--archive", type=Path, help="an archive of real issues")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        messages = make_messages(arguments.rules)
        rules = arguments.folder or write_rules(work / "rules", messages)
        archive = arguments.archive or write_archive(work / "issues.jsonl", messages, arguments.issues)
        measure(work, rules.resolve(), archive.resolve())


if __name__ == "__main__":
    main()
