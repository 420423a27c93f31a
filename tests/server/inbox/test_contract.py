"""What every inbox keeps to, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SettingsError, TrackerError
from bot.server.inbox.types import BACKOFF, MOST_ATTEMPTS, Chore, Counts, Handled, PostponedError
from tests.server.inbox.inboxes import (
    SOON,
    Handler,
    MakeInbox,
    fail,
    list_states,
    make_delivery,
    opened,
    until,
    until_done,
    working,
)


def test_the_backoff_has_a_pause_before_each_further_attempt() -> None:
    assert len(BACKOFF) == MOST_ATTEMPTS - 1


def test_a_delivery_is_there_again_after_the_inbox_was_closed(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        delivery = replace(make_delivery(1, body=b"body"), action="", repository="ö/ü", event="issues\U0001f600")
        async with opened(inbox := make_inbox()):
            assert await inbox.add(delivery)
        async with opened(inbox := make_inbox()):
            (entry,) = await inbox.list_entries()
            assert (entry.delivery, entry.state, entry.attempts) == (replace(delivery, body=b""), "waiting", 0)
            assert (entry.due_at, entry.error, entry.handled) == (None, "", None)
            assert timedelta(0) <= datetime.now(UTC) - entry.changed_at < timedelta(minutes=5)
            handler = Handler()
            async with working(inbox, handler):
                await until_done(inbox)
        assert handler.seen == [delivery]

    asyncio.run(play())


def test_one_of_many_deliveries_with_the_same_guid_is_stored(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        async with opened(inbox := make_inbox()):
            same = await asyncio.gather(*(inbox.add(make_delivery(1)) for _ in range(50)))
            others = await asyncio.gather(*(inbox.add(make_delivery(number)) for number in range(2, 52)))
            assert (same.count(True), others.count(True)) == (1, 50)
            assert await inbox.add(make_delivery(51)) is False
            assert replace(await inbox.count(), oldest_seconds=0.0) == Counts(waiting=51)

    asyncio.run(play())


def test_deliveries_with_one_lock_are_handled_in_order_by_many_workers(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        deliveries = [make_delivery(number, issue=number % 5) for number in range(100)]
        naps = {
            each.guid: [lambda number=number: asyncio.sleep(number % 3 / 100)] for number, each in enumerate(deliveries)
        }
        handler = Handler(acts=naps)  # type: ignore[arg-type]
        async with opened(inbox := make_inbox()):
            for each in deliveries:
                await inbox.add(each)
            async with working(inbox, handler, workers=8):
                await until_done(inbox)
        assert handler.overlaps == []
        assert handler.list_order(deliveries) == {
            f"7#{issue}": [each.guid for each in deliveries if each.issue == issue] for issue in range(5)
        }

    asyncio.run(play())


def test_a_slow_delivery_holds_up_only_its_own_lock(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        is_over = asyncio.Event()
        handler = Handler(acts={"guid-1": [is_over.wait]})
        async with opened(inbox := make_inbox()), working(inbox, handler):
            for number, issue in ((1, 1), (2, 1), (3, 2), (4, 3)):
                await inbox.add(make_delivery(number, issue))
            await until(lambda: len(handler.handled) == 2)
            assert sorted(handler.handled) == ["guid-3", "guid-4"]
            is_over.set()
            await until_done(inbox)
        assert handler.handled[2:] == ["guid-1", "guid-2"]

    asyncio.run(play())


def test_a_flood_in_one_repository_does_not_hold_up_the_others(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        flood = [make_delivery(number, issue=number, repository=7) for number in range(60)]
        others = [make_delivery(number, issue=number, repository=8) for number in range(100, 103)]
        late = make_delivery(200, repository=9)

        async def add_late() -> None:
            await inbox.add(late)
            await asyncio.sleep(0.3)

        handler = Handler(acts={"guid-20": [add_late]})
        async with opened(inbox := make_inbox()):
            for each in (*flood, *others):
                await inbox.add(each)
            async with working(inbox, handler, workers=1):
                await until_done(inbox)
        assert handler.handled[:6] == ["guid-0", "guid-100", "guid-1", "guid-101", "guid-2", "guid-102"]
        after = handler.handled[handler.handled.index("guid-20") :]
        assert after[:3] == ["guid-20", "guid-21", "guid-200"]
        assert [guid for guid in handler.handled if int(guid[5:]) < 60] == [each.guid for each in flood]

    asyncio.run(play())


def test_a_delivery_is_tried_again_and_shows_errors_without_the_text_of_an_issue(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        acts = {"guid-1": [fail(ValueError("text of an issue")), fail(TrackerError("GitHub answered 502"))]}
        handler = Handler(acts=acts)
        errors = set[str]()
        async with opened(inbox := make_inbox(backoff=(0.3, 0.3))):
            await inbox.add(make_delivery(1))
            await inbox.add(make_delivery(2))

            async def is_done() -> bool:
                (_, state, _, error), _ = await list_states(inbox)
                errors.add(error)
                return state == "done"

            async with working(inbox, handler):
                await until(is_done)
                await until_done(inbox)
            assert await list_states(inbox) == [("guid-1", "done", 3, ""), ("guid-2", "done", 1, "")]
            (entry, _) = await inbox.list_entries()
            assert entry.handled == Handled(rules=("known",), actions=("label",), requests=2, seconds=0.5)
        assert errors == {"", "ValueError", "GitHub answered 502"}
        assert handler.handled == ["guid-1", "guid-2"]

    asyncio.run(play())


def test_a_delivery_that_fails_too_often_is_dead_and_lets_others_pass(
    make_inbox: MakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        failure = fail(SettingsError("the rules are broken"))
        handler = Handler(acts={"guid-1": [failure] * 3, "guid-2": [failure] * 3})
        async with opened(inbox := make_inbox(backoff=SOON)):
            for number in (1, 2, 3):
                await inbox.add(make_delivery(number))
            async with working(inbox, handler):
                await until_done(inbox)
                assert await list_states(inbox) == [
                    ("guid-1", "dead", 3, "the rules are broken"),
                    ("guid-2", "dead", 3, "the rules are broken"),
                    ("guid-3", "done", 1, ""),
                ]
                assert await inbox.retry(["guid-2", "guid-3", "unknown"]) == 1
                await until_done(inbox)
                assert await inbox.retry() == 1
                await until_done(inbox)
                assert await inbox.retry() == 0
        assert handler.handled == ["guid-3", "guid-2", "guid-1"]

    asyncio.run(play())
    assert sorted(
        (line.__dict__["delivery"], line.message) for line in caplog.records if line.levelname == "ERROR"
    ) == [
        ("guid-1", "gave up after 3 attempts: the rules are broken"),
        ("guid-2", "gave up after 3 attempts: the rules are broken"),
    ]


def test_a_retried_delivery_has_no_attempts(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        async with opened(inbox := make_inbox(backoff=())):
            await inbox.add(make_delivery(1))
            async with working(inbox, Handler(acts={"guid-1": [fail(KeyError())]})):
                await until_done(inbox)
            assert await list_states(inbox) == [("guid-1", "dead", 1, "KeyError")]
            assert await inbox.retry() == 1
            assert await list_states(inbox) == [("guid-1", "waiting", 0, "")]

    asyncio.run(play())


def test_a_postponed_delivery_waits_without_an_attempt_and_its_lock_with_it(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        late = fail(PostponedError("the rate limit is spent", 0.5))
        handler = Handler(acts={"guid-1": [late] * 4})
        async with opened(inbox := make_inbox(backoff=SOON)):
            for number, issue in ((1, 1), (2, 1), (3, 2)):
                await inbox.add(make_delivery(number, issue))
            async with working(inbox, handler):
                await until(lambda: "guid-3" in handler.handled)

                async def is_waiting() -> bool:
                    return (await list_states(inbox))[0] == ("guid-1", "waiting", 0, "the rate limit is spent")

                await until(is_waiting)
                entry = (await inbox.list_entries())[-1]
                assert entry.due_at is not None
                assert entry.due_at - entry.changed_at == timedelta(seconds=0.5)
                await until_done(inbox)
            assert [state for _, *state in await list_states(inbox)] == [["done", 1, ""]] * 3
        assert handler.handled == ["guid-3", "guid-1", "guid-2"]

    asyncio.run(play())


def test_a_stop_finishes_what_runs_and_starts_nothing(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        is_over = asyncio.Event()
        handler = Handler(acts={"guid-1": [is_over.wait]})
        async with opened(inbox := make_inbox()):
            for number, issue in ((1, 1), (2, 1), (3, 2)):
                await inbox.add(make_delivery(number, issue))
            stop = asyncio.Event()
            task = asyncio.create_task(inbox.work(handler, [], 1, stop))
            await until(lambda: bool(handler.running))
            stop.set()
            await asyncio.sleep(0.1)
            assert not task.done()
            is_over.set()
            await task
            assert [state for _, state, *_ in await list_states(inbox)] == ["done", "waiting", "waiting"]
        assert handler.handled == ["guid-1"]

    asyncio.run(play())


def test_a_cancellation_gives_back_what_runs(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        handler = Handler(acts={"guid-1": [asyncio.Event().wait]})
        async with opened(inbox := make_inbox()):
            for number in (1, 2):
                await inbox.add(make_delivery(number))
            async with working(inbox, handler) as task:
                await until(lambda: bool(handler.running))
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert await list_states(inbox) == [("guid-1", "waiting", 0, ""), ("guid-2", "waiting", 0, "")]
            async with working(inbox, handler):
                await until_done(inbox)
        assert handler.handled == ["guid-1", "guid-2"]

    asyncio.run(play())


def test_a_handler_that_is_cancelled_by_itself_has_failed(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        async with opened(inbox := make_inbox(backoff=())):
            await inbox.add(make_delivery(1))
            async with working(inbox, Handler(acts={"guid-1": [fail(asyncio.CancelledError())]})):
                await until_done(inbox)
            assert await list_states(inbox) == [("guid-1", "dead", 1, "RuntimeError")]

    asyncio.run(play())


def test_chores_are_done_at_the_start_and_again_even_if_one_fails(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        done = list[str]()

        async def do(name: str) -> None:
            await asyncio.sleep(0)
            done.append(name)
            if name == "fails":
                raise ValueError("text of an issue")

        chores = [Chore("fails", 1, lambda: do("fails")), Chore("works", 1, lambda: do("works"))]
        async with opened(inbox := make_inbox()), working(inbox, Handler(), chores):
            await until(lambda: min(done.count("fails"), done.count("works")) >= 2)

    asyncio.run(play())


def test_a_restart_repeats_a_frequent_chore_only_after_a_minute_and_a_rare_one_only_when_it_is_due(
    make_inbox: MakeInbox,
) -> None:
    async def play() -> None:
        done = list[str]()

        async def do(name: str) -> None:
            await asyncio.sleep(0)
            done.append(name)

        chores = [Chore("frequent", 600, lambda: do("frequent")), Chore("rare", 21_600, lambda: do("rare"))]
        for _ in range(2):
            async with opened(inbox := make_inbox()), working(inbox, Handler(), chores):
                await until(lambda: len(done) >= 2)
                await asyncio.sleep(0.2)
        assert sorted(done) == ["frequent", "rare"]

    asyncio.run(play())


def test_forgetting_deletes_bodies_and_keeps_guids(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        async with opened(inbox := make_inbox(backoff=())):
            for number in (1, 2):
                await inbox.add(make_delivery(number, issue=number))
            async with working(inbox, Handler(acts={"guid-2": [fail(KeyError())]})):
                await until_done(inbox)
            await inbox.add(make_delivery(3))
            now = datetime.now(UTC)
            assert [await inbox.forget(now + timedelta(days=days)) for days in (-1, 1, 1)] == [0, 1, 0]
            assert await inbox.list_known(["guid-1", "guid-2", "guid-3", "guid-4"]) == {"guid-1", "guid-2", "guid-3"}
            assert await inbox.add(make_delivery(1)) is False
            assert await inbox.forget(now + timedelta(days=31)) == 0
            assert await inbox.list_known(["guid-1", "guid-2", "guid-3"]) == {"guid-2", "guid-3"}
            assert [state for _, state, *_ in await list_states(inbox)] == ["dead", "waiting"]

    asyncio.run(play())


def test_entries_are_listed_by_state_and_repository(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        async with opened(inbox := make_inbox(backoff=())):
            for number, repository in ((1, 7), (2, 8), (3, 0)):
                await inbox.add(make_delivery(number, issue=number, repository=repository))
            async with working(inbox, Handler(acts={"guid-2": [fail(KeyError())]})):
                await until_done(inbox)
            await inbox.add(make_delivery(4))

            async def names(**filters: object) -> str:
                entries = await inbox.list_entries(**filters)  # type: ignore[arg-type]
                return "".join(entry.delivery.guid[-1] for entry in entries)

            assert [
                await names(),
                await names(most=2),
                await names(states=["done"]),
                await names(states={"dead", "waiting"}),
                await names(repositories=[7]),
                await names(repositories={7, 8, 9}, most=2),
                await names(repositories=[]),
                await names(repositories=[8], states=["done"]),
            ] == ["4321", "43", "31", "42", "41", "42", "", ""]

    asyncio.run(play())


def test_deliveries_are_counted_by_state(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        is_over = asyncio.Event()
        handler = Handler(acts={"guid-2": [fail(KeyError())], "guid-3": [is_over.wait]})
        async with opened(inbox := make_inbox(backoff=())):
            assert await inbox.count() == Counts()
            for number in (1, 2, 3):
                await inbox.add(make_delivery(number, issue=number))
            async with working(inbox, handler):
                await until(lambda: handler.running == {"7#3"} and len(handler.seen) == 3)
                await inbox.add(make_delivery(4, issue=3))
                received = datetime.now(UTC) - timedelta(hours=1)
                await inbox.add(replace(make_delivery(5, issue=3), received_at=received))

                async def is_settled() -> bool:
                    counts = await inbox.count()
                    return (counts.waiting, counts.running, counts.done, counts.dead) == (2, 1, 1, 1)

                await until(is_settled)
                assert (await inbox.count()).oldest_seconds >= 3600
                is_over.set()

    asyncio.run(play())


def test_values_are_kept_replaced_and_deleted(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        async with opened(inbox := make_inbox()):
            await inbox.check()
            for key in ("session/1", "session/%", "session_2", "Session/3"):
                await inbox.write_value(key, key.encode())
            await inbox.write_value("session/1", b"\x00\xff")
            await inbox.write_value("session_2", None)
            await inbox.write_value("unknown", None)
        async with opened(inbox := make_inbox()):
            assert [await inbox.read_value(key) for key in ("session/1", "session_2")] == [b"\x00\xff", None]
            assert await inbox.list_values("session/") == {"session/%": b"session/%", "session/1": b"\x00\xff"}
            assert await inbox.list_values("session/%") == {"session/%": b"session/%"}
            assert len(await inbox.list_values("")) == 3

    asyncio.run(play())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(st.binary(max_size=300), max_size=20),
    received=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (it adds UTC)
)
def test_bytes_and_times_come_back_as_they_were(make_inbox: MakeInbox, bodies: list[bytes], received: datetime) -> None:
    async def play() -> None:
        handler = Handler()
        async with opened(inbox := make_inbox()):
            first = len(await inbox.list_entries(most=10_000))
            deliveries = [
                replace(make_delivery(first + number, body=body, issue=number), received_at=received)
                for number, body in enumerate(bodies)
            ]
            await asyncio.gather(*map(inbox.add, deliveries))
            async with working(inbox, handler):
                await until_done(inbox)
        assert sorted(handler.seen, key=lambda each: each.issue) == deliveries

    asyncio.run(play())


def test_the_largest_body_comes_back_as_it_was(make_inbox: MakeInbox) -> None:
    async def play() -> None:
        delivery = make_delivery(1, body=bytes(range(256)) * 100_000)
        handler = Handler()
        async with opened(inbox := make_inbox()):
            await inbox.add(delivery)
            async with working(inbox, handler):
                await until_done(inbox)
        assert handler.seen == [delivery]

    asyncio.run(play())
