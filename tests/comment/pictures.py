"""The picture of the README: an issue, and the comment that the README's rule writes. `make pictures` takes it."""

import re
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from bot.comment.renderer import render_comment
from bot.comment.section import make_section
from bot.rules.loader import build_ruleset
from bot.rules.matcher import match_rules, read_facts
from tests.builders import a_candidate, a_link, a_target, an_issue
from tests.comment.look import COLOURS, render
from tests.stand_ins.browser import run_browser
from tests.stand_ins.fetch import fetch_npm

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / ".github" / "pictures"
WIDTH = 860
TITLE = "Build stops while it links"
REPORT = """Since Monday `widget build` stops:

```
   Compiling app v0.3.1
error: linking failed: write failed: No space left
    on device (os error 28)
```
"""
_PAGE = """<!doctype html><html data-theme="{theme}"><meta charset="utf-8"><style>{css}
body {{ margin: 0; padding: 16px; background: {page}; color: {grey}; }}
body, .by {{ font: 14px -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }}
h1 {{ margin: 0 0 12px; color: {ink}; font-size: 22px; font-weight: 400; }}
h1 span {{ color: {grey}; font-weight: 300; }}
b {{ color: {ink}; }}
.frame {{ border: 1px solid {line}; border-radius: 6px; }}
.by {{ background: {head}; border-bottom: 1px solid {line}; border-radius: 6px 6px 0 0; padding: 8px 16px; }}
.bot {{ border: 1px solid {line}; border-radius: 12px; padding: 0 6px; font-size: 12px; }}
.event {{ border-left: 2px solid {line}; margin-left: 28px; padding: 12px 16px; }}
.label {{ background: #0969da; color: #fff; border-radius: 12px; padding: 2px 9px; font-size: 12px; }}
.markdown-body {{ padding: 16px; font-size: 14px; border-radius: 6px; }}
</style><h1>{title} <span>#57</span></h1>
<div class="frame"><div class="by"><b>octocat</b> opened 2 minutes ago</div>
<article class="markdown-body">{report}</article></div>
<div class="event"><b>github-actions</b> <span class="bot">bot</span>
added <span class="label">{label}</span> 2 minutes ago</div>
<div class="frame"><div class="by"><b>github-actions</b> <span class="bot">bot</span> commented 2 minutes ago</div>
<article class="markdown-body">{comment}</article></div></html>"""


def write_comment() -> tuple[str, str]:
    """The label and the comment of the README's rule for the report, with an earlier report to follow."""
    readme = (ROOT / "README.md").read_text("utf-8")
    rule = re.findall(r"^```yaml\n(id: .*?)^```", readme, re.MULTILINE | re.DOTALL)[0]
    ruleset = build_ruleset({"signpost/out-of-disk.yml": rule})
    issue = an_issue(number=57, title=TITLE, body=REPORT)
    (match,) = match_rules(read_facts(issue, ruleset), ruleset)
    earlier = a_link(a_candidate(31, "A"), a_target(31, followers=14))
    return match.rule.model.labels.add[0], render_comment([make_section(match, issue, None, (earlier,))])


def write_page(theme: Literal["light", "dark"]) -> str:
    """The issue with its label and its comment, as GitHub shows it."""
    css = (fetch_npm("github-markdown-css", "5.9.0") / f"github-markdown-{theme}.css").read_text("utf-8")
    label, comment = write_comment()
    texts = {"title": TITLE, "report": render(REPORT), "label": label, "comment": render(comment)}
    return _PAGE.format(css=css, theme=theme, **texts, **COLOURS[theme])


def take_picture(browser: Browser, theme: Literal["light", "dark"]) -> None:
    """One PNG, as high as the page."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 200}, device_scale_factor=2)
    page.set_content(write_page(theme))
    page.screenshot(path=PICTURES / f"comment-{theme}.png", full_page=True)
    page.close()


if __name__ == "__main__":
    with run_browser() as browser:
        take_picture(browser, "light")
        take_picture(browser, "dark")
    sys.stdout.write(f"the pictures are in {PICTURES.name}\n")
