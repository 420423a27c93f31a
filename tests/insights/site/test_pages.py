"""The site from a real server in a real browser: valid, reachable for all, and its search finds messages."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.archive.stats import Opinion, measure_share
from bot.insights.site.catalogue import Settings
from bot.insights.site.writer import MANIFEST, has_words, write_site
from tests.insights.site.sites import make_contents
from tests.stand_ins.accessibility import LOOKS, Look, find_barriers_now
from tests.stand_ins.file_server import serve
from tests.stand_ins.html_checker import find_invalid

ADDRESSES = (
    *(
        "",
        "all/",
        "p/out-of-disk/",
        "p/quota/",
        "p/silent/",
        "p/write-failed/",
        "p/old-login/",
        "releases/",
        "trending/",
    ),
    *("404.html", "unmatched/"),
)

STATEMENTS = {"works": (30, 2), "common": (3, None)}
OPINIONS = {"out-of-disk": Opinion(35, measure_share(30, 35), measure_share(2, 35), STATEMENTS)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site below a path, as on GitHub Pages: with votes, with pages for maintainers, and with Pagefind."""
    out = tmp_path_factory.mktemp("www") / "kb"
    settings = Settings(is_private=True, has_words=has_words())
    write_site(make_contents(settings=settings, opinions=OPINIONS), out)
    return out


@pytest.fixture(scope="module")
def home(folder: Path) -> Iterator[str]:
    """The address of the site."""
    with serve(folder.parent) as url:
        yield f"{url}kb/"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that reports what the browser complains about, such as a breach of the policy."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []


@pytest.mark.slow
def test_pages_are_valid_html(folder: Path, home: str) -> None:
    pages = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html"))]
    assert find_invalid(f"{home}{page.removesuffix('index.html')}" for page in pages) == []


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_nobody_is_kept_out(browser: Browser, home: str, look: Look) -> None:
    page = browser.new_page(color_scheme=look.scheme, viewport={"width": look.width, "height": 800})
    found = {}
    for address in ADDRESSES:
        page.goto(f"{home}{address}")
        page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
        found[address] = find_barriers_now(page)
    page.close()
    assert {address: barriers for address, barriers in found.items() if barriers} == {}


@pytest.mark.parametrize(
    "query, title",
    [
        ("No space left on device", "The disk is full"),
        ("write failed: No space left on dev\n      ice (os error 28)", "The disk is full"),
        ("`No space` **left** on\\ndevice", "The disk is full"),
        ("space left on", "The disk is full"),
        ("error: exceeded the 4096 MB quo\nta of this account", "About quota"),
        ("exceeded the 4096 M", "About quota"),
        ("THE LOGIN HAS EXPIRED", "About login"),
    ],
    ids=["whole", "wrapped", "quoted", "piece", "with a value", "piece with a value", "upper case"],
)
def test_the_search_finds_a_problem_by_a_piece_of_its_message(page: Page, home: str, query: str, title: str) -> None:
    page.goto(home)
    page.get_by_label("Paste the error message").fill(query)
    expect(page.locator("#results a").first).to_have_text(title)
    page.locator("#results a").first.click()
    expect(page.locator("h1")).to_contain_text("How to fix")


def test_a_pasted_message_keeps_its_line_ends_apart(page: Page, home: str) -> None:
    page.goto(home)
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "No space left\\r\\n   on device");
          const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.getElementById("query").dispatchEvent(paste);
        }"""
    )
    expect(page.get_by_label("Paste the error message")).to_have_value("No space left on device")
    expect(page.locator("#results a").first).to_have_text("The disk is full")


def test_an_address_can_ask(page: Page, home: str) -> None:
    page.goto(f"{home}?q=the+login+has+expired")
    expect(page.locator("#results a").first).to_have_text("About login")


def test_the_search_says_that_it_found_nothing(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_label("Paste the error message").fill("zzzzqqqq xyzzy")
    expect(page.get_by_role("status")).to_contain_text("No known problem has this message")


@pytest.mark.slow
def test_words_are_found_with_the_extra(page: Page, home: str) -> None:
    if find_spec("pagefind") is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("the extra `site` is not installed")
    page.goto(home)
    page.get_by_label("Paste the error message").fill("drive windows")
    expect(page.locator("#results a").first).to_have_text("The disk is full")


def test_everything_can_be_read_without_scripts(browser: Browser, home: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(home)
    expect(page.get_by_role("search")).to_be_hidden()
    expect(page.get_by_text("Search needs JavaScript.")).to_be_visible()
    links = page.locator(".problems a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    page.locator(".problems a", has_text="The disk is full").click()
    expect(page.get_by_role("heading", name="Do this now")).to_be_visible()
    context.close()
    assert sorted(links) == ["./p/login/", "./p/out-of-disk/", "./p/quota/", "./p/silent/"]


def test_an_old_address_leads_on(page: Page, home: str) -> None:
    page.goto(f"{home}p/older-quota/")
    page.wait_for_url(f"{home}p/quota/")
    expect(page.locator("h1")).to_contain_text("exceeded the <number> MB quota")


def test_paper_has_the_advice_and_no_navigation(page: Page, home: str) -> None:
    page.goto(f"{home}p/out-of-disk/")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Site")).to_be_hidden()
    expect(page.get_by_role("heading", name="Do this now")).to_be_visible()


@pytest.mark.slow
def test_a_second_build_does_not_index_again(tmp_path: Path, folder: Path) -> None:
    out = tmp_path / "kb"
    shutil.copytree(folder, out)
    settings = Settings(is_private=True, has_words=has_words())
    before = (out / MANIFEST).read_bytes()
    written = write_site(make_contents(settings=settings, opinions=OPINIONS), out)
    assert (written.pages_written, written.files_written, written.removed) == (0, 0, 0)
    assert (out / MANIFEST).read_bytes() == before
