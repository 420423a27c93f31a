"""The pictures in the documentation, taken from a studio that runs: `make pictures`. Everything in them is made up."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, chdir
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, expect

from bot.tracker.types import Issue
from bot.workbench.studio.frontend.build import build_page
from tests.builders import OPENED, a_rule, an_issue
from tests.stand_ins.browser import run_browser
from tests.workbench.studio.running import Running, run_studio

PICTURES = Path(__file__).parents[3] / ".github" / "pictures"
SAVED = """\
# yaml-language-server: $schema=../schema.json
id: out-of-disk
title: The disk is full
match:
  any:
    - phrase: "No space left on device"
  none:
    - phrase: "tmpfs"        # another problem, with another answer
labels: [needs-info, "area: build"]
guidance:
  tldr: The build ran out of disk space.
  steps:
    - Run `df -h` and free at least 2 GB, then try again.
    - If the disk is shared, ask who looks after it for a higher quota.
  example: |
    df -h .
    widget clean --older-than 30d
  notes: "{% if version %}Version {{ version }} keeps two copies of each build until it has ended.{% endif %}"
resources:
  - {title: Where builds are kept, url: "https://example.com/widget/cache"}
examples:
  match: ["write failed: No space left on device (os error 28)"]
  no_match: ["There is no space left in my heart for this bug"]
"""
EDIT = ('    - phrase: "No space left on device"\n', '    - phrase: "Disk quota exceeded"\n')
PACK = {"name": "widget", "captures": {"version": {"first_of": [{"section": "Version"}]}}}
OTHERS = (
    a_rule(
        id="read-only",
        title="The target cannot be written",
        match={"phrase": "Read-only file system"},
        examples={"match": ["open /work/out: Read-only file system"], "no_match": ["a file system"]},
    ),
    a_rule(
        id="account-quota",
        title="The account's quota is used up",
        match={"phrase": "quota of this account"},
        also=["out-of-disk"],
        examples={"match": ["the quota of this account is 20 GB"], "no_match": ["a quota"]},
    ),
)
ERRORS = (
    ("Build stops while it links", "write failed: No space left on device (os error 28)"),
    ("widget build fails at 98 %", "error: cannot write target/app: No space left on\n    device"),
    ("Cache cannot be written", "cp: error writing '/var/cache/widget/a7': Disk quota exceeded"),
    ("Fails on our cluster only", "fatal: Disk quota exceeded (122), the quota of this account is 20 GB"),
    ("Cannot unpack the toolchain", "tar: tmpfs: No space left on device"),
    ("Build fails in the container", "open /work/out: Read-only file system"),
    ("Please support colours in logs", "It would help to see warnings in another colour."),
    ("Wrong path on Windows", "the path C:\\build\\out is not found"),
    ("Slow since the last update", "It takes ten minutes where it took two."),
)
WEIGHTS = (6, 3, 4, 1, 1, 2, 9, 7, 8)


def make_history() -> Iterator[Issue]:
    """A year of issues of a made-up tool, the same in every run."""
    chance, moment = Random(3), OPENED - timedelta(days=365)  # noqa: S311 (no secret)
    for number in range(311, 711):
        moment += timedelta(hours=chance.randint(2, 40))
        ((title, error),) = chance.choices(ERRORS, WEIGHTS)
        yield write_issue(number, title, error, moment, f"3.{number % 7}.{number % 5}")


def write_issue(number: int, title: str, error: str, moment: datetime, version: str) -> Issue:
    """An issue as the form of that tool makes it."""
    body = (
        f"### What happened?\n\nI ran `widget build` as always, and since Monday it stops.\n\n"
        f"### Log\n\n```shell\n$ widget build --release\n   Compiling app\n{error}\n```\n\n### Version\n\n{version}\n"
    )
    url = f"https://github.com/octo-org/widget/issues/{number}"
    return an_issue(number=number, title=title, body=body, url=url, labels=("bug",), created_at=moment)


def take_picture(
    browser: Browser, studio: Running, name: str, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> None:
    """The studio while a phrase is added to a rule."""
    page = browser.new_page(color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    page.goto(studio.address)
    expect(page.locator("#count-all")).to_have_text("400")
    page.get_by_label("Rule in YAML").locator(".cm-line", has_text="No space left").first.click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(EDIT[1].strip())
    expect(page.locator("#gained")).not_to_have_text("+0 gained")
    page.keyboard.press("Escape")
    page.get_by_label("Gained", exact=False).check()
    expect(page.locator("#issue mark")).to_have_text("Disk quota exceeded")
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / f"{name}.png")
    page.close()


def main() -> None:
    """Take all pictures."""
    build_page()
    PICTURES.mkdir(exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(chdir(stack.enter_context(TemporaryDirectory())))
        folder = Path(".github/signpost")
        folder.mkdir(parents=True)
        studio = stack.enter_context(run_studio(folder, list(make_history()), *OTHERS, rule=SAVED.encode(), pack=PACK))
        browser = stack.enter_context(run_browser())
        take_picture(browser, studio, "studio-light", "light", (1360, 860))
        take_picture(browser, studio, "studio-dark", "dark", (1360, 860))
    sys.stdout.write(f"the pictures are in {PICTURES.name}\n")


if __name__ == "__main__":
    main()
