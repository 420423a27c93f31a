"""Guidance as HTML, without the values of a report."""

import pytest
from markupsafe import Markup

from bot.insights.site.page import Advice, make_advice
from bot.output.page import render_markdown
from tests.insights.site.sites import make_rule


@pytest.mark.parametrize(
    "text, html",
    [
        ("Run `df -h`.", "Run <code>df -h</code>."),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        (
            "[help](https://example.com/a?b=1&c=2)",
            '<a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer">help</a>',
        ),
        ("[help](javascript:alert(1))", "[help](javascript:alert(1))"),
        ("[help](/etc/passwd) or <ftp://b.example>", "<span>help</span> or <span>ftp://b.example</span>"),
        ("![x](https://example.com/x.png)", '!<a href="https://example.com/x.png" rel="noopener noreferrer">x</a>'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<request id>", "&lt;request id&gt;"),
        ("# big", "# big"),
        ("a\u202eb", "a&lt;U+202E&gt;b"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", None),
    ],
)
def test_markdown_has_no_tags_of_its_own(text: str, html: str | None) -> None:
    found = render_markdown(text)
    assert "<table>" in found if html is None else found == html


def test_each_branch_says_for_whom_it_is() -> None:
    rule = make_rule(
        {"phrase": "exceeded the {limit:int} MB quota"},
        guidance=[
            {"when": {"os": "windows"}, "tldr": "The limit is {{ limit }} MB.", "steps": ["Free `{{ limit }}` MB."]},
            {
                "tldr": "Full{% if version %} in {{ version }}{% endif %}.",
                "example": "echo {{ limit }}\n",
                "notes": "See #7.",
                "recommendation": "Ask.",
                "ask": ["version"],
            },
        ],
        examples={"match": ["exceeded the 32 MB quota"], "no_match": ["well"]},
    )
    assert make_advice(rule) == (
        Advice(
            when="If your system is Windows",
            tldr=Markup("The limit is &lt;limit&gt; MB."),
            steps=(Markup("Free <code>&lt;limit&gt;</code> MB."),),
        ),
        Advice(
            when="In all other cases",
            tldr=Markup("Full."),
            example="echo <limit>",
            notes=Markup("See #7."),
            recommendation=Markup("Ask."),
            asks=(Markup("the version that you use"),),
        ),
    )


def test_one_branch_for_all_needs_no_condition() -> None:
    (advice,) = make_advice(make_rule({"phrase": "No space left on device"}, guidance={"tldr": "Full."}))
    assert advice == Advice(tldr=Markup("Full."))
