"""Prints the report of a check on stdout, in the format of `--format`."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby

from bot.errors import Problem
from bot.github.actions_runner import Annotation, format_annotations, print_commands, print_safely
from bot.output.console import is_colourful, make_console, print_json
from bot.output.findings import KINDS, find_page, format_junit, format_sarif
from bot.text.printable import count, reveal_line
from bot.workbench.check.checker import Asked, CheckReport
from bot.workbench.check.proof import Proof
from bot.workbench.check.relations import MOST_NAMED, Overlap

FORMATS = ("text", "json", "github", "sarif", "junit")


def print_report(report: CheckReport, form: str, rules: Mapping[str, str], version: str) -> None:
    """Print the report; `rules` are the ids of the checked rules, by file."""
    if form == "json":
        print_json(_as_json(report))
    elif form == "sarif":
        print(json.dumps(format_sarif(report.problems, version), indent=2))
    elif form == "junit":
        print(format_junit(report.problems, rules))
    elif form == "github":
        _print_annotations(report)
    elif is_colourful(sys.stdout):
        _print_colourfully(report)
    else:
        _print_plainly(report)


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        "rules": report.rules,
        "broken": report.broken,
        "examples": report.examples,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "problems": [{**asdict(problem), "url": find_page(problem.kind)} for problem in report.problems],
        "overlaps": [asdict(overlap) for overlap in report.overlaps],
        "proof": asdict(report.proof),
        "asked": asdict(report.asked) if report.asked else None,
    }


def _print_annotations(report: CheckReport) -> None:
    """All problems as lines of the log, and as annotations; the runner keeps ten of each level."""
    asked = [format_asked(report.asked)] if report.asked else []
    print_safely([*format_problems(report.problems), *format_links(report.problems), *asked, format_total(report)])
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
    for line in (*format_problems(report.problems), *format_links(report.problems)):
        print(line)
    for line in _list_rest(report):
        print(line)


def _list_rest(report: CheckReport) -> list[str]:
    asked = [format_asked(report.asked)] if report.asked else []
    return [*format_overlaps(report.overlaps), *format_proof(report.proof), *asked, format_total(report)]


def format_asked(asked: Asked) -> str:
    """What `--online` asked: `asked GitHub: 5 labels and 2 issues of octo/widget`."""
    counts = [count(number, thing) for number, thing in ((asked.labels, "label"), (asked.issues, "issue")) if number]
    what = " and ".join(counts) or "nothing, because no rule names a label or an issue"
    return f"asked GitHub: {what}{f' of {asked.repository}' if counts else ''}"


def _print_colourfully(report: CheckReport) -> None:
    """By file: where, how grave, what (wrapped beside it), and the kind."""
    from rich.table import Table
    from rich.text import Text

    console = make_console()
    for file, found in groupby(report.problems, key=lambda problem: problem.file):
        console.print(Text(reveal_line(file), style="bold underline"))
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="dim", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for problem in found:
            style = "bold red" if problem.severity == "error" else "yellow"
            kind = f"  {problem.kind}", f"dim link {find_page(problem.kind)}"
            what = Text.assemble(reveal_line(problem.message), kind)
            table.add_row(f"{problem.line}:{problem.column}", Text(problem.severity, style=style), what)
        console.print(table)
        console.print()
    for line in [*format_links(report.problems)][1:]:
        console.print(Text(line, style="dim"), soft_wrap=True)
    *rest, total = _list_rest(report)
    for line in rest:
        console.print(Text(line, style="bold red" if line.endswith("NOT DECLARED") else "dim"), soft_wrap=True)
    console.print(Text(total, style="bold green" if report.is_green else "bold red"))


_HOW = {
    "supersedes": "superseded by the first rule",
    "superseded": "supersedes the first rule",
    "also": "both may speak",
    "fallback": "the fallback rule gives way",
    "other product": "for another product",
    "no comment": "only one of them may comment, or neither",
    "allowed": "both may speak, as their packs say",
    None: "NOT DECLARED",
}


def format_problem(problem: Problem) -> str:
    """`file:line:column: message [kind]`, which editors and terminals turn into a link; a warning says `warning:`."""
    mark = "warning: " if problem.severity == "warning" else ""
    place = f"{reveal_line(problem.file)}:{problem.line}:{problem.column}"
    return f"{place}: {mark}{reveal_line(problem.message)} [{problem.kind}]"


def format_problems(problems: Iterable[Problem]) -> Iterator[str]:
    """One line per problem, grouped by file, with an empty line between files."""
    for number, (_, found) in enumerate(groupby(problems, key=lambda problem: problem.file)):
        yield from [""] * bool(number)
        yield from map(format_problem, found)


def format_links(problems: Iterable[Problem]) -> Iterator[str]:
    """For each kind of finding the address of its page, errors first, between empty lines."""
    found = {problem.kind for problem in problems}
    if known := [kind for kind in KINDS if kind in found]:
        width = max(map(len, known))
        yield from ("", *(f"{kind:{width}}  {find_page(kind)}" for kind in known), "")


def format_change(before: CheckReport, after: CheckReport) -> Iterator[str]:
    """What a change of the files did: its new problems, the number of solved ones, and the result with that before.

    A problem that only moved to another line is not new.
    """
    left = Counter(map(_identify, before.problems))
    new = []
    for problem in after.problems:
        if left[_identify(problem)]:
            left[_identify(problem)] -= 1
        else:
            new.append(problem)
    solved = left.total()
    yield from format_problems(new)
    yield from format_links(new)
    told = f"{count(solved, 'problem')} solved; " if solved else ""
    yield f"{told}{format_total(after)} (before: {_sum_up(before)})"


def _identify(problem: Problem) -> tuple[str, str, str]:
    return problem.file, problem.kind, problem.message


def format_overlaps(overlaps: Iterable[Overlap]) -> Iterator[str]:
    """The overlaps: one line for each pair of rules, and one line for the sum if a rule has many."""
    rows = [row for _, found in groupby(overlaps, key=lambda overlap: overlap.rule) for row in _list_rows([*found])]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for rule, examples, other, how in rows:
        yield f"  {rule:{widths[0]}}  {examples:{widths[1]}}  also matches  {other:{widths[2]}}  {how}".rstrip()


def _list_rows(overlaps: Sequence[Overlap]) -> Iterator[tuple[str, str, str, str]]:
    """The overlaps of one rule; undeclared ones come first if not all are named."""
    ordered = overlaps if len(overlaps) <= MOST_NAMED else sorted(overlaps, key=lambda o: o.declared is not None)
    for each in ordered[:MOST_NAMED]:
        yield each.rule, _number(each), each.other, _HOW[each.declared]
    for how, number in Counter(_HOW[each.declared] for each in ordered[MOST_NAMED:]).items():
        yield overlaps[0].rule, "", f"{count(number, 'more rule')}", how


def _number(overlap: Overlap) -> str:
    examples = overlap.examples
    more = ", and perhaps more" if overlap.is_cut else ""
    return f"example{'s' * (len(examples) > 1)} {', '.join(map(str, examples))}{more}"


def format_proof(proof: Proof) -> Iterator[str]:
    """The number of variants of examples that passed, and of those that were skipped, with the reasons."""
    if not proof.variants and not proof.not_applicable:
        return
    reasons = sorted(proof.not_applicable.items(), key=lambda item: (-item[1], item[0]))
    listed = [reason if len(reasons) == 1 else f"{number:,}: {reason}" for reason, number in reasons]
    why = f" ({', '.join(listed)})" if listed else ""
    yield f"{count(proof.variants, 'variant')} passed, {sum(proof.not_applicable.values()):,} skipped{why}"


def format_total(report: CheckReport) -> str:
    """One line: the number of checked rules and examples, and the result."""
    broken = f" ({report.broken:,} cannot be loaded)" if report.broken else ""
    return f"{count(report.rules, 'rule')}{broken}, {count(report.examples, 'example')}: {_sum_up(report)}"


def _sum_up(report: CheckReport) -> str:
    green = "no errors" if report.rules else "nothing to check"
    errors = count(len(report.errors), "error") if report.errors else green
    return f"{errors}, {count(len(report.warnings), 'warning')}" if report.warnings else errors
