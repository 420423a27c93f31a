"""The page of a backtest in a real browser: everybody can use it, and hostile text does nothing."""

from datetime import date

import pytest
from playwright.sync_api import Browser

from bot.rules.matcher import read_facts
from bot.tracker.types import Issue
from bot.triage.config import make_default_config
from bot.workbench.backtest.presentation import render_html
from bot.workbench.backtest.replay import Task, Truth, compile_task, replay_issue
from bot.workbench.backtest.report import Report, Setting, make_report
from bot.workbench.backtest.tally import merge_tallies
from bot.workbench.suggest.message_counts import MessageTally
from tests.builders import a_rule, after, an_issue
from tests.stand_ins.accessibility import find_barriers
from tests.workbench.backtest.test_replay import files_of

HOSTILE = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">\u202e"
TODAY = date(2026, 11, 25)
RULES = (
    a_rule(),
    a_rule(id="write-failed", title="Writing failed", match={"phrase": "write failed: No space"}, labels=["io"]),
    a_rule(id="never", title="Never", match={"phrase": "nobody ever wrote this"}),
)


def make_issues() -> list[Issue]:
    known = [an_issue(number=n, title=f"{HOSTILE} {n}", created_at=after(days=5 * n)) for n in range(1, 30)]
    error = f"error: cannot open the store of jane@example.org {HOSTILE}"
    unknown = [an_issue(number=n, title=error, body=error, created_at=after(days=n)) for n in range(50, 60)]
    return [*known, *unknown]


def make_whole_report(repository: str = "octo/widget") -> Report:
    """A report with everything in it."""
    truth = Truth(
        source="file", classes={n: frozenset({"out-of-disk", "other"}) for n in range(1, 20)} | {25: frozenset()}
    )
    former = files_of(RULES[1], RULES[2])
    task = Task(rules=files_of(*RULES), config=make_default_config(), today=TODAY, truth=truth, former=former)
    replay, mined = compile_task(task), MessageTally()
    tallies = []
    for issue in make_issues():
        facts = read_facts(issue, replay.ruleset)
        found, _ = replay_issue(facts, replay)
        tallies += found
        mined.add(facts)
    setting = Setting(name="octo/widget", today=TODAY, repository=repository, truth="file", revision="v1")
    return make_report(merge_tallies(tallies), replay.ruleset, setting, mined)


@pytest.fixture(scope="module")
def html() -> str:
    return render_html(make_whole_report())


def test_it_keeps_nobody_out(browser: Browser, html: str) -> None:
    assert find_barriers(browser, html) == []


def test_an_empty_history_has_a_page_too(browser: Browser) -> None:
    ruleset = compile_task(Task(rules=files_of(), config=make_default_config(), today=TODAY)).ruleset
    page = render_html(make_report(merge_tallies([]), ruleset, Setting(name="empty.jsonl", today=TODAY)))

    assert find_barriers(browser, page) == []


def test_what_reporters_wrote_does_nothing_and_names_nobody(browser: Browser, html: str) -> None:
    page = browser.new_page()
    page.set_content(html)

    assert page.title() == "Backtest of octo/widget"
    assert page.locator("script, img").count() == 0
    assert "jane@example.org" not in html
    assert "\u202e" not in html


def test_it_tells_what_was_found(browser: Browser, html: str) -> None:
    page = browser.new_page()
    page.set_content(html)

    assert [row.split() for row in page.locator("#rules + div tbody tr th").all_inner_texts()] == [
        ["out-of-disk"],
        ["write-failed"],
    ]
    assert page.locator("#compare ~ div tbody tr").first.inner_text().split()[:2] == ["out-of-disk", "+29"]
    assert "39 issues" in page.locator(".lead").inner_text()
    assert page.locator("svg").first.get_attribute("aria-label") == (
        "Issues by week from 2026-W16 to 2026-W36: 39 in all, most in 2026-W23 (8). A rule matched 29 of them."
    )


def test_issues_are_links_where_their_repository_is_known(browser: Browser, html: str) -> None:
    page = browser.new_page()
    page.set_content(html)

    assert page.locator("a[href='https://github.com/octo/widget/issues/7']").count() > 0
    assert "https://github.com/" not in render_html(make_whole_report('"><b>evil</b>/x'))
