"""Which inbox a URL names, and what it costs to ask."""

import subprocess
import sys

import pytest

from bot.errors import SettingsError
from bot.server.inbox.choice import make_inbox
from bot.server.inbox.postgres import PostgresInbox
from bot.server.inbox.sqlite import SqliteInbox


def test_the_scheme_names_the_inbox() -> None:
    assert [type(make_inbox(url)) for url in ("sqlite:///a.db", "postgresql://host/name", "postgres://host")] == [
        *(SqliteInbox, PostgresInbox, PostgresInbox),
    ]


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "mysql://host/name", "postgresql"])
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="the database must begin with sqlite:/// or postgresql://"):
        make_inbox(url)


def test_sqlite_does_not_need_the_packages_of_postgresql() -> None:
    code = (
        "import sys; from bot.server.inbox.choice import make_inbox; make_inbox('sqlite:///a.db');"
        "print([name for name in ('psycopg', 'procrastinate') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_packages_that_postgresql_needs_are_named() -> None:
    code = (
        "import sys; sys.modules['procrastinate'] = None; from bot.server.inbox.choice import make_inbox;"
        "make_inbox('postgresql://user:hunter2@host/name')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "bot.errors.SettingsError: PostgreSQL needs packages that are not installed; run "
        "pipx install --force 'signpost-bot[server]'"
    )
