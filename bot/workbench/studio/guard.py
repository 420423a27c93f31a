"""Access to the studio: only its own page, in a browser with the secret of this start, gets answers."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 2 * 1024 * 1024
"""Bytes of a request: a rule of 256 KiB, as JSON may have to write it."""

COOKIE = "signpost-studio"
_FIXED_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """The secrets of this start: the token in the printed address, and the token of the cookie."""

    token: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why the studio refuses a request."""

    status: Literal[400, 403, 405, 413, 415, 421]
    reason: str


def judge_request(method: str, headers: Headers, port: int) -> Refusal | None:
    """The reason to refuse a request that does not come from our own page on this machine, or None.

    Host shows a foreign name that resolves to this machine (DNS rebinding). Origin and Sec-Fetch-Site show another
    site. The content type shows a form, which can cross sites without permission.
    """
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    host = headers.get("host", "")
    if headers.getlist("host") != [host] or host not in hosts:
        return Refusal(421, "this is not the address that the studio printed")
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return Refusal(403, "another site sent this request")
    if "origin" in headers and headers["origin"] != f"http://{host}":
        return Refusal(403, "another site sent this request")
    if method == "GET":
        return None
    return _judge_write(method, headers)


def _judge_write(method: str, headers: Headers) -> Refusal | None:
    if method != "POST":
        return Refusal(405, "the method must be GET or POST")
    if "origin" not in headers:
        return Refusal(403, "the header Origin is missing")
    if headers.get("content-type", "") != "application/json":
        return Refusal(415, "the content type must be application/json")
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return Refusal(400, "the header Content-Length is missing or invalid")
    return (
        Refusal(413, f"the request is larger than {MAX_BODY} bytes")
        if len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY
        else None
    )


def holds_cookie(headers: Headers, secrets: Secrets) -> bool:
    """Whether the browser has the cookie from the printed address."""
    try:
        cookie = SimpleCookie("; ".join(headers.getlist("cookie"))).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and is_same(cookie.value, secrets.cookie)


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are the same, compared in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


class Guard:
    """Refuses forbidden requests, and adds the security headers to every answer."""

    def __init__(self, app: Asgi, secrets: Secrets, port: int) -> None:
        self._app = app
        self._secrets = secrets
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal = judge_request(scope["method"], headers, self._port)
        if refusal is None and scope["path"] != "/" and not holds_cookie(headers, self._secrets):
            refusal = Refusal(403, "open the address that the studio printed")
        if refusal:
            reply = PlainTextResponse(f"Signpost studio: {refusal.reason}.\n", status_code=refusal.status)
            reply.headers["connection"] = "close"
            await reply(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def send_safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_FIXED_HEADERS)
            headers.setdefault("content-security-policy", _NO_PAGE)
        await send(message)

    return send_safely
