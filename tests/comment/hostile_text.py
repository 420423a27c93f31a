"""Text that tries to call, to link back or to break out of where it is, and what GitHub would make of it."""

import re
from collections.abc import Iterable

from hypothesis import strategies as st

HOSTILE = [
    *("@octocat", "@octo-org/team", "#12", "GH-7", "octo/cat#3", "octocat#3"),
    *("&#64;a", "&commat;b", "&num;1", "GH&#45;1", "o&sol;r#1"),
    *("https://github.com/o/r/issues/1", "http://www.github.com/o/r/pull/2", "www.github.com/o/r/issues/1"),
    *("`", "``", "```", "```\n", "~~~\n", "\n", "\n\n", "    ", "  ", "\t", "- ", "1. ", "> ", "# "),
    *("<b>", "</b>", '<a href="', '">', "<", ">", "<!--", "-->", "<pre>", "</pre>", "<div>\n"),
    *("<https://a.example/", "https://a.example/", "&", ";", "\\", "\r\n", "\r", "\u2028", "\x0b"),
    *("*", "_", "**", "~~", "[", "](", ")", "]", "!", "|", "|-|\n", "/merge", "a", "x ", "é", " "),
]
anything = st.text(st.characters(exclude_characters="\0"), max_size=3)  # a parser replaces NUL
hostile = st.lists(st.sampled_from(HOSTILE) | anything, max_size=14).map("".join)


def mend(text: str) -> str:
    """Without half pairs of surrogates, which cannot be sent to GitHub."""
    return text.encode("utf-8", "replace").decode()


RUNS = ["`" * length for length in (39, 40, 41, 79, 80, 81, 82, 160, 253, 254, 255, 256, 300)]
EATING = [
    *HOSTILE,
    *(
        "https://b.example/`",
        "www.b.example/",
        "ftp://b.example/`",
        "HTTP://b.example/",
        "<1`@b.example>",
        " @octocat `",
    ),
    *(
        "[a](`",
        '[a](b "`',
        "[a](<b `",
        "[a](\n`",
        "@</b>",
        "@<x>",
        "#</b>1",
        "G</i>H-1",
        "@&fjlig;",
        "&colon;",
        "`@</code>a`",
    ),
]
eating = st.lists(st.sampled_from(EATING) | st.sampled_from(RUNS) | anything, max_size=14).map("".join).map(mend)


def find_working(texts: Iterable[str]) -> list[str]:
    """The texts that call somebody or link back."""
    calls = r"(?:^|[^A-Za-z0-9])@[A-Za-z0-9]|#\d|(?<![A-Za-z0-9])GH-\d"
    return [text for text in texts if re.search(calls, text, re.IGNORECASE)]
