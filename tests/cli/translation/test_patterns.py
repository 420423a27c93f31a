"""Patterns of JavaScript as RE2 patterns, and the texts that they match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.translation.drafts import Pattern, explain_markdown, make_sample, read_pattern
from bot.errors import SettingsError
from bot.rules.conditions.regex import compile_pattern


@pytest.mark.parametrize(
    "written, source, sample",
    [
        ("unexpected error", "unexpected error", "unexpected error"),
        ("(segfault|core dumped)", "(segfault|core dumped)", "segfault"),
        ("/no log/i", "no log", "no log"),
        (r"/api\/v2/", "api/v2", "api/v2"),
        (r"v(?<major>\d+)\.\d{1,2}", r"v(?P<major>\d+)\.\d{1,2}", "v1.1"),
        (r"\u00e9t\u{e9}", r"\x{00e9}t\x{e9}", "ete\u0301"),
        (r"error.*disk", r"error.*disk", "error disk"),
        (r"a[^]b", r"a[\s\S]b", "aab"),
        (r"[^a-z]{3}x?", r"[^a-z]{3}x?", "111"),
        (r"\bOS:\s+(win|mac)\s?os$", r"\bOS:\s+(win|mac)\s?os$", "OS: winos"),
        (r"a\+b\\", r"a\+b\\", "a+b\\"),
        (r"/^one.two/s", r"(?s)^one.two", "one.two"),
        (r"\Bnd\B", r"\Bnd\B", "1nd1"),
        ("(?:a|b)+c*", "(?:a|b)+c*", "a"),
        ("OS:.*[Ww]indows [m-p]{2}", "OS:.*[Ww]indows [m-p]{2}", "OS: Windows mm"),
        ("https://example.com/x", "https://example.com/x", "https://example.com/x"),
    ],
)
def test_a_pattern_has_a_counterpart_and_a_text(written: str, source: str, sample: str) -> None:
    pattern = read_pattern(written)
    found = make_sample(pattern)
    assert pattern.source == source
    assert found is not None
    assert compile_pattern(pattern.source).search(found)
    if "x{" not in source:
        assert found == sample


@pytest.mark.parametrize(
    "written, reason",
    [
        ("a(?=b)", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-reference"),
        (r"(?<x>a)\k<x>", "back-reference"),
        ("/a/y", "the flag `y`"),
        ("a(", "RE2 does not take the pattern"),
        ("a{2000}", "RE2 does not take the pattern"),
        (".*", "matches the empty text"),
        ("", "matches the empty text"),
        (r"\cJ", "control character"),
        ("a\ud800", "RE2 does not take the pattern"),
    ],
)
def test_what_re2_does_not_have_is_named(written: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        read_pattern(written)


@pytest.mark.parametrize(
    "written, pattern, phrase",
    [
        ("/^done$/m", Pattern("^done$", is_by_lines=True), None),
        ("/done now, all of it/m", Pattern("done now, all of it"), "done now, all of it"),
        ("too short", Pattern("too short"), None),
        ("long enough {with} a hole", Pattern("long enough {with} a hole"), None),
    ],
)
def test_a_text_alone_is_a_phrase_and_anchors_may_be_those_of_lines(
    written: str, pattern: Pattern, phrase: str | None
) -> None:
    found = read_pattern(written)
    assert (found, found.phrase) == (pattern, phrase)


@pytest.mark.parametrize(
    "written, found",
    [
        ("### Component\n\nCore", "a heading; use `section:` with its text"),
        (r"\#\#\s+Steps", "a heading; use `section:` with its text"),
        (r"- \[[xX]\] I searched", "a check box; use `checkbox:` with its label"),
        (r"/\[\s\] no/i", "a check box; use `checkbox:` with its label"),
        ("<!-- kind: bug -->", "an HTML comment, and no condition reads these"),
        ("issue #12", ""),
        ("C# or &#123; in [a-z]", ""),
    ],
)
def test_signs_of_markdown_are_named_with_what_reads_them(written: str, found: str) -> None:
    assert explain_markdown(read_pattern(written)) == (f"the pattern looks for {found}" if found else "")


@given(st.text(alphabet=r"ab|()[]{}?*+.^$\dwsb1,-: =!<P>", max_size=25))
def test_any_text_is_a_pattern_with_a_true_sample_or_is_refused(written: str) -> None:
    try:
        pattern = read_pattern(written)
    except SettingsError:
        return
    sample = make_sample(pattern)
    assert sample is None or compile_pattern(pattern.source).search(sample)
