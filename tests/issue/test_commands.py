"""Commands in comments: who may give them, and where they count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.commands import find_command, has_command
from bot.tracker.types import Account
from tests.builders import HUMAN, OTHER_BOT, REPORTER, a_comment

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
