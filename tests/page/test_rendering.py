"""The frame of every page: one file that loads nothing from elsewhere."""

from playwright.sync_api import Browser

from bot.page.rendering import render_page


def test_a_page_loads_nothing_from_elsewhere(browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(render_page("page.html.j2", {}))

    assert asked == []
