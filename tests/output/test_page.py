"""The frame of every page: one file that loads nothing from elsewhere, and that everybody can use."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from bot.output.page import link_address, render_comment_markdown, render_page
from tests.stand_ins.accessibility import find_barriers


def test_a_page_loads_nothing_from_elsewhere(browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(render_page("bot.output", "page.html.j2", {}))

    assert [url for url in asked if not url.startswith("data:")] == []


def test_the_frame_keeps_nobody_out(browser: Browser) -> None:
    assert find_barriers(browser, render_page("bot.output", "page.html.j2", {})) == []


def test_what_keeps_people_out_is_found(browser: Browser) -> None:
    bad = '<div style="width: 500px; color: #ddd; background: #eee">hardly to be seen</div>'

    found = find_barriers(browser, render_page("bot.output", "page.html.j2", {}).replace("</main>", f"{bad}</main>"))

    assert [barrier.split(" at ")[0].split(" pixels")[0] for barrier in found] == [
        "light: color-contrast",
        "dark: color-contrast",
        "phone: color-contrast",
        "phone: the page is 192",
        "dark phone: color-contrast",
        "dark phone: the page is 192",
    ]


@pytest.mark.parametrize(
    "url, linked",
    [
        ("https://github.com/o/r/issues/1", True),
        ("HTTP://github.example.com/o/r/issues/1", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,<script>1</script>", False),
        ("vbscript:x//https://a.example", False),
        ("//a.example", False),
        ("https://a.example/\nx", False),
        (None, False),
        ("", False),
    ],
)
def test_a_page_links_addresses_of_the_web_alone(url: object, *, linked: bool) -> None:
    assert link_address(url) == (url if linked else "")


@pytest.mark.parametrize(
    "text, html",
    [
        ("### A `b`\n\none\ntwo", "<h3>A <code>b</code></h3>\n<p>one<br />\ntwo</p>"),
        (
            "<details><summary>a & b</summary>\n\n*x*\n\n</details>\n\n<sub>y</sub>",
            '<details><summary>a &amp; b</summary>\n<p><em>x</em></p>\n</details>\n\n<div class="small"><p>y</p></div>',
        ),
        ("</details>\n<details><summary>x</summary>", "<details><summary>x</summary>\n</details>"),
        ("```\n<sub>x</sub>\n```", "<pre><code>&lt;sub&gt;x&lt;/sub&gt;\n</code></pre>"),
        ("<b>x</b> @\u200bx", "<p>&lt;b&gt;x&lt;/b&gt; @x</p>"),
        (
            "see #7, `#8`, a#9 and [#1](https://x.org)",
            ('<p>see <a href="https://g.org/i/7" rel="noopener noreferrer">#7</a>, <code>#8</code>, a#9 and '
            '<a href="https://x.org" rel="noopener noreferrer">#1</a></p>'),
        ),
        ("[x](javascript:alert(1)) ![y](https://x.org/y.png)", ("<p>[x](javascript:alert(1)) !"
         '<a href="https://x.org/y.png" rel="noopener noreferrer">y</a></p>')),
    ],
)  # fmt: skip
def test_a_comment_looks_as_on_github(text: str, html: str) -> None:
    assert render_comment_markdown(text, "https://g.org/i") == html


@given(st.lists(st.sampled_from([*"ab<>/`~\n#-*[]()&\"'= \u202e", "<sub>", "</details>", "<script>"])).map("".join))
def test_a_comment_brings_no_tags_of_its_own(text: str) -> None:
    tags = set(re.findall(r"<([a-z][a-z0-9]*)", render_comment_markdown(text)))
    assert tags <= {
        *("a", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"),
        *("pre", "s", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul", "details"),
    }
