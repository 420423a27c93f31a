"""Answers of the pages, with the headers that keep them safe, and the forms that come in."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.output.page import render_page
from bot.server.pages.access import RefusedError
from bot.server.settings import ServerSettings

MOST_BYTES = 16_384
"""The size of a form: a token and a few names."""
_MOST_FIELDS = 10

_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}


@cache
def _make_style() -> tuple[Markup, str]:
    """The style of all pages, and the policy that allows it and nothing else."""
    style = f"\n{render_page('bot.server.pages', 'pages.css', {})}\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return Markup(style), policy  # noqa: S704 (the file has no values in it)


def show_page(
    template: str, values: Mapping[str, object], status: int = HTTPStatus.OK, cookies: Sequence[str] = ()
) -> Response:
    """The page of a template; `cookies` are headers."""
    style, policy = _make_style()
    page = render_page("bot.server.pages", template, {**values, "style": style})
    return _finish(HTMLResponse(page, status), {"content-security-policy": policy}, cookies)


def lead_to(address: str, cookies: Sequence[str] = ()) -> Response:
    """A redirect, which the browser follows with a GET."""
    policy = {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
    return _finish(RedirectResponse(address, HTTPStatus.SEE_OTHER), policy, cookies)


def _finish(response: Response, headers: Mapping[str, str], cookies: Sequence[str]) -> Response:
    response.headers.update({**_HEADERS, **headers})
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response


def find_base(settings: ServerSettings) -> str:
    """The path before all our own ones, "" without one: a proxy may have this server below a path of its own."""
    return urlsplit(settings.url).path.rstrip("/")


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form; raises RefusedError for one that is not ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise RefusedError("the content type must be that of a form", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise RefusedError(f"the form is larger than {MOST_BYTES:,} bytes", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise RefusedError("the form is invalid", HTTPStatus.BAD_REQUEST) from None
