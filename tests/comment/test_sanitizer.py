"""Nothing that goes through `defuse` works on GitHub, read by a CommonMark parser as GitHub reads it."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.comment.sanitizer import (
    defuse,
    echo_capture,
    escape_text,
    fence_code,
    find_live,
    link_elsewhere,
    quote_cell,
    quote_code,
    split_code,
)
from bot.rules.conditions.types import Capture
from bot.rules.spec.template import Echo
from tests.builders import an_issue
from tests.comment.hostile_text import RUNS, eating, find_working, hostile, mend
from tests.stand_ins.gfm import Page, render

HOME = "octo-org/octo-repo"
REDIRECT = "https://redirect.github.com"
ENTERPRISE = "https://github.example.com"
GAP = "\u200b"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

ISSUE_ADDRESS = r"(?:https?://|www\.)(?:www\.)?github\.com/+[\w.-]+/+[\w.-]+/+(?:issues|pull)/+\d"


def read_live(markdown: str) -> Iterator[str]:
    """The text that GitHub searches for names and numbers: all but code and what stands in a link."""
    for token in PARSER.parse(markdown):
        if token.type == "html_block":
            yield from re.split(r"<[A-Za-z/][^<>]*>", token.content)
        yield from _read_inline(token.children or [])


def _read_inline(tokens: list[Token]) -> Iterator[str]:
    depth, text = 0, ""
    for token in tokens:
        depth += token.nesting if token.type in {"link_open", "link_close"} else 0
        if depth == 0 and token.type in {"text", "text_special"}:
            text += token.content
        else:
            yield text
            text = token.content if token.type == "image" else ""
    yield text


def read_addresses(markdown: str) -> Iterator[str]:
    for token in PARSER.parse(markdown):
        for child in token.children or []:
            yield str(child.attrs.get("href", ""))
        if token.type == "html_block":
            yield token.content
        yield from (child.content for child in token.children or [] if child.type in {"text", "html_inline"})


def drop_addresses(text: str) -> str:
    """GitHub makes a link of a bare address, and looks for nothing in it; its own ones are kept."""
    start = r"(?:^|(?<=[\s*_~(]))https?://(?!(?:www\.)?github\.)"
    return re.sub(rf"{start}[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+[^\s<]*", "", text)


def read_code(markdown: str, *types: str) -> list[str]:
    tokens = [child for token in PARSER.parse(markdown) for child in (token, *(token.children or []))]
    return [token.content for token in tokens if token.type in (types or ("fence", "code_inline", "code_block"))]


@given(hostile, st.sampled_from(["https://github.com", ENTERPRISE]))
def test_nothing_calls_or_links_back_outside_code(text: str, server: str) -> None:
    harmless = defuse(text, HOME, server)
    live = [drop_addresses(part) for part in read_live(harmless)]
    assert [part for part in live if re.search(r"(?:^|[^A-Za-z0-9])@[A-Za-z0-9]", part)] == []
    assert [part for part in live if re.search(r"#\d|(?<![A-Za-z0-9])GH-\d", part, re.IGNORECASE)] == []


@given(hostile)
def test_no_address_of_an_issue_is_left_outside_code(text: str) -> None:
    addresses = " ".join(map(drop_addresses, read_addresses(defuse(text, HOME))))
    assert re.search(ISSUE_ADDRESS, addresses) is None


@given(hostile)
def test_on_an_enterprise_server_its_own_issues_are_no_addresses(text: str) -> None:
    its_own = text.replace("https://github.com", ENTERPRISE)
    addresses = " ".join(map(drop_addresses, read_addresses(defuse(its_own, HOME, ENTERPRISE))))
    assert "redirect.github.com" not in addresses
    assert re.search(r"github\.example\.com/+[\w.-]+/+[\w.-]+/+(?:issues|pull)/+\d", addresses) is None


@given(hostile)
def test_no_line_of_prose_is_a_command_and_nothing_is_hidden(text: str) -> None:
    prose = "".join("`code`" if piece.is_code else piece.text for piece in split_code(defuse(text, HOME)))
    assert re.search(r"^[ \t]*(?:[-*+>] *)*/[A-Za-z]", prose, re.MULTILINE) is None
    assert "<!--" not in prose


@given(hostile)
def test_what_counts_as_code_is_code_for_a_parser_too(text: str) -> None:
    pieces = split_code(text)
    markdown = "".join(piece.text for piece in pieces)
    ours = [re.sub(r"\s", "", piece.text) for piece in pieces if piece.is_code]
    theirs = [re.sub(r"\s", "", code) for code in read_code(markdown)]
    indented = [re.sub(r"\s", "", code) for code in read_code(markdown, "code_block")]
    surrounded = [code for code in ours if any(code in block for block in indented)]
    assert [code for code in ours if not any(inner in code for inner in theirs) and code not in surrounded] == []


@given(hostile)
def test_code_is_left_as_it_is(text: str) -> None:
    code = [piece.text for piece in split_code(text) if piece.is_code]
    harmless = defuse(text, HOME)
    position = 0
    for part in code:
        position = harmless.index(part, position) + len(part)


@given(eating, st.booleans())
def test_nothing_calls_or_links_back_for_githubs_own_parser(text: str, with_html: bool) -> None:  # noqa: FBT001
    page = Page(render(defuse(text, HOME), with_html=with_html))
    assert find_working(page.live) == []
    assert [address for address in page.addresses if re.match(ISSUE_ADDRESS, address)] == []


@pytest.mark.parametrize(
    "text",
    [
        *("https://a.example/` @octocat `", "http://localhost/` #12 `", "www.a.example/` @octocat `"),
        *("ftp://a.example/` @octocat `", "**HTTPS://a.example/`** GH-1 `", "<1`@a.example> @octocat `"),
        *("[a](`b) @octocat `", "[a]((b)`) @octocat `", '[a](b "`") #1 `', "[a](\n`b) @octocat `"),
        *("@</code>octocat", "@<x>octocat", "#</b>12", "G</b>H-1", "GH-<x>1", "a <b>@</b></b>octocat", "@&fjlig;ord"),
        *(f"{'`' * length} @octocat {'`' * length}" for length in (81, 82, 300)),
        f"{'`' * 300}\n@octocat\n{'`' * 256}\n@octocat",
    ],
)
def test_what_looks_like_code_and_works_is_defused(text: str) -> None:
    before, after = Page(render(text)), Page(render(defuse(text, HOME), with_html=False))
    assert find_working([*before.live, *Page(render(text, with_html=False)).live])
    assert find_working(after.live) == []


@given(eating)
def test_what_counts_as_code_is_code_for_githubs_own_parser_too(text: str) -> None:
    pieces = split_code(text)
    ours = [piece.text for piece in pieces if piece.is_code]
    inner = [re.sub(r"\s", "", re.sub(r"^(?:`{3,}|~{3,}).*\n|^`+|[`~]+$", "", code)) for code in ours]
    theirs = re.sub(r"\s", "", "\n".join(Page(render("".join(piece.text for piece in pieces))).code))
    assert [code for code in inner if code.rstrip("`~") not in theirs] == []


@given(eating | st.text() | st.sampled_from(RUNS))
def test_githubs_own_parser_cannot_be_broken_out_of_either(text: str) -> None:
    span, cell, block = quote_code(text), quote_cell(text), fence_code(text)
    row = f"| a | b |\n|---|---|\n| {cell} | {cell} |\n\n{block}\n\nafter"
    assert [Page(render(part)).tags for part in (f"a {span} b", row)] == [
        ["p", "code"],
        ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "code", "td", "code", "pre", "code", "p"],
    ]


@pytest.mark.parametrize("length", [1, 39, 40, 41, 80, 81, 82, 254, 255, 10_000])
def test_a_long_run_of_backticks_is_cut_where_it_is_quoted(length: int) -> None:
    shown = "`" * length if length <= 40 else f"{'`' * 40}…"
    for quoted in (quote_code(f"a{'`' * length}b"), fence_code(f"a{'`' * length}b")):
        page = Page(render(quoted))
        assert ("".join(page.code).strip(), "".join(page.live).strip()) == (f"a{shown}b", "")


@given(st.text() | hostile)
def test_a_code_span_cannot_be_broken_out_of(text: str) -> None:
    (inline,) = [token for token in PARSER.parse(f"a {quote_code(text)} b") if token.type == "inline"]
    assert [child.type for child in inline.children or []] == ["text", "code_inline", "text"]


@given(st.text() | hostile)
def test_a_code_block_cannot_be_broken_out_of(text: str) -> None:
    assert [token.type for token in PARSER.parse(f"{fence_code(text)}\nafter")] == [
        *("fence", "paragraph_open", "inline", "paragraph_close"),
    ]


@pytest.mark.parametrize(
    "text, harmless",
    [
        ("ask @octocat", f"ask @{GAP}octocat"),
        ("ask @octo-org/team", f"ask @{GAP}octo-org/team"),
        (r"ask \@octocat or &#64;octocat", rf"ask \@{GAP}octocat or @{GAP}octocat"),
        ("mail to help@example.com", "mail to help@example.com"),
        ("see #12", f"see [#12]({REDIRECT}/{HOME}/issues/12)"),
        (r"see \#12", f"see [#12]({REDIRECT}/{HOME}/issues/12)"),
        ("see [the note in #12](https://example.com/a#12)", f"see [the note in #{GAP}12](https://example.com/a#12)"),
        (
            "see octo/cat#3 and GH-7",
            f"see [octo/cat#3]({REDIRECT}/octo/cat/issues/3) and [GH-7]({REDIRECT}/{HOME}/issues/7)",
        ),
        (
            "see https://github.com/octo/cat/issues/3#issuecomment-5.",
            f"see {REDIRECT}/octo/cat/issues/3#issuecomment-5.",
        ),
        ("see [it](https://github.com/octo/cat/pull/3/files)", f"see [it]({REDIRECT}/octo/cat/pull/3/files)"),
        ("see https://github.com/octo/cat/issues/new", "see https://github.com/octo/cat/issues/new"),
        ("see https://gitlab.example/octo/cat/issues/3", "see https://gitlab.example/octo/cat/issues/3"),
        ("the colour #000000", f"the colour #{GAP}000000"),
        ("# 12 things", "# 12 things"),
        ("/close it", f"{GAP}/close it"),
        ("- /close it", f"- {GAP}/close it"),
        ("run `npm i @types/node` for #1 `#2`", f"run `npm i @types/node` for [#1]({REDIRECT}/{HOME}/issues/1) `#2`"),
        ("```\n/close @octocat #1\n```", "```\n/close @octocat #1\n```"),
        ("```\n@octocat", "```\n@octocat\n```"),
        ("a stray ` and @octocat `", "a stray ` and @octocat `"),
        ("a stray `\n@octocat `", f"a stray `\n@{GAP}octocat `"),
        ("<!-- signpost:v1 {} -->", "&lt;!-- signpost:v1 {} -->"),
        ("https://packages.example.com/package/@types/node", "https://packages.example.com/package/@types/node"),
        ("/close `a`", f"{GAP}/close `a`"),
        ("`a`/close", "`a`/close"),
        # Here a parser finds less code than one might think.
        (r"\`@octocat`", rf"\`@{GAP}octocat`"),
        ('<a title="`">@octocat`', f'<a title="`">@{GAP}octocat`'),
        ("a <b `@octocat`", f"a <b `@{GAP}octocat`"),
        ("a|`b|@octocat`\n-|-", f"a|`b|@{GAP}octocat`\n-|-"),
        ("<pre>\n\n`@octocat`", f"<pre>\n\n`@{GAP}octocat`"),
        ("<div>\n`@octocat` #12", f"<div>\n`@{GAP}octocat` #{GAP}12"),
        ("<div>\n```\n@octocat", f"<div>\n```\n@{GAP}octocat"),
        ("- ```\n  ```\n  @octocat\n  ```", f"- ```\n  ```\n  @{GAP}octocat\n  ```"),
        ("```\na\n```\n@octocat", f"```\na\n```\n@{GAP}octocat"),
        ("````\n```\n@octocat\n````", "````\n```\n@octocat\n````"),
        ("~~~ `x`\n@octocat\n```\n~~~", "~~~ `x`\n@octocat\n```\n~~~"),
        # And here what looks doubtful is code.
        ("`a|@octocat`", "`a|@octocat`"),
        ("a|`@octocat`\n-|-", "a|`@octocat`\n-|-"),
        ("press <kbd>a</kbd> `@octocat`", "press <kbd>a</kbd> `@octocat`"),
    ],
)
def test_prose_is_made_harmless_and_stays_readable(text: str, harmless: str) -> None:
    assert defuse(text, HOME) == harmless


@pytest.mark.parametrize(
    "text, harmless",
    [
        ("see #12 and octo/cat#3", f"see #{GAP}12 and octo/cat#{GAP}3"),
        (f"see {ENTERPRISE}/octo/cat/issues/3", f"see octo/cat#{GAP}3"),
        ("see https://github.com/octo/cat/issues/3", "see https://github.com/octo/cat/issues/3"),
    ],
)
def test_an_enterprise_server_has_no_redirect(text: str, harmless: str) -> None:
    assert defuse(text, HOME, ENTERPRISE) == harmless


def test_a_link_elsewhere_is_code_where_there_is_no_redirect() -> None:
    assert [link_elsewhere("#5", "o/r/pull/5", server) for server in ("https://github.com", ENTERPRISE)] == [
        f"[#5]({REDIRECT}/o/r/pull/5)",
        "`#5`",
    ]


@pytest.mark.parametrize(
    "markdown, live",
    [
        ("ask @octo-org/team or\n\n@octocat.", ["ask @octo-org/team or", "@octocat."]),
        ("ask `@octocat` or help@example.com", []),
        ("```\n@octocat\n/close\n```\nby {{ section.title }} @", []),
        ("see #5, #6 and #57", ["see #5, #6 and #57"]),
        ("see #5 and [#9](https://redirect.github.com/octo-org/octo-repo/issues/9)", []),
        ("1. a\n    ```\n    @types\n    ```\n2. b", []),
        ("1. a\n    ```\n    @types\n    ```\nb", ["@types"]),
        ("10. a\n\n    ```\n    @types\n    ```\n\n@octocat", ["@octocat"]),
        ("a\n1. b\n    ```\n    @types\n    ```", ["@types"]),
        ("~~~\n1. a\n~~~\n\n    ```\n    @octocat", ["@octocat"]),
    ],
)
def test_what_is_obeyed_is_found_line_by_line(markdown: str, live: list[str]) -> None:
    assert find_live(markdown, linked=(5,)) == live


@given(hostile)
def test_nothing_that_a_parser_takes_for_text_is_obeyed(text: str) -> None:
    if find_live(text):
        return
    live = [drop_addresses(part) for part in read_live(text)]
    assert [part for part in live if re.search(r"(?:^|[^A-Za-z0-9])@[A-Za-z0-9]", part)] == []


def a_capture(value: str, kind: str) -> Capture:
    return Capture(name="seen", value=value, type=kind, place="logs")


@pytest.mark.parametrize(
    "capture, shown, holds",
    [
        (a_capture("2.1.23", "version"), "`2.1.23`", True),
        (a_capture("req_" + "0" * 100, "id"), f"`req_{'0' * 76}`", True),
        (a_capture("a`b", "id"), "``a`b``", True),
        (a_capture("false", "choice"), "`false`", False),
    ],
)
def test_typed_captures_are_shown(capture: Capture | None, shown: str, *, holds: bool) -> None:
    echo = echo_capture(capture)
    assert (str(echo), bool(echo)) == (shown, holds)


@pytest.mark.parametrize("kind", ["any", "word", "path", None])
def test_free_text_and_what_is_not_known_cannot_be_shown(kind: str | None) -> None:
    echo = echo_capture(a_capture("my own words", kind) if kind else None)
    assert not echo
    with pytest.raises(ValueError, match="not known"):
        str(echo)


@pytest.mark.parametrize(
    "echo, other, is_same",
    [(Echo("2"), 2, True), (Echo("true"), True, True), (Echo("linux"), "linux", True), (Echo(None), "unknown", False)],
)
def test_a_shown_capture_compares_by_its_value(echo: Echo, other: object, *, is_same: bool) -> None:
    assert (echo == other) is is_same


@pytest.mark.parametrize(
    "url, server",
    [
        ("https://github.com/octo-org/octo-repo/issues/7", "https://github.com"),
        ("https://github.example.com/octo-org/octo-repo/issues/7", "https://github.example.com"),
        ("", "https://github.com"),
        ("https://github.com/elsewhere", "https://github.com"),
    ],
)
def test_the_server_is_read_from_the_issues_address(url: str, server: str) -> None:
    assert an_issue(url=url).server == server


@given(hostile.map(mend), st.sampled_from(["{}", "- {}", "> {}", "| {} | b |\n|---|---|\n| {} | c |", "x {} y"]))
def test_escaped_text_is_plain_text_wherever_it_is(text: str, place: str) -> None:
    page, plain = (Page(render(place.format(*[each] * 2))) for each in (escape_text(text), "x"))
    assert (find_working(page.live), page.addresses, page.code) == ([], [], [])
    assert [tag for tag in page.tags if tag not in plain.tags] == []


ESCAPED = {
    "plain, with (brackets) and 1.5 - 2 snake_case words": "plain, with (brackets) and 1.5 - 2 snake_case words",
    "[BUG] a | b": "\\[BUG\\] a \\| b",
    "#12 @octocat": f"\\#{GAP}12 @{GAP}octocat",
    "1. one": "1\\. one",
    "- one": "\\- one",
    "/merge": f"{GAP}/merge",
    "a\nb": "a b",
    "a\u202eb": "a\\<U+202E\\>b",
}


@pytest.mark.parametrize("text", ESCAPED)
def test_only_what_has_a_meaning_is_escaped(text: str) -> None:
    assert escape_text(text) == ESCAPED[text]
