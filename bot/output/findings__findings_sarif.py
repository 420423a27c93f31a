"""What a check found as SARIF 2.1.0 (OASIS), which code scanning and editors read. Pure."""

from collections.abc import Iterable
from typing import Any

from bot.output.findings import KINDS
from bot.rules.spec.document import Problem

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
