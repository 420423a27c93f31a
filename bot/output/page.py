"""HTML pages from values: one file that loads no other file. Reads the templates of packages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter

import jinja2
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from bot.text.printable import count, reveal
from bot.text.redaction import show_text

_ADDRESS = re.compile(r"https?://[^\s\x00-\x20]+", re.IGNORECASE)
_FRAME = "bot.output"


def _print(value: object) -> object:
    """What a template prints: in text of strangers, signs that turn or hide the text around them are made visible."""
    return reveal(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def link_address(url: object) -> str:
    """The address, if a page may link it; "" for one of another kind: `javascript:` would run in the reader's page."""
    return url if isinstance(url, str) and _ADDRESS.fullmatch(url) else ""


@lru_cache
def _make_environment(package: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(name) for name in (package, _FRAME)]),
        autoescape=True,
        finalize=_print,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["address"] = link_address
    environment.filters["counted"] = count
    environment.filters["masked"] = show_text
    return environment


def render_page(package: str, template: str, values: Mapping[str, object]) -> str:
    """The page of a template in the folder `templates` of a package, for example `bot.workbench.explain`.

    The template extends `page.html.j2`, the frame that all pages share. The page escapes all text in `values`, and
    shows its hidden characters.
    """
    return _make_environment(package).get_template(template).render(values)


def render_markdown(text: str) -> Markup:
    """Markdown of maintainers as HTML: no tags of its own, no images, no headings, links to http and https only."""
    parser = _make_parser()
    tokens = parser.parse(reveal(text.strip()))
    for token in tokens:
        _check_links(token.children or [])
    html = str(parser.renderer.render(tokens, parser.options, {})).strip()
    if html.startswith("<p>") and html.count("<p>") == 1 and html.endswith("</p>"):
        html = html.removeprefix("<p>").removesuffix("</p>")
    return Markup(html)  # noqa: S704 (the parser escapes all text, and its tags are its own)


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_OUR_TAGS = re.compile(
    r"<details><summary>(?P<summary>[^<>]*)</summary>\s*|(?P<end></details>)\s*|<sub>(?P<small>.*)</sub>\s*"
)
_ISSUE = re.compile(r"(?<![\w&/#])#(\d{1,10})\b")
_OUR_GAP = "\u200b"
"""What our comments have behind an `@` that must call nobody: GitHub shows nothing there."""


def render_comment_markdown(text: str, issues_url: str = "") -> Markup:
    """A comment of Signpost as GitHub shows it: with headings, line breaks, folded parts and its last line.

    A bare `#7` links `ISSUES_URL/7`, if that is given. Any other tag is shown as text.
    """
    lines = groupby(_split_comment(text.replace(_OUR_GAP, "")), key=itemgetter(0))
    base = link_address(issues_url)
    parts = (_render_part(kind, [line for _, line in group], base) for kind, group in lines)
    return Markup("\n".join(parts).strip())  # noqa: S704 (all of it is escaped)


def _split_comment(text: str) -> Iterator[tuple[str, str]]:
    """The lines, each with its kind: those with our own tags outside code, in pairs, and all others."""
    fence, depth = "", 0
    for line in text.split("\n"):
        run = _FENCE.match(line)
        if run and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else run[1]
        found = None if fence else _OUR_TAGS.fullmatch(line)
        kind = (found and found.lastgroup) or "text"
        depth += {"summary": 1, "end": -1}.get(kind, 0)
        if depth >= 0:
            yield kind, found[kind] if found else line
        depth = max(depth, 0)
    yield from [("end", "")] * depth


def _render_part(kind: str, lines: Sequence[str], issues_url: str) -> str:
    match kind:
        case "summary":
            return "\n".join(f"<details><summary>{escape(reveal(line))}</summary>" for line in lines)
        case "end":
            return "</details>" * len(lines)
        case "small":
            return "\n".join(f'<div class="small">{_render_block(line, issues_url)}</div>' for line in lines)
        case _:
            return _render_block("\n".join(lines), issues_url)


def _render_block(text: str, issues_url: str) -> str:
    parser = _make_comment_parser()
    tokens = parser.parse(reveal(text.strip()))
    for token in tokens:
        _check_links(token.children or [])
        if token.children and issues_url:
            token.children = list(_link_issues(token.children, issues_url))
    return str(parser.renderer.render(tokens, parser.options, {})).strip()


def _link_issues(tokens: Sequence[Token], issues_url: str) -> Iterator[Token]:
    """The tokens of a line, with a link for each number of an issue outside code and links."""
    is_linked = False
    for token in tokens:
        is_linked = token.type == "link_open" or (is_linked and token.type != "link_close")
        if token.type != "text" or is_linked:
            yield token
            continue
        for position, piece in enumerate(_ISSUE.split(token.content)):
            if position % 2 == 0:
                yield Token("text", "", 0, content=piece)
                continue
            yield Token("link_open", "a", 1, attrs={"href": f"{issues_url}/{piece}", "rel": "noopener noreferrer"})
            yield Token("text", "", 0, content=f"#{piece}")
            yield Token("link_close", "a", -1)


@cache
def _make_comment_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return parser.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])


@cache
def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    return parser.enable("table").disable(["image", "heading", "lheading", "html_block", "html_inline", "hr"])


def _check_links(tokens: Sequence[Token]) -> None:
    """Let links lead to the web only, and tell the page behind them nothing; links do not nest."""
    is_linked = True
    for token in tokens:
        if token.type == "link_open":
            href = link_address(token.attrGet("href"))
            is_linked = bool(href)
            token.attrs = {"href": href, "rel": "noopener noreferrer"} if is_linked else {}
        if token.type in {"link_open", "link_close"} and not is_linked:
            token.tag = "span"
