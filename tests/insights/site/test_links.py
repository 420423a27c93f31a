"""Every link leads somewhere, nothing is loaded from elsewhere, and pages stay small."""

from pathlib import Path

import pytest

from bot.insights.site.catalogue import Contents, Settings
from bot.insights.site.writer import write_site
from tests.insights.site.reading import find_broken, list_targets, read_html
from tests.insights.site.sites import make_contents, state, write_issue, write_rule

MOST_BYTES = 100_000


@pytest.mark.parametrize(
    "contents",
    [
        make_contents(),
        make_contents([]),
        make_contents(settings=Settings(is_private=True, base_url="https://octo-org.github.io/kb/")),
        make_contents([], [], {"name": "rules"}),
    ],
    ids=["public", "no archive", "private", "no rules"],
)
def test_every_local_link_and_anchor_resolves(tmp_path: Path, contents: Contents) -> None:
    write_site(contents, tmp_path, served=["tag/gone/"])
    assert find_broken(tmp_path) == []


def test_pages_load_nothing_from_elsewhere_and_have_no_script_of_their_own(tmp_path: Path) -> None:
    write_site(make_contents(), tmp_path)
    for path in tmp_path.rglob("*.html"):
        page = read_html(path.read_text("utf-8"))
        loaded = {
            tag.get("href") or tag.get("src") for tag in page.tags if tag.name in {"link", "script", "img", "iframe"}
        }
        assert not [target for target in loaded if "//" in target], path
        assert not [tag for tag in page.tags if tag.name == "script" and not tag.get("src")], path
        # GitHub Pages shows 404.html at any address, so that this page alone carries its style.
        assert path.name == "404.html" or not [tag for tag in page.tags if tag.name == "style"], path
        assert not [
            name for tag in page.tags for name, _ in tag.attributes if name.startswith("on") or name == "style"
        ], path
        policy = next(tag.get("content") for tag in page.tags if tag.get("http-equiv") == "Content-Security-Policy")
        wanted = "default-src 'none'" if path.name == "404.html" else "script-src 'self' 'wasm-unsafe-eval'"
        assert wanted in policy, path


def test_links_to_other_sites_tell_them_nothing(tmp_path: Path) -> None:
    write_site(make_contents(), tmp_path)
    for path in tmp_path.rglob("*.html"):
        page = read_html(path.read_text("utf-8"))
        assert not [
            tag for tag in page.tags if tag.name == "a" and "//" in tag.get("href") and "noopener" not in tag.get("rel")
        ]


def test_the_largest_pages_have_their_budget(tmp_path: Path) -> None:
    """Names as long as rules may have, a full list, and a problem with many messages, versions and reports."""
    long = [
        write_rule(
            f"problem-with-a-rather-long-name-that-says-what-it-is-about-{n}",
            {"any": [{"phrase": f"{'failure of the part ' * 4}number {n}"}, {"phrase": f"other failure of {n} seen"}]},
            title=f"{n} {'<&' * 50}",
            tags=[f"tag-{n}", "common"],
            examples={"match": [f"other failure of {n} seen"], "no_match": ["well"]},
        )
        for n in range(160)
    ]
    messages = [{"phrase": f"the message of a problem number {n} {'and so on ' * 8}"} for n in range(60)]
    rich = write_rule(
        "rich", {"any": messages}, examples={"match": [messages[0]["phrase"]], "no_match": ["well"]}, tags=["common"]
    )
    lines = [
        write_issue(
            n, f"{messages[n % 60]['phrase']}{state(f'1.{n % 300}.0', 'linux')}", days=n / 2, login=f"p{n % 700}"
        )
        for n in range(2_000)
    ]
    write_site(make_contents(lines, [*long, rich], {"name": "rules", "captures": {}}), tmp_path)
    sizes = {path.relative_to(tmp_path).as_posix(): path.stat().st_size for path in tmp_path.rglob("*.html")}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
    assert sizes["p/rich/index.html"] > 20_000


def test_local_links_are_relative(tmp_path: Path) -> None:
    write_site(make_contents(), tmp_path)
    targets = {
        target for path in tmp_path.rglob("*.html") for target in list_targets(read_html(path.read_text("utf-8")))
    }
    assert [target for target in targets if target.startswith("/")] == []
