"""HTML pages from values: one file that loads no other file. Reads the templates of packages."""

import re
from collections.abc import Mapping
from functools import lru_cache

import jinja2
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
