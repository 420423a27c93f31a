"""A real browser for pages: the Chromium or Chrome that the machine has, without a window and without a network.

Playwright's synchronous interface leaves its event loop "running" in this thread for as long as it is started, and
`asyncio.run` refuses to start a second one. So a test without the browser does not see that loop (`hide_loop`).
"""

import os
import shutil
from asyncio.events import _get_running_loop, _set_running_loop  # in its __all__
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def run_browser() -> Iterator[Browser]:
    """The browser; without one the test is skipped, except in CI, where that is a failure."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"this machine has no browser ({', '.join(NAMES)}); install Debian's package chromium")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def hide_loop() -> Iterator[None]:
    """While it lasts no event loop runs in this thread, so that `asyncio.run` works after a test with the browser."""
    loop = _get_running_loop()
    _set_running_loop(None)
    try:
        yield
    finally:
        _set_running_loop(loop)
