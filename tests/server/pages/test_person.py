"""Who signs in, and what the person may triage, over real HTTP that GitHub's description checks."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from bot.errors import TrackerError
from bot.server.pages.person import LoginClient, LoginError, Person, read_person, write_login_address
from tests.stand_ins.fake_github import Reply
from tests.stand_ins.github_login import API, Account, FakeLogin
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.patience import LONGEST

VERIFIER = "v" * 64


@pytest.fixture
def github(openapi_checker: OpenAPIChecker) -> Iterator[FakeLogin]:
    with FakeLogin(openapi_checker) as fake:
        fake.callback = "http://127.0.0.1:9/login/callback"
        yield fake
    assert fake.violations == []


def make_client(github: FakeLogin, **changed: str) -> LoginClient:
    usual = {
        "client_id": github.client_id,
        "client_secret": github.client_secret,
        "server_url": github.url,
        "api_url": f"{github.url}{API}",
        "callback": github.callback,
    }
    return LoginClient(**{**usual, **changed})


def agree(github: FakeLogin, client: LoginClient) -> str:
    """The code that GitHub gives when the person agrees."""
    split = urlsplit(write_login_address(client, "state", VERIFIER))
    location = github.answer("GET", f"{split.path}?{split.query}", {}, "").headers["Location"]
    return dict(parse_qsl(urlsplit(location).query))["code"]


def sign_in(github: FakeLogin, roles: dict[int, dict[int, str]], most_pages: int = 50) -> Person:
    github.account = Account(login="mona", roles=roles)
    client = make_client(github)
    return read_person(client, agree(github, client), VERIFIER, most_pages=most_pages)


def test_the_address_asks_for_this_app_alone() -> None:
    client = LoginClient(
        client_id="Iv1&x=y", client_secret="s", server_url="https://github.com", api_url="https://api.github.com"
    )
    # The challenge of RFC 7636, appendix B.
    assert write_login_address(client, "s", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "https://github.com/login/oauth/authorize?client_id=Iv1%26x%3Dy&state=s"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    )


def test_the_roles_say_which_repositories_count(github: FakeLogin) -> None:
    roles = {7: {1: "pull", 2: "triage", 3: "push"}, 8: {4: "maintain", 5: "admin"}, 9: {}}
    assert sign_in(github, roles) == Person(login="mona", repositories={2: False, 3: True, 4: True, 5: True})


def test_all_pages_are_read(github: FakeLogin) -> None:
    roles = {7: dict.fromkeys(range(1, 251), "triage"), 8: dict.fromkeys(range(1_000, 1_100), "push")}
    person = sign_in(github, roles)
    assert person.repositories == dict.fromkeys(range(1, 251), False) | dict.fromkeys(range(1_000, 1_100), True)
    assert person.is_complete


def test_the_pages_for_one_person_are_bounded(github: FakeLogin) -> None:
    person = sign_in(github, {7: dict.fromkeys(range(1, 400), "triage")}, most_pages=3)
    assert (len(person.repositories), person.is_complete) == (200, False)
    assert len(github.requests) == 6


REFUSALS = {
    "used code": ({}, "its code is used or too old", False),
    "wrong secret": ({"client_secret": "other"}, "incorrect_client_credentials", True),
    "other callback": ({"callback": "http://127.0.0.1:9/other"}, "redirect_uri_mismatch", True),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_whose_mistake_it_is(github: FakeLogin, name: str) -> None:
    changed, said, is_ours = REFUSALS[name]
    github.account = Account(login="mona")
    code = agree(github, make_client(github)) if changed else "used"
    with pytest.raises(LoginError, match=said) as caught:
        read_person(make_client(github, **changed), code, VERIFIER)
    assert caught.value.is_ours == is_ours


@pytest.mark.parametrize("status", [404, 500, 502])
def test_a_failure_of_github_names_no_secret(github: FakeLogin, status: int) -> None:
    github.fault = Reply(status=status, body={"message": "no"})
    with pytest.raises(TrackerError) as caught:
        read_person(make_client(github), "c0de", VERIFIER)
    assert [secret for secret in ("c0de", VERIFIER, github.client_secret) if secret in str(caught.value)] == []


def test_a_github_that_cannot_be_reached_is_an_error(github: FakeLogin) -> None:
    with pytest.raises(TrackerError, match="cannot be reached"):
        read_person(make_client(github, server_url="http://127.0.0.1:9"), "c", VERIFIER)


def test_a_client_shows_no_secret(github: FakeLogin) -> None:
    assert github.client_secret not in repr(make_client(github))


def test_the_emulator_takes_our_code_once(emulator: str) -> None:
    """It answers in JSON, knows the person, and does not know `/user/installations`."""
    client = LoginClient(client_id="Iv1", client_secret="hush", server_url=emulator, api_url=emulator)
    form = {"login": "octo", "redirect_uri": "http://127.0.0.1:9/login/callback", "state": "s", "client_id": "Iv1"}
    agreed = requests.post(f"{emulator}/login/oauth/callback", data=form, allow_redirects=False, timeout=LONGEST)
    code = dict(parse_qsl(urlsplit(agreed.headers["location"]).query))["code"]
    with pytest.raises(TrackerError, match="which repositories you may triage: GitHub answered 404"):
        read_person(client, code, VERIFIER)
    with pytest.raises(LoginError, match="its code is used or too old"):
        read_person(client, code, VERIFIER)
