"""Pictures of the pages, to look at: `python -m tests.server.pages.look OUT_FOLDER`. Everything in them is made up."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page
from pydantic import SecretStr

from bot.server.inbox.types import Entry, Handled
from bot.server.settings import ServerSettings
from tests.server.pages.filling import (
    GADGET,
    NAMES,
    SECRET,
    WIDGET,
    FilledInbox,
    a_delivery,
    a_known,
    a_problem,
    an_entry,
)
from tests.server.pages.running import NOW, TOKEN, Clock, Running, bind_port, run_pages
from tests.stand_ins.accessibility import LOOKS, Look
from tests.stand_ins.browser import run_browser

_ERROR = "Could not label octo-org/widget#7: GitHub answered 502. Try again later."
_LABELLED = Handled(rules=("out-of-disk",), actions=("label", "comment"), requests=6, seconds=1.2)


def list_entries() -> Iterator[Entry]:
    """Each way in which a delivery can stand."""
    yield an_entry("running", 1)
    yield an_entry("waiting", 2, delivery=a_delivery(2, event="issue_comment", action="created"))
    yield an_entry("waiting", 7, attempts=2, error=_ERROR, due_at=NOW + timedelta(minutes=1))
    postponed = "The rate limit of octo-org is spent; Signpost goes on at 12:25 UTC."
    yield an_entry("waiting", 9, error=postponed, due_at=NOW + timedelta(minutes=25))
    yield an_entry("done", 12, handled=_LABELLED)
    yield an_entry("done", 15, handled=Handled(skipped="the sender is a bot"))
    push = a_delivery(31, event="push", action="", issue=0)
    yield an_entry(
        "done",
        31,
        delivery=push,
        handled=Handled(problems=tuple(f".github/signpost/disk.yml:{line}:1: unknown key `labell`" for line in (3, 9))),
    )
    rules = ("api-overloaded", "proxy-blocks-the-api-with-a-self-signed-certificate")
    problem = "The label area: network does not exist; create it, or remove it from the rule."
    yield an_entry("done", 66, handled=replace(_LABELLED, rules=rules, problems=(problem,)))
    yield an_entry("done", 95)
    gone = "Could not read octo-org/widget#200: GitHub answered 403 (Resource not accessible by integration)."
    yield an_entry("dead", 200, error=gone)
    yield an_entry("dead", 300, error="ValidationError")
    yield an_entry("done", 2000, GADGET, handled=_LABELLED)


def fill_inbox() -> FilledInbox:
    """Three repositories, one with failures and problems."""
    votes = {"out-of-disk": {"works": 14, "wrong": 1}, "api-overloaded": {"works": 3, "wrong": 4}}
    problems = (
        {
            "file": ".github/signpost/network.yml",
            "line": 12,
            "column": 5,
            "message": "unknown key `phrases`; use `phrase`",
        },
        {
            "file": ".github/signpost/disk.yml",
            "line": 3,
            "column": 1,
            "message": "the id `out-of-disk` is taken by core/disk.yml",
        },
    )
    values = {f"repository/{number}": a_known(number) for number in NAMES}
    values[f"repository/{WIDGET}"] = a_known(WIDGET, votes=votes)
    values[f"problems/{SECRET}"] = a_problem(SECRET, *problems)
    values[f"problems/{WIDGET}"] = a_problem(WIDGET, *problems)
    return FilledInbox(tuple(list_entries()), values)


def enter(page: Page, running: Running) -> None:
    """Sign in as the operator."""
    page.goto(f"{running.url}/login")
    page.get_by_label("Token of the operator").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()


PAGES = {
    "login": "/login",
    "repositories": "/repositories",
    "repository": "/repositories/octo-org/widget",
    "queue": "/queue",
    "missing": "/repositories/octo-org/none",
}


def take_pictures(browser: Browser, running: Running, look: Look, folder: Path) -> None:
    """All pages in one look."""
    context = browser.new_context(color_scheme=look.scheme, viewport={"width": look.width, "height": 800})
    page = context.new_page()
    enter(page, running)
    for name, path in PAGES.items():
        page.goto(f"{running.url}{path}")
        page.screenshot(path=folder / f"{name}-{look.name.replace(' ', '-')}.png", full_page=True)
    context.close()


def main() -> None:
    """Take the pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True, parents=True)
    settings = ServerSettings(client_id="Iv1", client_secret=SecretStr("hush"), page_token=SecretStr(TOKEN))
    with bind_port() as bound, run_pages(fill_inbox(), Clock(), settings, bound) as running, run_browser() as browser:
        for look in LOOKS:
            take_pictures(browser, running, look, folder)


if __name__ == "__main__":
    main()
