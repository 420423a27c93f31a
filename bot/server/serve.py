"""A server from its start to its end: it answers webhooks, handles deliveries, and stops without losing one."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from logging import INFO, WARNING, getLogger
from types import FrameType

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import __version__
from bot.errors import SettingsError, SignpostError, TrackerError, explain_cause
from bot.github.app import App
from bot.server.inbox.choice import make_inbox
from bot.server.inbox.types import Chore, Delivery, Handle, Handled, Inbox, InboxError, PostponedError
from bot.server.inbox.work import wait
from bot.server.intake import HTTP, make_app
from bot.server.log import describe_failure, write_log
from bot.server.metrics import Metrics
from bot.server.pages.routes import make_routes
from bot.server.reconcile import Reconciler
from bot.server.settings import ServerSettings
from bot.server.setup import EVENTS, PERMISSIONS
from bot.server.worker import Worker
from bot.text.printable import count
from bot.tracker.app import AppIdentity

log = getLogger(__name__)

FINISH_SECONDS = 12.0
"""How long running deliveries may take once the server stops. Then they are given back, which takes up to five seconds,
so that all is done within 20."""

INTERRUPTED = 130

RECONCILE_SECONDS, SWEEP_SECONDS = 600, 900

_RIGHTS = ("", "read", "write", "admin")

PAUSES = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between two attempts to reach GitHub, or to work on."""

_GIVE_BACK_SECONDS = 6.0
_ANSWER_SECONDS = 2

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
    may answer later. `make_app` gives the endpoints, and `make_work` the work, for that login.
    """

    inbox: Inbox
    identify: Callable[[], Awaitable[str]]
    make_app: Callable[[str], ASGIApp]
    make_work: Callable[[str], Work]
    workers: int = 4
    proxies: str = ""


@dataclass
class Gate:
    """The app that uvicorn calls. While the server stops, it is not ready, and still accepts deliveries."""

    app: ASGIApp
    is_stopping: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if self.is_stopping and scope["type"] == "http" and scope["path"] == "/readyz":
            content = {"status": "unavailable", "reason": "the server is stopping"}
            await JSONResponse(content, 503, {"cache-control": "no-store", "retry-after": "10"})(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Listener(uvicorn.Server):
    """A uvicorn that ends when `should_exit` is set, and leaves signals to its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them as they are."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises SettingsError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        bound = socket.create_server(found[0][4][:2], family=found[0][0], backlog=2048)
    except (OSError, UnicodeError) as error:
        cause = explain_cause(error).partition(" (while")[0]  # Python repeats the address
        message = f"cannot listen on {host}, port {port}: {cause}; choose another --host or --port"
        raise SettingsError(message) from error
    bound.setblocking(False)  # noqa: FBT003 (socket's own)
    return bound


def name_address(bound: socket.socket) -> str:
    """The address of a socket, for a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """A server, which `run` keeps at work until `stop` is called."""

    def __init__(
        self, parts: Parts, bound: socket.socket, *, finish: float = FINISH_SECONDS, pauses: Sequence[float] = PAUSES
    ) -> None:
        self._parts = parts
        self._bound = bound
        self._finish = finish
        self._pauses = pauses
        self._stop = asyncio.Event()
        self._is_known = False

    def stop(self) -> None:
        """Start nothing new, finish what runs or give it back, and return from `run`."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until `stop`; raises TrackerError if GitHub rejects the App, and InboxError if there is no inbox."""
        await self._parts.inbox.open()
        log.info("listening on %s", name_address(self._bound))
        try:
            await self._serve()
        finally:
            with suppress(InboxError):
                await self._parts.inbox.close()

    async def _serve(self) -> None:
        login = (await self._parts.inbox.read_value(_LOGIN) or b"").decode()
        gate = Gate(self._parts.make_app(login))
        listener = self._make_listener(gate)
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

    def _make_listener(self, gate: Gate) -> Listener:
        proxies = {"proxy_headers": True, "forwarded_allow_ips": self._parts.proxies} if self._parts.proxies else {}
        config = {**HTTP, **proxies, "interface": "asgi3", "log_config": None, "log_level": "warning"}
        return Listener(uvicorn.Config(gate, timeout_graceful_shutdown=_ANSWER_SECONDS, **config))

    async def _end(self, listener: Listener, answering: asyncio.Task[None], working: asyncio.Task[None]) -> None:
        """Let deliveries come in until the running ones are finished or given back; then end the connections."""
        log.info("stopping")
        await asyncio.wait({working}, timeout=self._finish if self._is_known else 0)
        if not working.done() and self._is_known:
            log.warning("some deliveries take too long; the next start handles them again")
        if not working.done():
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
        self._is_known = True
        if login != known:
            gate.app = self._parts.make_app(login)
            with suppress(InboxError):
                await self._parts.inbox.write_value(_LOGIN, login.encode())
        work = self._parts.make_work(login)
        handle = write_outcome(work.handle)
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


def write_outcome(handle: Handle) -> Handle:
    """Handle a delivery, and log one line about it."""

    async def handle_and_log(delivery: Delivery) -> Handled:
        begin, level = time.monotonic(), INFO
        outcome, message, requests = "given back", "the server stops", None
        try:
            handled = await handle(delivery)
        except PostponedError as error:
            outcome, message = "postponed", f"{error}; tried again in {error.seconds:.0f} s"
            raise
        except Exception as error:
            level, outcome, message = WARNING, "failed", describe_failure(error)
            raise
        else:
            outcome, requests = ("skipped" if handled.skipped else "done"), handled.requests
            message = handled.skipped or "; ".join(list_results(handled)) or "nothing to do"
            return handled
        finally:
            about = {"outcome": outcome, "seconds": round(time.monotonic() - begin, 3), "requests": requests}
            log.log(level, "%s", message, extra=describe_delivery(delivery) | about)

    return handle_and_log


def list_results(handled: Handled) -> Iterator[str]:
    """What was done, and the first problem: the pages have the others, and each delivery repeats them."""
    yield from handled.actions
    yield from handled.problems[:1]
    if len(handled.problems) > 1:
        yield f"and {count(len(handled.problems) - 1, 'more problem')}"


def describe_delivery(delivery: Delivery) -> dict[str, object]:
    """What the log says about a delivery."""
    return {
        "delivery": delivery.guid,
        "event": ".".join(filter(None, (delivery.event, delivery.action))),
        "repository": delivery.repository or None,
        "issue": delivery.issue or None,
    }


def find_lacks(identity: AppIdentity) -> tuple[str, ...]:
    """What the App must still be allowed to do, and how to change that."""
    place = f"at {identity.html_url}, under App settings → Permissions & events"
    lacks = [
        f"the App lacks the permission `{name}: {right}`; add it {place}, then accept it in each installation"
        for name, right in PERMISSIONS.items()
        if _RIGHTS.index(right) > _RIGHTS.index(identity.permissions.get(name, ""))
    ]
    events = [name for name in EVENTS if name not in identity.events]
    return (*lacks, *(f"the App does not subscribe to the event `{name}`; choose it {place}" for name in events))


def make_parts(settings: ServerSettings) -> Parts:
    """The server of these settings; raises SettingsError."""
    app = App(settings.app_id or 0, settings.read_key(), settings.api_url)
    inbox = make_inbox(settings.database)
    metrics = Metrics()

    async def identify() -> str:
        identity = await asyncio.to_thread(app.read_identity)
        for lack in find_lacks(identity):
            log.error("%s", lack)
        log.info("GitHub knows this App as %s", identity.login)
        return identity.login

    def make_endpoints(login: str) -> ASGIApp:
        return make_app(inbox, settings, metrics, login, routes=make_routes(inbox, settings, app))

    def make_work(login: str) -> Work:
        worker = Worker(app, inbox, settings, login)
        sweeps = [Chore("sweep", SWEEP_SECONDS, worker.sweep)] if settings.sweep_hours else []
        return Work(metrics.watch(worker.handle), (*make_chores(app, inbox, settings.keep_days), *sweeps))

    return Parts(inbox, identify, make_endpoints, make_work, settings.workers, settings.proxies)


def make_chores(app: App, inbox: Inbox, keep_days: int) -> tuple[Chore, ...]:
    """What is to be done for all deliveries."""
    reconciler = Reconciler(app, inbox)

    async def reconcile() -> None:
        done = await reconciler.reconcile()
        for problem in done.problems:
            log.warning("the reconciliation goes on without one delivery or repository: %s", problem)
        if done.added:
            log.info("added %s for issues that changed", count(done.added, "delivery", "deliveries"))

    async def forget() -> None:
        number = await inbox.forget(datetime.now(UTC) - timedelta(days=keep_days))
        if number:
            log.info("deleted the bodies of %s", count(number, "old delivery", "old deliveries"))

    return Chore("reconcile", RECONCILE_SECONDS, reconcile), Chore("forget", 3600, forget)


def run_server(settings: ServerSettings, announce: Callable[[str], None]) -> int:
    """Run the server of these settings until a signal; `announce` gets its address. Returns the exit code.

    Raises SettingsError, InboxError, or TrackerError if GitHub rejects the App.
    """
    with write_log(settings.log_format, settings.hidden):
        parts = make_parts(settings)
        bound = bind(settings.host, settings.port)
        announce(name_address(bound))
        log.info("starting Signpost %s with the database %s", __version__, settings.database_name)
        try:
            return run_until_signal(lambda: Server(parts, bound), settings.workers)
        except SignpostError as error:
            if settings.log_format == "json":  # the command prints the error as text alone
                log.error("%s", error)  # noqa: TRY400
            raise


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
