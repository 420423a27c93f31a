"""The frame of every page: one file that loads nothing from elsewhere, and that everybody can use."""

from playwright.sync_api import Browser

from bot.output.page import render_page
from tests.stand_ins.accessibility import find_barriers


def test_a_page_loads_nothing_from_elsewhere(browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(render_page("bot.output", "page.html.j2", {}))

    assert [url for url in asked if not url.startswith("data:")] == []


def test_the_frame_keeps_nobody_out(browser: Browser) -> None:
    assert find_barriers(browser, render_page("bot.output", "page.html.j2", {})) == []


def test_what_keeps_people_out_is_found(browser: Browser) -> None:
    bad = '<div style="width: 500px; color: #ddd; background: #eee">hardly to be seen</div>'

    found = find_barriers(browser, render_page("bot.output", "page.html.j2", {}).replace("</main>", f"{bad}</main>"))

    assert [barrier.split(" at ")[0].split(" pixels")[0] for barrier in found] == [
        "light: color-contrast",
        "dark: color-contrast",
        "phone: color-contrast",
        "phone: the page is 192",
        "dark phone: color-contrast",
        "dark phone: the page is 192",
    ]
