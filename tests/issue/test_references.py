"""What a text names, in any repository, and what it claims to fix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.mentions import Reference, find_references, list_prose_edges
from bot.tracker.graph import Address
from tests.builders import a_comment, an_issue

HERE, SERVER = "octo/widget", "https://github.com"


def names(text: str, server: str = SERVER) -> list[str]:
    """As `#12`, `owner/name#12`; with `!` if a closing keyword stands before it."""
    found = find_references(text, HERE, server)
    return [f"{str(each.address).removeprefix(HERE)}{'!' if each.is_closing else ''}" for each in found]


@pytest.mark.parametrize(
    "text, found",
    [
        ("", []),
        ("Nothing is named here", []),
        ("Same as #12, GH-13 and octo/gadget#14.", ["#12", "#13", "octo/gadget#14"]),
        ("Octo/Widget#12 is here", ["#12"]),
        ("#12 and again #12", ["#12"]),
        ("https://github.com/octo/gadget/pull/7#discussion_r1", ["octo/gadget#7"]),
        ("https://github.com/octo/widget/issues/7 and http://www.github.com/octo/widget/issues/8", ["#7", "#8"]),
        ("https://gitlab.com/octo/widget/issues/7", []),
        ("https://redirect.github.com/octo/widget/issues/7", []),
        ("https://github.com/octo/widget/discussions/7", []),
        ("https://github.com/octo/widget/issues/7000000000", []),
        ("a#12 color #fff &#39; x/#3 file.c#L10 issue-#4 #5@x", []),
        ("a/..#1 a/.#2 a/.b#3 ../x#4 ö/ö#5 a-/b#6", ["a/.b#3", "a-/b#6"]),
        ("(#12) [#13] **#14**, #15!", ["#12", "#13", "#14", "#15"]),
        ("#0 #01 #1234567890", []),
        ("Fixes #12", ["#12!"]),
        ("closes: #12, Resolved octo/gadget#3 and fix GH-4", ["#12!", "octo/gadget#3!", "#4!"]),
        ("fixed https://github.com/octo/widget/issues/9", ["#9!"]),
        ("See #12. This fixes #12.", ["#12!"]),
        ("prefixes #12; fixes\n#13; fixing #14; fixed in #15", ["#12", "#13", "#14", "#15"]),
        ("> #12 was quoted\nlazily #13\n\nmine is #14", ["#14"]),
        ("```\n#12\n```\n`#13` <code>#14</code> <!-- #15 -->\n\n    #16\n\n#19", ["#19"]),
        ("As in #12:\n\nError: it failed at #13\n  at x (#14)\n\nLike #15", ["#12", "#15"]),
        ("#1 open\n#2 read\n#3 close", []),
        ("\u202e#12\u202c", ["#12"]),
    ],
)
def test_prose_names_issues(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_an_enterprise_server_has_its_own_address() -> None:
    text = "https://git.example.org/octo/gadget/issues/1 https://github.com/octo/gadget/issues/2"
    assert names(text, "https://git.example.org") == ["octo/gadget#1"]


def test_a_list_of_all_changes_is_cut() -> None:
    assert len(names(" ".join(f"#{number}" for number in range(1, 400)))) == 50


def test_edges_say_who_named_what_and_where() -> None:
    comments = (a_comment("And #3, and #7 itself"), a_comment("#2 again"))
    issue = an_issue(body="Fixes #2", is_pull_request=True, comments=comments)
    found = [(edge.kind, edge.target.number, edge.place, edge.by) for edge in list_prose_edges(issue)]
    assert found == [
        ("claims", 2, "body", issue.author),
        ("mentions", 3, "comment", comments[0].author),
        ("mentions", 2, "comment", comments[1].author),
    ]


@pytest.mark.parametrize("url", ["", "http://[", "https://api.github.com/repos/octo/widget/issues/1", "not an address"])
def test_an_odd_address_means_github(url: str) -> None:
    issue = an_issue(body="https://github.com/octo/gadget/issues/9", url=url)
    assert [edge.target for edge in list_prose_edges(issue)] == [Address("octo/gadget", 9)]


PIECES = st.sampled_from(
    ["#", "12", "GH-", "octo/gadget", "https://github.com/", "fixes ", "`", "```\n", "> ", "\n", "<!--"]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join))
def test_any_text_names_real_numbers(text: str) -> None:
    for reference in find_references(text, HERE, SERVER):
        assert isinstance(reference, Reference)
        assert 0 < reference.address.number < 10**9
        assert str(reference.address.number) in text


@pytest.mark.parametrize(
    "text", ["a/" * 30_000, "fixes " * 10_000, "#" * 60_000, "> #1\n" * 12_000, "https://" * 8_000]
)
def test_hostile_text_takes_no_time(text: str) -> None:
    assert len(find_references(text, HERE, SERVER)) <= 1


def test_a_title_names_issues_too() -> None:
    issue = an_issue(title="gh-12: Fix it", body="", is_pull_request=True)
    assert [(edge.kind, edge.target.number) for edge in list_prose_edges(issue)] == [("mentions", 12)]
