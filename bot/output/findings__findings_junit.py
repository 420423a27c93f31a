"""What a check found as JUnit XML, which CI servers read: a test suite a file, a test case a rule. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from bot.rules.spec.document import Problem

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) cannot hold, not even escaped."""


def format_junit(problems: Iterable[Problem], rules: Mapping[str, str]) -> str:
    """An XML document; `rules` are the ids of the rules that were tried, by their files.

    Errors are failures of their rule; warnings stand in its output. What is wrong in another file (one that did not
    load, a pack, settings) is a failed test case of that file's name.
    """
    by_file: dict[str, list[Problem]] = {file: [] for file in rules}
    for problem in problems:
        by_file.setdefault(problem.file, []).append(problem)
    suites = [_format_suite(file, rules.get(file, file), found) for file, found in sorted(by_file.items())]
    failed = sum(any(p.severity == "error" for p in found) for found in by_file.values())
    head = f'<testsuites name="signpost check" tests="{len(suites)}" failures="{failed}" errors="0" skipped="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"])


def _format_suite(file: str, name: str, problems: list[Problem]) -> str:
    failed = int(any(problem.severity == "error" for problem in problems))
    counts = f'tests="1" failures="{failed}" errors="0" skipped="0"'
    case = f"    <testcase name={_quote(name)} classname={_quote(file)} file={_quote(file)}"
    inner = [*_format_failures(problems), *_format_warnings(problems)]
    lines = [f"{case}>", *inner, "    </testcase>"] if inner else [f"{case}/>"]
    return "\n".join([f"  <testsuite name={_quote(file)} {counts}>", *lines, "  </testsuite>"])


def _format_failures(problems: list[Problem]) -> Iterator[str]:
    """One element: most readers show the first failure of a test case alone."""
    found = [problem for problem in problems if problem.severity == "error"]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        head = f"      <failure message={_quote(found[0].message + more)} type={_quote(found[0].kind)}>"
        yield head + escape(_clean("\n".join(map(str, found)))) + "</failure>"


def _format_warnings(problems: list[Problem]) -> Iterator[str]:
    lines = [f"{problem} [{problem.kind}]" for problem in problems if problem.severity == "warning"]
    if lines:
        yield f"      <system-out>{escape(_clean(chr(10).join(lines)))}</system-out>"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _quote(text: str) -> str:
    return quoteattr(_clean(text))
