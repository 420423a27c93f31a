"""The pages of the site as values, and what they say."""

import re
from typing import get_args

import pytest

from bot.archive.stats import Opinion, measure_share
from bot.insights.report.wording import REACTIONS
from bot.insights.site.catalogue import Contents, Page, Settings, list_pages, render
from bot.insights.site.page import STATEMENTS
from bot.triage.people.settings import Meaning, Reacted
from tests.insights.site.sites import RULES, make_contents, write_rule

PROBLEMS = ["p/login/", "p/out-of-disk/", "p/quota/", "p/silent/"]
FORMER = ["p/old-login/", "p/old-quota/", "p/older-quota/", "p/write-failed/"]
LISTS = ["all/", "releases/", "status/disputed/", "status/not-planned/", "status/open/", "tag/account/", "tag/disk/"]


def read(address: str, contents: Contents | None = None) -> str:
    """The page at an address, with its white space folded."""
    found = contents or make_contents()
    page = next(page for page in list_pages(found) if page.address == address)
    return " ".join(render(page, found).split())


def test_every_rule_and_every_former_rule_has_a_page() -> None:
    pages = list_pages(make_contents(), served=["tag/gone/", "p/quota/"])
    assert sorted(page.address for page in pages) == sorted(
        ["", "404.html", "trending/", "tag/gone/", *LISTS, *PROBLEMS, *FORMER]
    )


def test_every_rule_has_a_page_without_an_archive() -> None:
    contents = make_contents([])
    assert {page.address for page in list_pages(contents)} >= {"", *PROBLEMS}
    assert "Reports" not in read("p/quota/", contents)


@pytest.mark.parametrize(
    "address, file, root",
    [("", "index.html", "./"), ("p/a/", "p/a/index.html", "../../"), ("404.html", "404.html", "./")],
)
def test_a_page_has_a_file_and_a_way_to_the_first_page(address: str, file: str, root: str) -> None:
    page = Page(address=address, template="", title="")
    assert (page.file, page.root) == (file, root)


@pytest.mark.parametrize(
    "address, texts",
    [
        pytest.param(
            "p/out-of-disk/",
            [
                '<span class="eyebrow">How to fix</span> “No space left on device”</h1>',
                '<span class="chip bad">Fix disputed</span> The fix is recorded for 2.0.0, but 1 report names',
                "As of 29 November 2026.",
                "<h3>If your system is Windows</h3>",
                '<div class="tldr">Drive <code>C:</code> is full.</div>',
                "<h3>In all other cases</h3>",
                "<code>No space left on device</code>",
                '<dt>Pull request</dt><dd><a href="https://github.com/octo-org/octo-repo/issues/90"',
                "<dt>Reports</dt><dd>15 <small>14 open</small></dd>",
                "<dt>People</dt><dd>14 <small>",
                "<summary>5 earlier reports</summary>",
                '<a href="../quota/">About quota</a> <span class="soft">1 report shows both problems; same tag: disk',
                '<a href="https://example.com/doctor" rel="noopener noreferrer">disk doctor</a>: Finds large files.',
                "<dt>Last review by a human</dt><dd>1 November 2026</dd>",
                "<code>rules/out-of-disk.yml</code>",
            ],
            id="a rich problem",
        ),
        pytest.param(
            "p/quota/",
            [
                "“exceeded the &lt;number&gt; MB quota”",
                '<span class="chip warn">Rising now</span> 7 reports from 7 people',
            ],
            id="a rising problem",
        ),
        pytest.param("p/silent/", ["its rule is still observed", "<dd>not recorded</dd>"], id="an observed rule"),
        pytest.param(
            "p/login/",
            ['<span class="chip warn">No fix planned</span> The issue to follow, #40, was closed as not planned.'],
            id="a followed issue",
        ),
        pytest.param(
            "p/old-quota/",
            [
                '<meta http-equiv="refresh" content="0; url=../../p/quota/">',
                '<a href="../../p/quota/">',
                'content="noindex"',
            ],
            id="renamed",
        ),
        pytest.param("p/older-quota/", ['content="0; url=../../p/quota/"'], id="renamed twice"),
        pytest.param(
            "p/write-failed/",
            ["Which of these problems is yours?", "It mixed two problems.", "../../p/out-of-disk/", "../../p/quota/"],
            id="split",
        ),
        pytest.param("p/old-login/", ["no longer a known problem", "Version 1 is gone."], id="removed"),
        pytest.param(
            "",
            [
                "4 known problems, 3 of them seen in 28 issues as of 29 November 2026.",
                "Rising now",
                'href="./p/silent/"',
            ],
            id="index",
        ),
        pytest.param("releases/", ["2.0.0", "The disk is full", "Fix disputed"], id="releases"),
        pytest.param("tag/disk/", ["Known problems about disk", "../../p/quota/"], id="tag"),
    ],
)
def test_a_page_says(address: str, texts: list[str]) -> None:
    page = read(address)
    assert [text for text in texts if text not in page] == []


def test_an_empty_section_is_hidden() -> None:
    page = read("p/silent/", make_contents([]))
    headings = [part.partition("</h2>")[0].rpartition(">")[2] for part in page.split("<h2")[1:]]
    assert headings == ["Do this now", "Is this yours?", "Where this page is from"]
    assert "N/A" not in page


def read_votes(page: str) -> str:
    """The text of the section on votes."""
    section = page.partition('<section aria-labelledby="votes">')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


ANSWERS = (
    "What your reaction says If Signpost commented on your report, a reaction to its comment is a vote on this advice: "
    "👍 The advice works 👎 This is not my problem"
)


def make_opinion(works: int, wrong: int, voters: int, **others: int) -> Opinion:
    statements = {"works": (works, wrong), **{name: (number, None) for name, number in others.items()}}
    return Opinion(voters, measure_share(works, works + wrong), measure_share(wrong, works + wrong), statements)


@pytest.mark.parametrize(
    "opinions, expected",
    [
        pytest.param(None, "Did it help? ", id="nobody looked"),
        pytest.param({}, "Did it help? No votes yet on the present text of the advice. ", id="no votes"),
        pytest.param(
            {"quota": make_opinion(12, 3, 17, common=5, flaky=0)},
            "Did it help? The advice worked for 12 of 15 people who said whether it works. "
            "These are too few votes for a rate. Votes on the present text of the advice "
            "Statement Agree Disagree The advice works 12 3 "
            "The problem is common 5 – ",
            id="few votes",
        ),
        pytest.param(
            {"quota": make_opinion(0, 0, 2, common=2)},
            "Did it help? No one has said yet whether the advice works. "
            "Votes on the present text of the advice Statement Agree Disagree The problem is common 2 – ",
            id="no verdict",
        ),
        pytest.param(
            {"quota": make_opinion(30, 10, 45)},
            "Did it help? The advice worked for 30 of 40 people who said whether it works: 75 %, "
            "with a 95 % interval of 60 % to 86 %. Votes on the present text of the advice "
            "Statement Agree Disagree The advice works 30 10 ",
            id="many votes",
        ),
    ],
)
def test_votes_are_shown(opinions: dict[str, Opinion] | None, expected: str) -> None:
    contents = make_contents(opinions=opinions, meanings={"+1": "works", "-1": "not-my-problem", "eyes": "nothing"})
    assert read_votes(read("p/quota/", contents)) == expected + ANSWERS


def test_a_rule_that_does_not_comment_is_not_voted_on() -> None:
    assert read_votes(read("p/silent/", make_contents(opinions={}))) == ""


def test_each_reaction_and_each_meaning_has_its_words() -> None:
    assert {*REACTIONS} == {*get_args(Reacted)}
    assert {*STATEMENTS, "nothing"} == {*get_args(Meaning)}


def test_expired_advice_says_so() -> None:
    rules = [write_rule("quota", {"phrase": "exceeded the {limit:int} MB quota"}, expires="2026-11-28")]
    page = read("p/quota/", make_contents(rules=rules, pack={"name": "rules"}))
    assert "This advice may be out of date." in page
    assert "It was meant to hold until 28 November 2026." in page


def test_a_private_site_has_what_no_rule_knows_and_is_not_listed() -> None:
    contents = make_contents(settings=Settings(is_private=True))
    assert "frobnicator could not reticulate splines" in read("unmatched/", contents)
    assert 'content="noindex"' in read("", contents)
    assert "unmatched/" not in {page.address for page in list_pages(make_contents())}


def test_a_base_url_gives_canonical_addresses() -> None:
    contents = make_contents(settings=Settings(base_url="https://octo-org.github.io/kb/"))
    link = '<link rel="canonical" href="https://octo-org.github.io/kb/p/quota/">'
    assert [link in read(address, contents) for address in ("p/quota/", "p/old-quota/", "p/login/")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("base", ["", "https://octo-org.github.io/kb/"])
def test_the_page_for_what_is_missing_works_at_any_depth(base: str) -> None:
    page = read("404.html", make_contents(settings=Settings(base_url=base)))
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert [link for link in links if not link.startswith(("data:", "#main", base or "#"))] == []
    assert ('<link rel="stylesheet"' in page, ".tiles" in page, f'<a href="{base}">All known' in page) == (
        False,
        True,
        bool(base),
    )


def test_long_lists_have_several_pages() -> None:
    rules = [write_rule(f"rule-{n}", {"phrase": f"failure number {n} occurred"}) for n in range(260)]
    contents = make_contents([], rules, {"name": "rules"})
    pages = {page.address: page for page in list_pages(contents)}
    assert {"all/", "all/2/", "status/open/2/"} <= pages.keys()
    assert 'aria-current="page">Page 2</span>' in render(pages["all/2/"], contents)
    assert "All 260 problems" in render(pages[""], contents)


def test_the_title_of_the_site_names_the_product() -> None:
    assert "<title>Known problems of My Tool</title>" in read("")
    assert "<title>Known problems</title>" in read("", make_contents([], RULES[1:2], {"name": "rules"}))
