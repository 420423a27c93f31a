"""The pages of the server: what ran in the repositories of a person, what failed, and why."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.server.inbox.types import Entry, Inbox, InboxError, State
from bot.server.pages.access import Access, Door, RefusedError, check_form
from bot.server.pages.login import KnownApp, LoginPages, find_home
from bot.server.pages.response import find_base, lead_to, read_form, show_page
from bot.server.pages.view import (
    KnownRepository,
    RepositoryVotes,
    RuleProblems,
    Shape,
    Standing,
    find_repository,
    make_repository,
    make_rows,
    make_run,
    read_value,
    read_values,
    select_repositories,
    write_span,
)
from bot.server.records import PROBLEMS, REPOSITORY
from bot.server.settings import ServerSettings

MOST_RUNS = 100
"""Entries on the page of a repository."""
MOST_UNFINISHED = 1_000
"""Unfinished deliveries that a page reads and counts."""

_LONGEST_WORDS = 100
_UNFINISHED: tuple[State, ...] = ("waiting", "running", "dead")
_OFF = (
    "The pages of this server are switched off. To switch them on, set SIGNPOST_CLIENT_ID and SIGNPOST_CLIENT_SECRET "
    "(login with GitHub), or SIGNPOST_PAGE_TOKEN, and start the server again.\n"
)

Endpoint = Callable[[Request], Awaitable[Response]]


def read_clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def make_routes(
    inbox: Inbox, settings: ServerSettings, app: KnownApp, *, now: Callable[[], datetime] = read_clock
) -> Sequence[BaseRoute]:
    """The routes of the pages; without a way to sign in, each answers 404 and says how to make one."""
    door = Door(inbox, settings, now)
    pages, login = _Pages(inbox, settings, app, door), LoginPages(door, settings)
    endpoints: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/", pages.lead_on),
        ("GET", "/repositories", pages.list_repositories),
        ("GET", "/repositories/{owner}/{name}", pages.show_repository),
        ("POST", "/repositories/{owner}/{name}/retry", pages.retry_repository),
        ("GET", "/queue", pages.show_queue),
        ("POST", "/queue/retry", pages.retry_queue),
        ("GET", "/login", login.show_login),
        ("POST", "/login", login.enter_token),
        ("GET", "/login/github", login.ask_github),
        ("GET", "/login/callback", login.take_code),
        ("POST", "/logout", login.leave),
    )
    is_on = door.has_github or door.has_token
    return tuple(
        Route(path, _guard(endpoint, find_base(settings)) if is_on else _answer_off, methods=[verb])
        for verb, path, endpoint in endpoints
    )


async def _answer_off(_: Request) -> Response:
    return PlainTextResponse(_OFF, HTTPStatus.NOT_FOUND)


def _guard(endpoint: Endpoint, base: str) -> Endpoint:
    """Make a page of what goes wrong, without a word about how the server works inside."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RefusedError as error:
            message, status, wait = str(error), error.status, error.wait
        except InboxError:
            message, status, wait = "the database does not answer; try again soon", 503, 5
        values = {"base": base, "access": None, "status": status, "message": message}
        response = show_page("refused.html.j2", values, status)
        response.headers.update({"retry-after": str(wait)} if wait else {})
        response.headers.update({"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {})
        return response

    return answer


class _Pages:
    """The endpoints for people who have signed in."""

    def __init__(self, inbox: Inbox, settings: ServerSettings, app: KnownApp, door: Door) -> None:
        self._inbox = inbox
        self._app = app
        self._home = ""
        self._server_url = settings.server_url
        self._base = find_base(settings)
        self._door = door

    async def lead_on(self, _: Request) -> Response:
        """GET /."""
        return lead_to(f"{self._base}/repositories")

    async def list_repositories(self, request: Request) -> Response:
        """GET /repositories, with `q` (words in the names) and `page`."""
        access = await self._door.find_access(request)
        if access is None:
            return self._ask_login(request)
        known = await self._read_values(REPOSITORY, KnownRepository, access)
        if not known:
            return self._show("empty.html.j2", access, install=await self._find_home())
        problems = await self._read_values(PROBLEMS, RuleProblems, access)
        urgent = {number for number, each in problems.items() if each.problems}
        seen = None if access.is_operator else list(known)
        urgent |= {entry.delivery.repository_id for entry in await self._list(seen, ["dead"])}
        words, page = request.query_params.get("q", "")[:_LONGEST_WORDS], request.query_params.get("page", "")
        chosen = select_repositories(known, words, _read_number(page), urgent)
        newest = await asyncio.gather(*map(self._find_newest, chosen.ids))
        unfinished = await self._list(chosen.ids, _UNFINISHED)
        rows = make_rows(
            chosen.ids, known, problems, dict(zip(chosen.ids, newest, strict=True)), unfinished, self._door.now()
        )
        is_cut = len(unfinished) >= MOST_UNFINISHED
        return self._show("repositories.html.j2", access, rows=rows, chosen=chosen, words=words, is_cut=is_cut)

    async def _find_home(self) -> str:
        """The page of the App on GitHub, "" if GitHub does not say so now."""
        if not self._home:
            self._home = await run_in_threadpool(find_home, self._app)
        return self._home

    async def show_repository(self, request: Request) -> Response:
        """GET /repositories/OWNER/NAME."""
        access = await self._door.find_access(request)
        if access is None:
            return self._ask_login(request)
        number, known = await self._find(request, access)
        standing = Standing(
            known,
            read_value(await self._inbox.read_value(f"{REPOSITORY}{number}"), RepositoryVotes) or RepositoryVotes(),
            read_value(await self._inbox.read_value(f"{PROBLEMS}{number}"), RuleProblems) or RuleProblems(),
            await self._inbox.list_entries(repositories=[number], most=MOST_RUNS),
            await self._list([number], _UNFINISHED),
        )
        now, may_retry = self._door.now(), access.may_write(number)
        view = make_repository(standing, self._server_url, now, may_retry=may_retry)
        retried = _read_number(request.query_params.get("retried", ""))
        return self._show("repository.html.j2", access, view=view, retried=retried)

    async def retry_repository(self, request: Request) -> Response:
        """POST /repositories/OWNER/NAME/retry, with the `guid` of a dead delivery, or none for all of them."""
        access, form = await self._read_form(request)
        number, known = await self._find(request, access)
        if not access.may_write(number):
            raise RefusedError("only people with write access to the repository may do this", HTTPStatus.FORBIDDEN)
        dead = await self._list([number], ["dead"])
        return await self._retry(f"/repositories/{quote(known.repository)}", dead, form.get("guid", ""))

    async def show_queue(self, request: Request) -> Response:
        """GET /queue: all deliveries, for the operator."""
        access = await self._door.find_access(request)
        if access is None:
            return self._ask_login(request)
        _require_operator(access)
        now = self._door.now()
        entries = await self._inbox.list_entries(states=["dead"], most=MOST_RUNS)
        dead = [make_run(entry, entry.delivery.repository, self._server_url, now) for entry in entries]
        retried = _read_number(request.query_params.get("retried", ""))
        counts = await self._inbox.count()
        return self._show(
            "queue.html.j2", access, counts=counts, waits=write_span(counts.oldest_seconds), dead=dead, retried=retried
        )

    async def retry_queue(self, request: Request) -> Response:
        """POST /queue/retry, with the `guid` of a dead delivery, or none for all of them."""
        access, form = await self._read_form(request)
        _require_operator(access)
        return await self._retry("/queue", await self._list(None, ["dead"]), form.get("guid", ""))

    async def _retry(self, path: str, dead: Sequence[Entry], guid: str) -> Response:
        wanted = [entry.delivery.guid for entry in dead if guid in {"", entry.delivery.guid}]
        retried = await self._inbox.retry(wanted) if wanted else 0
        return lead_to(f"{self._base}{path}?retried={retried}")

    async def _find(self, request: Request, access: Access) -> tuple[int, KnownRepository]:
        """The repository in the path; the same error whether it does not exist or is not for this person."""
        known = await self._read_values(REPOSITORY, KnownRepository, access)
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        number = find_repository(known, name)
        if number is None:
            message = "Signpost knows no such repository, or you may not triage its issues"
            raise RefusedError(message, HTTPStatus.NOT_FOUND)
        return number, known[number]

    async def _read_form(self, request: Request) -> tuple[Access, dict[str, str]]:
        access = await self._door.find_access(request)
        if access is None:
            raise RefusedError("your session has ended; sign in again", HTTPStatus.UNAUTHORIZED)
        form = dict(await read_form(request))
        if access.csrf:
            check_form(access, request, form)
        return access, form

    async def _read_values(self, prefix: str, shape: type[Shape], access: Access) -> dict[int, Shape]:
        """In a thread: thousands of values must not keep the server from taking deliveries."""
        values = await self._inbox.list_values(prefix)
        return await run_in_threadpool(read_values, values, prefix, shape, access)

    async def _find_newest(self, number: int) -> Entry | None:
        found = await self._inbox.list_entries(states=["done"], repositories=[number], most=1)
        return found[0] if found else None

    async def _list(self, repositories: Sequence[int] | None, states: Sequence[State]) -> tuple[Entry, ...]:
        return await self._inbox.list_entries(states=states, repositories=repositories, most=MOST_UNFINISHED)

    def _ask_login(self, request: Request) -> Response:
        return lead_to(f"{self._base}/login?next={quote(request.url.path, safe='/')}")

    def _show(self, template: str, access: Access, **values: object) -> Response:
        return show_page(template, {"base": self._base, "access": access, **values})


def _require_operator(access: Access) -> None:
    """The same error as for a page that does not exist."""
    if not access.is_operator:
        raise RefusedError("there is no such page", HTTPStatus.NOT_FOUND)


def _read_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 (a page, or a count)
