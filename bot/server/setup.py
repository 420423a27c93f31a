"""`signpost serve setup`: a page on this machine that makes the GitHub App, and stores its key and secrets.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import asyncio
import hmac
import os
import re
import secrets
import shlex
import socket
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from tempfile import mkstemp
from typing import Any, TypeAlias
from urllib.parse import parse_qs, quote

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.errors import SettingsError, TrackerError, explain_cause
from bot.github.app import convert_manifest
from bot.output.page import render_page
from bot.server.settings import SETTINGS_FILE
from bot.tracker.app import AppCredentials

KEY_FILE = "signpost.pem"
MOST_NAME = 34
"""https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/registering-a-github-app"""

PERMISSIONS: Mapping[str, str] = {"contents": "read", "issues": "write", "metadata": "read"}
EVENTS = ("issues", "issue_comment", "push")
"""GitHub sends each App the events about its installations, too."""

_GITHUB = "https://github.com"
_API = "https://api.github.com"
_MOST_BYTES = 10_000
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", re.ASCII)
_URL = re.compile(r"https?://[^\s/?#@\"'<>]+(?:/[^\s?#\"'<>]*)?", re.ASCII)
_HERE = re.compile(r"https?://(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)(?:[:/]|$)", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

Manifest: TypeAlias = dict[str, Any]
"""The JSON that describes an App that is to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOptions:
    """Where the results go, and what the form begins with. Existing files are replaced only if it `may_replace` them.

    `port` is that of the page, 0 for a free one; the addresses are those of GitHub.
    """

    settings_file: Path = Path(SETTINGS_FILE)
    key_file: Path = Path(KEY_FILE)
    may_replace: bool = False
    url: str = ""
    port: int = 0
    api_url: str = _API
    server_url: str = _GITHUB


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a person wants the App to be."""

    name: str = "Signpost"
    organisation: str = ""
    url: str = ""
    pulls: bool = False


@dataclass(frozen=True, slots=True)
class Flaw:
    """A field of the form, and what is wrong with it."""

    field: str
    message: str


def read_wishes(form: Mapping[str, str]) -> Wishes:
    """The fields of the form, without spaces around them."""
    given = {name: form.get(name, "").strip() for name in ("name", "organisation", "url")}
    return Wishes(
        name=given["name"],
        organisation=given["organisation"],
        url=given["url"].rstrip("/"),
        pulls=form.get("pulls") == "yes",
    )


def find_flaw(wishes: Wishes, server_url: str) -> Flaw | None:
    """What GitHub would not accept, or could not reach."""
    if not wishes.name or len(wishes.name) > MOST_NAME:
        return Flaw("name", f"The name must have 1 to {MOST_NAME} characters.")
    if wishes.organisation and not _ORGANISATION.fullmatch(wishes.organisation):
        return Flaw("organisation", "The organisation must be its login on GitHub: letters, digits and hyphens.")
    if not _URL.fullmatch(wishes.url):
        return Flaw("url", "The address must be a URL such as https://signpost.example.org, without a query.")
    is_public = server_url == _GITHUB
    if is_public and (_HERE.match(wishes.url) or not wishes.url.startswith("https://")):
        return Flaw("url", "The address must begin with https:// and be reachable from the internet.")
    return None


def make_manifest(wishes: Wishes, redirect_url: str) -> Manifest:
    """The App as GitHub's form takes it; GitHub leads back to `redirect_url`."""
    return {
        "name": wishes.name,
        "url": wishes.url,
        "description": "Recognises known problems in new issues.",
        "hook_attributes": {"url": f"{wishes.url}/webhook", "active": True},
        "redirect_url": redirect_url,
        "callback_urls": [f"{wishes.url}/login/callback"],
        "setup_on_update": False,
        "request_oauth_on_install": False,
        "public": False,
        "default_permissions": {**PERMISSIONS, **({"pull_requests": "read"} if wishes.pulls else {})},
        "default_events": list(EVENTS),
    }


def write_address(wishes: Wishes, server_url: str, state: str) -> str:
    """GitHub's page that makes an App of a manifest."""
    owner = f"/organizations/{quote(wishes.organisation)}" if wishes.organisation else ""
    return f"{server_url}{owner}/settings/apps/new?state={quote(state)}"


def write_settings(made: AppCredentials, wishes: Wishes, options: SetupOptions) -> str:
    """The settings file: lines that systemd and Docker read, too. Raises SettingsError for a value of several lines."""
    values = {
        "SIGNPOST_APP_ID": str(made.id),
        "SIGNPOST_PRIVATE_KEY_FILE": str(options.key_file.resolve()),
        "SIGNPOST_WEBHOOK_SECRET": made.webhook_secret,
        "SIGNPOST_CLIENT_ID": made.client_id,
        "SIGNPOST_CLIENT_SECRET": made.client_secret,
        "SIGNPOST_URL": wishes.url,
        "GITHUB_API_URL": options.api_url,
        "GITHUB_SERVER_URL": options.server_url,
    }
    for name, value in values.items():
        if _UNPRINTABLE.search(value) and name != "SIGNPOST_PRIVATE_KEY_FILE":
            raise SettingsError(f"GitHub's value of {name} contains spaces or control characters; make the App again")
    lines = (f"{name}={value}" for name, value in values.items() if value)
    return "\n".join([f"# The GitHub App {made.slug}. Keep this file secret.", *lines, ""])


def write_file(file: Path, content: str, *, may_replace: bool) -> None:
    """Write a file that only its owner can read: all of it or nothing. Raises SettingsError."""
    try:
        number, name = mkstemp(dir=file.parent, prefix=f".{file.name}.")  # with mode 0600
        try:
            with os.fdopen(number, "w", encoding="utf-8") as written:
                written.write(content)
                written.flush()
                os.fsync(number)
            if may_replace:
                Path(name).replace(file)
            else:
                file.hardlink_to(name)  # unlike a replacement, it fails if the file exists
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {explain_cause(error)}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """An App that was made; `install_url` is where it is installed."""

    name: str
    install_url: str
    settings_file: Path
    key_file: Path

    @property
    def steps(self) -> tuple[str, ...]:
        """What to do next."""
        return (
            f"Start the server: {self.command}",
            f"Install the App for your repositories: {self.install_url}",
        )

    @property
    def command(self) -> str:
        """What starts the server with these settings."""
        return f"signpost serve --settings {shlex.quote(str(self.settings_file))}"


@dataclass(kw_only=True)
class _Setup:
    """One start of the page; its address has a token, which no other site knows. `state` is that of the last form."""

    options: SetupOptions
    port: int
    stop: Callable[[], None]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    state: str = field(default="", repr=False)
    wishes: Wishes = field(default_factory=Wishes)
    made: AppCredentials | None = None
    done: SetUp | None = None

    @property
    def path(self) -> str:
        return f"/{self.token}"

    def make_app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(self.path, self.ask, methods=["GET"]),
                Route(self.path, self.confirm, methods=["POST"]),
                Route("/created", self.finish, methods=["GET"]),
            ]
        )

    async def ask(self, request: Request) -> Response:
        """GET: the form."""
        return self._refuse(request) or self._show("ask")

    async def confirm(self, request: Request) -> Response:
        """POST: what the App will be; this form leads to GitHub."""
        if refusal := self._refuse(request):
            return refusal
        form = await _read_form(request)
        if form is None or not _is_same(form.get("token", ""), self.token):
            return self._fail(HTTPStatus.FORBIDDEN, "The form is not the one of this page.")
        self.wishes = read_wishes(form)
        if flaw := find_flaw(self.wishes, self.options.server_url):
            return self._show("ask", HTTPStatus.UNPROCESSABLE_ENTITY, problem=flaw.message, wrong=flaw.field)
        self.state = secrets.token_urlsafe(32)
        return self._show(
            "confirm",
            manifest=make_manifest(self.wishes, f"http://127.0.0.1:{self.port}/created"),
            github=write_address(self.wishes, self.options.server_url, self.state),
        )

    async def finish(self, request: Request) -> Response:
        """GET: GitHub leads back with a code. If the files cannot be written, loading the page again tries again."""
        if refusal := self._refuse(request):
            return refusal
        state, code = (request.query_params.get(name, "") for name in ("state", "code"))
        if not self.state or not _is_same(state, self.state) or not code:
            return self._fail(HTTPStatus.FORBIDDEN, "This answer does not belong to the form that you sent last.")
        try:
            self.done = await asyncio.to_thread(self._store, code)
        except SettingsError as error:
            return self._show(
                "failed", HTTPStatus.INTERNAL_SERVER_ERROR, problem=f"{error}; then load this page again."
            )
        except TrackerError as error:
            self.state = ""
            return self._show("failed", HTTPStatus.BAD_GATEWAY, problem=str(error))
        self.state = ""
        return self._show("done", command=self.done.command, install=self.done.install_url)

    def _store(self, code: str) -> SetUp:
        """The code is good for one exchange, so its result is kept."""
        options = self.options
        self.made = made = self.made or convert_manifest(code, options.api_url)
        content = write_settings(made, self.wishes, options)
        write_file(options.key_file, made.pem, may_replace=options.may_replace)
        write_file(options.settings_file, content, may_replace=options.may_replace)
        return SetUp(
            name=made.name,
            install_url=f"{made.html_url}/installations/new",
            settings_file=options.settings_file,
            key_file=options.key_file,
        )

    def _refuse(self, request: Request) -> Response | None:
        """The answer to a request that does not come from our page; only `/created` is for others: GitHub leads there.

        Host shows a foreign name that resolves to this machine (DNS rebinding). Origin and Sec-Fetch-Site show another
        site; Origin is `null` for our own form, because the pages send no referrer.
        """
        headers = request.headers
        host = headers.get("host", "")
        if host not in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}:
            return self._fail(HTTPStatus.MISDIRECTED_REQUEST, "This is not the address that Signpost printed.")
        is_foreign = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
        if request.method != "GET" and (is_foreign or headers.get("origin", "null") not in {"null", f"http://{host}"}):
            return self._fail(HTTPStatus.FORBIDDEN, "Another site sent this form.")
        return None

    def _fail(self, status: HTTPStatus, problem: str) -> Response:
        """A refusal has no link: the address of the page is a secret."""
        text = f"Signpost: {problem} Open the address that `signpost serve setup` printed.\n"
        return Response(text, status, _HEADERS, media_type="text/plain")

    def _show(self, step: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        title, lead = _TITLES[step]
        shared = {
            "step": step,
            "title": title,
            "lead": lead,
            "path": self.path,
            "token": self.token,
            "wishes": self.wishes,
            "problem": "",
            "wrong": "",
            "settings_file": str(self.options.settings_file),
            "key_file": str(self.options.key_file),
        }
        page = render_page("bot.server", "setup.html.j2", shared | values)
        headers = {**_HEADERS, "content-security-policy": _write_policy(page, self.options.server_url)}
        after = BackgroundTask(self.stop) if step == "done" else None
        return HTMLResponse(page, status, headers, background=after)


_TITLES = {
    "ask": (
        "Create the GitHub App",
        "You create it on GitHub. Signpost stores its key and its secrets on this machine.",
    ),
    "confirm": ("Check the App", "GitHub has not created it yet."),
    "done": ("The App is ready", "Signpost stored its key and its secrets."),
    "failed": ("The App is not ready", "Signpost could not store its key and its secrets."),
}


def set_up(options: SetupOptions, announce: Callable[[str], None]) -> SetUp:
    """Show the page until the App is made. `announce` gets its address as soon as it can be opened.

    Raises SettingsError if a file exists that may not be replaced or the port is taken, and KeyboardInterrupt.
    """
    for file in (options.key_file, options.settings_file):
        if file.exists() and not options.may_replace:
            raise SettingsError(f"{file} exists already; add --force to replace it, or choose another file")
        if not file.resolve().parent.is_dir():
            raise SettingsError(f"cannot write {file}: its folder does not exist")
    with _listen(options.port) as listener:
        setup = _Setup(options=options, port=listener.getsockname()[1], stop=lambda: _stop(server))
        setup.wishes = Wishes(url=options.url)
        server = uvicorn.Server(uvicorn.Config(setup.make_app(), lifespan="off", access_log=False, log_level="warning"))
        announce(f"http://127.0.0.1:{setup.port}{setup.path}")
        server.run(sockets=[listener])
    if setup.done is None:
        raise KeyboardInterrupt
    return setup.done


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise SettingsError(f"cannot listen on port {port}: {explain_cause(error)}; choose another port") from error


async def _read_form(request: Request) -> Mapping[str, str] | None:
    """The fields of a form; None if it is too large or not a form."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    return {name: values[-1] for name, values in fields.items()}


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _write_policy(page: str, server_url: str) -> str:
    """Only the style of this very page counts, and forms lead here or to GitHub."""
    hashes = (b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(page))
    styles = " ".join(f"'sha256-{each}'" for each in hashes)
    forms = f"form-action 'self' {server_url}"
    return f"default-src 'none'; style-src {styles}; img-src data:; base-uri 'none'; {forms}; frame-ancestors 'none'"
