"""A server from its start to its end: it answers webhooks, handles deliveries, and stops without losing one."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from logging import getLogger
from socket import socket
from types import FrameType

from starlette.types import ASGIApp

from bot.errors import TrackerError
from bot.server.inbox.types import Chore, Delivery, Handle, Handled, Inbox, InboxError, PostponedError
from bot.server.inbox.work import wait
from bot.server.listener import Gate, Listener, make_listener
from bot.server.log import describe_failure

log = getLogger(__name__)

FINISH_SECONDS = 12.0
"""How long running deliveries may take once the server stops. Then they are given back, which takes up to five seconds,
so that all is done within 20."""

INTERRUPTED = 130

PAUSES = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between two attempts to reach GitHub, or to work on."""

_GIVE_BACK_SECONDS = 6.0

_LOGIN = "app"
"""The key under which the inbox keeps the App's login, for a start without GitHub."""


@dataclass(frozen=True, slots=True)
class Work:
    """How to handle a delivery, and what else there is to do."""

    handle: Handle
    chores: Sequence[Chore] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server is made of.

    `identify` gives the login of the App, such as `signpost[bot]`; it raises TrackerError, with `unanswered` if GitHub
    may answer later. `make_app` gives the endpoints, and `make_work` the work, for that login. `observe` is called
    with the outcome of each attempt and its seconds.
    """

    inbox: Inbox
    identify: Callable[[], Awaitable[str]]
    make_app: Callable[[str], ASGIApp]
    make_work: Callable[[str], Work]
    observe: Callable[[str, float], None]
    workers: int = 4
    proxies: str = ""


class Server:
    """A server, which `run` keeps at work until `stop` is called."""

    def __init__(
        self, parts: Parts, bound: socket, *, finish: float = FINISH_SECONDS, pauses: Sequence[float] = PAUSES
    ) -> None:
        self._parts = parts
        self._bound = bound
        self._finish = finish
        self._pauses = pauses
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Start nothing new, finish what runs or give it back, and return from `run`."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until `stop`; raises TrackerError if GitHub rejects the App, and InboxError if there is no inbox."""
        await self._parts.inbox.open()
        try:
            await self._serve()
        finally:
            with suppress(InboxError):
                await self._parts.inbox.close()

    async def _serve(self) -> None:
        login = (await self._parts.inbox.read_value(_LOGIN) or b"").decode()
        gate = Gate(self._parts.make_app(login))
        listener = make_listener(gate, self._parts.proxies)
        answering = asyncio.create_task(listener.serve([self._bound]))
        working = asyncio.create_task(self._work(gate, login))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({answering, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gate.is_stopping = True
            self._stop.set()
            stopping.cancel()
            await self._end(listener, answering, working)

    async def _end(self, listener: Listener, answering: asyncio.Task[None], working: asyncio.Task[None]) -> None:
        """Let deliveries come in until the running ones are finished or given back; then end the connections."""
        log.info("stopping")
        await asyncio.wait({working}, timeout=self._finish)
        if not working.done():
            log.warning("some deliveries take too long; the next start handles them again")
            working.cancel()
            await asyncio.wait({working}, timeout=_GIVE_BACK_SECONDS)
        listener.should_exit = True
        await asyncio.wait({answering})
        for task in (answering, working):
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        log.info("stopped")

    async def _work(self, gate: Gate, known: str) -> None:
        """Find out who we are, then handle deliveries; the inbox may fail meanwhile."""
        login = await self._identify()
        if self._stop.is_set():
            return
        if login != known:
            gate.app = self._parts.make_app(login)
            with suppress(InboxError):
                await self._parts.inbox.write_value(_LOGIN, login.encode())
        work = self._parts.make_work(login)
        handle = observe(work.handle, self._parts.observe)
        while not self._stop.is_set():
            try:
                await self._parts.inbox.work(handle, work.chores, self._parts.workers, self._stop)
            except Exception as error:  # noqa: BLE001 (a database that restarts must not end the server)
                log.error("the work stopped and goes on soon: %s", describe_failure(error))  # noqa: TRY400
                await wait(self._stop, self._pauses[0])

    async def _identify(self) -> str:
        """The App's login, as soon as GitHub gives it; "" if the server stops before."""
        tries = 0
        while not self._stop.is_set():
            try:
                return await self._parts.identify()
            except TrackerError as error:
                if not error.unanswered:
                    raise
                pause = self._pauses[min(tries, len(self._pauses) - 1)]
                log.warning("deliveries are accepted and wait: %s Next try in %.0f s.", error, pause)
            tries += 1
            await wait(self._stop, pause)
        return ""


def observe(handle: Handle, count: Callable[[str, float], None]) -> Handle:
    """Handle a delivery, log one line about it, and count its outcome."""

    async def observed(delivery: Delivery) -> Handled:
        begin = time.monotonic()
        outcome, level, message, requests = "given back", "info", "the server stops", None
        try:
            handled = await handle(delivery)
        except PostponedError as error:
            outcome, message = "postponed", f"{error}; tried again in {error.seconds:.0f} s"
            raise
        except Exception as error:
            outcome, level, message = "failed", "warning", describe_failure(error)
            raise
        else:
            outcome, requests = ("skipped" if handled.skipped else "done"), handled.requests
            message = handled.skipped or "; ".join((*handled.actions, *handled.problems)) or "nothing to do"
            return handled
        finally:
            seconds = round(time.monotonic() - begin, 3)
            count(outcome, seconds)
            about = describe_delivery(delivery) | {"outcome": outcome, "seconds": seconds, "requests": requests}
            getattr(log, level)("%s", message, extra=about)

    return observed


def describe_delivery(delivery: Delivery) -> dict[str, object]:
    """What the log says about a delivery."""
    return {
        "delivery": delivery.guid,
        "event": ".".join(filter(None, (delivery.event, delivery.action))),
        "repository": delivery.repository or None,
        "issue": delivery.issue or None,
    }


def run_until_signal(make: Callable[[], Server], workers: int) -> int:
    """Run a server until SIGTERM or Ctrl-C; returns 0. A second signal ends the process at once, with 130."""
    loop = asyncio.new_event_loop()
    # Each worker runs in a thread; a thread that does not end must not keep the process.
    loop.set_default_executor(ThreadPoolExecutor(workers + 8))

    async def main() -> None:
        server = make()
        is_second = False

        def end(_number: int, _frame: FrameType | None) -> None:
            nonlocal is_second
            if is_second:
                os._exit(INTERRUPTED)
            is_second = True
            loop.call_soon_threadsafe(server.stop)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        await server.run()

    try:
        loop.run_until_complete(main())
    finally:
        sys.stderr.flush()
        loop.close()
    return 0
