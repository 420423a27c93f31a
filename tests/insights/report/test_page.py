"""The page of a report in a real browser: for everyone, without scripts, with filters, and with the worst of texts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from bot.insights.report.maker import make_report
from bot.insights.report.page import render_html
from bot.rules.ruleset import Ruleset
from bot.triage.config import Config
from tests.insights.reports import make_hostile_report, make_largest_graph, make_rich_report
from tests.stand_ins.accessibility import find_barriers, find_barriers_now

HOSTILE = (
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</svg></details></main><style>*{display:none}</style> {{ 7*7 }} \u202egnp.exe\u2066 \x1b[31mred\x1b[0m"
)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """The page of the neighbourhood, without scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_content(render_html(make_rich_report()))
    yield page
    context.close()


def test_nobody_is_kept_out(browser: Browser) -> None:
    assert find_barriers(browser, render_html(make_rich_report())) == []


def test_nobody_is_kept_out_of_what_is_folded(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.set_content(render_html(make_report(make_largest_graph(), Ruleset(), Config())))
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
    assert find_barriers_now(page) == []
    page.close()


def test_filters_work_without_scripts(page: Page) -> None:
    node, row = page.locator("svg a[href='#row-0']"), page.locator("#row-0")
    assert (node.is_visible(), row.is_visible()) == (True, True)

    page.get_by_label("closed otherwise", exact=True).uncheck()
    assert (node.is_visible(), row.is_visible()) == (False, False)
    assert page.locator("svg a[href='#seed-0']").is_visible()

    page.get_by_label("closed otherwise", exact=True).check()
    page.get_by_label("pull requests", exact=True).uncheck()
    assert page.locator("svg rect[rx='24']:visible").count() == 0
    page.get_by_label("pull requests", exact=True).check()

    page.get_by_label("octo-org/tools", exact=True).uncheck()
    assert page.get_by_text("A tool that measures caches").first.is_visible() is False
    page.get_by_label("octo-org/tools", exact=True).check()
    assert row.is_visible()


def test_each_node_leads_to_its_evidence(page: Page) -> None:
    links = page.locator("svg a").evaluate_all("all => all.map(each => each.getAttribute('href').slice(1))")
    assert [name for name in links if page.locator(f"#{name}").count() != 1] == []
    assert len(links) > 10


def test_text_of_a_stranger_does_nothing_and_asks_for_nothing(browser: Browser) -> None:
    page, asked = browser.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(render_html(make_hostile_report(HOSTILE)), wait_until="load")

    assert [url for url in asked if not url.startswith("data:")] == []
    assert page.title() == "Report: octo-org/octo-repo#7"
    assert page.locator("script, main img, main style, iframe, [onerror]").count() == 0
    addresses = page.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert {url for url in addresses if not url.startswith(("https://", "#"))} == set()
    assert {sign for sign in page.content() if sign in "\u202e\u2066\x1b\x00"} == set()
    page.close()


def test_the_policy_forbids_scripts() -> None:
    html = render_html(make_rich_report())
    assert "default-src 'none'" in html
    assert ("script-src" in html, "<script" in html) == (False, False)
