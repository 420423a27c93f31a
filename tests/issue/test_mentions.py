"""Which issues people name: in a report, and in commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import extract_facts
from bot.issue.mentions import find_command, find_mentions, has_command
from bot.tracker.types import Account
from tests.builders import HUMAN, OTHER_BOT, REPORTER, a_comment, an_issue

HERE = "octo-org/octo-repo"
SERVER = "https://github.com"


def mentions_of(body: str, title: str = "The build fails", server: str = SERVER) -> set[int]:
    return {*find_mentions(extract_facts(an_issue(title=title, body=body)), server)}


@pytest.mark.parametrize(
    "body",
    [
        "Like #12.",
        "#12 has the same",
        "(#12)",
        r"Like \#12",
        "Like GH-12, I think",
        f"Like {HERE}#12",
        "Like Octo-Org/Octo-Repo#12",
        f"Like {SERVER}/{HERE}/issues/12.",
        f"Like {SERVER}/{HERE}/issues/12#issuecomment-34",
        f"Like <{SERVER}/{HERE}/issues/12>",
        f"Like [that one]({SERVER}/{HERE}/issues/12)",
        f"By http://www.github.com/{HERE}/pull/12",
        "**Like #12**\nIt is the same.",
        "### What happened?\n\nLike #12\n\n### Logs\n\n_No response_",
        "### Like #12\nIt is the same.",
        "Like `it` in #12, and `that`",
        "Like #12, today:\nerror: the lock does not fit",
        "### Logs\n\nLike #12:\n\nTraceback (most recent call last):\n  x",
        "- Like #12\n\n- and so on",
        "#12 and\n#40 have it, too",
    ],
)
def test_what_github_links_in_prose_is_named(body: str) -> None:
    assert mentions_of(body) - {40} == {12}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Like no. 12",
        "&#12;",
        "a#12",
        "#12a",
        "#012",
        "#1234567890",
        "#12@x",
        f"{HERE}-two#12",
        "octo-org/other#12",
        f"{SERVER}/octo-org/other/issues/12",
        f"{SERVER}/{HERE}/discussions/12",
        f"https://github.example.com/{HERE}/issues/12",
        f"https://example.com/?to=#12 and https://example.com/{SERVER}/{HERE}/issues/12",
        "`#12`",
        "`` a ` #12 ``",
        "```\n#12\n```",
        "~~~\nLike #12\n~~~",
        "```\nnever closed\n\nLike #12",
        "Look:\n\n    Like #12\n    and so on\n",
        "\tLike #12",
        "<pre>\nLike #12\n\n</pre>",
        "<code>#12</code>",
        "<!-- Like #12 -->",
        "<!--\nDo not write `#12`, as in #12\n-->",
        "> Like #12\nit goes on",
        "- [x] I have read #12",
        "Look:\nerror: see #12",
        "### Logs\n\nStep #12 failed",
        "thread 'main' panicked at src/lib.rs:3: like #12",
    ],
)
def test_what_is_code_pasted_hidden_or_elsewhere_is_not_named(body: str) -> None:
    assert mentions_of(body) == set()


@pytest.mark.parametrize(
    "body",
    [
        "#11 0x0 in raise () from libc.so\n#12 0x1 in main () at test.c:5",
        "    #11 0x4a0b in foo(\n  int x)\n  /x.c:3\n#12 0x4a0b in main /x.c:7",
        "#11 /srv/index.php(12): run()\r\n#12 {main}\r\n",
        "#11 Open it\n#12 Look",
    ],
)
def test_frames_and_steps_are_counted_and_not_named(body: str) -> None:
    assert mentions_of(body) == set()
    assert mentions_of(f"{body}\n\nLike #12, and\n#40") == {12, 40}


def test_the_title_names_issues_too() -> None:
    assert mentions_of("", title="Again #12, `#13`") == {12}


def test_on_another_server_addresses_there_count() -> None:
    body = f"https://ghe.example.com/{HERE}/issues/12 and {SERVER}/{HERE}/issues/13"
    assert mentions_of(body, server="https://ghe.example.com") == {12}


@given(st.text(st.sampled_from("#123\n \t`<>-/pre!codeGH~"), max_size=60))
def test_whatever_is_written_only_what_stands_there_is_named(body: str) -> None:
    assert {number for number in mentions_of(body) if str(number) not in body} == set()


COMMAND = "/signpost duplicate #12"


@pytest.mark.parametrize(
    "body",
    [
        COMMAND,
        "/signpost duplicate 12",
        "/Signpost  duplicate of #12.",
        f"Thank you.\n\n{COMMAND}\r\nIt is the same.",
        f"   {COMMAND}  ",
        f"```\ncode\n```\n{COMMAND}",
        f"> a quote\n\n{COMMAND}",
        f"/signpost duplicate #3\n{COMMAND}",
    ],
)
def test_a_command_stands_on_a_line_of_its_own(body: str) -> None:
    assert find_command([a_comment(body)], REPORTER) == 12


@pytest.mark.parametrize(
    "body",
    [
        "",
        "This is a duplicate of #12",
        f"Write {COMMAND}",
        f"`{COMMAND}`",
        f"```\n{COMMAND}\n```",
        f"~~~~\n~~~\n{COMMAND}",
        f"    {COMMAND}",
        f"> {COMMAND}",
        f"> a quote that goes on\n{COMMAND}",
        f"<!-- {COMMAND} -->",
        f"<!--\n{COMMAND}\n-->",
        "/signpost duplicate",
        "/signpost duplicate #0",
        "/signpost duplicate #x",
        "/signpost duplicate #12 #13",
        "/signpost duplicate octo/widget#12",
    ],
)
def test_in_code_in_quotes_and_in_the_middle_of_a_sentence_there_is_none(body: str) -> None:
    assert find_command([a_comment(body)], REPORTER) is None


@pytest.mark.parametrize(
    "author, association, found",
    [
        (REPORTER, "NONE", 12),
        (Account(login="OctoCat"), "NONE", 12),
        (HUMAN, "MEMBER", 12),
        (HUMAN, "OWNER", 12),
        (HUMAN, "COLLABORATOR", 12),
        (HUMAN, "CONTRIBUTOR", None),
        (HUMAN, "NONE", None),
        (OTHER_BOT, "MEMBER", None),
    ],
)
def test_the_author_and_maintainers_may_give_one(author: Account, association: str, found: int | None) -> None:
    assert find_command([a_comment(COMMAND, author, association=association)], REPORTER) == found


def test_the_last_command_counts_that_may_be_given() -> None:
    comments = [
        a_comment("/signpost duplicate #3", HUMAN, association="MEMBER"),
        a_comment("/signpost duplicate #4"),
        a_comment("/signpost duplicate #5", HUMAN),
    ]
    assert find_command(comments, REPORTER) == 4


@given(st.lists(st.sampled_from(["\n", "\r\n", " ", ">", "`", "```", "~~~", "<!--", "-->", COMMAND, "x"])))
def test_any_text_can_be_looked_through(parts: list[str]) -> None:
    assert has_command(a_comment("".join(parts))) in {True, False}
