"""Which lines tell what went wrong, and what of them may be shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import extract_facts
from bot.workbench.suggest.error_lines import find_lines, find_parts, is_telling, split_line
from bot.workbench.suggest.templates import mask_line, show_template
from tests.issue.issues import make_issue

BODY = """\
I tried to build it and got this.

```
$ make
error: linking with `cc` failed: exit code: 1
let x = panic!("no");
Compiling foo v0.1.0
```
"""


@pytest.mark.parametrize(
    "line, tells",
    [
        ("error: linking with `cc` failed", True),
        ("You're out of extra usage", True),
        ("npm ERR! code 1", True),
        ("ENOENT: nothing at /tmp", True),
        ("API answered 503 Service Unavailable", True),
        ("Compiling foo v0.1.0", False),
        ('panic!("no");', False),
        ("// this may fail", False),
        ("fn fail() {", False),
        ("", False),
    ],
)
def test_a_telling_line_says_that_something_failed_and_is_no_code(line: str, *, tells: bool) -> None:
    assert is_telling(line) is tells


def test_the_telling_lines_of_an_issue_are_its_title_and_what_speaks_of_a_failure() -> None:
    facts = extract_facts(make_issue(BODY, title="Linker trouble"))

    assert list(find_lines(facts)) == [
        ("Linker trouble", "title"),
        ("error: linking with `cc` failed: exit code: 1", "logs"),
    ]


def test_a_line_that_a_terminal_wrapped_is_one() -> None:
    wrapped = "```\nAPI Error: 400 You're out of extra usage. Add\n    more at the settings page\n```"

    lines = [line for line, _ in find_lines(extract_facts(make_issue(wrapped)))]

    assert lines[1] == "API Error: 400 You're out of extra usage. Add more at the settings page"


def test_parts_are_clauses_and_runs_of_them_without_holes_at_their_ends() -> None:
    parts = [show_template(part) for part in split_line(mask_line("error: linking with `cc` failed: exit code: 1"))]

    assert parts == [
        *("error: linking with '{word}' failed", "error: linking with '{word}' failed: exit code"),
        *(
            "linking with '{word}' failed",
            "linking with '{word}' failed: exit code",
            "linking with '{word}' failed: exit code",
        ),
    ]


def test_a_part_of_the_title_is_known_as_such() -> None:
    body = "The log says error: no such instance."

    assert find_parts(extract_facts(make_issue(body, title="No such instance"))) == {
        "no such instance": True,
        "the log says error": False,
        "the log says error: no such instance": False,
    }


@given(st.text(max_size=3000), st.text(max_size=300))
def test_no_text_breaks_it(body: str, title: str) -> None:
    for part in find_parts(extract_facts(make_issue(body, title=title))):
        assert len(part) <= 200


@pytest.mark.parametrize(
    "text", ["a/" * 30_000, "error: " * 9_000, "'" * 60_000, "a.b" * 20_000, " \n" * 30_000, "error 1:" * 8_000]
)
def test_a_long_hostile_body_is_bounded(text: str) -> None:
    assert len(find_parts(extract_facts(make_issue(text)))) <= 400 * 1_000
