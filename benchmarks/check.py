"""How long `signpost check` takes: 1,000 rules, alone and on all cores, with the proof and without it.

`python -m benchmarks.check` prints the table of benchmarks/README.md.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNTS = (100, 1_000)
WORDS = (
    *("socket", "buffer", "thread", "kernel", "module", "parser", "token", "cache", "mutex", "shard"),
    *("replica", "journal", "cursor", "widget", "layout", "render", "codec", "stream", "packet", "header"),
)
RULE = """\
id: rule-{n}
title: "Problem {n}"
mode: label
match:
  any:
    - phrase: "cannot open {a} {b} number {n} of the {c}"
    - phrase: "{c} {n} failed with code {{code:int}} in {a}"
labels: [bug]
examples:
  match:
    - "error: cannot open {a} {b} number {n} of the {c} (os error 24)"
    - body: |
        It broke yesterday.

        ```
        fatal: {c} {n} failed with code 17 in {a}
        ```
  no_match:
    - "I can open {a} {b} number {n} of the {c}"
"""
WAYS: tuple[tuple[str, ...], ...] = (("--no-proof", "--jobs", "1"), ("--jobs", "1"), ())


def make_rule(number: int) -> str:
    """A rule of two phrases with three examples, about its own subject."""
    a, b, c = WORDS[number % 20], WORDS[number // 20 % 20], WORDS[(number * 7 + number // 400) % 20]
    return RULE.format(n=number, a=a, b=b, c=c)


def main() -> None:
    """Print a row for each number of rules and each way to check them."""
    print("| rules | examples | variants | signpost check | seconds | CPU s | CPU ms per rule |")
    print("|---|---|---|---|---|---|---|")
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(count):
                Path(folder, f"rule-{number}.yml").write_text(make_rule(number), encoding="utf-8")
            for way in WAYS:
                measure(folder, way)


def measure(folder: str, way: tuple[str, ...]) -> None:
    """Run the command once, as somebody would."""
    start, used = time.perf_counter(), _read_cpu()
    command = [sys.executable, "-m", "bot", "check", folder, *way, "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, cpu, report = time.perf_counter() - start, _read_cpu() - used, json.loads(done.stdout)
    rules, variants = report["rules"], report["proof"]["variants"]
    print(
        f"| {rules:,} | {report['examples']:,} | {variants:,} | {' '.join(way) or 'on all cores'} "
        f"| {seconds:.1f} | {cpu:.1f} | {cpu / rules * 1000:.1f} |"
    )


def _read_cpu() -> float:
    """Seconds that all commands so far have spent on all cores."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
