"""An explanation in the terminal: evidence in place, with colours or without, at any width."""

import re
from datetime import date
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.triage.config import Config
from bot.workbench.explain.explainer import make_explanation
from bot.workbench.explain.terminal import print_explanation
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import make_ruleset, write_rule

RULES = make_ruleset(
    write_rule("speaks", "{phrase: apple pie is gone}", "guidance: {tldr: Buy one.}\nsupersedes: [silent]", "comment"),
    write_rule("silent", "{phrase: it is broken now, in: [comments]}"),
    write_rule("nearly", "{all: [{phrase: pie is gone for good}, {os: linux}]}"),
)
COMMENT = make_comment("it is broken now")
COLOURS = re.compile(r"\x1b\[[\d;]*m")


def show(body: str, title: str = "", *, colours: bool = False, width: int = 100, **wanted: str) -> str:
    issue = make_issue(body, title=title, comments=(COMMENT,))
    explanation = make_explanation(issue, RULES, Config(), date(2026, 1, 1), wanted.get("rule"))
    console = Console(
        file=StringIO(),
        width=width,
        highlight=False,
        soft_wrap=not colours,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
    )
    print_explanation(explanation, console, is_whole="whole" in wanted, wanted=wanted.get("rule"))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_evidence_stands_in_place_and_is_numbered() -> None:
    out = show("My apple pie\nis gone.\n\n<!-- hidden -->")

    assert "    1 body      My «apple «pie»»\n    2 body      ««is gone»»[1][2].\n    3 -         \n    4 -    " in out
    assert '  [1] speaks  phrase: "apple pie is gone"\n' in out
    assert '  [2] nearly  near miss: phrase: "pie is gone for good"\n' in out


def test_a_near_miss_shows_where_phrase_and_issue_part() -> None:
    out = show("My apple pie\nis gone.")

    assert "  90% similar" not in out
    assert "failed on this condition, and on 1 more:\n" in out
    assert "    rule            |pie is gone| for good\n    issue  My apple |pie⏎is gone|.\n" in out


def test_what_comes_of_each_rule_is_told() -> None:
    out = show("My apple pie is gone.")

    assert "speaks matches and speaks" in out
    assert "silent matches, but is silent" in out
    assert "  silent    `speaks` supersedes it\n" in out
    assert "  guidance  branch 1 applies, because it has no `when`: Buy one.\n" in out
    assert out.endswith("\n2 of 3 rules match.\n")


def test_one_rule_is_told_whole() -> None:
    out = show("### Platform\n\nwindows\n\n### What\n\nMy pie is gone.", rule="nearly")

    assert "speaks" not in out
    assert "  captures  os = windows  (choice; section: Platform, line 3; trusted as field)\n" in out
    assert "  ✗ all of these (2)\n  ├── ✗ phrase: " in out
    assert "  └── ✗ os: linux  (os is windows)\n" in out


def test_a_long_issue_is_cut_unless_it_is_to_be_whole() -> None:
    body = "\n".join(["My apple pie is gone.", *(f"line {number}" for number in range(50))])

    assert "… 48 lines not shown (--whole)" in show(body)
    assert "line 49" not in show(body)
    assert "line 49" in show(body, whole="yes")


def test_colours_mark_evidence_without_guillemets() -> None:
    out = show("My apple pie is gone.", colours=True)

    assert "«" not in out
    assert "apple pie is gone" in COLOURS.sub("", out)
    assert "\x1b[30;43mapple " in out


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_stay_inside_a_terminal(width: int) -> None:
    out = show("My apple pie is gone. " + "word " * 40, "It broke " * 20, colours=True, width=width)

    lines = COLOURS.sub("", out).splitlines()
    assert [line for line in lines if len(line) > width] == []
    assert len(lines) > 30


@given(title=st.text(st.characters(codec=None)), body=st.text(st.characters(codec=None)), colours=st.booleans())
def test_nothing_of_a_reporter_is_obeyed(title: str, body: str, *, colours: bool) -> None:
    out = COLOURS.sub("", show(f"{body}\nMy apple pie is gone {body}", title, colours=colours))

    hidden = "".join(map(chr, (*range(10), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F))))
    assert {sign for sign in out if sign in hidden} == set()
    assert "##[" not in out
    assert not re.search(r"^::", out, re.MULTILINE)
