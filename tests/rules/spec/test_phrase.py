"""Phrases: holes, word boundaries, escapes."""

import pytest

from bot.issue.facts import Facts
from bot.rules.compiler import Compiler
from bot.rules.conditions.phrase import make_phrase
from bot.rules.spec.phrase import HOLE_TYPES, LONGEST_ANY, Hole, PhraseError, parse_phrase
from tests.issue.issues import make_issue


def look(phrase: str, text: str) -> tuple[str, ...] | None:
    """What the holes hold where the phrase is found, None where it is not."""
    verdict = make_phrase(parse_phrase(phrase), ("body",), (), Compiler({})).evaluate(Facts(make_issue(text)), {})
    return tuple(capture.value for capture in verdict.captures) if verdict.holds else None


@pytest.mark.parametrize(
    "source, literals, holes",
    [
        ("No space left", ("No space left",), ()),
        ("limit {n:int} reached", ("limit ", " reached"), (Hole("n", "int"),)),
        ("{a:id} beside {b:id}", ("", " beside ", ""), (Hole("a", "id"), Hole("b", "id"))),
        ('{{"limit":{n:int}}', ('{"limit":', "}"), (Hole("n", "int"),)),
        ("a literal {{n:int}", ("a literal {n:int}",), ()),
        ("brace {{{n:int}", ("brace {", ""), (Hole("n", "int"),)),
        ('{"type":"error"}', ('{"type":"error"}',), ()),
        ("path /Users/{...}/x", ("path /Users/{...}/x",), ()),
        ("a literal {{n}", ("a literal {n}",), ()),
    ],
)
def test_a_phrase_is_taken_apart(source: str, literals: tuple[str, ...], holes: tuple[Hole, ...]) -> None:
    phrase = parse_phrase(source)
    assert (phrase.literals, phrase.holes) == (literals, holes)


@pytest.mark.parametrize(
    "source, expected",
    [
        ("a", "the phrase has too little text to search for; write more of the message"),
        ("**", "the phrase has too little text to search for; write more of the message"),
        ("at {n:int}", "the phrase has too little text to search for; write more of the message"),
        (
            "limit {n:integer} reached",
            (
                "unknown hole type `integer`; did you mean `int`? Allowed: int, number, version, id, name, word, path, "
                "host, url, source, date, time, money, code, any. For a literal brace, write `{{`"
            ),
        ),
        ("from {n:int} to {n:int}", "two holes have the name `n`; give each its own name"),
        (
            "limit {n:int} {m:int} reached",
            "the holes `n` and `m` have no text between them; add some",
        ),
        ("limit {n} reached", "`{n}` is not a valid hole; write it like `{n:int}`, or write `{{` for a literal brace"),
        (
            "limit {N:int} reached",
            "`{N:int}` is not a valid hole; write it like `{n:int}`, or write `{{` for a literal brace",
        ),
        (
            "limit { n:int } reached",
            "`{ n:int }` is not a valid hole; write it like `{n:int}`, or write `{{` for a literal brace",
        ),
        ("{n:int} then {m}", "`{m}` is not a valid hole; write it like `{m:int}`, or write `{{` for a literal brace"),
    ],
)
def test_a_phrase_that_cannot_be_looked_for_says_what_to_change(source: str, expected: str) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_phrase(source)
    assert str(caught.value) == expected


VALUES = {
    "int": ["5", "-12", "32,000", "32_000", "128000"],
    "number": ["5", "2.5", "-0.5", "1.234,5"],
    "version": ["2.1.96", "v2.1", "1.0-beta.2"],
    "id": ["req_011CaZ4gV", "abc-1"],
    "name": ["lodash", "@scope/pkg", "libfoo.so.6", "google/protobuf/any.proto", "libstdc++", "_ctypes", "C.1-2_x"],
    "word": ["x", "/etc/hosts:"],
    "path": ["/usr/bin/x", "C:\\Users\\x"],
    "host": ["localhost", "api.x.org:443", "x.org"],
    "url": ["https://x.org/a?b=c#d"],
    "source": ["src/lib.rs", "compiler/rustc_hir/src/hir.rs", "a/b-c/d.test.ts"],
    "date": ["2026-11-23", "Nov 23", "Nov 23rd, 2026", "23.11.2026"],
    "time": ["9am", "09:30", "12 pm (America/New_York)"],
    "money": ["$20", "€17.00", "20 USD", "5 dollars"],
    "code": ["ECONNREFUSED", "0xC0000005", "-1", "137"],
    "any": ["whatever it is", "x"],
}


def test_every_type_has_values_here() -> None:
    assert tuple(VALUES) == HOLE_TYPES


@pytest.mark.parametrize("kind, value", [(kind, value) for kind, values in VALUES.items() for value in values])
def test_holes_take_their_values_as_they_were_written(kind: str, value: str) -> None:
    assert look(f"the value is {{x:{kind}}} end of it", f"so The value is {value} end of it, yes") == (value,)


@pytest.mark.parametrize(
    "kind, value",
    [
        ("int", "x"),
        ("version", "2"),
        ("id", "!"),
        ("url", "x.org"),
        ("money", "20"),
        ("host", "api"),
        ("source", "a/b.txt"),
        ("name", "@octocat"),
        ("name", "octo/repo#1"),
        ("name", "octo/repo@v1"),
        ("name", "/etc/hosts"),
        ("name", "../x"),
        ("name", "https://evil.example"),
        ("name", "www.evil.example"),
        ("name", "GH-12"),
        ("name", "fixes"),
        ("name", "deadbeef"),
        ("name", "undefined"),
        ("name", "/".join(["a" * 30] * 4)),
    ],
)
def test_holes_take_nothing_else(kind: str, value: str) -> None:
    assert look(f"the value is {{x:{kind}}} end of it", f"The value is {value} end of it") is None


@pytest.mark.parametrize(
    "phrase, text, expected",
    [
        ("oom", "it was OOM!", ()),
        ("oom", "OOM", ()),
        ("oom", "room", None),
        ("oom", "oom_score", None),
        ("oom", "zoomoom", None),
        ("oom", "房oom", None),
        ("no space", "No\n  space", ()),
        ("no space", "nospace", None),
        ("(oom)", "a(oom)b", ()),
        ("ab {{c", "ab {c", ()),
        ("long enough text", "verylongenoughtextindeed", ()),
    ],
)
def test_short_phrases_are_whole_words(phrase: str, text: str, expected: tuple[str, ...] | None) -> None:
    assert look(phrase, text) == expected


@pytest.mark.parametrize(
    "phrase, text, expected",
    [
        pytest.param(
            "limit of {n:int} tokens", "limit of 32 to\n   kens", ("32",), id="wrapped in a word beside a hole"
        ),
        pytest.param(
            "request {x:id} failed", "request req_A\u200bB failed", ("req_ab",), id="an invisible sign is left out"
        ),
        pytest.param("request {x:id} failed", "request `req_AB` failed", ("req_AB",), id="marks in the same condition"),
        pytest.param("request {x:id} failed", "request req_*AB* failed", ("req_ab",), id="marks inside it"),
        pytest.param("failed with {x:any}", "It failed with great pain", ("great",), id="at the end: one word"),
        pytest.param("{x:any} has failed", "a b" * 200 + " task has failed", ("task",), id="at the start: one word"),
        pytest.param(
            "begin {x:any} finish", "begin " + "a" * (LONGEST_ANY + 1) + " finish", None, id="longer than a sentence"
        ),
        pytest.param(
            "begin {x:any} finish",
            "begin " * 50 + "a" * 300 + " finish " * 5 + "begin it finish",
            ("it",),
            id="far behind others that do not end",
        ),
        pytest.param(
            "begin {x:any} finish", f"begin {'a' * 300} finish " * 30 + "begin it finish", None, id="not tried for ever"
        ),
        pytest.param("limit {n:int}", "limit 5", ("5",), id="a hole at the end of everything"),
        pytest.param("size: {n:int}MB is max", "size: 5 MB is max", ("5",), id="spaces that the phrase does not have"),
    ],
)
def test_holes_in_real_text(phrase: str, text: str, expected: tuple[str, ...] | None) -> None:
    assert look(phrase, text) == expected
