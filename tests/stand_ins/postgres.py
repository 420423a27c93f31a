"""A real PostgreSQL of the tests: in a temporary folder, without a network, and as careful with the disk as ever."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import psycopg
import pytest

from tests.stand_ins.patience import LONGEST

_USERS = ("postgres", "nobody")
_OPTIONS = "-c listen_addresses='' -c max_connections=200 -c log_min_messages=fatal"


class PostgresServer:
    """A server that can be stopped and started; a socket in its folder is the only way to it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._numbers = count(1)
        self._run("initdb", "--username=signpost", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        self.start()

    def create_database(self) -> str:
        """The URL of a new and empty database."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self._make_url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._make_url(name)

    def _make_url(self, name: str) -> str:
        return f"postgresql://signpost:hunter2@/{name}?host={self._folder}"

    def start(self) -> None:
        """Start it; it answers when this returns."""
        options = f"{_OPTIONS} -k {self._folder}"
        self._run("pg_ctl", "start", "--wait", f"--log={self._folder / 'log'}", f"--options={options}")

    def stop(self, mode: Literal["fast", "immediate"] = "immediate") -> None:
        """Stop it: `immediate` is what a crash of the server would be."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def restart(self) -> None:
        """Let it crash, and start again."""
        self.stop()
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        # What the server writes goes to its log, so that nothing waits for the end of a pipe that it inherited.
        with (self._folder / "said").open("ab") as said:
            subprocess.run(
                [self._programs / program, *arguments],
                env={"PGDATA": str(self._folder / "data"), "PATH": os.environ["PATH"], "LC_ALL": "C"},
                cwd=self._folder,
                check=True,
                timeout=LONGEST,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                **_find_user(),
            )


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """The server; without its programs the test is skipped, except in CI, where that is a failure."""
    programs = _find_programs()
    if programs is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("this machine has no PostgreSQL; install Debian's package postgresql")
    # The name of a socket may have about 100 characters, so the folder is not one of pytest's.
    folder = Path(mkdtemp(prefix="postgres-"))
    try:
        if user := _find_user():
            shutil.chown(folder, user["user"], user["group"])
        server = PostgresServer(programs, folder)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


def _find_programs() -> Path | None:
    """The folder of the newest version; Debian keeps them apart, and not in the PATH."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return debian[-1].parent if debian else Path(found).parent if found else None


def _find_user() -> Mapping[str, Any]:
    """Whom it runs as: PostgreSQL refuses root."""
    if os.geteuid():
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in _USERS if name in known)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
