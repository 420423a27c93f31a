"""A regular expression in pieces that are patterns themselves."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.conditions.regex import compile_pattern, split_pattern


@pytest.mark.parametrize(
    "source, atoms",
    [
        pytest.param("ab", (("a", "b"),), id="signs"),
        pytest.param(r"a+?\bx{2,}", (("a+?", r"\b", "x{2,}"),), id="quantifiers"),
        pytest.param("a|b(c|d)*", (("a",), ("b", "(c|d)*")), id="alternatives, at the top only"),
        pytest.param(r"[]\]a-z]?(\)[)])", ((r"[]\]a-z]?", r"(\)[)])"),), id="brackets in brackets"),
        pytest.param(r"\p{L}\x{41}[[:alpha:]_]", ((r"\p{L}", r"\x{41}", "[[:alpha:]_]"),), id="classes"),
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
