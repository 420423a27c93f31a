"""From values to one HTML file that needs nothing beside it; reads its own templates."""

from collections.abc import Mapping
from functools import lru_cache

import jinja2


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("bot.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_page(template: str, values: Mapping[str, object]) -> str:
    """The page of a template of `templates/` (which extends `page.html.j2`); all text in `values` is escaped."""
    return _environment().get_template(template).render(values)
