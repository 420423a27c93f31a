"""The whole page in a real browser: what is typed has its effect, and nothing of a reporter's ever does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect

from tests.builders import a_rule, after, an_issue
from tests.stand_ins.accessibility import LOOKS, Look, find_barriers_now
from tests.workbench.studio.running import Running, run_studio

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u202egnp.exe"

HARMLESS = (
    "409 (Conflict)",  # a conflict is an answer, which the browser logs as an error
    "Applying inline style",  # Chromium tries to keep the style of a text that is replaced whole, and may not
)


@pytest.fixture
def page(browser: Browser, studio: Running) -> Iterator[Page]:
    """The page of the small studio; whatever it asks of another host, and whatever goes wrong in it, fails the test."""
    with_context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = with_context.new_page()
    complaints = watch(page, studio)
    enter(page, studio)
    yield page
    with_context.close()
    assert complaints == []


def watch(page: Page, studio: Running) -> list[str]:
    """Fills up with what must not happen."""
    complaints = list[str]()

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(word in message.text for word in HARMLESS):
            complaints.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((f"http://127.0.0.1:{studio.port}/", "data:")):
            complaints.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", see)
    return complaints


def enter(page: Page, studio: Running) -> None:
    page.goto(studio.address)
    expect(page.locator("#matched")).to_have_text(re.compile(r"[1-9]"))


def rewrite(page: Page, text: str) -> None:
    """Type another rule over the one that is there."""
    page.get_by_label("Rule in YAML").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def replace(page: Page, studio: Running, old: str, new: str) -> None:
    rewrite(page, studio.path.read_text("utf-8").replace(old, new))


def test_typing_a_phrase_moves_numbers_and_highlights(page: Page, studio: Running) -> None:
    expect(page.locator("#issue mark")).to_have_text("No space left on device")

    replace(page, studio, "phrase: No space left on device", "phrase: Disk quota exceeded")

    expect(page.locator("#gained")).to_have_text("+1 gained")
    expect(page.locator("#lost")).to_have_text("−1 lost")
    expect(page.locator("#overlaps")).to_contain_text("quota 2")
    page.locator("#filters").get_by_text("Gained").click()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator("#issue mark")).to_have_text("Disk quota exceeded")
    expect(page.locator("#comment .markdown")).to_contain_text("The build ran out of disk space.")


def test_typing_sign_by_sign_ends_with_the_last_text(page: Page) -> None:
    page.get_by_label("Rule in YAML").locator(".cm-line", has_text="phrase").click()
    page.keyboard.press("End")
    page.keyboard.type(", and disk", delay=15)

    expect(page.locator("#matched")).to_have_text("1")
    expect(page.locator("#lost")).to_have_text("−1 lost")


def test_a_mistake_is_shown_at_its_line(page: Page, studio: Running) -> None:
    replace(page, studio, "labels:", "lables:")

    problem = page.locator("#problems button").first
    expect(problem).to_contain_text("Line 5")
    expect(problem).to_contain_text("did you mean `labels`")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    expect(page.locator("#matched")).to_have_text("2")
    problem.click()
    expect(page.locator(".cm-activeLine")).to_have_text("lables:")


def test_completion_puts_a_key_in(page: Page) -> None:
    page.get_by_label("Rule in YAML").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("prio")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("priority")
    expect(page.locator(".cm-completionInfo")).to_contain_text("the rule with the highest priority speaks first")
    page.wait_for_timeout(
        100
    )  # the editor ignores keys in the first moments of a list, lest they were meant for the text

    page.keyboard.press("Enter")

    expect(page.locator(".cm-line").last).to_have_text("priority:")


def test_a_completion_that_comes_late_does_not_open_over_other_work(page: Page) -> None:
    held = list[Route]()
    page.route("**/completion", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks the function)
    page.get_by_label("Rule in YAML").click()
    page.keyboard.press("Control+End")
    with page.expect_request("**/completion"):
        page.keyboard.type("prio")
    issues = page.get_by_role("listbox", name="Issues")
    issues.hover()
    issues.focus()

    with page.expect_response("**/completion"):
        for route in held:
            route.continue_()
    page.wait_for_timeout(200)  # a list opens at once

    assert page.locator(".cm-tooltip").count() == 0


@pytest.mark.parametrize(
    "end_of_line, typed, expected",
    [
        ("phrase: No space left on device", "in: logs", "  in: logs"),
        ("labels:", "- x", "  - x"),
        ("no_match:", "- x", "    - x"),
    ],
)
def test_a_new_line_stands_under_the_one_before(page: Page, end_of_line: str, typed: str, expected: str) -> None:
    page.locator(".cm-line", has_text=end_of_line).last.click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type(typed)

    assert page.locator(".cm-activeLine").inner_text() == expected


def test_a_key_is_explained_under_the_pointer(page: Page) -> None:
    page.locator(".cm-line span", has_text="guidance").first.hover()

    expect(page.locator(".cm-help")).to_contain_text("The text for the reporter")


def test_saving_writes_the_file_and_only_it(page: Page, studio: Running) -> None:
    others = {path: path.read_bytes() for path in studio.path.parent.iterdir() if path != studio.path}
    expect(page.locator("#save")).to_be_disabled()
    replace(page, studio, "phrase: No space left on device", "phrase: Disk quota exceeded")
    expect(page.locator("#saved")).to_have_text("Not saved")
    expect(page.locator("#gained")).to_have_text("+1 gained")

    page.keyboard.press("Control+s")

    expect(page.locator("#saved")).to_have_text("Saved")
    expect(page.locator("#gained")).to_have_text("+0 gained")
    assert "phrase: Disk quota exceeded" in studio.path.read_text("utf-8")
    assert {path: path.read_bytes() for path in studio.path.parent.iterdir() if path != studio.path} == others


@pytest.mark.parametrize(
    "keys, focus",
    [
        pytest.param(["Control+s"], ".cm-content", id="in the editor"),
        pytest.param(["Control+s", "Control+s"], ".cm-content", id="twice"),
        pytest.param(["Control+S"], ".cm-content", id="with caps lock"),
        pytest.param(["Control+s"], "#search", id="outside of the editor"),
    ],
)
def test_a_change_is_saved_once(page: Page, studio: Running, keys: list[str], focus: str) -> None:
    replace(page, studio, "phrase: No space left on device", "phrase: Disk quota exceeded")
    expect(page.locator("#saved")).to_have_text("Not saved")
    page.locator(focus).focus()

    for key in keys:
        page.keyboard.press(key)

    expect(page.locator("#saved")).to_have_text("Saved")
    expect(page.locator("#gained")).to_have_text("+0 gained")
    assert studio.asked.count(("POST", "save")) == 1
    assert page.get_by_role("dialog").count() == 0


def test_a_file_that_somebody_else_changed_can_be_reloaded(page: Page, studio: Running) -> None:
    theirs = studio.path.read_text("utf-8").replace("The disk is full", "Theirs")
    studio.path.write_text(theirs, "utf-8")
    replace(page, studio, "Theirs", "Mine")

    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_contain_text("another program changed")
    page.get_by_role("button", name="Reload it").click()

    expect(page.locator(".cm-content")).to_contain_text("title: Theirs")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert studio.path.read_text("utf-8") == theirs


def test_or_it_can_be_overwritten(page: Page, studio: Running) -> None:
    studio.path.write_text("id: theirs\n", "utf-8")
    rewrite(page, "id: mine\n")

    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Overwrite it").click()

    expect(page.locator("#saved")).to_have_text("Saved")
    assert studio.path.read_text("utf-8") == "id: mine\n"


def test_a_change_on_disk_is_noticed_on_coming_back(page: Page, studio: Running) -> None:
    studio.path.write_text(studio.path.read_text("utf-8").replace("The disk is full", "Theirs"), "utf-8")

    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("alert")).to_contain_text("The file has changed on disk.")
    page.get_by_role("alert").get_by_role("button").click()

    expect(page.locator(".cm-content")).to_contain_text("title: Theirs")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_studio_that_has_ended_is_noticed_and_the_text_stays(browser: Browser, studio: Running) -> None:
    page = browser.new_page()
    enter(page, studio)
    page.route("**/text", lambda route: route.abort())

    rewrite(page, "id: mine\n")

    expect(page.get_by_role("alert")).to_contain_text("The studio does not answer.")
    expect(page.locator(".cm-content")).to_contain_text("id: mine")
    page.close()


def test_the_list_is_used_by_keyboard_alone(page: Page) -> None:
    page.get_by_label("All", exact=False).check()
    expect(page.locator(".row")).to_have_count(3)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Search the issues")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("#issue-hint")).to_have_text("#11 Build fails")
    page.keyboard.press("ArrowUp")

    expect(page.locator("#issue-hint")).to_have_text("#12 Quota")
    expect(page.get_by_role("option", selected=True)).to_contain_text("#12")


def test_what_was_chosen_stays_in_sight(page: Page, studio: Running) -> None:
    page.locator(".row", has_text="#11").click()

    replace(page, studio, "phrase: No space left on device", "phrase: Disk quota exceeded")

    expect(page.locator("#lost")).to_have_text("−1 lost")
    expect(page.locator("#issue-hint")).to_have_text("#11 Build fails")
    expect(page.locator("#comment")).to_contain_text("the rule does not match this issue")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(0)


def test_tab_leaves_the_editor(page: Page) -> None:
    page.get_by_label("Rule in YAML").click()

    page.keyboard.press("Tab")

    expect(page.get_by_label("Rule in YAML")).not_to_be_focused()


def test_issues_are_searched(page: Page) -> None:
    page.get_by_label("All", exact=False).check()

    page.get_by_label("Search the issues").fill("disk QUOTA")

    expect(page.locator(".row")).to_have_count(2)


def test_examples_are_listed_with_how_they_fare(page: Page, studio: Running) -> None:
    replace(page, studio, "phrase: No space left on device", "phrase: Disk quota exceeded")
    expect(page.locator("#count-examples")).to_have_text("1 of 2")

    page.get_by_label("Examples", exact=False).check()

    expect(page.locator(".row").first).to_contain_text("does not match")
    expect(page.locator("#issue .tree")).to_contain_text("not in title, body, logs")


def test_the_numbers_are_said_aloud(page: Page, studio: Running) -> None:
    replace(page, studio, "phrase: No space left on device", "phrase: Disk quota exceeded")

    expect(page.locator("#spoken")).to_contain_text("2 of 3 issues match, 1 gained, 1 lost.")


@pytest.mark.usefixtures("built_page")
def test_a_hostile_history_is_inert(browser: Browser, tmp_path: Path) -> None:
    bodies = [f"{HOSTILE} No space left on device {HOSTILE}", "No space left on device " * 2_700, HOSTILE * 600]
    issues = [
        an_issue(number=n, title=HOSTILE, body=body, labels=(HOSTILE[:50],), url="javascript:alert(1)")
        for n, body in enumerate(bodies, 1)
    ]
    guidance = {
        "tldr": "<script>document.title='owned'</script> [x](javascript:alert(1)) ![y](https://evil.example/y.png)"
    }
    rule = yaml.safe_dump(
        a_rule(guidance=guidance, examples={"match": [f"{HOSTILE[:-8]} No space left on device"], "no_match": ["x"]})
    )
    with run_studio(tmp_path, issues, rule=rule.encode()) as running:
        page = browser.new_page()
        complaints = watch(page, running)
        enter(page, running)
        expect(page.locator(".row")).to_have_count(2)
        page.get_by_role("listbox").press("End")
        expect(page.locator("#issue-hint")).to_contain_text("#1 ")
        expect(page.locator("#issue mark").first).to_have_text("No space left on device")
        expect(page.locator("#issue .text")).to_contain_text("</script><script>document.title='owned'</script>")
        expect(page.locator("#issue .text")).to_contain_text("<U+202E>")
        expect(page.locator("#comment .markdown")).to_contain_text("<script>")
        for _ in issues:
            page.get_by_role("listbox").press("ArrowUp")
        assert "owned" not in page.title()
        assert page.locator("main script, main img, main iframe, main [onerror]").count() == 0
        assert page.locator("a[href^=javascript]").count() == 0
        page.close()
    assert complaints == []


@pytest.mark.usefixtures("built_page")
def test_ten_thousand_issues_scroll(browser: Browser, tmp_path: Path) -> None:
    issues = [
        an_issue(
            number=n,
            title=f"Issue {n}",
            body="No space left on device" if n % 3 else "",
            created_at=after(days=n % 900),
        )
        for n in range(1, 10_001)
    ]
    with run_studio(tmp_path, issues) as running:
        page = browser.new_page()
        complaints = watch(page, running)
        enter(page, running)
        expect(page.locator("#count-all")).to_have_text("10,000")
        page.get_by_label("All", exact=False).check()
        expect(page.locator("#count-matched")).to_have_text("6,667")
        expect(page.locator(".row").first).to_have_attribute("aria-setsize", "10000")
        page.get_by_role("listbox").press("End")
        expect(page.get_by_role("option", selected=True)).to_contain_text("Issue 900")
        assert page.locator(".row").count() < 100
        page.close()
    assert complaints == []


@pytest.mark.usefixtures("built_page")
def test_without_a_history_the_examples_are_shown(browser: Browser, tmp_path: Path) -> None:
    with run_studio(tmp_path) as running:
        page = browser.new_page()
        complaints = watch(page, running)
        page.goto(running.address)
        expect(page.locator(".row")).to_have_count(2)
        expect(page.locator("#comment .markdown")).to_contain_text("The build ran out")
        page.close()
    assert complaints == []


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_page_keeps_nobody_out(browser: Browser, studio: Running, look: Look) -> None:
    page = browser.new_page(color_scheme=look.scheme, viewport={"width": look.width, "height": 800})
    enter(page, studio)
    replace(page, studio, "labels:", "lables:")
    expect(page.locator("#problems button")).to_have_count(1)
    expect(page.locator("#comment .markdown")).to_be_visible()
    issues = page.get_by_role("listbox", name="Issues")
    issues.hover()  # what is under the mouse is explained
    issues.focus()
    expect(page.locator(".cm-tooltip")).to_have_count(0)

    barriers = find_barriers_now(page)
    assert barriers == [], "\n".join(barriers)
    page.close()


@pytest.mark.usefixtures("built_page")
def test_a_stranger_sees_nothing(browser: Browser, studio: Running) -> None:
    page = browser.new_page()

    page.goto(f"http://127.0.0.1:{studio.port}{studio.studio.room}/")

    expect(page.locator("body")).to_have_text("Signpost studio: open the address that the studio printed.")
    page.close()
