"""The page of an explanation: the same value as in the terminal, in a real browser, with the worst of texts."""

from datetime import date

import pytest
from playwright.sync_api import Browser, Page

from bot.triage.config import Config
from bot.workbench.explain.explainer import make_explanation
from bot.workbench.explain.formats import render_html
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import make_ruleset, write_rule
from tests.stand_ins.accessibility import find_barriers, find_barriers_now

HOSTILE = (
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</div></details></main><style>*{display:none}</style> {{ 7*7 }} \u202egnp.exe\u2066 \x1b[31mred\x1b[0m \x00 \u202e"
)
LONG = "\n".join(f"line {number} {'word ' * 12}" for number in range(150))
BODY = f"My apple pie\nis gone.\n{HOSTILE}\n\n### Platform\n\nwindows\n\n- [ ] {HOSTILE}\n\n### {HOSTILE}\n\n{LONG}\n"
GUIDANCE = (
    "labels: {add: [food], remove: [invalid]}\n"
    "guidance: [{when: {os: macos}, tldr: Ask the cook.}, {tldr: Buy one.}]\nsupersedes: [silent]\n"
)
RULES = make_ruleset(
    write_rule("speaks", "{phrase: apple pie is gone, none: [{phrase: plum pie is gone}]}", GUIDANCE, "comment"),
    write_rule("silent", "{any: [{phrase: it is broken now, in: [comments]}, {phrase: it has burnt to coal}]}"),
    write_rule("excluded", "{all: [{phrase: pie is gone}], none: [{os: windows}]}"),
    write_rule("elsewhere", "{phrase: it is broken now}"),
    write_rule("nearly", "{phrase: My apple pie is here again}"),
    write_rule("far", "{phrase: nothing of the kind was said}"),
)


def make_page(body: str = BODY, wanted: str | None = None) -> str:
    issue = make_issue(body, title=f"It broke {HOSTILE}", comments=(make_comment(f"it is broken now {HOSTILE}"),))
    explanation = make_explanation(issue, RULES, Config(), date(2026, 1, 1), wanted)
    return render_html(explanation, wanted)


@pytest.fixture
def page(browser: Browser) -> Page:
    """The page at a phone's width."""
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.set_content(make_page())
    return page


def test_nobody_is_kept_out(browser: Browser) -> None:
    assert find_barriers(browser, make_page()) == []


@pytest.mark.parametrize("wanted", ["nearly", "speaks"])
def test_nobody_is_kept_out_of_one_rule(browser: Browser, wanted: str) -> None:
    assert find_barriers(browser, make_page(wanted=wanted)) == []


def test_nobody_is_kept_out_of_what_is_folded(page: Page) -> None:
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")

    assert find_barriers_now(page) == []


def test_text_of_a_reporter_does_nothing_and_asks_for_nothing(browser: Browser) -> None:
    page, asked = browser.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(make_page(), wait_until="load")

    assert [url for url in asked if not url.startswith("data:")] == []
    assert page.title() == "octo/widget#7: 2 of 6 rules match"
    assert page.locator("main script, main img, main style").count() == 0
    assert page.get_by_text("<U+202E>gnp.exe<U+2066> ␛[31mred␛[0m ␀ <U+202E>").count() > 0
    assert {sign for sign in page.content() if sign in "\u202e\u2066\x1b\x00"} == set()


def test_evidence_leads_to_its_place_and_back(page: Page) -> None:
    tree, issue = page.locator(".tree .ref").first, page.locator(".issue")
    number = tree.inner_text().split()[-3]

    tree.click()
    assert page.evaluate("location.hash") == f"#m{number}"

    issue.locator(f".ref[href='#e{number}']").click()
    assert page.evaluate("location.hash") == f"#e{number}"
    assert page.locator(f"#e{number}").is_visible()


def test_every_number_leads_somewhere(page: Page) -> None:
    targets = page.eval_on_selector_all(".ref", "refs => refs.map(ref => ref.getAttribute('href').slice(1))")

    assert {target for target in targets if page.locator(f"[id='{target}']").count() != 1} == set()
    assert len(targets) > 6


def test_the_keyboard_alone_will_do(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.locator(".issue .ref").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash").startswith("#e")
    folded = page.locator("details.gap > summary").first
    folded.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.gap[open]").count() == 1


def test_a_long_issue_is_folded_and_nothing_of_it_is_lost(page: Page) -> None:
    assert page.get_by_text("line 120 word").count() == 1
    assert not page.get_by_text("line 120 word").is_visible()


def test_the_largest_issue_makes_a_page(browser: Browser) -> None:
    page = browser.new_page()

    page.set_content(make_page(("<b>\u202e\x1b'\" " * 65_536)[:65_536]))

    assert page.locator("h1").inner_text().startswith("It broke <script>")
