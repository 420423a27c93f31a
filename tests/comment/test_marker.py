"""The marker comes back as it was written, and hides nothing it should not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.comment.marker import (
    Marker,
    find_foreign_twin,
    find_kind,
    find_own_comments,
    hash_text,
    is_as_written,
    read_marker,
    sign_comment,
)
from bot.tracker.types import Account, Comment
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, a_comment, our_comment

LOGIN = "github-actions[bot]"
words = st.text(max_size=60) | st.sampled_from(["-->", "--", "<!-- -->", "a\nb", "\u2028", "\r", '"}', "\\u002d", ">"])
markers = st.builds(
    Marker,
    issue=st.integers(1, 10**10),
    rules=st.dictionaries(words, words, max_size=5),
    labels=st.lists(words, max_size=5),
    links=st.lists(st.integers(1, 10**10), max_size=3),
    dropped=st.lists(words, max_size=3),
    is_withdrawn=st.booleans(),
)
texts = st.text() | st.lists(words).map("\n".join)


@given(texts, markers)
def test_a_marker_comes_back_as_it_was_written(text: str, marker: Marker) -> None:
    assert read_marker(sign_comment(text, marker)) == marker.model_copy(update={"text": hash_text(text)})


@given(texts, markers, st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_comment_is_as_we_wrote_it_whatever_its_line_ends(text: str, marker: Marker, end: str) -> None:
    body = sign_comment(text, marker)
    stored = body.replace("\n", end)
    found = read_marker(stored)
    assert found
    assert is_as_written(a_comment(stored), found)


@given(markers)
def test_nothing_of_a_marker_is_seen(marker: Marker) -> None:
    tokens = MarkdownIt("commonmark").parse(sign_comment("Visible.", marker))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close", "html_block"]
    assert tokens[-1].content.count("-->") == 1


@given(texts, texts, markers)
def test_another_text_is_not_as_we_wrote_it(text: str, other: str, marker: Marker) -> None:
    body = sign_comment(text, marker)
    line = body.rpartition("\n")[2]
    comment = a_comment(f"{other}\n\n{line}")
    found = read_marker(comment.body)
    assert found
    assert is_as_written(comment, found) is (hash_text(text) == hash_text(other))


REPORT_WORDS = "Issue report by Signpost"
GOOD = our_comment().body
LINE = GOOD.rpartition("\n")[2]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "just words",
        f"{GOOD}\nmore words",
        f"> {LINE}",
        f"```\n{LINE}\n```",
        LINE[:-4],
        LINE[:40],
        LINE.replace("signpost:v1", "signpost:vx"),
        LINE.replace('"issue":7', '"issue":"seven"'),
        LINE.replace('{"issue"', '{{"issue"'),
        "<!-- signpost:v1 [] -->",
        "<!-- signpost:v1 {} -->",
        "<!-- other:v1 {} -->",
        f"<!-- signpost:v1 {{{' ' * 70_000}}} -->",
    ],
)
def test_what_is_no_marker_on_the_last_line_is_none(body: str) -> None:
    assert read_marker(body) is None


@given(st.text())
def test_reading_a_marker_never_fails(text: str) -> None:
    assert read_marker(f"<!-- signpost:v1 {text} -->") is None or '"issue"' in text


def test_a_later_version_is_known_as_such() -> None:
    marker = read_marker(LINE.replace("signpost:v1", "signpost:v2"))
    assert marker
    assert (marker.is_newer, Marker(issue=7).is_newer) == (True, False)


REPORT = our_comment(
    f"# Report\n\nposted automatically by Signpost\n\n<sub>{REPORT_WORDS}</sub>", kind="report", asked=3
)


def test_a_marker_without_a_kind_is_guidance_and_stays_as_short_as_it_was() -> None:
    assert Marker(issue=7).kind == "guidance"
    assert sign_comment("Hello.", Marker(issue=7)) == (
        'Hello.\n\n<!-- signpost:v1 {"issue":7,"text":"' + hash_text("Hello.") + '"} -->'
    )


@pytest.mark.parametrize(
    "body, kind",
    [
        pytest.param(GOOD, "guidance", id="guidance"),
        pytest.param(f"{GOOD}\n\nP.S. Thanks!", "guidance", id="guidance with a moved marker"),
        pytest.param("Posted automatically by Signpost", "guidance", id="guidance without its marker"),
        pytest.param(REPORT.body, "report", id="report"),
        pytest.param(f"{REPORT.body}\n\nP.S. Thanks!", "report", id="report with a moved marker"),
        pytest.param(REPORT.body.replace(REPORT_WORDS, "x") + "\n\nP.S.", "report", id="report with its marker alone"),
        pytest.param(REPORT.body.rpartition("\n")[0], "report", id="report without its marker, which quotes guidance"),
    ],
)
def test_a_comment_keeps_its_kind_whatever_people_cut(body: str, kind: str) -> None:
    comment = a_comment(body, OURSELVES)
    other = "guidance" if kind == "report" else "report"
    assert [own.comment for own in find_own_comments([comment], [LOGIN], 7, kind)] == [comment]  # type: ignore[arg-type]
    assert find_own_comments([comment], [LOGIN], 7, other) == ()  # type: ignore[arg-type]


def test_a_twin_is_one_of_the_same_kind() -> None:
    foreign = replace(REPORT, author=OTHER_BOT)
    assert find_foreign_twin([foreign], [LOGIN], 7, "report") == foreign
    assert find_foreign_twin([foreign], [LOGIN], 7) is None


OURS = our_comment()
BROKEN = a_comment(f"{OURS.body}\n\nP.S. Thanks!", OURSELVES)


@pytest.mark.parametrize(
    "comments, expected",
    [
        ([], None),
        ([a_comment()], None),
        ([a_comment(), OURS], OURS),
        ([a_comment(GOOD, REPORTER)], None),
        ([a_comment(GOOD, HUMAN), OURS], OURS),
        ([our_comment(issue=8)], our_comment(issue=8)),
        ([our_comment(issue=8), OURS], OURS),
        ([a_comment(f"See:\n\n{our_comment(issue=8).body}", OURSELVES)], None),
        ([our_comment(is_superseded=True)], None),
        ([replace(OURS, is_minimized=True), replace(OURS, id=2)], replace(OURS, id=2)),
        ([replace(OURS, is_minimized=True)], replace(OURS, is_minimized=True)),
        ([a_comment("> Posted automatically by Signpost", OURSELVES), replace(OURS, id=2)], replace(OURS, id=2)),
        ([replace(OURS, id=2), OURS], OURS),
        ([replace(OURS, id=2), replace(OURS, author=OTHER_BOT)], replace(OURS, id=2)),
        ([OURS, our_comment("A second one")], OURS),
        ([a_comment("The nightly build is green.", OURSELVES)], None),
        ([BROKEN], BROKEN),
        ([a_comment(f"{LINE[:30]}", OURSELVES, id=5)], a_comment(f"{LINE[:30]}", OURSELVES, id=5)),
        (
            [a_comment("Help.\n\n<sub>Posted automatically by Signpost.</sub>", OURSELVES)],
            a_comment("Help.\n\n<sub>Posted automatically by Signpost.</sub>", OURSELVES),
        ),
    ],
)
def test_our_comment_is_the_oldest_by_ourselves_with_our_marker(
    comments: list[Comment], expected: Comment | None
) -> None:
    found = find_own_comments(comments, [LOGIN], 7)
    assert (found[0].comment if found else None) == expected


@pytest.mark.parametrize("login", ["github-actions[bot]", "GitHub-Actions[bot]"])
@pytest.mark.parametrize("author", [OURSELVES, Account(login="GITHUB-ACTIONS[bot]", is_bot=True)])
def test_a_login_is_the_same_in_any_case(login: str, author: Account) -> None:
    ours = a_comment(GOOD, author)
    assert find_own_comments([ours], [login], 7) == ((ours, read_marker(GOOD)),)
    assert find_foreign_twin([ours], [login], 7) is None


def test_our_comment_is_found_as_the_hundred_and_fiftieth() -> None:
    comments = [*(a_comment(id=number) for number in range(150)), OURS]
    assert find_own_comments(comments, [LOGIN], 7) == ((OURS, read_marker(OURS.body)),)


@pytest.mark.parametrize(
    "body, kind",
    [
        pytest.param(GOOD, "guidance", id="our marker"),
        pytest.param(sign_comment("Hello.", Marker(issue=7, kind="report")), "report", id="the marker of a report"),
        pytest.param("Hi.\r\n\r\n<!-- signpost:v1 {broken -->\r\n", "guidance", id="a broken marker"),
        pytest.param("Hi.\n\n<sub>Posted automatically by Signpost: x</sub>", "guidance", id="our words"),
        pytest.param(f"Hi.\n\n<sub>{REPORT_WORDS}</sub>", "report", id="the words of a report"),
        pytest.param("> <sub>Posted automatically by Signpost</sub>\n\nUpdate.", None, id="a quote of ours"),
        pytest.param("What is posted automatically by Signpost is wrong.", None, id="somebody names us"),
        pytest.param(f"{GOOD}\n\nUpdate instead.", None, id="a marker with text after it"),
        pytest.param("", None, id="no text"),
    ],
)
def test_a_comment_of_ours_is_known_under_any_login(body: str, kind: str | None) -> None:
    assert find_kind(body) == kind


def test_a_broken_marker_counts_as_an_edited_comment() -> None:
    (found,) = find_own_comments([BROKEN], [LOGIN], 7)
    assert not is_as_written(*found)


@pytest.mark.parametrize("author, is_twin", [(OTHER_BOT, True), (OURSELVES, False), (REPORTER, False), (HUMAN, False)])
def test_a_twin_is_another_bot_with_our_marker(author: Account, *, is_twin: bool) -> None:
    comment = a_comment(GOOD, author)
    assert find_foreign_twin([a_comment(), comment], [LOGIN], 7) == (comment if is_twin else None)
