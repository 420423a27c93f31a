"""Which issues people name: in a report, and in commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import extract_facts
from bot.issue.mentions import find_mentions
from tests.builders import an_issue

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
