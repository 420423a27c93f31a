"""Signing in with GitHub: the web flow of a GitHub App, and the repositories that a person may triage.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

import base64
import hashlib
import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, Field, ValidationError

from bot.errors import SignpostError, TrackerError
from bot.github.payloads import explain
from bot.github.responses import Answer, Credential, Lost, explain_failure
from bot.github.transport import Patience, Transport, Wire

MOST_PAGES = 50
"""Pages of installations and repositories that are read for one person: a login must not take minutes."""

_TIMEOUT = 10
_PATIENCE = Patience(max_wait=2, tries=2, answer=15, run=60)
_TOKEN = re.compile(r"[!-~]+")
_FULL = 100
"""Entries of a full page."""
_OUR_MISTAKES = frozenset({"incorrect_client_credentials", "redirect_uri_mismatch"})
"""https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors"""


class LoginError(SignpostError):
    """GitHub did not accept the login.

    `is_ours` is true if the settings of the server are wrong; otherwise another try may succeed.
    """

    def __init__(self, message: str, *, is_ours: bool) -> None:
        super().__init__(message)
        self.is_ours = is_ours


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoginClient:
    """The App, as a person signs in with it.

    `server_url` and `api_url` are the addresses of GitHub; `callback` is the address to which GitHub sends the person
    back, "" for the first one in the settings of the App.
    """

    client_id: str
    client_secret: str
    server_url: str
    api_url: str
    callback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who signed in.

    `repositories` are the ids of those that the person may triage, and whether the person may also write there. The
    list is not complete if GitHub has more pages of them than were read.
    """

    login: str
    repositories: Mapping[int, bool]
    is_complete: bool = True


def write_login_address(client: LoginClient, state: str, verifier: str) -> str:
    """The address at which GitHub asks the person; `verifier` has 43 to 128 characters (RFC 7636, 4.1)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    asked = {
        "client_id": client.client_id,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode("ascii").rstrip("="),
        "code_challenge_method": "S256",
    }
    asked |= {"redirect_uri": client.callback} if client.callback else {}
    return f"{client.server_url}/login/oauth/authorize?{urlencode(asked)}"


def read_person(client: LoginClient, code: str, verifier: str, *, most_pages: int = MOST_PAGES) -> Person:
    """Who signed in, by the code that GitHub gave. The token of the person is used here only, and kept nowhere.

    Raises LoginError if GitHub refuses the code, and TrackerError if GitHub does not answer.
    """
    # PyGithub logs bodies, which hold secrets here, as soon as its own logger is at DEBUG.
    logging.getLogger("github").setLevel(logging.WARNING)
    token = _exchange_code(client, code, verifier)
    transport = Transport(Credential(token), client.api_url, _TIMEOUT, _PATIENCE.answer)
    wire = Wire(transport, credential=transport.credential, patience=_PATIENCE)
    return _PersonReader(wire, most_pages).read()


def _exchange_code(client: LoginClient, code: str, verifier: str) -> str:
    """The token of the person; GitHub answers 200 to a code that it refuses, too, and a form unless asked for JSON."""
    given = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "code": code,
        "code_verifier": verifier,
    }
    given |= {"redirect_uri": client.callback} if client.callback else {}
    transport = Transport(Credential(None), client.server_url, _TIMEOUT, _PATIENCE.answer)
    outcome = transport("POST", "/login/oauth/access_token", given)
    if isinstance(outcome, Lost) or not outcome.is_success:
        raise explain_failure("sign in", outcome, is_read=True, now=time.time())
    fields = _read_fields(outcome)
    token = str(fields.get("access_token", ""))
    if _TOKEN.fullmatch(token):
        return token
    error = str(fields.get("error", ""))
    if error in _OUR_MISTAKES:
        advice = "check SIGNPOST_CLIENT_ID, SIGNPOST_CLIENT_SECRET and the callback address of the App"
        raise LoginError(f"GitHub refuses this server ({error}); {advice}", is_ours=True)
    raise LoginError("GitHub does not accept this login; its code is used or too old. Sign in again", is_ours=False)


def _read_fields(answer: Answer) -> Mapping[str, object]:
    try:
        found = answer.json()
    except ValueError:
        return dict(parse_qsl(answer.text))
    return found if isinstance(found, Mapping) else {}


class _User(BaseModel):
    login: str = Field(min_length=1)


class _Installation(BaseModel):
    id: int


class _Installations(BaseModel):
    installations: tuple[_Installation, ...]


class _Roles(BaseModel):
    triage: bool = False
    push: bool = False
    maintain: bool = False
    admin: bool = False


class _Repository(BaseModel):
    id: int
    permissions: _Roles = _Roles()


class _Repositories(BaseModel):
    repositories: tuple[_Repository, ...]


Shape = TypeVar("Shape", bound=BaseModel)


class _PersonReader:
    """Reads with the token of a person, until the pages are spent."""

    def __init__(self, wire: Wire, most_pages: int) -> None:
        self._wire = wire
        self._left = most_pages
        self._is_complete = True

    def read(self) -> Person:
        user = self._read("/user", _User)
        found = dict[int, bool]()
        for installation in self._list_installations():
            for repository in self._list_repositories(installation.id):
                roles = repository.permissions
                may_write = roles.push or roles.maintain or roles.admin
                if may_write or roles.triage:
                    found[repository.id] = may_write
        return Person(login=user.login, repositories=found, is_complete=self._is_complete)

    def _list_installations(self) -> Iterator[_Installation]:
        for path in self._turn_pages("/user/installations"):
            page = self._read(path, _Installations).installations
            yield from page
            if len(page) < _FULL:
                return

    def _list_repositories(self, installation: int) -> Iterator[_Repository]:
        for path in self._turn_pages(f"/user/installations/{installation}/repositories"):
            page = self._read(path, _Repositories).repositories
            yield from page
            if len(page) < _FULL:
                return

    def _turn_pages(self, path: str) -> Iterator[str]:
        for number in count(1):
            if not self._left:
                self._is_complete = False
                return
            self._left -= 1
            yield f"{path}?per_page={_FULL}&page={number}"

    def _read(self, path: str, shape: type[Shape]) -> Shape:
        what = "read which repositories you may triage"
        found = self._wire.read(what, path)
        try:
            return shape.model_validate(found)
        except ValidationError as error:
            message = f"Could not {what}: GitHub's answer is unexpected. {explain(error)}"
            raise TrackerError(message, unanswered=True) from None
