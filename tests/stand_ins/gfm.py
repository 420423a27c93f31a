"""Markdown as GitHub reads it: by cmark-gfm, the parser that GitHub made and uses, and what it links and calls then."""

from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

_NOTHING_LIVE = {"a", "code", "pre", "style", "script", "textarea"}
_KEPT = {"b", "strong", "em", "i", "del", "p", "div", "li", "ul", "ol", "td", "th", "tr", "table", "tbody", "thead"}
_KEPT |= {"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "br", "hr", "img", "input", "details", "summary", "kbd"}
_EMPTY = {"br", "hr", "img", "input"}


def render(markdown: str, *, with_html: bool = True) -> str:
    """The HTML; without the raw HTML of the text, each tag of that is gone, as where GitHub removes it."""
    sound = markdown.encode("utf-8", "replace").decode()  # half a pair of surrogates cannot be sent to GitHub
    return str(github_flavored_markdown_to_html(sound, Options.CMARK_OPT_UNSAFE if with_html else 0))


class Page(HTMLParser):
    """A page as GitHub sees it when it looks for names and numbers.

    `live` are its texts outside code and links, joined where a tag between them is dropped; `code` are those of its
    code, `tags` its elements in order, `addresses` what is linked.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.live, self.code, self.tags, self.addresses = [""], list[str](), list[str](), list[str]()
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag in _KEPT | _NOTHING_LIVE:
            self.live.append("")
            self._open += [tag] if tag not in _EMPTY else []
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]
            self.live.append("")

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.code[-1] += data
        elif not _NOTHING_LIVE.intersection(self._open):
            self.live[-1] += data
