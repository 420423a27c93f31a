"""What keeps people from using a page, as axe-core finds it: light, dark, and at a phone's width.

axe-core (npm) is the checker that browsers' own developer tools use. It is evaluated beside the page, so that the
page's Content-Security-Policy stays as it is. Beside it: a page must not need sideways scrolling at 320 CSS pixels
(WCAG 2.2, 1.4.10 Reflow), which axe-core does not look at.
"""

from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Browser, Page

from tests.stand_ins.fetch import fetch_npm

AXE = ("axe-core", "4.14.1", "axe.min.js")
_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True, kw_only=True)
class Look:
    """How somebody looks at a page: colour scheme and width of the window in CSS pixels."""

    name: str
    scheme: Literal["light", "dark"]
    width: int


LOOKS = (
    Look(name="light", scheme="light", width=1280),
    Look(name="dark", scheme="dark", width=1280),
    Look(name="phone", scheme="light", width=320),
    Look(name="dark phone", scheme="dark", width=320),
)


def find_barriers(browser: Browser, html: str) -> list[str]:
    """The barriers of a page without a server, in every look; empty if there is none."""
    found = []
    for look in LOOKS:
        page = browser.new_page(color_scheme=look.scheme, viewport={"width": look.width, "height": 800})
        page.set_content(html)
        found += [f"{look.name}: {barrier}" for barrier in find_barriers_now(page)]
        page.close()
    return found


def find_barriers_now(page: Page) -> list[str]:
    """The barriers of a page as it is now, in the look that it has: for pages that change as they are used."""
    page.evaluate(_read_axe())
    found: dict[str, Any] = page.evaluate(
        "async tags => await axe.run(document, {runOnly: tags, resultTypes: ['violations']})", _STANDARDS
    )
    barriers = [f"{item['id']} at {_where(item)}: {item['help']}" for item in found["violations"]]
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*barriers, *([f"the page is {too_wide} pixels wider than the window"] if too_wide > 0 else [])]


def _where(violation: dict[str, Any]) -> str:
    return "; ".join(f"{node['target'][0]} ({node['failureSummary']})" for node in violation["nodes"][:3])


def _read_axe() -> str:
    package, version, file = AXE
    return (fetch_npm(package, version, only=file) / file).read_text(encoding="utf-8")
