"""What a report states: its error messages in parts, versions, systems and request ids."""

import pytest

from bot.insights.report.found import read_message, read_report
from bot.insights.report.types import ErrorMessage, Found
from bot.insights.report.wording import mask_id
from bot.rules.matcher import read_facts
from bot.rules.ruleset import Ruleset
from tests.builders import a_ruleset, an_issue
from tests.insights.graphs import BODY

PACK = {
    "captures": {
        "version": {"first_of": [{"section": "Version"}]},
        "os": {"map": {"ubuntu": "linux", "windows": "windows"}, "first_of": [{"section": "Operating System"}]},
    }
}

MESSAGES = {
    'API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"Add more."}}': (
        *("Add more.", 400, "invalid_request_error"),
    ),
    r"[{\"error\":\"Error: 400 {\\\"type\\\":\\\"x\\\"}\"}]": (r'Error: 400 {"type":"x"}', 400, ""),
    r'log: "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}"': (
        "Overloaded",
        0,
        "overloaded_error",
    ),
    '{"message":"Not Found","documentation_url":"x","status":404}': ("Not Found", 404, ""),
    'HTTP 503: {"title":"Busy","detail":"Try later","status":503,"type":"about:blank"}': (
        "Try later",
        503,
        "about:blank",
    ),
    '{"error":"invalid_grant"} after 200 tries': ("invalid_grant", 0, ""),
    "API Error: 500 Internal server error": ("API Error: 500 Internal server error", 500, ""),
    "error: could not write 500 files": ("error: could not write 500 files", 0, ""),
    **{
        line: (line, status, "")
        for line, status in {
            "Error: timeout after 300 seconds": 0,
            "error: see #123": 0,
            "listening on port 443": 0,
            "process exited with status 137": 0,
            "HTTP status at 200ms": 0,
            "error: 404 files are missing": 0,
            "Request failed with status code 429": 429,
            "HTTP/1.1 502 Bad Gateway": 502,
            "error: 429 Too Many Requests": 429,
            "the server is overloaded (503)": 503,
            "Error code: 529 overloaded": 529,
        }.items()
    },
    "panicked at src/main.rs:404:5": ("panicked at src/main.rs:404:5", 0, ""),
    '{"error": {"message": 5}} error': ('{"error": {"message": 5}} error', 0, ""),
    "{" * 5000: ("{" * 5000, 0, ""),
}


@pytest.mark.parametrize("line", MESSAGES, ids=range(len(MESSAGES)))
def test_an_error_line_in_parts(line: str) -> None:
    message, status, kind = MESSAGES[line]
    assert read_message(line) == ErrorMessage(message=message, line=line, status=status, type=kind)


STATED = Found(
    errors=(
        ErrorMessage(
            message="The disk of the runner is full.",
            line=(
                'API Error: 507 {"type":"error","error":{"type":"storage_error","message":"The disk of the runner is'
                ' full."}}'
            ),
            status=507,
            type="storage_error",
            place="line 8",
        ),
        ErrorMessage(
            message="error: could not write /home/octocat/work/target/debug/build",
            line="error: could not write /home/octocat/work/target/debug/build",
            place="line 10",
            times=2,
        ),
    ),
    versions=("2.0.4",),
    systems=("Linux",),
    request_ids=("req_011CZrDMXwnYCQM9SHrmQkgh",),
)


def test_all_that_a_report_states() -> None:
    ruleset = a_ruleset(pack=PACK)
    assert read_report(read_facts(an_issue(body=BODY), ruleset), ruleset) == STATED


def test_without_a_pack_the_fields_of_the_form_are_read() -> None:
    found = read_report(read_facts(an_issue(body=BODY), Ruleset()), Ruleset())
    assert (found.versions, found.systems) == (("2.0.4",), ("Ubuntu 24.04",))


def find(body: str, title: str = "Broken") -> Found:
    return read_report(read_facts(an_issue(title=title, body=body), Ruleset()), Ruleset())


@pytest.mark.parametrize(
    "body",
    [
        "It fails every time and this is an error of the program.",
        "Steps: run it, then the error returned is shown again.",
        "All commands fail with an error, making it unusable:",
    ],
)
def test_what_people_write_is_not_an_error_message(body: str) -> None:
    assert find(body).errors == ()


@pytest.mark.parametrize(
    "tale",
    [
        "Every command in Claude Code returns the following error, making this unusable:",
        "This affects all commands without exception — including /help fails.",
        "I see the same error occurs again after the failure of the login.",
        "All requests with a long prompt fail with a timeout error.",
    ],
)
@pytest.mark.parametrize("message", ["API Error: 500 Internal Server Error", "error: cannot read x"])
def test_a_sentence_about_an_error_is_none_beside_a_message(tale: str, message: str) -> None:
    assert [error.message for error in find(f"```\n{tale}\n{message}\n{tale}\n```").errors] == [message]


def test_a_program_may_write_sentences() -> None:
    lines = "error: exited\nAll configured authentication methods failed"
    assert len(find(f"```\n{lines}\n```").errors) == 2


def test_prose_counts_where_it_begins_like_a_message() -> None:
    assert [error.message for error in find("TypeError: x is undefined").errors] == ["TypeError: x is undefined"]
    assert [error.message for error in find("", "fatal: not a git repository").errors] == [
        "fatal: not a git repository"
    ]


@pytest.mark.parametrize(
    "text, ids",
    [
        ("req_011CZrDMXwnYCQM9SHrmQkgh twice: req_011CZrDMXwnYCQM9SHrmQkgh", ("req_011CZrDMXwnYCQM9SHrmQkgh",)),
        ('"request_id": "7f3a-22bd-11"', ("7f3a-22bd-11",)),
        ("Request ID: ABCD1234EFGH", ("ABCD1234EFGH",)),
        ("The request id is unknown, request_id: something", ()),
        ("req_short", ()),
    ],
)
def test_request_ids(text: str, ids: tuple[str, ...]) -> None:
    assert find(text).request_ids == ids


def test_a_masked_id_is_enough_to_find_it_again() -> None:
    assert mask_id("req_011CZrDMXwnYCQM9SHrmQkgh") == "req_011C…"
    assert mask_id("12345678") == "1234…"
