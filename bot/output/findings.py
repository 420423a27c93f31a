"""The kinds of findings, and findings as SARIF 2.1.0 (OASIS) and JUnit XML. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from bot.errors import Problem, Severity


class Kind(NamedTuple):
    """What a kind of problem is called, how grave it is, and what it means for those who keep the rules."""

    severity: Severity
    summary: str
    help: str


KINDS: Mapping[str, Kind] = {
    "yaml": Kind("error", "A file is no YAML", "A file that cannot be read is no rule; the others still run."),
    "schema": Kind("error", "A key or value is not allowed", "rules/README.md lists every key."),
    "condition": Kind("error", "A condition cannot be looked for", "Patterns are RE2; phrases have typed holes."),
    "name": Kind("error", "A name is not as it must be", "The id is the file's name."),
    "duplicate-id": Kind("error", "Two rules have the same id", "Of both only the first runs."),
    "guidance": Kind("error", "A text cannot be shown", "Texts see checked names alone, and may wake no other bot."),
    "unwritten-guidance": Kind("error", "A text was never written", "A draft's `TODO:` must not reach a reporter."),
    "unknown-rule": Kind("error", "A rule is named that is not there", "Names of other rules are their ids."),
    "circle-of-rules": Kind(
        "error",
        "Rules silence each other in a circle",
        "Where all of them match, the one of the highest priority speaks.",
    ),
    "settings": Kind("error", "The settings cannot be used", "Settings stand in config.yml beside the rules."),
    "folder": Kind("error", "A file of the folder cannot be read", "It is no text in UTF-8, or too large."),
    "example-missed": Kind("error", "A rule misses its own example", "Examples are the proof that a rule works."),
    "example-matched": Kind("error", "A rule matches a near miss", "Near misses are what the rule must leave alone."),
    "expectation": Kind("error", "An example gives something else", "`expect:` says what a match must find and do."),
    "metamorphic": Kind(
        "error",
        "An example fails once other text stands in the issue",
        "Issues contain logs, JSON and links beside the message; these must not change the rule's answer.",
    ),
    "overlap": Kind("error", "Two rules match one example", "It must be settled which of them speaks."),
    "near-duplicate": Kind("warning", "Two rules look for the same", "One of them may be enough."),
    "no-literal": Kind("warning", "A pattern needs no certain text", "It is tried on every issue, which costs time."),
    "too-short": Kind("warning", "A phrase is short", "Short texts stand in many issues by chance."),
    "too-common": Kind("warning", "A condition holds in many issues", "A rule that matches often is seldom right."),
    "expired": Kind("warning", "The advice has expired", "The rule labels, and no longer speaks."),
    "unreviewed": Kind("warning", "Nobody looked at the advice for long", "Old advice sends reporters the wrong way."),
    "no-source": Kind("warning", "The advice has no source", "Nobody can look up whether it still holds."),
    "unknown-label": Kind("warning", "A label is not in the repository", "It is left out, unless labels are created."),
    "dead-follow": Kind("warning", "The issue to follow is closed or gone", "Reporters are not sent there."),
}
"""All kinds, the gravest first; whoever adds one to a `Problem` adds it here."""


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://github.com/signpost-bot/signpost"


def format_sarif(problems: Iterable[Problem], version: str) -> dict[str, Any]:
    """One run with all problems; `version` is Signpost's own. Every kind is a rule, whether it was found or not."""
    order = {kind: index for index, kind in enumerate(KINDS)}
    driver: dict[str, Any] = {"name": "signpost check", "informationUri": _HOME, "rules": [*map(_format_kind, KINDS)]}
    if version:
        driver["version"] = version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_format_result(problem, order) for problem in problems],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _format_kind(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": kind.summary},
        "fullDescription": {"text": f"{kind.summary}. {kind.help}"},
        "help": {"text": kind.help},
        "helpUri": f"{_HOME}/blob/main/rules/README.md#{name}",
        "defaultConfiguration": {"level": kind.severity},
        "properties": {"problem.severity": kind.severity},
    }


def _format_result(problem: Problem, order: dict[str, int]) -> dict[str, Any]:
    region = {"startLine": problem.line, "startColumn": problem.column}
    place = {"artifactLocation": {"uri": _format_uri(problem.file)}, "region": region}
    rule = {"ruleIndex": order[problem.kind]} if problem.kind in order else {}
    return {
        "ruleId": problem.kind,
        **rule,
        "level": problem.severity,
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": place}],
    }


def _format_uri(file: str) -> str:
    """A path as a relative reference (RFC 3986), or as a `file:` address where it is absolute."""
    quoted = "".join(sign if sign.isascii() and (sign.isalnum() or sign in _PLAIN) else _quote(sign) for sign in file)
    path = quoted.replace("%5C", "/")
    return f"file://{path}" if path.startswith("/") else path


_PLAIN = "/-._~!$&'()*+,;=@"


def _quote(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "replace"))


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
    case = f"    <testcase name={_quote_xml(name)} classname={_quote_xml(file)} file={_quote_xml(file)}"
    inner = [*_format_failures(problems), *_format_warnings(problems)]
    lines = [f"{case}>", *inner, "    </testcase>"] if inner else [f"{case}/>"]
    return "\n".join([f"  <testsuite name={_quote_xml(file)} {counts}>", *lines, "  </testsuite>"])


def _format_failures(problems: list[Problem]) -> Iterator[str]:
    """One element: most readers show the first failure of a test case alone."""
    found = [problem for problem in problems if problem.severity == "error"]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        head = f"      <failure message={_quote_xml(found[0].message + more)} type={_quote_xml(found[0].kind)}>"
        yield head + escape(_clean("\n".join(map(str, found)))) + "</failure>"


def _format_warnings(problems: list[Problem]) -> Iterator[str]:
    lines = [f"{problem} [{problem.kind}]" for problem in problems if problem.severity == "warning"]
    if lines:
        yield f"      <system-out>{escape(_clean(chr(10).join(lines)))}</system-out>"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _quote_xml(text: str) -> str:
    return quoteattr(_clean(text))
