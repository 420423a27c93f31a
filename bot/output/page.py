"""From values to one HTML file that needs nothing beside it; reads its own templates."""

from collections.abc import Mapping
from functools import lru_cache

import jinja2
from markupsafe import Markup

from bot.text.printable import reveal


def _print(value: object) -> object:
    """What a template prints: text of strangers keeps no sign that turns or hides the text around it."""
    return reveal(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("bot.output"),
        autoescape=True,
        finalize=_print,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_page(template: str, values: Mapping[str, object]) -> str:
    """The page of a template of `templates/` (which extends `page.html.j2`).

    All text in `values` is escaped, and its hidden signs are made visible.
    """
    return _environment().get_template(template).render(values)
