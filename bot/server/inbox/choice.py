"""The inbox that SIGNPOST_DATABASE names."""

from importlib.util import find_spec
from pathlib import Path

from bot.errors import SettingsError, format_install
from bot.server.inbox.sqlite import SqliteInbox
from bot.server.inbox.types import Inbox


def make_inbox(url: str, *, is_guest: bool = False) -> Inbox:
    """The inbox of a URL such as sqlite:///signpost.db or postgresql://…, not opened yet; raises SettingsError.

    A path after sqlite:/// is relative, with a fourth slash absolute. A guest, such as `signpost serve status`, reads
    and retries while a server works; only SQLite needs to know.
    """
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return SqliteInbox(Path(rest[1:]), is_guest=is_guest)
    if scheme not in ("postgres", "postgresql") or not separator:
        raise SettingsError("the database must begin with sqlite:/// or postgresql://; correct SIGNPOST_DATABASE")
    if not (find_spec("psycopg") and find_spec("procrastinate")):
        raise SettingsError(f"PostgreSQL needs packages that are not installed; run {format_install('server')}")
    from bot.server.inbox.postgres import PostgresInbox  # noqa: PLC0415 (SQLite does not need these packages)

    return PostgresInbox(url)
