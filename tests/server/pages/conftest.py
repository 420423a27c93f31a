from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from bot.server.settings import ServerSettings
from tests.server.pages.filling import GADGET, WIDGET, FilledInbox, a_known
from tests.server.pages.running import TOKEN, Clock, KnownApp, Running, bind_port, run_pages
from tests.stand_ins.github_login import API, FakeLogin
from tests.stand_ins.openapi import OpenAPIChecker

Start = Callable[..., Running]


@pytest.fixture
def github(openapi_checker: OpenAPIChecker) -> Iterator[FakeLogin]:
    """GitHub, as people sign in at it; a request or an answer that breaks GitHub's own description fails the test."""
    with FakeLogin(openapi_checker) as fake:
        yield fake
    assert fake.violations == []


@pytest.fixture
def start(github: FakeLogin) -> Iterator[Start]:
    """Start pages with both logins, with these settings instead of the usual ones."""
    with ExitStack() as stack:

        def run(inbox: FilledInbox | None = None, app: KnownApp | None = None, **changed: Any) -> Running:  # noqa: ANN401
            bound = stack.enter_context(bind_port())
            github.callback = f"http://127.0.0.1:{bound.getsockname()[1]}/login/callback"
            usual: dict[str, Any] = {
                "client_id": github.client_id,
                "client_secret": SecretStr(github.client_secret),
                "page_token": SecretStr(TOKEN),
                "server_url": github.url,
                "api_url": f"{github.url}{API}",
            }
            clock = Clock()
            filled = inbox or FilledInbox(values={f"repository/{each}": a_known(each) for each in (WIDGET, GADGET)})
            return stack.enter_context(run_pages(filled, clock, ServerSettings(**{**usual, **changed}), bound, app))

        yield run
