"""The kinds of findings, and findings as SARIF 2.1.0 (OASIS) and JUnit XML. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from bot import DOCS_URL
from bot.errors import Problem, Severity


class Kind(NamedTuple):
    """A kind of problem: its severity, its short name, and what it means for maintainers of rules."""

    severity: Severity
    summary: str
    help: str


KINDS: Mapping[str, Kind] = {
    "yaml": Kind("error", "Invalid YAML", "Signpost skips a file that it cannot read; the other rules still run."),
    "schema": Kind("error", "Invalid key or value", "The page “All keys” lists the keys and their values."),
    "condition": Kind(
        "error", "Invalid condition", "A pattern must be valid RE2; a hole in a phrase must have a type."
    ),
    "name": Kind("error", "Invalid name", "A rule's id must be the name of its file without `.yml`."),
    "duplicate-id": Kind("error", "Two rules with the same id", "Only the first of the two rules runs."),
    "guidance": Kind(
        "error",
        "Text that a comment cannot show",
        "A text may use only known names. It must not contain words that trigger other bots, or a draft's `TODO:`.",
    ),
    "unknown-rule": Kind("error", "Unknown rule", "A rule names other rules by their ids."),
    "former-id": Kind(
        "error",
        "Former id that is in use",
        "The page of a former id can lead to one rule only, and the id of a rule cannot be a former id.",
    ),
    "circle-of-rules": Kind(
        "error",
        "Cycle of rules that supersede each other",
        "If all of them match, the rule with the highest priority speaks.",
    ),
    "settings": Kind("error", "Invalid settings", "The settings are in config.yml in the folder of the rules."),
    "folder": Kind(
        "error", "Unreadable file in the folder of rules", "The file is not UTF-8 text, or it is too large."
    ),
    "example-missed": Kind("error", "Example that its rule does not match", "Examples prove that a rule works."),
    "example-matched": Kind(
        "error", "Near miss that its rule matches", "A rule must not match its `no_match` examples."
    ),
    "expectation": Kind("error", "Unexpected result of an example", "`expect:` says what a match must find and do."),
    "metamorphic": Kind(
        "error",
        "Example whose result depends on other text",
        "Issues also contain logs, JSON and links; these must not change whether a rule matches.",
    ),
    "overlap": Kind("error", "Example that two rules match", "The rules must say which of them speaks."),
    "unwritten-guidance": Kind(
        "warning", "Unwritten guidance", "A text starts with `TODO:`; such a draft loads only in `mode: observe`."
    ),
    "near-duplicate": Kind("warning", "Two rules with similar phrases", "One of them may be enough."),
    "no-literal": Kind(
        "warning", "Pattern without required text", "Signpost tries it on every issue, which costs time."
    ),
    "dead-pattern": Kind(
        "warning",
        "Pattern with text that never occurs",
        "A pattern searches the normal form of a text, which drops or changes some characters.",
    ),
    "too-short": Kind("warning", "Short phrase", "Short texts occur in many issues by chance."),
    "too-common": Kind("warning", "Condition that holds in many issues", "A rule that matches often is seldom right."),
    "expired": Kind("warning", "Expired advice", "The rule sets labels, but no longer comments."),
    "unreviewed": Kind("warning", "Advice without a recent review", "Old advice can mislead reporters."),
    "no-source": Kind(
        "warning", "Advice without a source", "A source lets maintainers check that the advice is right."
    ),
    "unknown-label": Kind(
        "warning", "Label that the repository does not have", "Signpost sets it only if it may create labels."
    ),
    "unknown-tag": Kind(
        "warning", "Tag of a tool that no rule has", "Reports and pages never show the tool because of this tag."
    ),
    "dead-follow": Kind(
        "warning", "Issue to follow that is missing, or closed without a fix", "Comments do not link it."
    ),
}
"""All kinds, errors first. A new kind of `Problem` must be listed here, and needs a page in docs/messages/."""


def find_page(kind: str) -> str:
    """The address of the page about a kind: what it means, why it matters, and an example with its fix."""
    return f"{DOCS_URL}messages/{kind}/"


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://github.com/signpost-bot/signpost"


def format_sarif(problems: Iterable[Problem], version: str) -> dict[str, Any]:
    """One run with all problems; `version` is Signpost's own. Every kind is a SARIF rule, found or not."""
    order = {kind: index for index, kind in enumerate(KINDS)}
    rules = [*map(_format_kind, KINDS)]
    driver = {"name": "signpost check", "version": version, "informationUri": _HOME, "rules": rules}
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
        "helpUri": find_page(name),
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
    if drive := re.match(r"([A-Za-z])%3A/", path):  # Windows: RFC 8089, appendix E.2
        return f"file:///{drive[1]}:/{path[drive.end() :]}"
    return f"file://{path}" if path.startswith("/") else path


_PLAIN = "/-._~!$&'()*+,;=@"


def _quote(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "replace"))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) cannot hold, not even escaped."""


def format_junit(problems: Iterable[Problem], rules: Mapping[str, str]) -> str:
    """An XML document; `rules` are the ids of the rules that were tried, by their files.

    Each rule is a test case: errors are its failures, warnings are in its output. A problem in another file (one that
    did not load, a pack, settings) is a failed test case with the name of that file.
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
