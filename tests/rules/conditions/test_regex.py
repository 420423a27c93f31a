"""A regular expression in pieces that are patterns themselves."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.conditions.regex import Lost, compile_pattern, find_lost, split_pattern
from bot.rules.spec.phrase import escape_pattern
from bot.text.normalize import collapse
from tests.comment.hostile_text import hostile, mend


@pytest.mark.parametrize(
    "source, atoms",
    [
        pytest.param("ab", (("a", "b"),), id="signs"),
        pytest.param(r"a+?\bx{2,}", (("a+?", r"\b", "x{2,}"),), id="quantifiers"),
        pytest.param("a|b(c|d)*", (("a",), ("b", "(c|d)*")), id="alternatives, at the top only"),
        pytest.param(r"[]\]a-z]?(\)[)])", ((r"[]\]a-z]?", r"(\)[)])"),), id="brackets in brackets"),
        pytest.param(r"\p{L}\x{41}[[:alpha:]_]", ((r"\p{L}", r"\x{41}", "[[:alpha:]_]"),), id="classes"),
        pytest.param(r"\22\0a\1234", ((r"\22", r"\0", "a", r"\123", "4"),), id="octal codes"),
        pytest.param("(a", (), id="no pattern"),
        pytest.param("", ((),), id="nothing"),
    ],
)
def test_a_pattern_is_taken_apart(source: str, atoms: tuple[tuple[str, ...], ...]) -> None:
    assert split_pattern(source) == atoms


@given(st.text("ab()[]|\\{}2,*+?^$.-:", max_size=12))
def test_the_pieces_of_a_pattern_are_patterns_and_make_it_up(source: str) -> None:
    try:
        compile_pattern(source)
    except re2.error:
        split_pattern(source)
        return
    alternatives = split_pattern(source)
    if alternatives:
        assert "|".join("".join(atoms) for atoms in alternatives) == source
        for atoms in alternatives:
            for end in range(len(atoms) + 1):
                compile_pattern("".join(atoms[:end]))


@pytest.mark.parametrize(
    "source, signs, instead",
    [
        ("error  two", ("  ",), "error two"),
        (r"error\s\stwo", (r"\s\s",), "error two"),
        (r"error\s{2,}", (r"\s{2,}",), "error "),
        ("a +b", (), ""),
        (r"a`b\.c", ("`",), r"ab\.c"),
        (r"foo\nbar", (r"\n",), "foo bar"),
        (r"[\r\n]+x", (r"[\r\n]",), " "),
        ("wait…", ("…",), r"wait\.\.\."),
        (r'say \\"hi', (r"\\" + '"',), 'say "hi'),
        (r"\]\(https", (r"\]\(",), r"\]\(https"),
        ("“no”", ("“", "”"), '"no"'),
        ("a – b", ("–",), "a - b"),
        ("│ error", ("│",), "error"),
        (r"\*\*x", (r"\*\*",), "x"),
        ("Ａ", ("Ａ",), "a"),
        (r"\x1b\[31mred", (r"\x1b", r"\[31m"), "red"),
        ("<br>", ("<br>",), " "),
        ("a &amp; b", ("&amp;",), "a & b"),
        ("straße", ("ß",), "strasse"),
        (r"a\x{d800}b", (r"\x{d800}",), "ab"),
        (r"^\s+at", (r"\s+",), ""),
        ("^# title", ("# ",), "title"),
        (r"end $", (" ",), "end"),
        (r"(?P<a>ok|no`no)?x", ("`",), "nono"),
        ("[“”]", ("[“”]",), '"'),
        (r"(?:^|\n)error", (r"\n",), " "),
        ('[“"]', (), ""),
        (r"(?:\x1b\[\d+m)?error", (), ""),
        ("[`]?error`{0,3}", (), ""),
        ("can(?:'|’)t", (), ""),
        ("a — b|a - b", (), ""),
        (r"a(?:\n|\s+)b", (), ""),
        ("[^`]", (), ""),
        (r"C:\\node_modules\\a", (), ""),
        (r"\* item", (), ""),
        (r"\(at [\w.]+:\d+\)", (), ""),
        (r"\Qa  b\E", (), ""),
        ("a…?b", (), ""),
    ],
)
def test_text_that_no_issue_has_is_found_in_a_pattern(source: str, signs: tuple[str, ...], instead: str) -> None:
    assert [(lost.signs, lost.instead) for lost in find_lost(source)] == ([(signs, instead)] if signs else [])


def test_each_text_is_told_once() -> None:
    assert find_lost("a`b|(?:a`b|c  d)") == (Lost(("`",), "a`b", "ab"), Lost(("  ",), "c  d", "c d"))


@given(hostile, st.integers(0, 40), st.integers(1, 12))
def test_what_a_text_has_is_not_lost(text: str, start: int, length: int) -> None:
    part = collapse(text)[start : start + length].replace("](", "").replace("\\", "")

    assert find_lost(escape_pattern(part)) == ()


@given(hostile.map(mend))
def test_what_to_write_instead_is_a_pattern(text: str) -> None:
    for lost in find_lost(escape_pattern(text)):
        compile_pattern(lost.instead)
