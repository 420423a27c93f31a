"""The frame of every page: one file that loads nothing from elsewhere, and that everybody can use."""

import pytest
from playwright.sync_api import Browser

from bot.output.page import link_address, render_page
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


@pytest.mark.parametrize(
    "url, linked",
    [
        ("https://github.com/o/r/issues/1", True),
        ("HTTP://github.example.com/o/r/issues/1", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,<script>1</script>", False),
        ("vbscript:x//https://a.example", False),
        ("//a.example", False),
        ("https://a.example/\nx", False),
        (None, False),
        ("", False),
    ],
)
def test_a_page_links_addresses_of_the_web_alone(url: object, *, linked: bool) -> None:
    assert link_address(url) == (url if linked else "")
