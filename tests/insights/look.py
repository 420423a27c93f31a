"""Pictures of reports, to look at by hand: Markdown as GitHub shows it, with Mermaid drawn, and pages.

    python -m tests.insights.look OUT_FOLDER FILE.md|FILE.html ...

Each file gives four pictures: 1400 and 390 pixels wide, light and dark.
"""

import re
import sys
from html import unescape
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.comment.look import COLOURS
from tests.stand_ins.browser import run_browser
from tests.stand_ins.fetch import fetch_npm
from tests.stand_ins.gfm import render

MERMAID = ("mermaid", "11.17.2", "dist/mermaid.min.js")
WIDTHS = {"desk": 1400, "phone": 390}
_BLOCK = re.compile(
    r'<pre lang="mermaid"><code>(.*?)</code></pre>|<pre><code class="language-mermaid">(.*?)</code></pre>', re.DOTALL
)
_DRAW = """async ([source, theme, name]) => {
  mermaid.initialize({startOnLoad: false, theme: theme === 'dark' ? 'dark' : 'default', securityLevel: 'strict'});
  const start = performance.now();
  const {svg} = await mermaid.render(name, source);
  return [svg, (performance.now() - start) / 1000];
}"""
_FRAME = """<!doctype html><meta charset="utf-8"><style>{css} body {{ margin: 0; background: {page}; }}
.markdown-body {{ max-width: 1012px; margin: 0 auto; padding: 16px; }} .mermaid-drawn svg {{ max-width: 100%; }}
</style><article class="markdown-body">{body}</article>"""


def read_mermaid() -> str:
    """The library, as GitHub loads it."""
    package, version, file = MERMAID
    return (fetch_npm(package, version, only=file) / file).read_text("utf-8")


def draw(page: Page, source: str, theme: str = "light", name: str = "drawn") -> tuple[str, float]:
    """The SVG that Mermaid makes of a diagram, and the seconds that it took; raises if Mermaid refuses it."""
    if not page.evaluate("typeof mermaid !== 'undefined'"):
        page.add_script_tag(content=read_mermaid())
    svg, seconds = page.evaluate(_DRAW, [source, theme, name])
    return str(svg), float(seconds)


def list_diagrams(markdown: str) -> list[str]:
    """The sources of the diagrams of a report, as GitHub's parser finds them."""
    return [unescape(first or second) for first, second in _BLOCK.findall(render(markdown))]


def show_markdown(browser: Browser, markdown: str, theme: str) -> str:
    """The page that GitHub would make of a report; what is folded is open."""
    page, number = browser.new_page(), 0

    def replace(found: re.Match[str]) -> str:
        nonlocal number
        number += 1
        svg, _ = draw(page, unescape(found[1] or found[2]), theme, f"drawn{number}")
        return f'<div class="mermaid-drawn">{svg}</div>'

    body = _BLOCK.sub(replace, render(markdown))
    page.close()
    css = (fetch_npm("github-markdown-css", "5.9.0") / f"github-markdown-{theme}.css").read_text("utf-8")
    return _FRAME.format(css=css, body=body, **COLOURS[theme])


def take_pictures(browser: Browser, file: Path, target: Path) -> None:
    """The four pictures of a file."""
    for theme in COLOURS:
        text = file.read_text("utf-8")
        html = show_markdown(browser, text, theme) if file.suffix == ".md" else text
        for device, width in WIDTHS.items():
            page = browser.new_page(
                color_scheme="dark" if theme == "dark" else "light", viewport={"width": width, "height": 900}
            )
            page.set_content(html)
            page.screenshot(path=target / f"{file.stem}-{file.suffix[1:]}-{device}-{theme}.png", full_page=True)
            page.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with run_browser() as running:
        for name in map(Path, sys.argv[2:]):
            take_pictures(running, name, folder)
