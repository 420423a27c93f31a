"""A check's report on stdout, in the format that was asked for."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby

from bot.github.actions_runner import Annotation, format_annotations, print_commands, print_safely
from bot.output.console import make_console, print_json
from bot.output.findings__findings_junit import format_junit
from bot.output.findings__findings_sarif import format_sarif
from bot.rules.spec.document import Problem
from bot.text.printable import reveal_line
from bot.workbench.check.checker import CheckReport
from bot.workbench.check.terminal__findings_text import format_overlaps, format_problems, format_proof, format_total

FORMATS = ("text", "json", "github", "sarif", "junit")


def print_report(report: CheckReport, form: str, rules: Mapping[str, str], version: str) -> None:
    """Print it; `rules` are the ids of the rules that were tried, by file."""
    if form == "json":
        print_json(_as_json(report))
    elif form == "sarif":
        print(json.dumps(format_sarif(report.problems, version), indent=2))
    elif form == "junit":
        print(format_junit(report.problems, rules))
    elif form == "github":
        _print_annotations(report)
    elif sys.stdout.isatty():
        _print_colourfully(report)
    else:
        _print_plainly(report)


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        "rules": report.rules,
        "examples": report.examples,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "problems": [asdict(problem) for problem in report.problems],
        "overlaps": [asdict(overlap) for overlap in report.overlaps],
        "proof": asdict(report.proof),
    }


def _print_annotations(report: CheckReport) -> None:
    """All problems as lines of the log, and as annotations, of which the runner keeps ten of each level."""
    print_safely([*format_problems(report.problems), format_total(report)])
    print_commands(format_annotations(_annotate(problem) for problem in report.problems))


def _annotate(problem: Problem) -> Annotation:
    return Annotation(
        level=problem.severity,
        message=reveal_line(problem.message),
        file=problem.file,
        line=problem.line,
        column=problem.column,
        title=f"signpost: {problem.kind}",
    )


def _print_plainly(report: CheckReport) -> None:
    for line in format_problems(report.problems):
        print(line)
    if report.problems:
        print()
    for line in _list_rest(report):
        print(line)


def _list_rest(report: CheckReport) -> list[str]:
    return [*format_overlaps(report.overlaps), *format_proof(report), format_total(report)]


def _print_colourfully(report: CheckReport) -> None:
    """By file: where, how grave, what (wrapped beside it), and the kind."""
    from rich.table import Table
    from rich.text import Text

    console = make_console()
    for file, found in groupby(report.problems, key=lambda problem: problem.file):
        console.print(Text(file, style="bold underline"))
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="dim", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for problem in found:
            style = "bold red" if problem.severity == "error" else "yellow"
            what = Text.assemble(reveal_line(problem.message), (f"  {problem.kind}", "dim"))
            table.add_row(f"{problem.line}:{problem.column}", Text(problem.severity, style=style), what)
        console.print(table)
        console.print()
    *rest, total = _list_rest(report)
    for line in rest:
        console.print(Text(line, style="bold red" if line.endswith("NOT DECLARED") else "dim"), soft_wrap=True)
    console.print(Text(total, style="bold green" if report.is_green else "bold red"))
