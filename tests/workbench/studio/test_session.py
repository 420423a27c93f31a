"""The bench at work in its own thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import yaml

from bot.errors import SettingsError
from bot.tracker.types import Issue
from bot.workbench.studio.api import count_matches
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.session import Progress, Session
from bot.workbench.studio.surroundings import find_surroundings
from tests.builders import a_rule, an_issue
from tests.stand_ins.patience import LONGEST
from tests.workbench.studio.running import TODAY

SAVED = yaml.safe_dump(a_rule())
QUOTA = yaml.safe_dump(a_rule(match={"phrase": "disk quota exceeded"}))


@contextmanager
def a_session(issues: Iterator[Issue]) -> Iterator[Session]:
    around = find_surroundings({}, "rules/out-of-disk.yml", {})
    session = Session(Workbench(around, SAVED, issues, TODAY))
    session.start()
    try:
        yield session
    finally:
        session.close()


def progress_of(session: Session) -> Progress:
    return session.ask(lambda _, progress: progress).result(LONGEST)


def matched(session: Session) -> int:
    return session.ask(lambda bench, _: count_matches(bench).matched).result(LONGEST)


def test_waiting_ends_when_all_is_done() -> None:
    with a_session(iter([an_issue(number=n) for n in range(1_000)])) as session:
        session.edit(SAVED, "a").result(LONGEST)
        session.wait("a").result(LONGEST)

        assert progress_of(session) == Progress("a", is_done=True, is_loaded=True, trouble="")
        assert matched(session) == 1_000


def test_waiting_for_a_text_ends_when_a_newer_one_comes() -> None:
    go_on = threading.Event()

    def slow() -> Iterator[Issue]:
        yield from (an_issue(number=n, body="disk quota exceeded") for n in range(100))
        go_on.wait(LONGEST)

    with a_session(slow()) as session:
        session.edit(SAVED, "old")
        over = session.wait("old")
        session.edit(QUOTA, "new")
        go_on.set()
        over.result(LONGEST)
        session.wait("new").result(LONGEST)

        assert matched(session) == 100


def test_of_texts_that_come_at_once_only_the_last_is_tried() -> None:
    with a_session(iter([an_issue()])) as session:
        for number in range(50):
            session.edit(yaml.safe_dump(a_rule(title=f"Version {number}")), str(number))
        session.wait("49").result(LONGEST)

        title = session.ask(lambda bench, _: bench.current.rule and bench.current.rule.model.title).result(LONGEST)
        assert (title, progress_of(session).revision) == ("Version 49", "49")


def test_a_history_that_breaks_off_is_told_and_the_rest_goes_on() -> None:
    def broken() -> Iterator[Issue]:
        yield an_issue()
        raise SettingsError("issues.jsonl:2: invalid JSON")

    with a_session(broken()) as session:
        session.edit(SAVED, "a")
        session.wait("a").result(LONGEST)

        assert (progress_of(session).trouble, matched(session)) == ("issues.jsonl:2: invalid JSON", 1)


def test_a_fault_of_ours_is_told_and_questions_are_still_answered() -> None:
    def faulty() -> Iterator[Issue]:
        yield an_issue()
        raise ZeroDivisionError

    with a_session(faulty()) as session:
        while not progress_of(session).trouble:
            pass

        assert progress_of(session).trouble == "the studio failed: ZeroDivisionError(); please report it"


@pytest.mark.parametrize("question", [lambda bench, _: bench.count // 0], ids=["a question that fails"])
def test_a_question_that_fails_harms_nobody_else(question: Callable[[Workbench, Progress], int]) -> None:
    with a_session(iter([])) as session:
        with pytest.raises(ZeroDivisionError):
            session.ask(question).result(LONGEST)

        assert matched(session) == 0


def test_a_question_that_nobody_waits_for_any_more_harms_nobody() -> None:
    with a_session(iter([an_issue(number=n) for n in range(1_000)])) as session:
        session.edit(SAVED, "a")
        session.wait("a").cancel()
        session.ask(lambda bench, _: bench.count).cancel()
        session.wait("a").result(LONGEST)

        assert matched(session) == 1_000


def test_the_history_is_closed_by_the_thread_that_opened_it() -> None:
    threads = list[str]()

    def read() -> Iterator[Issue]:
        threads.append(threading.current_thread().name)
        try:
            while True:
                yield an_issue()
        finally:
            threads.append(threading.current_thread().name)

    with a_session(read()) as session:
        while not session.ask(lambda bench, _: bench.count).result(LONGEST):
            pass

    assert threads == ["bench", "bench"]


def test_nobody_is_left_waiting_when_it_ends() -> None:
    def endless() -> Iterator[Issue]:
        while True:
            yield an_issue()

    with a_session(endless()) as session:
        session.edit(SAVED, "a")
        over = session.wait("a")

    assert over.result(LONGEST) is None
