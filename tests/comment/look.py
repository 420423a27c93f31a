"""Pictures of comments as GitHub shows them, to look at by hand:

    python -m tests.comment.look OUT_FOLDER FILE.md ...

Needs a `chromium` on the PATH. Every file gives four pictures: desk and phone, light and dark.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from tests.stand_ins.fetch import fetch_npm

_QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_LOCAL_ONLY = ("--disable-quic", "--disable-component-update", "--disable-sync", "--hide-scrollbars")
_WIDTHS = {"desk": 860, "phone": 390}
_PAGE = """<!doctype html><html data-theme="{theme}"><meta charset="utf-8"><style>{css}
body {{ margin: 0; padding: 16px; background: {page}; }}
.frame {{ border: 1px solid {line}; border-radius: 6px; }}
.by {{ background: {head}; color: {grey}; border-bottom: 1px solid {line}; border-radius: 6px 6px 0 0;
  padding: 8px 16px; font: 14px -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }}
.markdown-body {{ padding: 16px; font-size: 14px; border-radius: 6px; }}
</style><div class="frame"><div class="by"><b>github-actions</b> bot commented now</div>
<article class="markdown-body">{body}</article></div></html>"""
COLOURS = {
    "light": {"page": "#ffffff", "line": "#d1d9e0", "head": "#f6f8fa", "grey": "#59636e", "ink": "#1f2328"},
    "dark": {"page": "#0d1117", "line": "#3d444d", "head": "#151b23", "grey": "#9198a1", "ink": "#f0f6fc"},
}


def render(markdown: str) -> str:
    """HTML of a comment; a bare `#N` becomes a link, as on GitHub."""
    html = MarkdownIt("commonmark", {"breaks": True}).enable(["table", "strikethrough"]).render(markdown)
    return re.sub(r"(?<=[\s>(])#(\d+)(?![^<]*</a>)", r'<a href="#">#\1</a>', html)


def picture(markdown: str, out: Path, *, width: int, theme: str) -> None:
    """One PNG, as high as the comment."""
    css = (fetch_npm("github-markdown-css", "5.9.0") / f"github-markdown-{theme}.css").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(_PAGE.format(css=css, theme=theme, body=render(markdown), **COLOURS[theme]), "utf-8")
        # A window is never narrower than 500 px; a frame inside it is.
        frame = Path(folder) / "frame.html"
        frame.write_text(
            f'<body style="margin:0"><iframe src="page.html" style="border:0;width:{width}px;height:1600px">'
        )
        size = f"--window-size={max(width, 500)},1600"
        command = ["chromium", *_QUIET, *_LOCAL_ONLY, f"--user-data-dir={folder}/profile", size]
        subprocess.run([*command, f"--screenshot={out}", frame.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for name in map(Path, sys.argv[2:]):
        for device, width in _WIDTHS.items():
            for theme in COLOURS:
                picture(name.read_text("utf-8"), target / f"{name.stem}-{device}-{theme}.png", width=width, theme=theme)
