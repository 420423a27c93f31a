"""What a check found, as lines for people. Pure."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.rules.spec.document import Problem
from bot.text.printable import reveal_line
from bot.workbench.check.checker import CheckReport
from bot.workbench.check.overlaps import Overlap

_HOW = {
    "supersedes": "superseded by it",
    "superseded": "which supersedes it",
    "also": "both may speak",
    "fallback": "one of them gives way",
    "other product": "of another product",
    None: "NOT DECLARED",
}


def format_problem(problem: Problem) -> str:
    """`file:line:column: message`, as editors and terminals make links of it; a warning says that it is one."""
    mark = "warning: " if problem.severity == "warning" else ""
    return f"{problem.file}:{problem.line}:{problem.column}: {mark}{reveal_line(problem.message)}"


def format_problems(problems: Iterable[Problem]) -> Iterator[str]:
    """Each problem on a line, those of one file together, with an empty line between files."""
    for number, (_, found) in enumerate(groupby(problems, key=lambda problem: problem.file)):
        yield from [""] * bool(number)
        yield from map(format_problem, found)


def format_overlaps(overlaps: Iterable[Overlap]) -> Iterator[str]:
    """The matrix of overlaps, as far as it is not empty: a line for each two rules."""
    rows = [(o.rule, _number(o.examples), o.other, _HOW[o.declared]) for o in overlaps]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for rule, examples, other, how in rows:
        yield f"  {rule:{widths[0]}}  {examples:{widths[1]}}  is also  {other:{widths[2]}}  {how}".rstrip()


def _number(examples: tuple[int, ...]) -> str:
    return f"example{'s' * (len(examples) > 1)} {', '.join(map(str, examples))}"


def format_proof(report: CheckReport) -> Iterator[str]:
    """How many variants of examples passed, and how many were skipped for which reasons."""
    proof = report.proof
    if not proof.variants and not proof.not_applicable:
        return
    reasons = sorted(proof.not_applicable.items(), key=lambda item: (-item[1], item[0]))
    why = f" ({', '.join(f'{number:,}: {reason}' for reason, number in reasons)})" if reasons else ""
    yield f"{count(proof.variants, 'variant')} passed, {sum(proof.not_applicable.values()):,} skipped{why}"


def format_total(report: CheckReport) -> str:
    """One line: how much was tried, and what came of it."""
    return f"{count(report.rules, 'rule')}, {count(report.examples, 'example')}: {_sum_up(report)}"


def _sum_up(report: CheckReport) -> str:
    green = "all proven" if report.rules else "nothing to prove"
    errors = count(len(report.errors), "error") if report.errors else green
    return f"{errors}, {count(len(report.warnings), 'warning')}" if report.warnings else errors


def count(number: int, thing: str) -> str:
    """`1 rule`, `2,000 rules`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
