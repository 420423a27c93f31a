"""`signpost serve` in a process of its own, at an address that it keeps when it starts again, and its log."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol, Self
from urllib.error import HTTPError

from bot.server.inbox.choice import make_inbox
from bot.server.inbox.types import Entry
from tests.stand_ins.command import ROOT
from tests.stand_ins.patience import LONGEST


def find_port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


class KnownApp(Protocol):
    """What a server knows of its App."""

    id: int
    key: str
    secret: str

    @property
    def api_url(self) -> str:
        """What GITHUB_API_URL is."""


class ServerProcess:
    """A server of an App; use it as a context manager. `folder` gets its log, and is its current folder."""

    def __init__(self, app: KnownApp, database: str, folder: Path, **settings: str) -> None:
        self.port = find_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "GITHUB_API_URL": app.api_url,
            "SIGNPOST_APP_ID": str(app.id),
            "SIGNPOST_PRIVATE_KEY": app.key,
            "SIGNPOST_WEBHOOK_SECRET": app.secret,
            "SIGNPOST_DATABASE": database,
            "SIGNPOST_LOG_FORMAT": "json",
            **{f"SIGNPOST_{name.upper()}": value for name, value in settings.items()},
        }

    @property
    def hook_url(self) -> str:
        return f"{self.address}/webhook"

    @property
    def log_file(self) -> Path:
        return self.folder / f"server-{self.port}.log"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; it is ready when this returns."""
        self.launch()
        self.wait_until(self.is_ready)

    def launch(self) -> None:
        """Start its process."""
        self.starts += 1
        with self.log_file.open("ab") as log:
            words = [sys.executable, "-m", "bot", "serve", "--port", str(self.port)]
            self._process = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process:
            self._process.send_signal(number)

    def stop(self) -> tuple[int, float]:
        """Ask it to stop; its exit code, and how many seconds that took."""
        begin = monotonic()
        self.send(signal.SIGTERM)
        return self.wait(), monotonic() - begin

    def kill(self) -> None:
        """End it as a crash of the machine would."""
        if self._process and self._process.poll() is None:
            self._process.kill()
        self.wait()

    def wait(self) -> int:
        """The exit code, after its end."""
        return self._process.wait(timeout=LONGEST) if self._process else 0

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Whether it accepts deliveries; raises RuntimeError if it has ended."""
        if not self.is_running():
            raise RuntimeError(f"the server ended with {self.wait()}: {self.log_file.read_text('utf-8')[-2000:]}")
        return self.ask("/readyz")[0] == 200

    def is_ready_now(self) -> bool:
        """Whether it accepts deliveries; a server that has ended does not."""
        return self.is_running() and self.ask("/readyz")[0] == 200

    def ask(self, path: str) -> tuple[int, bytes]:
        """The status and the body of an answer; 0 without one."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=LONGEST) as answer:  # noqa: S310 (our own address)
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()
        except (OSError, HTTPException):  # the server died, before its answer or within it
            return 0, b""

    def read_log(self) -> list[Mapping[str, Any]]:
        """The lines that are JSON."""
        return list(_read_lines(self.log_file.read_text("utf-8")))

    def list_outcomes(self) -> list[str]:
        return [str(line["outcome"]) for line in self.read_log() if "outcome" in line]

    def list_entries(self) -> tuple[Entry, ...]:
        """What its inbox has, the newest first."""

        async def read() -> tuple[Entry, ...]:
            inbox = make_inbox(self.environment["SIGNPOST_DATABASE"], is_guest=True)
            await inbox.open()
            try:
                return await inbox.list_entries(most=10_000)
            finally:
                await inbox.close()

        return asyncio.run(read())

    def wait_until(self, is_true: Callable[[], bool], longest: float = LONGEST) -> None:
        """Wait until something is true."""
        deadline = monotonic() + longest
        while not is_true():
            if monotonic() > deadline:
                raise TimeoutError(
                    f"waited for {longest} s; the log ends with {self.log_file.read_text('utf-8')[-3000:]}"
                )
            sleep(0.05)

    def show_status(self, *words: str) -> dict[str, Any]:
        """What `signpost serve status` prints, in a process of its own."""
        command = [sys.executable, "-m", "bot", "serve", "status", "--format", "json", *words]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, check=False)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def _read_lines(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        with suppress(ValueError):
            yield json.loads(line)
