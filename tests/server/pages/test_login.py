"""Signing in, over real HTTP: with GitHub, with the page token, and everything that must not let anybody in."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from tests.server.pages.conftest import Start
from tests.server.pages.filling import GADGET, WIDGET
from tests.server.pages.running import NOW, TOKEN, Visitor, find_csrf
from tests.stand_ins.fake_github import Reply
from tests.stand_ins.github_login import Account, FakeLogin

MONA = Account(login="mona", roles={7: {WIDGET: "push", GADGET: "pull"}})
STRANGER = Account(login="nobody")


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/repositories").status == 200


def test_a_person_signs_in_with_github(start: Start, github: FakeLogin) -> None:
    running, github.account = start(), MONA
    visitor = running.visitor()
    sent = visitor.get("/repositories/octo-org/widget")
    assert (sent.status, sent.location) == (303, "/login?next=/repositories/octo-org/widget")

    back = visitor.sign_in("/login/github?next=/repositories/octo-org/widget")

    assert (back.status, back.location) == (303, "/repositories/octo-org/widget")
    assert list(visitor.cookies) == ["signpost"]
    page = visitor.get(back.location)
    assert page.status == 200
    assert "Signed in as <b>mona</b>" in page.text
    assert github.requests == [
        "GET /login/oauth/authorize",
        "POST /login/oauth/access_token",
        "GET /api/v3/user",
        "GET /api/v3/user/installations",
        "GET /api/v3/user/installations/7/repositories",
    ]


def test_github_is_asked_with_a_state_and_a_proof_key(start: Start, github: FakeLogin) -> None:
    running = start(url="http://127.0.0.1:1/below")
    asked = running.visitor().get("/login/github")
    split = urlsplit(asked.location)
    fields = dict(parse_qsl(split.query))
    assert f"{split.scheme}://{split.netloc}{split.path}" == f"{github.url}/login/oauth/authorize"
    assert {name: len(value) for name, value in fields.items()} == {
        "client_id": len(github.client_id),
        "state": 43,
        "code_challenge": 43,
        "code_challenge_method": 4,
        "redirect_uri": len("http://127.0.0.1:1/below/login/callback"),
    }


def test_neither_the_token_of_a_person_nor_the_id_of_a_session_is_stored(start: Start, github: FakeLogin) -> None:
    running, github.account = start(), MONA
    visitor = running.visitor()
    visitor.sign_in()
    stored = running.read("session/")
    assert len(stored) == 1
    secrets = (
        *github.tokens,
        visitor.cookies["signpost"],
        github.client_secret,
        find_csrf(visitor.get("/repositories").text),
    )
    assert [secret for secret in secrets if secret in str(stored)] == []


@pytest.mark.parametrize(
    "url, cookie",
    [
        (
            "https://signpost.example",
            r"__Host-signpost=[\w-]{43}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure",
        ),
        ("http://127.0.0.1", r"signpost=[\w-]{43}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"),
    ],
)
def test_the_cookie_is_for_this_host_and_no_script(start: Start, url: str, cookie: str) -> None:
    reply = start(url=url).visitor().post("/login", {"token": TOKEN})
    assert re.fullmatch(cookie, reply.cookies[0])


def alter_state(address: str) -> str:
    return address.replace("state=", "state=x")


@pytest.mark.parametrize("problem", ["wrong state", "no state", "other browser", "no cookie value", "too long a code"])
def test_a_login_that_did_not_begin_in_this_browser_ends(start: Start, github: FakeLogin, problem: str) -> None:
    running, github.account = start(), MONA
    visitor = running.visitor()
    callback = visitor.visit(visitor.get("/login/github").location).location
    match problem:
        case "wrong state":
            callback = alter_state(callback)
        case "no state":
            callback = callback.partition("&state=")[0]
        case "other browser":
            visitor = running.visitor()
        case "no cookie value":
            visitor.cookies["signpost-login"] = "..%2Frepositories"
        case "too long a code":
            callback = callback.replace("code=", "code=" + "x" * 999)
    reply = visitor.visit(callback)
    assert reply.status in {400, 403}
    assert not is_in(visitor)
    assert github.requests == ["GET /login/oauth/authorize"]


def test_a_callback_works_once(start: Start, github: FakeLogin) -> None:
    running, github.account = start(), MONA
    visitor = running.visitor()
    asked = visitor.get("/login/github")
    pending = dict(visitor.cookies)
    callback = visitor.visit(asked.location).location
    assert visitor.visit(callback).status == 303
    assert visitor.visit(callback).status == 400, "the cookie of the login was deleted"

    thief = running.visitor()
    thief.cookies = pending
    replayed = thief.visit(callback)

    assert (replayed.status, is_in(thief)) == (403, False)
    assert "its code is used or too old" in replayed.text


def test_a_code_of_another_browser_is_worth_nothing(start: Start, github: FakeLogin) -> None:
    """An attacker signs in, and makes the victim's browser use the attacker's code: the proof key does not fit."""
    running, github.account = start(), MONA
    attacker, victim = running.visitor(), running.visitor()
    stolen = dict(parse_qsl(urlsplit(attacker.visit(attacker.get("/login/github").location).location).query))["code"]
    asked = victim.get("/login/github")
    state = dict(parse_qsl(urlsplit(asked.location).query))["state"]
    assert victim.get(f"/login/callback?code={stolen}&state={state}").status == 403
    assert not is_in(victim)


def test_a_person_who_declines_is_not_signed_in(start: Start) -> None:
    running = start()
    visitor = running.visitor()
    reply = visitor.sign_in()
    assert (reply.status, is_in(visitor), "declined" in reply.text) == (403, False, False)
    assert "You did not sign in" in reply.text


def test_a_person_without_a_repository_sees_how_to_get_one(start: Start, github: FakeLogin) -> None:
    running, github.account = start(), STRANGER
    visitor = running.visitor()
    visitor.sign_in()
    page = visitor.get("/repositories")
    assert page.status == 200
    assert "No repository yet" in page.text
    assert "https://github.com/apps/signpost/installations/new" in page.text


FAULTS = {
    "github fails": (Reply(status=502, body="<html>"), "GitHub did not answer as expected"),
    "github does not know us": (Reply(status=404, body="<html>"), "GitHub did not answer as expected"),
    "wrong secret": (Reply(body="error=incorrect_client_credentials"), "ask the operator of Signpost"),
    "a bad token": (Reply(body={"access_token": "a b\r\nX: y"}), "its code is used or too old"),
    "no mapping": (Reply(body=["access_token"]), "its code is used or too old"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_github_lets_nobody_in(start: Start, github: FakeLogin, name: str) -> None:
    running, github.account = start(), MONA
    github.fault, said = FAULTS[name]
    visitor = running.visitor()
    reply = visitor.sign_in()
    assert (reply.status in {403, 502}, is_in(visitor)) == (True, False)
    assert said in reply.text


def test_a_login_always_begins_a_session_of_its_own(start: Start, github: FakeLogin) -> None:
    """An id that an attacker planted in the browser never becomes that of a session; the former session ends."""
    running, github.account = start(), MONA
    visitor = running.visitor()
    visitor.cookies["signpost"] = planted = "A" * 43
    visitor.sign_in()
    former = visitor.cookies["signpost"]
    assert former != planted
    visitor.sign_in()
    old = running.visitor()
    old.cookies["signpost"] = former
    assert [is_in(visitor), is_in(old), len(running.read("session/"))] == [True, False, 1]


@pytest.mark.parametrize("planted", ["", "A" * 43, "../session", "é", "A" * 4_000, "session/" + "0" * 64])
def test_a_made_up_session_is_none(start: Start, planted: str) -> None:
    visitor = start().visitor()
    reply = visitor.ask("GET", "/repositories", {"Cookie": f"signpost={planted}".encode().decode("latin-1")})
    assert reply.status == 303


def test_a_session_ends_after_an_hour(start: Start) -> None:
    running = start()
    visitor, later = running.operator(), timedelta(hours=1)
    running.clock.advance(later - timedelta(seconds=1))
    assert is_in(visitor)
    running.clock.at = NOW + later
    assert not is_in(visitor)
    assert running.read("session/") == {}


def test_a_login_deletes_the_sessions_that_expired(start: Start) -> None:
    running = start()
    running.operator()
    running.clock.advance(timedelta(hours=9))
    running.operator()
    assert len(running.read("session/")) == 1


def test_a_session_ends_with_its_secret(start: Start, github: FakeLogin) -> None:
    running, github.account = start(), MONA
    person, operator = running.visitor(), running.operator()
    person.sign_in()
    other = start(running.inbox, page_token=SecretStr("another-token-of-the-page"))
    person.port = operator.port = other.port
    assert [is_in(person), is_in(operator)] == [True, False]
    without = start(running.inbox, client_secret=None)
    person.port = without.port
    assert not is_in(person)


def test_a_person_signs_out(start: Start) -> None:
    running = start()
    visitor = running.operator()
    stolen = running.visitor()
    stolen.cookies = dict(visitor.cookies)
    assert visitor.post("/logout", {}).status == 403
    assert is_in(visitor)
    assert visitor.submit("/repositories", "/logout", {}).location == "/login"
    assert [is_in(visitor), is_in(stolen), visitor.cookies] == [False, False, {}]
    assert visitor.post("/logout", {}).location == "/login"


NEXT = {
    "/repositories": "/repositories",
    "/repositories/octo/a.b": "/repositories/octo/a.b",
    "/queue": "/queue",
    "": "/repositories",
    "//evil.example": "/repositories",
    "/\\evil.example": "/repositories",
    "https://evil.example/repositories": "/repositories",
    "/repositories/../login": "/repositories",
    "/repositories/x/y/z": "/repositories",
    "/repositories/octo/a\r\nSet-Cookie: a=b": "/repositories",
    "/repositories/octo/a\n": "/repositories",
    "javascript:alert(1)": "/repositories",
    "/repositories@evil.example": "/repositories",
}


@pytest.mark.parametrize("asked", NEXT)
def test_a_login_leads_to_our_own_pages_only(start: Start, asked: str) -> None:
    reply = start().visitor().post("/login", {"token": TOKEN, "next": asked})
    assert reply.location == NEXT[asked]


def test_a_login_through_github_leads_to_our_own_pages_only(start: Start, github: FakeLogin) -> None:
    running, github.account = start(), MONA
    assert running.visitor().sign_in("/login/github?next=//evil.example").location == "/repositories"
    visitor = running.visitor()
    callback = visitor.visit(visitor.get("/login/github").location).location
    visitor.cookies["signpost-login"] = visitor.cookies["signpost-login"].replace("/repositories", "//evil.example")
    assert visitor.visit(callback).location == "/repositories"


def test_below_a_path_of_a_proxy_all_addresses_begin_with_it(start: Start) -> None:
    running = start(url="http://127.0.0.1/signpost")
    visitor = running.visitor()
    assert visitor.get("/").location == "/signpost/repositories"
    assert visitor.get("/queue").location == "/signpost/login?next=/queue"
    assert visitor.post("/login", {"token": TOKEN}).location == "/signpost/repositories"
    page = visitor.get("/repositories").text
    own = re.findall(r'(?:href|action)="(/[^"]*)"', page)
    assert [address for address in own if not address.startswith("/signpost/")] == []


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_script_uses_the_page_token(start: Start) -> None:
    visitor = start().visitor()
    replies = {
        "right": visitor.get("/queue", bearer(TOKEN)),
        "wrong": visitor.get("/queue", bearer("wrong")),
        "empty": visitor.get("/queue", bearer("")),
        "other scheme": visitor.get("/queue", {"Authorization": f"Basic {TOKEN}"}),
    }
    assert {name: reply.status for name, reply in replies.items()} == {
        "right": 200,
        "wrong": 401,
        "empty": 401,
        "other scheme": 401,
    }
    assert replies["right"].cookies == ()
    assert replies["wrong"].headers["www-authenticate"] == "Bearer"


def test_wrong_tokens_are_limited(start: Start) -> None:
    """After ten wrong ones even the right one must wait, so that nobody learns which one it was."""
    running = start()
    visitor = running.visitor()
    guesses = [visitor.post("/login", {"token": f"guess {number}"}).status for number in range(9)]
    guesses.append(visitor.get("/queue", bearer("guess")).status)
    assert guesses == [401] * 10
    refused = visitor.post("/login", {"token": TOKEN})
    assert (refused.status, refused.headers["retry-after"]) == (429, "601")
    assert visitor.get("/queue", bearer(TOKEN)).status == 429
    running.clock.advance(timedelta(minutes=10, seconds=1))
    assert visitor.post("/login", {"token": TOKEN}).status == 303


def test_made_up_codes_are_limited(start: Start, github: FakeLogin) -> None:
    running = start()
    visitor = running.visitor()

    def send(code: str) -> int:
        state = dict(parse_qsl(urlsplit(visitor.get("/login/github").location).query))["state"]
        return visitor.get(f"/login/callback?code={code}&state={state}").status

    assert [send(f"guess{number}") for number in range(11)] == [403] * 10 + [429]
    assert len(github.requests) == 10


FORMS = {
    "another site": ("token=x", {"Sec-Fetch-Site": "cross-site"}, 403),
    "a sister site": ("token=x", {"Sec-Fetch-Site": "same-site"}, 403),
    "no form": ('{"token": "x"}', {"Content-Type": "application/json"}, 415),
    "too large": ("token=" + "x" * 20_000, {}, 413),
    "too many fields": ("a=1&" * 20, {}, 400),
    "no ASCII": ("token=é", {}, 400),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_not_ours_is_refused(start: Start, name: str) -> None:
    body, headers, status = FORMS[name]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert start().visitor().ask("POST", "/login", kind | headers, body).status == status


WAYS: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = {
    "token only": ({"client_id": ""}, ("With the page token",), ("Continue with GitHub",)),
    "GitHub only": ({"page_token": None}, ("Continue with GitHub",), ("With the page token",)),
    "no secret": ({"client_secret": None}, ("With the page token",), ("Continue with GitHub",)),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_login_offers_what_is_set_up(start: Start, name: str) -> None:
    changed, there, missing = WAYS[name]
    visitor = start(**changed).visitor()
    page = visitor.get("/login").text
    assert [text for text in there if text not in page] + [text for text in missing if text in page] == []
    ways = {visitor.get("/login/github").status, visitor.post("/login", {"token": ""}).status}
    assert ways <= {303, 401, 404}


def test_without_a_way_to_sign_in_the_pages_are_off(start: Start) -> None:
    visitor = start(client_id="", client_secret=None, page_token=None).visitor()
    paths = ("/", "/repositories", "/repositories/octo-org/widget", "/queue", "/login", "/login/callback")
    replies = [visitor.get(path) for path in paths]
    assert {reply.status for reply in replies} == {404}
    assert all("set SIGNPOST_CLIENT_ID" in reply.text for reply in replies)
    assert visitor.post("/login", {"token": ""}).status == 404
