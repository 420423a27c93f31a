"""Both kinds of inbox, one after the other."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.server.inbox.postgres import PostgresInbox
from bot.server.inbox.sqlite import SqliteInbox
from bot.server.inbox.types import BACKOFF, Inbox
from tests.server.inbox.inboxes import PULSE, MakeInbox
from tests.stand_ins.postgres import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def make_inbox(request: pytest.FixtureRequest, tmp_path: Path) -> MakeInbox:
    """What makes inboxes on one new database."""
    if request.param == "sqlite":
        return lambda *, backoff=BACKOFF: SqliteInbox(tmp_path / "inbox.db", backoff=backoff)
    url = request.getfixturevalue("postgres").create_database()
    return lambda *, backoff=BACKOFF: PostgresInbox(url, backoff=backoff, pulse=PULSE)


@pytest.fixture
def make_shared(postgres: PostgresServer) -> MakeInbox:
    """What makes inboxes on one new database of PostgreSQL."""
    url = postgres.create_database()

    def make(*, backoff: Sequence[float] = BACKOFF) -> Inbox:
        return PostgresInbox(url, backoff=backoff, pulse=PULSE)

    return make
