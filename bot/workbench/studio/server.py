"""The studio's page and its answers, as a Starlette application for one rule file."""

import asyncio
import json
import secrets
import socket
import sys
import webbrowser
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.errors import SettingsError, explain_cause
from bot.workbench.editor.completion import complete, describe
from bot.workbench.editor.vocabulary import Vocabulary, add_live_words, make_vocabulary
from bot.workbench.studio.api import format_example, format_issue, format_issues, format_state
from bot.workbench.studio.files import Assets, RuleFile, SaveError, read_assets
from bot.workbench.studio.guard import COOKIE, Asgi, Guard, Secrets, is_same
from bot.workbench.studio.session import Session
from bot.workbench.studio.surroundings import Surroundings

PATIENCE = 0.4
"""Seconds that an answer waits for a result before it returns the progress so far."""

_POLICY = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self' 'nonce-{nonce}'", "img-src 'self' data:"),
        *("connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
        *("require-trusted-types-for 'script'", "trusted-types 'none'"),
    )
)
_MOST_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Studio:
    """One start of the studio. `room` is the path of its page, and keeps its cookie apart from other servers.

    `elsewhere` are the problems in the other files: the studio cannot compare the rule with the rules of these files.
    """

    file: RuleFile
    session: Session
    words: Vocabulary
    assets: Assets
    history: Mapping[str, Any] | None
    today: date
    elsewhere: tuple[str, ...] = ()
    secrets: Secrets = field(default_factory=lambda: Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(32)))
    room: str = field(default_factory=lambda: f"/studio-{secrets.token_hex(8)}")

    @property
    def entrance(self) -> str:
        """The path that lets a browser in."""
        return f"/?token={self.secrets.token}"

    def make_app(self, port: int) -> Asgi:
        """The application, guarded, for a server on this port."""
        routes = [
            Route("/", self.enter),
            Route(f"{self.room}/", self.show_page),
            Route(f"{self.room}/rule", self.show_rule),
            Route(f"{self.room}/text", self.take_text, methods=["POST"]),
            Route(f"{self.room}/state", self.show_state),
            Route(f"{self.room}/issues", self.list_issues),
            Route(f"{self.room}/issues/{{index:int}}", self.show_issue),
            Route(f"{self.room}/examples/{{kind}}/{{index:int}}", self.show_example),
            Route(f"{self.room}/completion", self.complete, methods=["POST"]),
            Route(f"{self.room}/help", self.describe, methods=["POST"]),
            Route(f"{self.room}/save", self.save, methods=["POST"]),
            Route(f"{self.room}/{{name}}", self.show_file),
        ]
        return Guard(Starlette(routes=routes), self.secrets, port)

    async def enter(self, request: Request) -> Response:
        """Give a browser with the token the cookie, and redirect it to an address without the token."""
        if not is_same(request.query_params.get("token", ""), self.secrets.token):
            return PlainTextResponse("Signpost studio: open the address that the studio printed.\n", status_code=403)
        reply = RedirectResponse(f"{self.room}/", status_code=303)
        reply.set_cookie(COOKIE, self.secrets.cookie, path=f"{self.room}/", httponly=True, samesite="strict")
        return reply

    async def show_page(self, _request: Request) -> Response:
        """The page; the nonce is for the styles that the editor makes."""
        nonce = secrets.token_urlsafe(16)
        headers = {"content-security-policy": _POLICY.format(nonce=nonce)}
        return Response(self.assets.page.replace("%NONCE%", nonce), media_type="text/html", headers=headers)

    async def show_file(self, request: Request) -> Response:
        """One of the page's own files."""
        content, kind = self.assets.files.get(request.path_params["name"], (b"", ""))
        return Response(content, media_type=kind) if kind else _not_found()

    async def show_rule(self, _request: Request) -> Response:
        """The rule, from its file as it is now."""
        try:
            content = await asyncio.to_thread(self.file.read)
        except SettingsError as error:
            return JSONResponse({"error": str(error)}, status_code=409)
        told: dict[str, Any] = {"text": content.text, "version": content.version, "file": self.file.name}
        told |= {"history": self.history, "elsewhere": list(self.elsewhere)}
        return JSONResponse(told)

    async def take_text(self, request: Request) -> Response:
        """Take a new text; return its problems and, if they are ready soon, the changes in matches."""
        body = await _read_json(request)
        text, revision = body.get("text"), body.get("revision")
        if not isinstance(text, str) or not isinstance(revision, str):
            return _wrong()
        await asyncio.wrap_future(self.session.edit(text, revision))
        return await self._answer_state(revision, self.session.wait(revision, for_numbers=True))

    async def show_state(self, request: Request) -> Response:
        """The progress, when the work is done or after a moment."""
        revision = request.query_params.get("revision", "")
        return await self._answer_state(revision, self.session.wait(revision))

    async def _answer_state(self, revision: str, over: Future[None]) -> Response:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(over), PATIENCE)
        answer = self.session.ask(
            lambda bench, progress: (
                {**format_state(bench), **asdict(progress)} if progress.revision == revision else None
            )
        )
        told = await asyncio.wrap_future(answer)
        return (
            JSONResponse(told) if told else JSONResponse({"error": "the page has sent a newer text"}, status_code=409)
        )

    async def list_issues(self, request: Request) -> Response:
        """Some rows of a filter."""
        asked = request.query_params
        start, count = _read_number(asked.get("start", "0")), _read_number(asked.get("count", "50"))
        if start is None or count is None:
            return _wrong()
        chosen, query = asked.get("filter", "all"), asked.get("query", "")[:200]
        answer = self.session.ask(lambda bench, _: format_issues(bench, chosen, query, start, count))
        found = await asyncio.wrap_future(answer)
        return JSONResponse(found) if found else _wrong()

    async def show_issue(self, request: Request) -> Response:
        """One issue of the archive."""
        index = request.path_params["index"]
        told = await asyncio.wrap_future(self.session.ask(lambda bench, _: format_issue(bench, index, self.today)))
        return JSONResponse(told) if told else _not_found()

    async def show_example(self, request: Request) -> Response:
        """One example of the rule."""
        kind, index = request.path_params["kind"], request.path_params["index"]
        answer = self.session.ask(lambda bench, _: format_example(bench, kind, index, self.today))
        told = await asyncio.wrap_future(answer)
        return JSONResponse(told) if told else _not_found()

    async def complete(self, request: Request) -> Response:
        """The completions at a place."""
        place = await _read_place(request)
        if place is None:
            return _wrong()
        answer = self.session.ask(
            lambda bench, _: add_live_words(self.words, bench.sections, bench.labels, bench.working.rule)
        )
        words = await asyncio.wrap_future(answer)
        return JSONResponse(asdict(complete(*place, words)))

    async def describe(self, request: Request) -> Response:
        """The meaning of the key at a place."""
        place = await _read_place(request)
        return JSONResponse({"help": describe(*place, self.words)}) if place else _wrong()

    async def save(self, request: Request) -> Response:
        """Save the text in the file, unless another program changed the file."""
        body = await _read_json(request)
        text, version = body.get("text"), body.get("version")
        if not isinstance(text, str) or not isinstance(version, str):
            return _wrong()
        try:
            content = await asyncio.to_thread(self.file.save, text, version)
        except SaveError as error:
            told = {"error": str(error), "is_conflict": error.is_conflict}
            return JSONResponse(told, status_code=409 if error.is_conflict else 422)
        self.session.mark_saved(content.text)
        return JSONResponse({"text": content.text, "version": content.version})


async def _read_json(request: Request) -> Mapping[str, Any]:
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


async def _read_place(request: Request) -> tuple[str, int] | None:
    body = await _read_json(request)
    text, offset = body.get("text"), body.get("offset")
    return (text, offset) if isinstance(text, str) and isinstance(offset, int) and offset >= 0 else None


def _read_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _wrong() -> Response:
    return JSONResponse({"error": "invalid request; reload the page"}, status_code=400)


def _not_found() -> Response:
    return JSONResponse({"error": "not found; reload the page"}, status_code=404)


def make_studio(
    file: RuleFile, session: Session, around: Surroundings, today: date, history: Mapping[str, Any] | None
) -> Studio:
    """The studio of one rule file; `history` has the name and the size of the archive. Raises SettingsError."""
    return Studio(
        file=file,
        session=session,
        words=make_vocabulary(around.file, around.pack, around.others.rules, today),
        assets=read_assets(),
        history=history,
        today=today,
        elsewhere=tuple(map(str, around.others.problems)),
    )


HOST = "127.0.0.1"


def bind_loopback(port: int) -> socket.socket:
    """A socket that only this machine can reach; port 0 takes a free port. Raises SettingsError."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let another program take the port over
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
        bound.listen()  # whoever reads the address, however fast, finds a door
    except OSError as error:
        bound.close()
        raise SettingsError(f"cannot use port {port}: {explain_cause(error)}; choose another --port") from error
    return bound


def make_server(studio: Studio, port: int) -> uvicorn.Server:
    """The server: without proxies, WebSockets or a log of requests, and with a quick shutdown."""
    config = uvicorn.Config(
        studio.make_app(port),
        interface="asgi3",
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        limit_concurrency=64,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def serve(studio: Studio, bound: socket.socket, *, opens_browser: bool) -> None:
    """Serve until somebody presses Ctrl-C, which raises KeyboardInterrupt."""
    port = bound.getsockname()[1]
    studio.session.start()
    if opens_browser:
        webbrowser.open(f"http://{HOST}:{port}{studio.entrance}")
    try:
        make_server(studio, port).run(sockets=[bound])
    finally:
        studio.session.close()
