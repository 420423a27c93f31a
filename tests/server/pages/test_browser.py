"""The pages in a real browser: nobody is kept out, nothing is loaded from elsewhere, and the HTML is valid."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.server.pages.conftest import Start
from tests.server.pages.filling import SECRET, WIDGET
from tests.server.pages.look import PAGES, enter, fill_inbox
from tests.stand_ins.accessibility import LOOKS, Look, find_barriers_now
from tests.stand_ins.github_login import Account, FakeLogin
from tests.stand_ins.html_checker import find_invalid


def watch(page: Page, *allowed: str) -> list[str]:
    """Fills up with what must not happen: a message of the browser, or a request to another host."""
    complaints = list[str]()

    def see(request: Request) -> None:
        if not request.url.startswith((*allowed, "data:")):
            complaints.append(request.url)

    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", see)
    return complaints


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_nobody_is_kept_out(browser: Browser, start: Start, look: Look) -> None:
    running = start(fill_inbox())
    context = browser.new_context(color_scheme=look.scheme, viewport={"width": look.width, "height": 800})
    page = context.new_page()
    complaints = watch(page, running.url)
    enter(page, running)
    found = {}
    for name, path in PAGES.items():
        page.goto(f"{running.url}{path}")
        found[name] = find_barriers_now(page)
    context.close()
    assert found == {key: [] for key in PAGES}
    missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert complaints == [missing]


def test_a_person_signs_in_and_tries_a_delivery_again(browser: Browser, start: Start, github: FakeLogin) -> None:
    running = start(fill_inbox())
    github.account = Account(login="mona", roles={7: {WIDGET: "push", SECRET: "pull"}})
    page = browser.new_page()
    complaints = watch(page, running.url, github.url)

    page.goto(f"{running.url}/repositories/octo-org/widget")
    page.get_by_role("link", name="Continue with GitHub").click()

    expect(page.get_by_role("heading", name="octo-org/widget")).to_be_visible()
    expect(page.locator(".who")).to_contain_text("Signed in as mona")
    page.get_by_role("button", name="Try again Issue opened #200").click()
    expect(page.get_by_role("status")).to_have_text("1 delivery waits for another attempt.")
    page.get_by_role("link", name="Repositories", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.close()
    assert complaints == []


def test_the_html_is_valid(start: Start, tmp_path: Path) -> None:
    """The checker asks without a session, so it gets the pages as files, with the style that the browser gets."""
    running = start(fill_inbox())
    operator = running.operator()
    files = []
    for name, path in {**PAGES, "sign-in": "/login?next=/queue"}.items():
        file = tmp_path / f"{name}.html"
        file.write_text(operator.get(path).text, "utf-8")
        files.append(str(file))
    assert find_invalid(files) == []
