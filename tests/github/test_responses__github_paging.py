from typing import Any, Literal

import pytest

from bot.errors import SettingsError
from bot.github.responses import Answer
from bot.github.responses__github_paging import read_page, write_query
from bot.tracker.types import Cursor, Page

ENTRY = {"number": 7, "updated_at": "2026-04-08T09:00:00Z"}
NEXT = '<https://api.github.com/repositories/1/issues?page=3>; rel="next"'
LAST = '<https://api.github.com/repositories/1/issues?per_page=100&page=12>; rel="last"'


@pytest.mark.parametrize(
    "kind, cursor, query",
    [
        pytest.param(
            "issues", Cursor(), "/issues?state=all&sort=updated&direction=asc&per_page=100", id="from the first"
        ),
        pytest.param(
            "comments",
            Cursor("2026-04-08T09:00:00Z", 2, "tag"),
            "/issues/comments?sort=updated&direction=asc&per_page=100&since=2026-04-08T09:00:00Z&page=2",
            id="from a moment on, its second page",
        ),
    ],
)
def test_a_page_is_asked_for_by_the_last_change(
    kind: Literal["issues", "comments"], cursor: Cursor, query: str
) -> None:
    assert write_query(kind, cursor) == query


@pytest.mark.parametrize(
    "entries, headers, page",
    [
        pytest.param([], {}, Page(entries=(), pages_left=0), id="nothing"),
        pytest.param([ENTRY], {"etag": "tag"}, Page(entries=(ENTRY,), etag="tag", pages_left=0), id="the last page"),
        pytest.param(
            [ENTRY],
            {"link": f"{NEXT}, {LAST}"},
            Page(entries=(ENTRY,), has_more=True, pages_left=10),
            id="of twelve",
        ),
        pytest.param(
            [ENTRY], {"link": NEXT}, Page(entries=(ENTRY,), has_more=True, pages_left=None), id="nobody knows how many"
        ),
        pytest.param([], {"link": NEXT}, Page(entries=(), pages_left=0), id="an empty page ends the list"),
    ],
)
def test_an_answer_says_what_is_behind_it(entries: list[Any], headers: dict[str, str], page: Page) -> None:
    assert read_page(entries, Answer(status=200, headers=headers, text=""), 2) == page


def test_a_moment_may_have_a_fraction_of_a_second() -> None:
    entry = {"number": 7, "updated_at": "2026-04-08T09:00:00.418Z"}

    assert read_page([entry], Answer(status=200, headers={}, text=""), 1).entries == (entry,)


@pytest.mark.parametrize("entry", [{}, {"updated_at": None}, {"updated_at": "yesterday"}, "text", None])
def test_an_entry_that_does_not_say_when_it_changed_is_refused(entry: object) -> None:
    with pytest.raises(SettingsError, match="when it was updated"):
        read_page([entry], Answer(status=200, headers={}, text=""), 1)
