"""Feeds, map and messages of the site."""

import json
from xml.etree import ElementTree as ET

import pytest

from bot.insights.site.catalogue import Settings, list_pages
from bot.insights.site.feeds import (
    format_feed,
    format_messages,
    format_robots,
    format_sitemap,
    list_rise_entries,
    list_status_entries,
    name_authority,
    strip_signs,
)
from bot.insights.site.trending import list_past_rises
from tests.insights.site.sites import END, PACK, RULES, make_contents, write_rule

ATOM = "{http://www.w3.org/2005/Atom}"
BASE = Settings(base_url="https://octo-org.github.io/kb/")


def read_feed(text: str) -> list[dict[str, str]]:
    """The entries of a feed: its own first."""
    root = ET.fromstring(text)  # noqa: S314 (our own)
    return [
        {name: each.findtext(f"{ATOM}{name}", "") for name in ("id", "title", "updated")}
        | {"link": "".join(link.get("href", "") for link in each.findall(f"{ATOM}link[@rel='alternate']"))}
        for each in (root, *root.findall(f"{ATOM}entry"))
    ]


def test_the_feed_of_problems_has_new_ones_and_changes_of_status() -> None:
    contents = make_contents(settings=BASE)
    entries = list_status_entries(contents.problems, contents.sources.census.end)
    tag = "tag:octo-org.github.io,2026:kb:"
    assert read_feed(format_feed("problems", "new problems", entries, contents)) == [
        {
            "id": f"{tag}feed/problems",
            "title": "My Tool: new problems",
            "updated": "2026-11-29T12:00:00Z",
            "link": "https://octo-org.github.io/kb/",
        },
        {
            "id": f"{tag}problem/silent/open",
            "title": "Open: a wording that nobody has used",
            "updated": "2026-11-29T12:00:00Z",
            "link": "https://octo-org.github.io/kb/p/silent/",
        },
        {
            "id": f"{tag}problem/login/not_planned",
            "title": "No fix planned: The login has expired",
            "updated": "2026-11-29T12:00:00Z",
            "link": "https://octo-org.github.io/kb/p/login/",
        },
        {
            "id": f"{tag}problem/quota/open",
            "title": "Open: exceeded the <number> MB quota",
            "updated": "2026-11-19T12:00:00Z",
            "link": "https://octo-org.github.io/kb/p/quota/",
        },
        {
            "id": f"{tag}problem/out-of-disk/disputed/2.0.0",
            "title": "Fix disputed: No space left on device",
            "updated": "2026-10-30T12:00:00Z",
            "link": "https://octo-org.github.io/kb/p/out-of-disk/",
        },
    ]


def test_the_feed_of_rising_problems_has_an_entry_for_each_surge() -> None:
    contents = make_contents()
    entries = list_rise_entries(list_past_rises(contents.problems, contents.sources.census))
    assert [(entry.id, entry.title, entry.address) for entry in entries] == [
        ("rise/quota/2026-11-28", "Rising: exceeded the <number> MB quota", "p/quota/")
    ]
    assert read_feed(format_feed("trending", "rising problems", entries, contents))[1]["link"] == "../p/quota/"


@pytest.mark.parametrize(
    "base, authority",
    [
        ("https://kb.example.com/", "tag:kb.example.com,2026"),
        ("https://octo-org.github.io/kb/", "tag:octo-org.github.io,2026:kb"),
        ("", "tag:octo-org.github.io,2026"),
    ],
)
def test_ids_belong_to_the_site(base: str, authority: str) -> None:
    assert name_authority(make_contents(settings=Settings(base_url=base))) == authority


def test_a_feed_is_xml_whatever_a_rule_says() -> None:
    rules = [write_rule("quota", {"phrase": "exceeded the {limit:int} MB quota"}, title="a & b <c> ]]> \u202e x")]
    contents = make_contents([], rules, {"name": "rules", "product": "A <b> & c"})
    entries = list_status_entries(contents.problems, 0)
    assert read_feed(format_feed("problems", "new", entries, contents))[0]["title"] == "A <b> & c: new"


def test_the_map_has_what_search_engines_may_list() -> None:
    contents = make_contents(settings=BASE)
    root = ET.fromstring(format_sitemap(list_pages(contents), BASE.base_url))  # noqa: S314 (our own)
    places = ["", "p/login/", "p/out-of-disk/", "p/quota/", "p/silent/", "releases/", "trending/"]
    assert sorted(place.text or "" for place in root.iter() if place.tag.endswith("loc")) == [
        f"https://octo-org.github.io/kb/{place}" for place in places
    ]


@pytest.mark.parametrize(
    "settings, text",
    [
        (Settings(), "User-agent: *\nAllow: /\n"),
        (BASE, "User-agent: *\nAllow: /\nSitemap: https://octo-org.github.io/kb/sitemap.xml\n"),
        (Settings(is_private=True), "User-agent: *\nDisallow: /\n"),
    ],
    ids=["local", "public", "private"],
)
def test_robots_are_told_what_they_may_read(settings: Settings, text: str) -> None:
    assert format_robots(make_contents([], settings=settings)) == text


def test_the_search_has_the_pieces_of_messages() -> None:
    rows = json.loads(format_messages(make_contents([], RULES[:2], {**PACK, "removed": []}).problems))
    assert rows == [
        {
            "address": "p/out-of-disk/",
            "title": "The disk is full",
            "note": "Fixed in 2.0.0: No space left on device",
            "messages": [["nospaceleftondevice"], ["thediskquotaisusedup"]],
            "words": "the disk is full disk no space left on device no space left on device the disk quota is used up",
        },
        {
            "address": "p/quota/",
            "title": "About quota",
            "note": "Open: exceeded the <number> MB quota",
            "messages": [["exceededthe", "mbquota"]],
            "words": "about quota disk account exceeded the number mb quota exceeded the mb quota",
        },
    ]


@pytest.mark.parametrize(
    "text, stripped",
    [
        ("You've hit\n  your lim\n  it · resets", "youvehityourlimitresets"),
        ('“API\u00a0Error”: 500 {\\"type\\"}', "apierror500type"),
        ("Ошибка №5_x", "ошибкаno5x"),
        ("", ""),
    ],
)
def test_the_search_compares_letters_and_digits(text: str, stripped: str) -> None:
    assert strip_signs(text) == stripped


def test_the_end_is_the_date_without_another() -> None:
    contents = make_contents()
    entry = next(e for e in list_status_entries(contents.problems, contents.sources.census.end) if "silent" in e.id)
    assert entry.updated == END
