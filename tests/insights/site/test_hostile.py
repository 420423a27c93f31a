"""Texts that try to become more than text stay text."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.insights.site.catalogue import Settings, list_pages, render
from tests.insights.site.reading import Reading, read_html
from tests.insights.site.sites import PACK, make_contents, state, write_issue, write_rule

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=alert(1) x=' </main></ul> {{ 7*7 }} {% x %} "
    '[a](javascript:alert(1)) [b](https://evil.example/?q="onmouseover=alert(1)) @octocat <!-- ]]> \u202egnp.exe\u2066'
)
PIECES = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=x onerror=a>",
            '"',
            "'",
            "<",
            ">",
            "&",
            "`",
            "](",
            "[a](javascript:a)",
            "\u202e",
        ),
        *(
            "<!--",
            "-->",
            "@octocat",
            "\x1b[31m",
            "</title>",
            "</main>",
            "<style>",
            "onclick=a ",
            "data:text/html,",
            "word ",
        ),
        *(
            "[b](https://example.com/)",
            "<https://example.com>",
            "\n\n",
            "    ",
            "* ",
            "1. ",
            "> ",
            "|",
            "|-|\n",
            "\u2028",
        ),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), min_size=1, max_size=12).map("".join)
MADE_BY_MARKDOWN = {
    *(
        "a",
        "blockquote",
        "br",
        "code",
        "em",
        "li",
        "ol",
        "p",
        "pre",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
    ),
    *("tr", "ul"),
}


def build(title: str, text: str, logged: str) -> dict[str, Reading]:
    """All pages of a site whose texts are those."""
    rule = write_rule(
        "quota",
        {"phrase": "exceeded the {limit:int} MB quota"},
        title=f"T{title}"[:120],
        guidance={"tldr": f"T{text}", "steps": [f"T{text}"], "notes": f"T{text}", "example": f"T{text}"},
        tags=["disk"],
    )
    tools = [{"title": f"T{title}"[:200], "url": "https://example.com/a", "tags": ["disk"], "why": f"T{title}"[:300]}]
    removed = [{"id": "old", "why": f"T{title}"}]
    pack: dict[str, Any] = {**PACK, "product": f"T{title}"[:100], "tools": tools, "removed": removed}
    lines = [
        write_issue(
            n, f"exceeded the 3 MB quota {logged}{state(logged, logged)}", title=logged, login=f"x{logged}"[:30]
        )
        for n in range(4)
    ]
    lines += [write_issue(9 + n, f"error: could not reticulate {logged}") for n in range(4)]
    contents = make_contents(lines, [rule], pack, settings=Settings(is_private=True))
    return {page.address: read_html(render(page, contents)) for page in list_pages(contents)}


def list_shapes(pages: dict[str, Reading]) -> dict[str, list[str]]:
    """The tags of each page that are not made by Markdown."""
    return {
        address: [tag.name for tag in page.tags if tag.name not in MADE_BY_MARKDOWN] for address, page in pages.items()
    }


def find_dangers(page: Reading) -> list[str]:
    """What would run, load or lead to something that is not the web."""
    dangers = [
        tag.name for tag in page.tags if tag.name in {"img", "iframe", "object", "embed", "base", "style", "form"}
    ]
    for tag in page.tags:
        dangers += [f"{tag.name} {name}" for name, _ in tag.attributes if name.startswith("on") or name == "style"]
        href = tag.get("href")
        if tag.name == "a" and not href.startswith(("https://", "http://", "../", "./", "#")):
            dangers.append(f"a {href}")
    return dangers


PLAIN = list_shapes(build("plain", "plain", "plain"))


def is_harmless(pages: dict[str, Reading]) -> bool:
    dangers = {address: find_dangers(page) for address, page in pages.items() if address}
    dangers["404.html"].remove("style")  # its own, once: it is shown at any address
    assert {address: found for address, found in dangers.items() if found} == {}
    shapes = list_shapes(pages)
    assert {address: shapes[address] for address in PLAIN if address != "unmatched/"} == {
        address: shape for address, shape in PLAIN.items() if address != "unmatched/"
    }
    return True


def test_no_text_of_ours_or_of_strangers_becomes_a_tag() -> None:
    title = HOSTILE.replace("{{ 7*7 }} {% x %}", "")
    pages = build(title, title, HOSTILE)
    assert is_harmless(pages)
    assert "\u202e" not in "".join(text for page in pages.values() for text in page.texts)


def test_logins_titles_and_bodies_of_reports_are_not_on_public_pages() -> None:
    pages = build("plain", "plain", "Zq7secret")
    texts = {address: " ".join(page.texts) for address, page in pages.items() if address != "unmatched/"}
    assert [address for address, text in texts.items() if "Zq7secret" in text] == []


@given(title=TEXTS, text=TEXTS)
def test_no_drawn_text_becomes_a_tag(title: str, text: str) -> None:
    spare = str.maketrans("", "", "{}")
    printable = "".join(sign for sign in title if sign.isprintable() or sign == " ")
    shown = "".join(sign for sign in text if sign not in "\x00\ufeff\x85" and not 0xD800 <= ord(sign) <= 0xDFFF)
    logged = "".join(sign for sign in text if not sign.isdigit())  # a stated version has a row of its own
    assert is_harmless(build(printable.translate(spare), shown.translate(spare), logged))
