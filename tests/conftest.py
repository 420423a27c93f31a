"""What several folders of tests share: GitHub's stand-ins."""

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page

from bot.workbench.studio.frontend.build import build_page
from tests.stand_ins.browser import hide_loop, run_browser
from tests.stand_ins.emulator import run_emulator
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.fetch import fetch_npm
from tests.stand_ins.github_json import Json
from tests.stand_ins.lock import CACHE, hold_lock
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.postgres import PostgresServer, run_postgres

# A shell lets what it starts in the background ignore Ctrl-C, and so would every command that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine under load is no finding; what must not take long is guarded in tests/rules/test_hostile_text.py.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


SLOW_FIXTURES = {"browser", "built_page", "emulator", "postgres"}
"""Whoever starts a browser, a bundler, an emulator or PostgreSQL is no part of the core."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what uses them."""
    if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.slow)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, because many tests wait for a process or a server."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the core first, so that one run of all tests shows its failures soon; then modules with slow tests.

    Modules that take minutes come first, then those with many tests, so that all workers end at about the same time.
    """
    minutes = dict[Path, int]()
    for item in items:
        for marker in item.iter_markers("slow"):
            minutes[item.path] = max(minutes.get(item.path, 0), marker.kwargs.get("minutes", 0))
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path in minutes, -minutes.get(item.path, 0), -sizes[item.path]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of the page when a test in a browser fails."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        name = re.sub(r"[^\w-]+", "-", item.name)
        picture = CACHE / "pictures" / f"{name}.png"
        page.screenshot(path=picture)
        report.sections.append(("The page at that moment", str(picture)))
    return report


@pytest.fixture(autouse=True)
def _loops(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test without the browser start event loops, whatever ran before it."""
    with nullcontext() if "browser" in request.fixturenames else hide_loop():
        yield


@pytest.fixture(scope="session")
def openapi_checker() -> OpenAPIChecker:
    """GitHub's own OpenAPI description, read once."""
    return OpenAPIChecker()


@pytest.fixture
def fake_github(openapi_checker: OpenAPIChecker) -> Iterator[FakeGitHub]:
    """An empty GitHub; a request or an answer that breaks GitHub's own description fails the test."""
    with FakeGitHub(checker=openapi_checker) as fake:
        yield fake
    assert fake.violations == []


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[str]:
    """The address of a GitHub that others wrote, with an empty repository octo/widget of the token `ghp_octo`."""
    with run_emulator(tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def webhook_examples() -> dict[str, list[Json]]:
    """GitHub's example payloads, by the name of the event."""
    path = fetch_npm("@octokit/webhooks-examples", "7.6.1") / "api.github.com/index.json"
    return {event["name"]: event["examples"] for event in json.loads(path.read_text(encoding="utf-8"))}


@pytest.fixture(scope="session")
def built_page() -> Path:
    """The studio's page, built by the first worker that needs it; a page that is up to date is kept."""
    with hold_lock("studio-page"):
        return build_page()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine. Where there is none, tests of pages are left out; CI must have one."""
    with run_browser() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of these tests. Where it is not installed, tests with it are left out; CI must have it."""
    with run_postgres() as running:
        yield running
