"""Both kinds of inbox, one after the other."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.server.inbox.sqlite import SqliteInbox
from bot.server.inbox.types import BACKOFF, Inbox
from tests.server.inbox.inboxes import MakeInbox


@pytest.fixture
def make_inbox(tmp_path: Path) -> MakeInbox:
    """What makes inboxes on one new database."""

    def make_sqlite(*, backoff: Sequence[float] = BACKOFF) -> Inbox:
        return SqliteInbox(tmp_path / "inbox.db", backoff=backoff)

    return make_sqlite
