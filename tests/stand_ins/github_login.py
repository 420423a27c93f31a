"""GitHub as people sign in at it: the web flow of an App, and what the person's token may read, over real HTTP.

The web flow is not in GitHub's OpenAPI description; here it follows GitHub's page about it:
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.stand_ins.fake_github import Checker, Reply, Request
from tests.stand_ins.github_json import Json, Person, error_json, moment, own_user_json, user_json
from tests.stand_ins.github_setup import StoredSetup, repository_json

API = "/api/v3"
ROLES = ("pull", "triage", "push", "maintain", "admin")
"""Each role may do what those before it may."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody with an account: the role in each repository, by installation and id of the repository."""

    login: str
    roles: Mapping[int, Mapping[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Code:
    account: Account
    challenge: str
    callback: str


class FakeLogin:
    """GitHub's pages and API for one App; use it as a context manager.

    `account` is who uses the browser, None: that person declines. A `fault` answers each request for a token.
    """

    client_id = "Iv23liSignpost"
    client_secret = "hush-" * 8

    def __init__(self, checker: Checker) -> None:
        self.account: Account | None = None
        self.callback = ""
        self.fault: Reply | None = None
        self.violations: list[str] = []
        self.requests: list[str] = []
        self.last_code = ""
        self.tokens: dict[str, Account] = {}
        self._codes: dict[str, _Code] = {}
        self._checker = checker
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Handler", (_Conversation,), {"fake": self}))
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What GITHUB_SERVER_URL is; GITHUB_API_URL is this and `API`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, verb: str, target: str, headers: Mapping[str, str], text: str) -> Reply:
        """Do what one request asks."""
        split = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        self.requests.append(f"{verb} {split.path}")
        match verb, split.path:
            case "GET", "/login/oauth/authorize":
                return self._authorize(query)
            case "POST", "/login/oauth/access_token":
                return self.fault or self._exchange(json.loads(text), headers)
            case "GET", path if path.startswith(API):
                number = len(self.requests)
                request = Request(number=number, verb=verb, path=path.removeprefix(API), query=query, headers=headers)
                reply = self._read(request)
                self.violations += self._checker(request, reply)
                return reply
            case _:
                return Reply(status=404, body="<html>Not Found</html>")

    def _authorize(self, query: Mapping[str, str]) -> Reply:
        """The person agrees at once, if there is one. GitHub leads to a callback of the App's settings only."""
        callback = query.get("redirect_uri", self.callback)
        if query.get("client_id") != self.client_id or callback != self.callback:
            return Reply(status=404, body="<html>Not Found</html>")
        if self.account is None:
            back = {"error": "access_denied", "error_description": "<b>declined</b>", "state": query["state"]}
        else:
            self.last_code = f"code{len(self._codes):020}"
            challenge = query["code_challenge"] if query["code_challenge_method"] == "S256" else ""
            self._codes[self.last_code] = _Code(account=self.account, challenge=challenge, callback=callback)
            back = {"code": self.last_code, "state": query["state"]}
        return Reply(status=302, headers={"Location": f"{callback}?{urlencode(back)}"})

    def _exchange(self, given: Json, headers: Mapping[str, str]) -> Reply:
        """A code is for one use. Errors have the status 200, and all answers are forms unless JSON was asked for."""
        code = self._codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if (given.get("client_id"), given.get("client_secret")) != (self.client_id, self.client_secret):
            found = {"error": "incorrect_client_credentials", "error_description": "The client_id is incorrect."}
        elif code is None or base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
            found = {"error": "bad_verification_code", "error_description": "The code is incorrect or expired."}
        elif given.get("redirect_uri", code.callback) != code.callback:
            found = {"error": "redirect_uri_mismatch"}
        else:
            token = f"ghu_{len(self.tokens):036}"
            self.tokens[token] = code.account
            found = {"access_token": token, "expires_in": "28800", "scope": "", "token_type": "bearer"}
        if "application/json" in headers.get("accept", ""):
            return Reply(body=found)
        return Reply(body=urlencode(found), headers={"Content-Type": "application/x-www-form-urlencoded"})

    def _read(self, request: Request) -> Reply:
        account = self.tokens.get(request.headers.get("authorization", "").rpartition(" ")[2])
        if account is None:
            return Reply(status=401, body=error_json("Bad credentials"))
        api = f"{self.url}{API}"
        first = (int(request.query.get("page", "1")) - 1) * 100
        if request.path == "/user":
            return Reply(body=own_user_json(Person(login=account.login), api))
        if request.path == "/user/installations":
            listed = [installation_json(number, api) for number in account.roles]
            return Reply(body={"total_count": len(listed), "installations": listed[first : first + 100]})
        found = re.fullmatch(r"/user/installations/(\d+)/repositories", request.path)
        if not found or int(found[1]) not in account.roles:
            return Reply(status=404, body=error_json("Not Found"))
        roles = account.roles[int(found[1])]
        listed = [_role_json(number, role, api) for number, role in list(roles.items())[first : first + 100]]
        return Reply(body={"total_count": len(roles), "repositories": listed})


def _role_json(number: int, role: str, api: str) -> Json:
    whole = repository_json(f"octo/r{number}", StoredSetup(), Person(login="octo"), api)
    return {
        **whole,
        "id": number,
        "has_downloads": True,
        "permissions": {each: ROLES.index(each) <= ROLES.index(role) for each in ROLES},
    }


def installation_json(number: int, api: str) -> Json:
    """An installation of the App, as its person may read it."""
    return {
        "id": number,
        "account": user_json(Person(login="octo"), api),
        "app_id": 1,
        "app_slug": "signpost",
        "client_id": FakeLogin.client_id,
        "target_id": 1,
        "target_type": "Organization",
        "permissions": {"issues": "write", "metadata": "read", "contents": "read"},
        "events": ["issues", "issue_comment", "push"],
        "repository_selection": "selected",
        "access_tokens_url": f"{api}/app/installations/{number}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "html_url": f"https://github.com/organizations/octo/settings/installations/{number}",
        "created_at": moment(0),
        "updated_at": moment(0),
        "single_file_name": None,
        "suspended_at": None,
        "suspended_by": None,
    }


class _Conversation(BaseHTTPRequestHandler):
    fake: FakeLogin
    protocol_version = "HTTP/1.1"

    def _take(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.fake.answer(self.command, self.path, headers, text)
        body = reply.text.encode()
        reply = replace(reply, headers={"Content-Type": "application/json", **reply.headers})
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _take  # noqa: N815 (the names of http.server)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
