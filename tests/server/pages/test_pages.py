"""What the pages show and do, over real HTTP, and to whom."""

import asyncio
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.server.inbox.types import Entry, Handled
from bot.server.pages.access import Access
from bot.server.pages.response import show_page
from bot.server.pages.view import (
    KnownRepository,
    RepositoryVotes,
    RuleProblem,
    RuleProblems,
    Standing,
    VoteCount,
    make_repository,
)
from tests.server.pages.conftest import Start
from tests.server.pages.filling import (
    GADGET,
    NAMES,
    SECRET,
    WIDGET,
    FilledInbox,
    a_delivery,
    a_known,
    an_entry,
)
from tests.server.pages.look import fill_inbox
from tests.server.pages.running import NOW, TOKEN, KnownApp, Running, Visitor, find_csrf
from tests.stand_ins.github_login import Account, FakeLogin

ROLES = {7: {WIDGET: "push", GADGET: "triage", SECRET: "pull"}}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def sign_in(running: Running, github: FakeLogin, login: str = "mona") -> Visitor:
    github.account = Account(login=login, roles=ROLES)
    visitor = running.visitor()
    visitor.sign_in()
    return visitor


def list_states(running: Running) -> dict[str, str]:
    """The state of each delivery, by the end of its GUID."""
    entries = asyncio.run(running.inbox.list_entries())
    return {entry.delivery.guid[-3:]: entry.state for entry in entries}


def find_names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


def test_a_person_sees_the_repositories_to_triage_and_no_others(start: Start, github: FakeLogin) -> None:
    running = start(fill_inbox())
    visitor = sign_in(running, github)
    page = visitor.get("/repositories").text
    assert find_names(page) == [NAMES[WIDGET], NAMES[GADGET]]
    assert "secret-plans" not in page
    assert find_names(running.operator().get("/repositories").text) == [NAMES[SECRET], NAMES[WIDGET], NAMES[GADGET]]


def test_a_hidden_repository_is_answered_like_a_missing_one(start: Start, github: FakeLogin) -> None:
    visitor = sign_in(start(fill_inbox()), github)
    hidden, missing = (visitor.get(f"/repositories/octo-org/{name}") for name in ("secret-plans", "no-such-plans"))
    assert (hidden.status, missing.status) == (404, 404)
    assert hidden.text == missing.text
    assert visitor.get("/repositories/OCTO-ORG/Widget").status == 200


def test_nothing_is_shown_without_a_session(start: Start) -> None:
    visitor = start(fill_inbox()).visitor()
    asked = {path: visitor.get(path) for path in ("/repositories", "/repositories/octo-org/widget", "/queue")}
    assert {path: (reply.status, reply.location, reply.text) for path, reply in asked.items()} == {
        path: (303, f"/login?next={path}", "") for path in asked
    }
    assert visitor.post("/repositories/octo-org/widget/retry", {}).status == 401
    assert visitor.post("/queue/retry", {}).status == 401


def test_the_queue_is_for_the_operator(start: Start, github: FakeLogin) -> None:
    running = start(fill_inbox())
    visitor = sign_in(running, github)
    assert [visitor.get("/queue").status, visitor.submit("/repositories", "/queue/retry", {}).status] == [404, 404]
    page = running.visitor().get("/queue", BEARER).text
    assert re.findall(r"<dt>(\w+)</dt><dd[^>]*>([\d,]+)</dd>", page) == [
        ("Waiting", "3"),
        ("Running", "1"),
        ("Done", "6"),
        ("Failed", "2"),
    ]
    assert "octo-org/widget#200" in page


def test_a_repository_shows_what_ran(start: Start) -> None:
    page = start(fill_inbox()).visitor().get("/repositories/octo-org/widget", BEARER).text
    text = " ".join(re.sub(r"<[^>]*>", " ", page.partition('id="runs"')[2]).split())
    for shown in (
        "7 minutes ago 2026-11-30 11:53 UTC Issue opened #7 Attempt 2 failed",
        "Signpost tries again in 1 minute (2026-11-30 12:01 UTC): attempt 3 of 6.",
        "Issue opened #12 Done Matched out-of-disk Did label comment",
        "#15 Skipped the sender is a bot",
        "2026-11-30 11:29 UTC Push Done, with problems 2 problems .github/signpost/disk.yml:3:1: unknown key labell",
        "out-of-disk 14 1",
    ):
        assert shown in text
    assert 'href="https://github.com/octo-org/widget/' not in page, "the address of GitHub is that of the settings"
    assert "/octo-org/widget/blob/HEAD/.github/signpost/network.yml#L12" in page


def test_a_dead_delivery_is_tried_again(start: Start, github: FakeLogin) -> None:
    running = start(fill_inbox())
    visitor = sign_in(running, github)
    path, guid = "/repositories/octo-org/widget", "72d3162e-cc78-11e3-81ab-000000000200"
    reply = visitor.submit(path, f"{path}/retry", {"guid": guid})
    assert (reply.status, reply.location) == (303, f"{path}?retried=1")
    assert {guid: list_states(running)[guid] for guid in ("200", "300")} == {"200": "waiting", "300": "dead"}
    assert visitor.submit(path, f"{path}/retry", {"guid": guid}).location == f"{path}?retried=0"
    assert visitor.submit(path, f"{path}/retry", {}).location == f"{path}?retried=1"
    assert list_states(running)["300"] == "waiting"


def test_a_person_tries_nothing_of_another_repository_again(start: Start, github: FakeLogin) -> None:
    entries = (an_entry("dead", 1), an_entry("dead", 2, GADGET), an_entry("dead", 3, SECRET))
    running = start(FilledInbox(entries, {f"repository/{number}": a_known(number) for number in NAMES}))
    visitor = sign_in(running, github)
    own, page = "/repositories/octo-org/widget", "/repositories"
    guids = [entry.delivery.guid for entry in entries]
    assert [visitor.submit(page, f"{own}/retry", {"guid": guid}).location for guid in guids[1:]] == [
        f"{own}?retried=0"
    ] * 2
    assert visitor.submit(page, "/repositories/octo-org/gadget/retry", {"guid": guids[1]}).status == 403
    assert visitor.submit(page, "/repositories/octo-org/secret-plans/retry", {"guid": guids[2]}).status == 404
    assert "Try again" not in visitor.get("/repositories/octo-org/gadget").text
    assert set(list_states(running).values()) == {"dead"}


def test_the_operator_tries_all_again(start: Start) -> None:
    system = an_entry("dead", 4, 0, delivery=a_delivery(4, 0, event="installation", action="created", issue=0))
    running = start(FilledInbox((an_entry("dead", 1), system)))
    assert running.visitor().post("/queue/retry", {}, BEARER).location == "/queue?retried=2"
    assert set(list_states(running).values()) == {"waiting"}


FORGED = {
    "no token": ({}, {}),
    "wrong token": ({"csrf": "0" * 64}, {}),
    "token of another session": ({"csrf": "other"}, {}),
    "another site with the token": ({"csrf": "own"}, {"Sec-Fetch-Site": "cross-site"}),
    "letters that are none": ({"csrf": "é"}, {}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_form_of_another_site_changes_nothing(start: Start, github: FakeLogin, name: str) -> None:
    running = start(fill_inbox())
    visitor = sign_in(running, github)
    form, headers = FORGED[name]
    tokens = {
        "own": find_csrf(visitor.get("/repositories").text),
        "other": find_csrf(running.operator().get("/repositories").text),
    }
    sent = {key: tokens.get(value, value) for key, value in form.items()}
    assert visitor.post("/repositories/octo-org/widget/retry", sent, headers).status == 403
    assert list_states(running)["200"] == "dead"


def test_a_get_changes_nothing(start: Start) -> None:
    running = start(fill_inbox())
    operator = running.operator()
    paths = ("/repositories/octo-org/widget/retry", "/queue/retry", "/logout")
    assert [operator.get(path).status for path in paths] == [405] * 3
    assert list_states(running)["200"] == "dead"


def test_every_answer_is_safe_to_show(start: Start) -> None:
    running = start(fill_inbox())
    operator = running.operator()
    for path in ("/repositories", "/repositories/octo-org/widget", "/repositories/a/b", "/login", "/queue", "/"):
        headers = operator.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), path
        assert policy.endswith("frame-ancestors 'none'"), path
        assert "unsafe" not in policy, path
        assert {name: headers[name] for name in ("cache-control", "referrer-policy", "x-content-type-options")} == {
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }, path


def test_a_long_list_has_pages_and_a_search(start: Start) -> None:
    values = {
        f"repository/{number}": json.dumps({"repository": f"octo/r{number:03}", "at": NOW.isoformat()}).encode()
        for number in range(1, 121)
    }
    visitor = start(FilledInbox(values=values)).operator()
    second = visitor.get("/repositories?page=2").text
    assert find_names(second) == [f"octo/r{number:03}" for number in range(51, 101)]
    assert 'href="/repositories?q=&amp;page=3"' in second
    assert find_names(visitor.get("/repositories?q=r11&page=7").text) == [
        f"octo/r{number}" for number in range(110, 120)
    ]
    nothing = visitor.get("/repositories?q=%3Cscript%3E").text
    assert "No repository has “&lt;script&gt;” in its name." in nothing
    assert find_names(visitor.get("/repositories?page=-1").text) == find_names(visitor.get("/repositories?page=x").text)


def test_an_operator_without_a_repository_gets_help(start: Start) -> None:
    running = start(FilledInbox(), KnownApp(identity=None))
    page = running.visitor().get("/repositories", BEARER)
    assert (page.status, "has not loaded the rules of any repository" in page.text) == (200, True)


def test_a_database_that_does_not_answer_is_a_page(start: Start) -> None:
    running = start(fill_inbox())
    visitor = running.operator()
    asyncio.run(running.inbox.close())
    reply = visitor.get("/repositories")
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert "The database does not answer; try again soon." in reply.text


class Reader(HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in {"href", "action"}]


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "</style><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "javascript:alert(1)",
            "octo-org/\u202egnp",
            "'; alert(1) //",
            "{{ 7 * 7 }}{% raw %}",
            "`<b>`",
            "<!--",
            "&lt;script&gt;",
        ]
    ),
)


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode())
    return reader


def show_hostile(text: str) -> Reader:
    """The page of a repository with this text wherever others write one."""
    entry = an_entry(
        "done",
        delivery=a_delivery(event=text, guid=text),
        handled=Handled(rules=(text,), actions=(text,), problems=(text,)),
    )
    dead: Entry = an_entry("dead", delivery=a_delivery(guid=text, action=text), error=text)
    known = KnownRepository(repository=text, at=NOW)
    votes = RepositoryVotes(votes={text: VoteCount(works=1)})
    problems = RuleProblems(problems=(RuleProblem(file=text, line=1, column=1, message=text),))
    view = make_repository(
        Standing(known, votes, problems, [entry, dead], [dead]), "https://github.com", NOW, may_retry=True
    )
    access = Access(login=text, repositories={}, csrf="c")
    return read(bytes(show_page("repository.html.j2", {"base": "", "access": access, "view": view, "retried": 0}).body))


TICK_TAGS = {("code", ())}


@settings(max_examples=60)
@given(text=HOSTILE)
def test_a_hostile_text_adds_no_tag_and_no_foreign_link(text: str) -> None:
    hostile, harmless = show_hostile(text), show_hostile("octo")
    assert set(hostile.tags) <= set(harmless.tags) | TICK_TAGS | {("a", ("class", "href", "rel"))} | {
        ("a", ("href", "rel"))
    }
    for link in hostile.links:
        assert link.startswith(("https://github.com/", "/repositories", "/queue", "/logout", "#main", "data:,")), link


def test_values_about_other_people_stay_out_of_the_page(start: Start) -> None:
    """Neither a token nor the database nor a stack trace is on any page."""
    running = start(fill_inbox())
    operator = running.operator()
    pages = [operator.get(path).text for path in ("/repositories", "/queue", "/login", "/repositories/octo-org/widget")]
    assert [text for text in (TOKEN, FakeLogin.client_secret, "sqlite:", "Traceback") if text in "".join(pages)] == []
