"""HTML pages from values: one file that loads no other file. Reads the templates of packages."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import jinja2
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

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
