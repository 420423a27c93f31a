"""The documentation as a site: complete, linked, without anything from elsewhere, and usable for all."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from bot import DOCS_URL
from bot.output.findings import KINDS, find_page
from bot.rules.loader import list_packs, load_rules
from docs.build import ROOT, SCHEMAS, build, list_pages, rewrite_page
from docs.gallery import make_gallery
from tests.insights.site.reading import Reading, find_broken, read_html
from tests.stand_ins.accessibility import LOOKS, Look, find_barriers_now
from tests.stand_ins.file_server import serve

ADDRESSES = ("", "rules/", "messages/overlap/")
PAGES = {"README.md": "index.md", "docs/rules.md": "rules.md", "docs/messages/yaml.md": "messages/yaml.md"}


@pytest.mark.parametrize(
    "here, text, expected",
    [
        ("README.md", "[a](docs/rules.md#views)", "[a](rules.md#views)"),
        ("docs/messages/yaml.md", "[`a`](../rules.md)", "[`a`](../rules.md)"),
        ("docs/rules.md", "[a](../README.md) [b](#c)", "[a](index.md) [b](#c)"),
        (
            "docs/rules.md",
            "[a](../bot/README.md)",
            "[a](https://github.com/signpost-bot/signpost/blob/main/bot/README.md)",
        ),
        ("docs/rules.md", "[a](../tests)", "[a](https://github.com/signpost-bot/signpost/tree/main/tests)"),
        ("docs/rules.md", "[a](https://example.com/b)", "[a](https://example.com/b)"),
        ("docs/rules.md", "`[a](../README.md)`\n\n```md\n[a](../README.md)\n```\n", None),
        ("README.md", "![a](.github/pictures/b.png)", "![a](pictures/b.png)"),
        (
            "README.md",
            '<picture>\n  <source media="x" srcset="a/dark.png">\n  <img src="a/light.png" alt="b">\n</picture>',
            "![b](pictures/light.png#only-light)\n![b](pictures/dark.png#only-dark)",
        ),
    ],
)
def test_links_lead_to_pages_of_the_site_or_to_the_repository(here: str, text: str, expected: str | None) -> None:
    assert rewrite_page(text, here, PAGES) == (text if expected is None else expected)


@pytest.mark.slow
def test_the_gallery_shows_each_rule_and_what_it_says() -> None:
    pages = make_gallery()

    for name in list_packs():
        rules = load_rules([f"pack:{name}"]).rules
        speaking = sum(bool(rule.model.guidance) for rule in rules)
        page = pages[f"gallery/{name}.md"]
        assert sorted(re.findall(r"^## .+ \{ #([a-z0-9-]+) \}$", page, re.MULTILINE)) == sorted(r.id for r in rules)
        _, *comments = page.split("<summary>The comment</summary>")
        blocks = [re.split(r"\n\s*\n", comment, maxsplit=1)[0] for comment in comments]  # an empty line ends the HTML
        assert all(block.count("</details>") == block.count("<details>") + 1 for block in blocks)
        footers = sum('<div class="small"><p>Automated reply' in block for block in blocks)
        assert (len(comments), footers, page.count("<h1>")) == (speaking, speaking, 0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, below a path as on GitHub Pages."""
    folder = tmp_path_factory.mktemp("docs")
    build(folder / "www/signpost", stage=folder / "stage")
    return folder / "www/signpost"


@pytest.fixture(scope="module")
def home(site: Path) -> Iterator[str]:
    """The address of the site on this machine."""
    with serve(site.parent) as url:
        yield f"{url}signpost/"


def read_pages(site: Path) -> dict[str, Reading]:
    return {
        path.parent.relative_to(site).as_posix(): read_html(path.read_text("utf-8"))
        for path in site.rglob("index.html")
    }


@pytest.mark.slow
def test_every_page_is_on_the_site_and_every_link_leads_somewhere(site: Path) -> None:
    pages = [*list_pages(ROOT).values(), *make_gallery()]
    expected = {there.removesuffix(".md").removesuffix("index").rstrip("/") or "." for there in pages}

    assert read_pages(site).keys() == expected
    assert [each for each in find_broken(site) if not each.startswith("404.html")] == []


@pytest.mark.slow
def test_the_menu_has_every_page_that_is_not_about_one_message(site: Path) -> None:
    index = read_html((site / "index.html").read_text("utf-8"))
    linked = {posixpath.normpath(tag.get("href")) for tag in index.tags if "md-nav__link" in tag.get("class").split()}

    assert {name for name in read_pages(site) if not name.startswith("messages/")} - linked == set()


@pytest.mark.slow
def test_the_addresses_that_others_rely_on_exist(site: Path) -> None:
    paths = [f"{find_page(kind).removeprefix(DOCS_URL)}index.html" for kind in KINDS]

    assert [path for path in (*paths, *SCHEMAS) if not (site / path).is_file()] == []


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_a_page_is_usable_for_all_and_loads_nothing_from_elsewhere(browser: Browser, home: str, look: Look) -> None:
    page = browser.new_page(color_scheme=look.scheme, viewport={"width": look.width, "height": 800})
    asked, barriers = set[str](), dict[str, list[str]]()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    for address in ADDRESSES:
        page.goto(f"{home}{address}")
        page.wait_for_load_state("networkidle")
        if found := find_barriers_now(page):
            barriers[address] = found
    page.close()

    assert (barriers, asked) == ({}, {urlsplit(home).netloc})
