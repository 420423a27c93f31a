"""The figures of a thread and its telling answers."""

from datetime import timedelta

import pytest

from bot.insights.report.thread import LONGEST_ANSWER, choose_answers, measure_thread
from bot.insights.report.types import Answer, Figures
from bot.insights.report.wording import list_figures, write_span
from bot.text.redaction import cut_excerpt
from bot.tracker.types import Account, Comment
from tests.builders import HUMAN, OTHER_BOT, REPORTER, a_comment, after
from tests.insights.graphs import NOW, THREAD, a_node, make_neighbourhood

NOBODY = Figures(
    comments=0,
    participants=1,
    reactions={},
    timeline={},
    age=timedelta(days=30),
    is_open=True,
    first_answer=None,
    first_maintainer_answer=None,
    answers={},
    is_whole=True,
)


def test_the_figures_of_a_whole_thread() -> None:
    seed = make_neighbourhood().seeds[0]
    assert measure_thread(make_neighbourhood().nodes[seed], NOW) == Figures(
        comments=5,
        participants=4,
        reactions={"+1": 9, "eyes": 2},
        timeline={"closed": 1, "commented": 5, "cross-referenced": 14, "labeled": 2, "marked_as_duplicate": 1},
        age=timedelta(days=3),
        is_open=False,
        first_answer=timedelta(hours=5),
        first_maintainer_answer=timedelta(hours=5),
        answers={"bot": 2, "maintainer": 1, "other": 2},
        is_whole=True,
    )


def test_an_issue_that_no_one_answered() -> None:
    assert measure_thread(a_node(0, comment_count=0), NOW) == NOBODY


def test_the_first_answer_is_unknown_where_comments_are_missing() -> None:
    figures = measure_thread(a_node(0, comments=THREAD, comment_count=200), NOW)
    assert (figures.first_answer, figures.comments, figures.is_whole) == (None, 200, False)
    assert ("Who comments", "maintainers 1, other participants 2, bots 2 (not all comments were read)") in list(
        list_figures(figures)
    )


def test_neither_bots_nor_the_reporter_answer() -> None:
    comments = (
        a_comment(author=OTHER_BOT),
        a_comment(author=REPORTER),
        a_comment(author=HUMAN, created_at=after(days=1)),
    )
    figures = measure_thread(a_node(0, comments=comments, comment_count=3), NOW)
    assert (figures.first_answer, figures.first_maintainer_answer) == (timedelta(days=1), None)


def test_the_telling_answers_are_those_of_maintainers_and_the_most_liked() -> None:
    seed = make_neighbourhood().seeds[0]
    assert choose_answers(make_neighbourhood().nodes[seed].issue) == (
        Answer(
            excerpt="This is the same as #3: the cache is never pruned. Please set `cache.limit` until the fix is out.",
            role="maintainer",
            at=after(minutes=300),
            url="https://github.com/octo-org/octo-repo/issues/7#issuecomment-2",
            reactions=14,
            why="by a maintainer",
        ),
        Answer(
            excerpt="Deleting `target/` by hand helps for a day. […] Then it is full again.",
            role="other",
            at=after(days=2),
            url="https://github.com/octo-org/octo-repo/issues/7#issuecomment-4",
            reactions=5,
            why="most reactions",
        ),
    )


LEFT_OUT = {
    "of a bot": a_comment("A maintainer will look at it soon.", OTHER_BOT, association="MEMBER"),
    "of our own": a_comment("Free some space.\n\nPosted automatically by Signpost: x", HUMAN, association="MEMBER"),
    "hidden": a_comment("I will look at this tomorrow.", HUMAN, association="MEMBER", is_minimized=True),
    "without a word": a_comment("+1", HUMAN, association="MEMBER"),
    "disliked": a_comment("Just use another program then.", HUMAN, reactions=(("-1", 9),)),
    "of no one in particular": a_comment("I have the same problem here.", HUMAN),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_answers_that_tell_nothing_are_left_out(name: str) -> None:
    comment: Comment = LEFT_OUT[name]
    assert choose_answers(a_node(7, comments=(comment,)).issue) == ()


def test_at_most_five_answers_in_their_order() -> None:
    comments = tuple(
        a_comment(f"This is answer number {n}.", Account(login="x"), id=n, reactions=(("+1", n),)) for n in range(1, 9)
    )
    answers = choose_answers(a_node(7, comments=comments).issue)
    assert [answer.reactions for answer in answers] == [4, 5, 6, 7, 8]


EXCERPTS = {
    "> quoted\n\nMy answer.": "My answer.",
    "Use this:\n\n```sh\nrm -r x\n```\n": "Use this: […]",
    "<!-- hidden -->Visible.": "Visible.",
    "Ask @octocat at octo@example.org.": "Ask @someone at name@example.com.",
    "x" * 400: f"{'x' * 299}…",
    "a\u202eb": "a<U+202E>b",
}


@pytest.mark.parametrize("body", EXCERPTS, ids=range(len(EXCERPTS)))
def test_an_excerpt_says_what_the_comment_says(body: str) -> None:
    assert cut_excerpt(body, LONGEST_ANSWER) == EXCERPTS[body]


@pytest.mark.parametrize(
    "span, text",
    [
        (timedelta(seconds=20), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=30), "30 hours"),
        (timedelta(days=12), "12 days"),
        (timedelta(days=200), "6 months"),
        (timedelta(days=1200), "3 years"),
    ],
)
def test_a_duration_in_its_largest_fitting_unit(span: timedelta, text: str) -> None:
    assert write_span(span) == text
