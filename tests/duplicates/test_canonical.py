"""Which links may be given."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.canonical import (
    Fix,
    Refusal,
    Target,
    describe_closing,
    find_fix,
    find_unread_ends,
    follow_chain,
    judge_target,
)
from bot.tracker.types import Issue, LinkedIssue, Links, Release
from tests.builders import OPENED, Fields, after, an_issue

HERE, ELSEWHERE = "octo-org/octo-repo", "octo-org/other"
DUPLICATE: Fields = {"state": "closed", "state_reason": "duplicate"}


def linked(number: int, duplicate_of: int | None = None, where: str = HERE, **changes: object) -> LinkedIssue:
    """An issue as GitHub has it; a duplicate is closed as one."""
    state = DUPLICATE if duplicate_of else {}
    issue = an_issue(**{"number": number, "url": "", **state, **changes})
    return LinkedIssue(issue=issue, duplicate_of=(where, duplicate_of) if duplicate_of else None)


def links(*known: LinkedIssue) -> Links:
    return Links(issues={each.issue.number: each for each in known})


def target(number: int, state: str = "open", asked: int | None = None) -> Target:
    fields: Fields = {"number": number, "state": state, "asked": asked or number, "created_at": OPENED}
    return Target(**fields)


@pytest.mark.parametrize(
    "number, found, judged",
    [
        (3, an_issue(number=3), target(3)),
        (3, an_issue(number=3, repository="Octo-Org/Octo-Repo"), target(3)),
        (3, an_issue(number=3, state="closed", state_reason="completed"), target(3, "fixed")),
        (
            3,
            an_issue(number=3, **DUPLICATE),
            Refusal("#3 is closed as duplicate, but GitHub does not name the other issue"),
        ),
        (3, an_issue(number=3, state="closed", state_reason="not_planned"), Refusal("#3 is closed as not planned")),
        (3, an_issue(number=3, state="closed"), Refusal("#3 is closed")),
        (3, an_issue(number=3, is_pull_request=True), Refusal("#3 is a pull request")),
        (3, an_issue(number=9), Refusal("#3 was moved to octo-org/octo-repo#9")),
        (3, an_issue(number=3, repository=ELSEWHERE), Refusal("#3 was moved to octo-org/other#3")),
        (3, None, Refusal("#3 is not an issue of this repository (deleted, moved, or never created)")),
        (7, None, Refusal("#7 is this issue itself")),
        (7, an_issue(), Refusal("#7 is this issue itself")),
    ],
)
def test_only_an_open_or_a_fixed_issue_of_the_repository_is_linked(
    number: int, found: Issue | None, judged: Target | Refusal
) -> None:
    known = Links(issues={number: LinkedIssue(issue=found)}) if found else Links()
    got = judge_target(an_issue(), number, known)
    assert (got if isinstance(got, Refusal) else Target(**{**_fields(got), "url": ""})) == judged


def _fields(value: Target) -> Fields:
    return {name: getattr(value, name) for name in Target.__dataclass_fields__}


CHAIN = (linked(2, 3), linked(3, 4), linked(4))
CIRCLE = (linked(2, 3), linked(3, 4), linked(4, 3))


@pytest.mark.parametrize(
    "number, known, judged",
    [
        pytest.param(2, CHAIN, target(4, asked=2), id="a chain is followed to its end"),
        pytest.param(
            2,
            (linked(2, 3, state="open", state_reason=None), linked(3)),
            target(3, asked=2),
            id="a mark counts while it is open",
        ),
        pytest.param(
            2,
            CIRCLE,
            Refusal("#3 → #4 → #3 is a cycle of duplicates; reopen the canonical issue", is_fault=True),
            id="a circle is the maintainers' to mend",
        ),
        pytest.param(
            2,
            (linked(2, 2),),
            Refusal("#2 → #2 is a cycle of duplicates; reopen the canonical issue", is_fault=True),
            id="a duplicate of itself",
        ),
        pytest.param(
            2,
            (linked(2, 7),),
            Refusal("#2 is closed as a duplicate of this issue"),
            id="this issue is the end",
        ),
        pytest.param(
            2,
            (linked(2, 3),),
            Refusal(
                "#3 is not an issue of this repository (deleted, moved, or never created), and #2 is a duplicate of it"
            ),
            id="the end is gone",
        ),
        pytest.param(
            2,
            (linked(2, 3, ELSEWHERE), linked(3)),
            Refusal("#2 is a duplicate of an issue in another repository"),
            id="the end is in another repository",
        ),
        pytest.param(
            2,
            (linked(2, 3), linked(3, state="closed", state_reason="not_planned")),
            Refusal("#3 is closed as not planned, and #2 is a duplicate of it"),
            id="the end is not planned",
        ),
    ],
)
def test_a_duplicate_leads_to_what_it_is_a_duplicate_of(
    number: int, known: tuple[LinkedIssue, ...], judged: Target | Refusal
) -> None:
    assert judge_target(an_issue(), number, links(*known)) == judged


@given(st.dictionaries(st.integers(1, 8), st.integers(1, 8)))
def test_no_chain_whatever_leads_in_a_circle_or_to_this_issue(marks: dict[int, int]) -> None:
    known = links(*(linked(number, marks.get(number)) for number in range(1, 9)))
    for number in range(1, 9):
        judged = judge_target(an_issue(), number, known)
        if isinstance(judged, Target):
            assert judged.number not in {*marks, 7}
        assert len(follow_chain(number, known.issues, HERE)) <= 9


@pytest.mark.parametrize(
    "asked, known, ends",
    [
        ((2, 4), CHAIN, ()),
        ((2,), CHAIN[:1], (3,)),
        ((2,), CHAIN[:2], (4,)),
        ((2, 9), CHAIN, ()),
        ((2,), CIRCLE, ()),
        ((2,), (linked(2, 3, ELSEWHERE),), ()),
    ],
)
def test_only_the_ends_of_chains_that_go_on_are_read_again(
    asked: tuple[int, ...], known: tuple[LinkedIssue, ...], ends: tuple[int, ...]
) -> None:
    assert find_unread_ends(asked, links(*known).issues, HERE) == ends


@pytest.mark.parametrize(
    "number, failure, refusal",
    [
        (5, "", Refusal("#5 was not checked, to save requests")),
        (5, "GitHub answered 502.", Refusal("#5 could not be checked", is_unchecked=True)),
        (2, "GitHub answered 502.", Refusal("#5 could not be checked, and #2 is a duplicate of it", is_unchecked=True)),
    ],
)
def test_what_was_not_read_is_told_from_what_is_gone(number: int, failure: str, refusal: Refusal) -> None:
    known = Links(issues={2: linked(2, 5)}, unread=frozenset({5}), failure=failure)
    assert judge_target(an_issue(), number, known) == refusal


FIXED_AT = after(days=1)
EARLY = Release(tag="v2.1.95", at=OPENED)
BETA = Release(tag="v2.2.0-beta.1", at=after(days=2), is_prerelease=True)
FIRST = Release(tag="v2.1.96", at=after(days=3))
LAST = Release(tag="v2.2.0", at=after(days=9))
ALL = (LAST, FIRST, BETA, EARLY)


@pytest.mark.parametrize(
    "milestone, fixed_at, releases, fix",
    [
        ("2.2.0", FIXED_AT, ALL, Fix(version="v2.2.0", at=LAST.at, is_sure=True)),
        ("v2.1.96", None, ALL, Fix(version="v2.1.96", at=FIRST.at, is_sure=True)),
        ("Backlog", FIXED_AT, ALL, Fix(version="v2.1.96", at=FIRST.at)),
        (None, FIXED_AT, ALL, Fix(version="v2.1.96", at=FIRST.at)),
        (None, FIXED_AT, (EARLY,), Fix(version=None)),
        (None, FIXED_AT, (BETA, EARLY), Fix(version=None)),
        (None, FIXED_AT, (), None),
        (None, None, ALL, None),
    ],
)
def test_a_fix_is_in_the_release_of_its_milestone_or_else_the_first_since(
    milestone: str | None, fixed_at: object, releases: tuple[Release, ...], fix: Fix | None
) -> None:
    fields: Fields = {"milestone": milestone, "fixed_at": fixed_at}
    assert find_fix(LinkedIssue(issue=an_issue(), **fields), Links(releases=releases)) == fix


def test_of_many_releases_the_first_since_a_fix_is_not_known() -> None:
    old = LinkedIssue(issue=an_issue(), fixed_at=OPENED - timedelta(days=400))
    assert find_fix(old, Links(releases=ALL, has_older_releases=True)) is None


@pytest.mark.parametrize(
    "state, reason, expected",
    [
        ("open", None, ""),
        ("open", "reopened", ""),
        ("closed", "completed", ""),
        ("closed", "not_planned", "closed as not planned"),
        ("closed", "duplicate", "closed as duplicate"),
        ("closed", None, "closed"),
    ],
)
def test_how_an_issue_was_closed_that_comments_do_not_link(state: str, reason: str | None, expected: str) -> None:
    assert describe_closing(an_issue(state=state, state_reason=reason)) == expected


@pytest.mark.parametrize(
    "state, fixed_at, milestone, is_mended",
    [
        ("closed", None, None, False),
        ("closed", FIXED_AT, None, True),
        ("closed", None, "2.2.0", True),
        ("open", FIXED_AT, "2.2.0", False),
    ],
)
def test_a_closed_target_is_mended_where_a_change_or_a_release_is_known(
    state: str, fixed_at: object, milestone: str | None, *, is_mended: bool
) -> None:
    fields: Fields = {"fixed_at": fixed_at, "milestone": milestone}
    found = LinkedIssue(issue=an_issue(number=3, state=state, state_reason="completed"), **fields)
    judged = judge_target(an_issue(), 3, Links(issues={3: found}, releases=(LAST,) if milestone else ()))
    assert isinstance(judged, Target)
    assert judged.is_mended is is_mended


@pytest.mark.parametrize("found, is_open", [(target(3), True), (target(3, "fixed"), False)])
def test_a_fixed_target_is_not_open(found: Target, *, is_open: bool) -> None:
    assert found.is_open is is_open
