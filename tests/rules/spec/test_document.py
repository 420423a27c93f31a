"""YAML with the place of each value; whatever a file holds is a value or a problem."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from bot.errors import Problem
from bot.rules.spec.document import MAX_BYTES, Document, read_document
from bot.rules.spec.validation import suggest, validate


@pytest.mark.parametrize(
    "text, expected",
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("2.10", "2.10"),
        ("1e3", "1e3"),
        ("2026-11-23", "2026-11-23"),
        ("12:30", "12:30"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("42", 42),
        ("-1073741819", -1073741819),
        ("+3", 3),
        ("0", 0),
        ("0xC0000005", 0xC0000005),
        ("99999999999999999999", "99999999999999999999"),
        ("'42'", "42"),
        ('"true"', "true"),
        ("'~'", "~"),
        ("|\n  42", "42"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    assert read_document(f"a: {text}", "x.yml").value == {"a": expected}


def test_every_part_knows_its_place() -> None:
    document = read_document("a:\n  - b: 1\n    c: [x, y]\n", "x.yml")
    assert document.value == {"a": [{"b": 1, "c": ["x", "y"]}]}
    assert document.places == {
        (): (1, 1),
        ("a",): (1, 1),
        ("a", 0): (2, 5),
        ("a", 0, "b"): (2, 5),
        ("a", 0, "c"): (3, 5),
        ("a", 0, "c", 0): (3, 9),
        ("a", 0, "c", 1): (3, 12),
    }


@pytest.mark.parametrize(
    "path, expected",
    [
        (("a", 0, "c", 1), (3, 12)),
        (("a", 0, "d"), (2, 5)),
        (("a", "list[str]", 0, "b"), (2, 5)),
        (("z",), (1, 1)),
        ((), (1, 1)),
    ],
)
def test_a_problem_stands_at_the_nearest_place(path: tuple[str | int, ...], expected: tuple[int, int]) -> None:
    problem = read_document("a:\n  - b: 1\n    c: [x, y]\n", "x.yml").problem_at(path, "bad")
    assert (problem.line, problem.column) == expected


BRACE = "a key must be plain text; quote a text that starts with `{` or `[`"
TOO_DEEP = "1:1: the file has more than 20000 values or 40 levels of nesting; split it"
CONTROL = "save the file as UTF-8, without control characters"
ADVICE = "quote texts that contain `: `, `#` or `{` or start with a special character, and check the indentation"
COMMENT = "starts a comment in YAML; remove the `#`, or quote the whole text"


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("a: 1\na: 2", "2:1: the key `a` appears twice; remove one of the two", id="a key twice"),
        pytest.param(
            "a: &x [1]\nb: *x", "1:4: YAML aliases (`*name`) are not supported; write the text out", id="an alias"
        ),
        pytest.param(
            "a: &x [*x]", "1:4: YAML aliases (`*name`) are not supported; write the text out", id="an alias of itself"
        ),
        pytest.param("[1]: 2", f"1:1: {BRACE}", id="a list as a key"),
        pytest.param("a: {{ b }}", f"1:5: {BRACE}", id="a template without quotes"),
        pytest.param("a: see #12", f"1:4: `#12` {COMMENT}", id="a number behind a text"),
        pytest.param("a: #12 has it", f"1:3: `#12` {COMMENT}", id="a number in front of a text"),
        pytest.param("- see #12\n", f"1:3: `#12` {COMMENT}", id="a number in an item"),
        pytest.param(
            'a: "\\d"',
            "1:5: invalid YAML: found unknown escape character; "
            "a backslash starts an escape in double quotes; use single quotes",
            id="a pattern between double quotes",
        ),
        pytest.param("[" * 100_000, TOO_DEEP, id="100,000 brackets"),
        pytest.param("{" * 100_000, TOO_DEEP, id="100,000 braces"),
        pytest.param("- " * 100_000, TOO_DEEP, id="100,000 dashes"),
        pytest.param("? " * 100_000, TOO_DEEP, id="100,000 question marks"),
        pytest.param("[" * 41 + "]" * 41, TOO_DEEP, id="41 levels"),
        pytest.param("".join(f"{' ' * i}a:\n" for i in range(60)), TOO_DEEP, id="60 levels by indentation"),
        pytest.param("- a\n" * 20_001, TOO_DEEP, id="20,001 parts"),
        pytest.param("a" * 10_000_000, "1:1: the file is larger than 256 KiB; split it into several rules", id="10 MB"),
        pytest.param(
            "é" * (MAX_BYTES // 2 + 1), "1:1: the file is larger than 256 KiB; split it into several rules", id="bytes"
        ),
        pytest.param("a: b\nc: \x00", f"2:4: invalid character U+0000; {CONTROL}", id="NUL"),
        pytest.param("\ud800", f"1:1: invalid character U+D800; {CONTROL}", id="half a surrogate pair"),
        pytest.param("a: \ufffd", f"1:4: invalid character U+FFFD; {CONTROL}", id="no UTF-8"),
        pytest.param("a: \x1b[0m", f"1:4: invalid character U+001B; {CONTROL}", id="an escape sequence"),
        pytest.param(
            "a:\n\tb: 1",
            "2:1: invalid YAML: found character that cannot start any token; indent with spaces, not with tabs",
            id="a tab",
        ),
        pytest.param(
            "a: b: c",
            '1:1: invalid YAML; put the text into quotes: `a: "b: c"`',
            id="a colon",
        ),
        pytest.param("a: [b", f"2:1: invalid YAML: did not find expected ',' or ']'; {ADVICE}", id="an open bracket"),
        pytest.param(
            "a: @b",
            '1:1: invalid YAML; put the text into quotes: `a: "@b"`',
            id="a leading sign",
        ),
        pytest.param("a: *b", f"1:4: invalid YAML: found undefined alias; {ADVICE}", id="a leading star"),
        pytest.param(
            "a: !important b",
            "1:4: YAML reads `!important` as a tag, because it starts with `!`; quote the text",
            id="a leading exclamation mark",
        ),
        pytest.param(
            "a: 1\n---\nb: 2",
            "2:1: invalid YAML: but found another document; put each rule into its own file",
            id="two documents",
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(text: str, expected: str) -> None:
    document = read_document(text, "x.yml")
    assert [str(problem) for problem in document.problems] == [f"x.yml:{expected}"]


@pytest.mark.parametrize("text", ["a: 1 # one", "a: 'see' #1", "a: b#1", "# 1\na: 1\n#2\n", "a: |\n  see #1\n"])
def test_a_comment_is_a_comment(text: str) -> None:
    assert read_document(text, "x.yml").problems == ()


def test_an_alias_bomb_is_no_bomb() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 30))]
    document = read_document("\n".join(lines), "x.yml")
    assert {problem.message for problem in document.problems} == {
        "YAML aliases (`*name`) are not supported; write the text out"
    }


def test_an_empty_file_has_no_value() -> None:
    assert read_document("# nothing\n", "x.yml") == Document("x.yml")


@given(st.text(st.sampled_from("ab:-?!&*#[]{}'\"|> \n\t\\,%@\x00\ud800é") | st.characters(), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    document = read_document(text, "x.yml")
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in document.problems)


KEYS = "allowed: `code`, `day`, `inner`, `name`, `ratio`, `several`, `table`"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(1, ge=1, le=9)
    is_new: bool = True


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=2, max_length=4, pattern="^[a-z]+$")
    inner: Inner = Inner()
    several: list[Inner] = Field(default_factory=list, min_length=1, max_length=2)
    table: dict[str, Inner] = Field(default_factory=dict)
    ratio: float = 0.5
    day: date | None = None
    code: str = Field("a-b", pattern="^[a-z]-[a-z]$", examples=["a-b"])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("name: ab\ninner: {size: 3}", []),
        (
            "- a",
            ["1:1: the file must contain `key: value` lines; see https://signpost-bot.github.io/signpost/reference/"],
        ),
        ("a: 1\na: 2", ["2:1: the key `a` appears twice; remove one of the two"]),
        ("inner: {}", ["1:1: `name` is missing; add it"]),
        ("name: 12", ["1:1: `name` must be text, not `12`; put it into quotes"]),
        ("name: a", ["1:1: `name` is empty; fill it in, or remove it"]),
        ("name: abcde", ["1:1: `name` is too long; at most 4 characters are allowed"]),
        ("name: a_b", ["1:1: `name` cannot be `a_b`; it must match `^[a-z]+$`"]),
        ("name: ab\nnme: x", ["2:1: unknown key `nme`; did you mean `name`?"]),
        (
            "name: ab\nqqq: x",
            [f"2:1: unknown key `qqq`; {KEYS}"],
        ),
        ("name: ab\ninner: x", ["2:1: `inner` must be `key: value` lines; allowed: `is_new`, `size`"]),
        ("name: ab\ninner: {siz: 1}", ["2:9: unknown key `siz`; did you mean `size`?"]),
        ("name: ab\ninner: {size: 0}", ["2:9: `size` must be at least 1, not `0`"]),
        ("name: ab\ninner: {size: 10}", ["2:9: `size` must be at most 9, not `10`"]),
        ("name: ab\ninner: {size: big}", ["2:9: `size` must be a whole number, not `big`"]),
        ("name: ab\ninner: {size: }", ["2:9: `size` must be a whole number, not empty"]),
        ("name: ab\ninner: {is_new: maybe}", ["2:9: `is_new` must be true or false, not `maybe`"]),
        ("name: ab\ninner: {is_new: []}", ["2:9: `is_new` must be true or false, not a list or a mapping"]),
        ("name: ab\nseveral: x", ["2:1: `several` must be a list; put `- ` before each item"]),
        (
            "name: ab\nseveral: [x]",
            ["2:11: an item of `several` must be `key: value` lines; allowed: `is_new`, `size`"],
        ),
        ("name: [a, b]", ["1:1: `name` must be one text, not a list; keep one item"]),
        ("name: ab\nday: 2026-13-01", ["2:1: `day` is not a date; write it like 2026-11-23"]),
        ("name: ab\nday: true", ["2:1: `day` must be a date; write it like 2026-11-23"]),
        ("name: ab\ncode: 12-34", ["2:1: `code` cannot be `12-34`; write it like `a-b`"]),
        ("name: ab\nseveral: []", ["2:1: `several` needs at least 1 item"]),
        ("name: ab\nseveral: [{}, {}, {}]", ["2:1: `several` has too many items; at most 2 are allowed"]),
        ("name: ab\nseveral:\n  - {}\n  - {siz: 1}", ["4:6: unknown key `siz`; did you mean `size`?"]),
        ("name: ab\ntable: {a: {siz: 1}}", ["2:13: unknown key `siz`; remove it"]),
        ("name: ab\ntable: x", ["2:1: `table` must be `key: value` lines"]),
        ("name: ab\nratio: x", ["2:1: `ratio` must be a number, not `x`"]),
        (
            f"name: ab\n{'k' * 100}: 1",
            [f"2:1: unknown key `{'k' * 80}…`; {KEYS}"],
        ),
    ],
)
def test_a_model_explains_what_is_wrong(text: str, expected: list[str]) -> None:
    _, problems = validate(read_document(text, "x.yml"), Outer)
    assert [str(problem) for problem in problems] == [f"x.yml:{line}" for line in expected]


def test_a_valid_document_becomes_its_model() -> None:
    assert validate(read_document("name: ab", "x.yml"), Outer) == (Outer(name="ab"), ())


@pytest.mark.parametrize(
    "name, known, expected",
    [
        ("phras", ["phrase", "regex"], "; did you mean `phrase`?"),
        ("x", ["phrase", "regex"], "; allowed: `phrase`, `regex`"),
        ("x", [], ""),
    ],
)
def test_near_names_are_suggested(name: str, known: list[str], expected: str) -> None:
    assert suggest(name, known) == expected


def test_problems_are_ordered_by_their_place() -> None:
    one, other = Problem("a.yml", 2, 1, "z"), Problem("a.yml", 10, 1, "a")
    assert (sorted([other, one]), str(one)) == ([one, other], "a.yml:2:1: z")
