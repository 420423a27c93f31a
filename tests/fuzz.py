"""Hostile input of each kind, drawn for a bounded time: `make fuzz`, or `python -m tests.fuzz SECONDS [TARGET ...]`.

`tests/test_fuzz.py` runs a little of each target. A failure ends the run, with the smallest input that shows it.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from bot.comment.sanitizer import defuse, fence_code, quote_cell, quote_code
from bot.comment.section import make_section
from bot.duplicates.finder import FindInIndex
from bot.rules.loader import build_ruleset
from bot.rules.matcher import match_issue
from tests.builders import an_issue
from tests.comment.hostile_text import eating, find_working
from tests.duplicates.samples import a_report, fill_index, some_reports
from tests.rules.rules import PACK, write_rule
from tests.stand_ins.gfm import Page, render

BATCH = 100
"""Inputs between two looks at the time."""

_UNRENDERED = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_QUERY = a_report(500, "The parser crashes", "error: parser failed with code crashes")


def quote(text: str) -> None:
    """Quoted text is code for GitHub, and nothing else is there."""
    cell = quote_cell(text)
    row = f"| a | b |\n|---|---|\n| {cell} | {cell} |\n\n{fence_code(text)}\n\nafter"
    tags = [Page(render(part)).tags for part in (f"a {quote_code(text)} b", row)]
    inner = ["td", "code", "td", "code", "pre", "code", "p"]
    assert tags == [["p", "code"], ["table", "thead", "tr", "th", "th", "tbody", "tr", *inner]]


def defuse_text(text: str) -> None:
    """Defused text calls nobody and links back to nothing."""
    harmless = defuse(text, "octo-org/octo-repo")
    assert [find_working(Page(render(harmless, with_html=kept)).live) for kept in (True, False)] == [[], []]


def render_rule(template: str) -> None:
    """A template that loads gives a text that calls nobody, or says why not; it never takes long."""
    guidance = f"guidance: {{tldr: {json.dumps(template)}}}\nexamples: {{match: [it is broken now], no_match: [x]}}"
    ruleset = build_ruleset({"rules/pack.yml": PACK, "rules/a-rule.yml": write_rule(more=guidance, mode="comment")})
    issue = an_issue(body="### Version\n\n1.2.3\n\nit is broken now")
    for match in match_issue(issue, ruleset):
        try:
            section = make_section(match, issue, None)
        except _UNRENDERED:
            continue
        assert find_working(Page(render(section.tldr)).live) == []


def read_yaml(text: str) -> None:
    """Whatever a rule file holds, there is a rule or a problem with its place."""
    ruleset = build_ruleset({"rules/pack.yml": text, "rules/a-rule.yml": text})
    assert ruleset.rules or ruleset.problems
    assert [problem for problem in ruleset.problems if problem.line < 1 or problem.column < 1] == []


@cache
def _make_index() -> bytes:
    with TemporaryDirectory() as folder:
        return fill_index(Path(folder) / "a.index", some_reports(30)).read_bytes()


@dataclass(frozen=True)
class Spoiling:
    """A value written into a column of an index, and bytes changed at a place, a part of its length."""

    column: str
    value: object
    place: float
    change: bytes


def search_spoiled(spoiling: Spoiling) -> None:
    """A spoiled index is answered from, or remarked."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.index"
        path.write_bytes(_make_index())
        table, column = spoiling.column.split(".")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (spoiling.value,))  # noqa: S608 (constant)
        whole = path.read_bytes()
        start = int(spoiling.place * len(whole))
        path.write_bytes(whole[:start] + spoiling.change + whole[start + len(spoiling.change) :])
        found = FindInIndex(path)(_QUERY)
    assert found.is_complete == (not found.remarks)
    kinds = {(type(each.number), type(each.title)) for each in found.candidates}
    assert kinds <= {(int, str)}


_TEMPLATE = st.lists(
    st.sampled_from(
        [
            *(
                "{{ version }}",
                "{{ os | upper }}",
                "{% if version %}",
                "{% endif %}",
                "{% else %}",
                "{{",
                "}}",
                "{%",
                "%}",
            ),
            *("{% for d in duplicates %}", "{{ d.number }}", "{% endfor %}", "{{ version | first }}", "version < 2"),
            *("{{ 10**9 }}", "{{ 'a' * 999 }}", "{{ ''.__class__ }}", "{{ fixed_in.version }}", "{{ rule.title }}"),
            *("@octocat", "{{ '@' ~ 'octocat' }}", "#12", "/close", "`", "\n", " ", "a", "{{ issue.number }}", "{# #}"),
        ]
    )
    | st.text(max_size=3),
    max_size=8,
).map("".join)
_YAML = st.lists(
    st.sampled_from(
        [
            *("id: a-rule\n", "title: A problem\n", "mode: comment\n", "match:\n", "match: {phrase: it is broken}\n"),
            *(
                "  any:\n",
                "    - phrase: it is broken now\n",
                "  regex: '(a+)+$'\n",
                "guidance: {tldr: a}\n",
                "- ",
                "? ",
            ),
            *(
                "examples: {match: [it is broken now], no_match: [x]}\n",
                "name: rules\n",
                "captures:\n",
                "&a ",
                "*a",
                "<<: *a\n",
            ),
            *(
                "[",
                "]",
                "{",
                "}",
                "|\n",
                ">-\n",
                '"',
                "'",
                ": ",
                "\t",
                "  ",
                "\n",
                "!!python/object:os.system ",
                "%YAML 9\n",
            ),
            *("---\n", "...\n", "# ", "\0", "\u2028", "\ufeff", "9" * 5_000, "[" * 300, "0x", "~", "2026-99-99"),
        ]
    )
    | st.text(max_size=3),
    max_size=14,
).map("".join)
_COLUMNS = [
    *("report.number", "report.created", "report.author", "report.state", "report.original", "report.content"),
    *("fact.value", "mention.created", "mention.target", "gone.document", "word.id", "word.count", "segment.reports"),
    *("posting.documents", "posting.impacts", "mark.document", "pair.counts", "recent_pair.slots"),
]
_VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.binary(max_size=9) | st.text(max_size=9)
_SPOILED = st.builds(
    Spoiling, st.sampled_from(_COLUMNS), _VALUES, st.floats(0, 1, exclude_max=True), st.binary(max_size=3)
)

TARGETS: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "quoting": (quote, eating),
    "defuse": (defuse_text, eating),
    "templates": (render_rule, _TEMPLATE),
    "yaml": (read_yaml, _YAML),
    "index": (search_spoiled, _SPOILED),
}


def draw(name: str, inputs: int, start: int) -> None:
    """Try so many inputs of a target; the same number to start from gives the same inputs."""
    check, strategy = TARGETS[name]
    bounded = settings(
        max_examples=inputs, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )

    def try_one(given_input: Any) -> None:  # noqa: ANN401 (of any kind)
        check(given_input)

    seed(start)(bounded(given(strategy)(try_one)))()


def main(seconds: float, names: list[str]) -> None:
    """Draw from each target in turn until its part of the time is over."""
    for name in names or TARGETS:
        end, batch = monotonic() + seconds / len(names or TARGETS), 0
        while batch == 0 or monotonic() < end:
            draw(name, BATCH, batch)
            batch += 1
        sys.stdout.write(f"{name}: {batch * BATCH:,} inputs, none of which breaks it\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
