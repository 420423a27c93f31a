"""Which lines tell what went wrong, and what of them may be shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import extract_facts
from bot.text.error_lines import ErrorLine, Kind, find_error_lines, is_error, split_template
from bot.text.templates import show_template
from bot.workbench.suggest.message_counts import find_lines, find_parts
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
    assert is_error(line) is tells
    assert [found.text for found in find_error_lines(line) if is_error(found.text)] == [line] * tells


@pytest.mark.parametrize(
    "line, kind",
    [
        ("error: cannot open the file", "message"),
        ("* error: cannot open the file", "code"),
        ("[WARN] : Ads: Error 1", "warning"),
        ("note: an unexpected failure", "message"),
        ("[error] : TiApplication: at android.view.fail(View.java:12)", "frame"),
        ("0x7fff: - failure::on_fail::h0123456789abcdef", "frame"),
        ("llvm::foo::bar failed", "frame"),
        ('[ERROR] File "/opt/sdk/androidsdk.py", line 12, in run_adb', "frame"),
        ("error: the trait `core::marker::Sized` is not implemented", "message"),
        ("if (error) {", "code"),
        ("note: we would appreciate a bug report", "remark"),
        ("The limit is too low", "remark"),
    ],
)
def test_a_line_is_of_one_kind(line: str, kind: Kind) -> None:
    assert [found.kind for found in find_error_lines(line)] == [kind]


@pytest.mark.parametrize(
    "line, other",
    [
        ("error: cannot open 'a.txt' at 0x7fff", "> **error**: cannot open `b.txt` at 0x1234"),
        ("12:01:02 job 7 failed in 3.5s", "9:15:00 job 12 failed in 10.25s"),
        ("task failed at src/lib.rs:10", "task failed at C:\\bot\\src\\lib.rs:12"),
        ("see https://example.org/1 of #12: it failed", "see https://example.org/2 of #7: it failed"),
        ("\x1b[31merror\x1b[0m: it failed", "error: it failed"),
    ],
)
def test_the_message_leaves_out_what_differs_between_reports(line: str, other: str) -> None:
    assert ErrorLine(line).message == ErrorLine(other).message


def test_a_line_knows_where_it_begins() -> None:
    long = f"It {'really ' * 30}works. But this failed."
    text = f"Here:\r\nAPI Error: 400 You're out of extra usage. Add\r\n    more there\r\n\r\nerror: no\n{long}"

    assert [(line.text.strip(), text[line.start :][:9]) for line in find_error_lines(text)] == [
        ("API Error: 400 You're out of extra usage. Add more there", "API Error"),
        ("error: no", "error: no"),
        ("But this failed.", "It really"),
    ]


def test_the_telling_lines_of_an_issue_are_its_title_and_what_speaks_of_a_failure() -> None:
    facts = extract_facts(make_issue(BODY, title="Linker trouble"))

    assert [(line.text, view) for line, view in find_lines(facts)] == [
        ("Linker trouble", "title"),
        ("error: linking with `cc` failed: exit code: 1", "logs"),
    ]


def test_a_line_that_a_terminal_wrapped_is_one() -> None:
    wrapped = "```\nAPI Error: 400 You're out of extra usage. Add\n    more at the settings page\n```"

    lines = [line.text for line, _ in find_lines(extract_facts(make_issue(wrapped)))]

    assert lines[1] == "API Error: 400 You're out of extra usage. Add more at the settings page"


def test_parts_are_clauses_and_runs_of_them_without_holes_at_their_ends() -> None:
    line = ErrorLine("error: linking with `cc` failed: exit code: 1")
    parts = [show_template(part) for part in split_template(line.template)]

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
        "no such instance": ("No such instance", {"title", "body"}),
        "the log says error": (body, {"body"}),
        "the log says error: no such instance": (body, {"body"}),
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


LONG = f"The build stops here, since something is wrong with {'the ' * 40}disk. It failed twice. Then I gave up."


@pytest.mark.parametrize(
    "is_prose, lines",
    [pytest.param(True, ["It failed twice."], id="prose"), pytest.param(False, [LONG], id="log")],
)
def test_of_long_prose_the_sentences_count_and_of_a_log_the_line(*, is_prose: bool, lines: list[str]) -> None:
    assert [line.text for line in find_error_lines(LONG, is_prose=is_prose)] == lines
