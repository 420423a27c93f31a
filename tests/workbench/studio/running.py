"""A studio that runs: over real HTTP on a free port of 127.0.0.1, with a rule in a folder of its own."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from bot.rules.loader import read_place
from bot.tracker.types import Issue
from bot.workbench.editor.vocabulary import make_vocabulary
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.files import RuleFile, read_assets
from bot.workbench.studio.server import HOST, Studio, bind_loopback, make_server
from bot.workbench.studio.session import Session
from bot.workbench.studio.surroundings import find_surroundings
from tests.builders import Fields, a_rule, an_issue
from tests.stand_ins.patience import LONGEST

TODAY = date(2026, 11, 25)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 (JSON is anything)
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A studio that answers."""

    studio: Studio
    port: int
    path: Path
    cookies: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and last part of the path of each request that reached the server."""

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}{self.studio.entrance}"

    def ask(self, method: str, path: str, headers: Mapping[str, str | None] | None = None, body: bytes = b"") -> Reply:
        """One request with exactly these headers; what a browser on the page sends is there unless it is None."""
        usual = {
            "Host": f"{HOST}:{self.port}",
            "Cookie": f"signpost-studio={self.studio.secrets.cookie}",
            **({"Origin": f"http://{HOST}:{self.port}", "Content-Type": "application/json"} if method != "GET" else {}),
            **({"Content-Length": str(len(body))} if body or method != "GET" else {}),
        }
        connection = http.client.HTTPConnection(HOST, self.port, timeout=LONGEST)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in (usual | dict(headers or {})).items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(status=answer.status, headers=found, body=answer.read())
        finally:
            connection.close()

    def get(self, name: str, headers: Mapping[str, str | None] | None = None) -> Reply:
        return self.ask("GET", f"{self.studio.room}/{name}", headers)

    def post(self, name: str, value: object, headers: Mapping[str, str | None] | None = None) -> Reply:
        return self.ask("POST", f"{self.studio.room}/{name}", headers, json.dumps(value).encode())

    def settle(self, text: str, revision: str = "test-1") -> Any:  # noqa: ANN401 (JSON is anything)
        """The state once everything is done for a text."""
        told = self.post("text", {"text": text, "revision": revision}).json
        while not told["is_done"]:
            told = self.get(f"state?revision={revision}").json
        return told


@contextmanager
def run_studio(
    folder: Path, issues: Sequence[Issue] = (), *others: Fields, rule: bytes | None = None, pack: Fields | None = None
) -> Iterator[Running]:
    """A studio for `out-of-disk.yml` in `folder`, beside other rules."""
    path = folder / "out-of-disk.yml"
    path.write_bytes(yaml.safe_dump(a_rule(), sort_keys=False).encode() if rule is None else rule)
    for other in others:
        (folder / f"{other['id']}.yml").write_text(yaml.safe_dump(other), "utf-8")
    if pack:
        (folder / "pack.yml").write_text(yaml.safe_dump(pack), "utf-8")
    around = find_surroundings(read_place(str(folder)), path.as_posix(), read_place(str(path)))
    file = RuleFile(path)
    studio = Studio(
        file=file,
        session=Session(Workbench(around, file.before.text, iter(issues), TODAY)),
        words=make_vocabulary(around.file, around.pack, around.others.rules, TODAY),
        assets=read_assets(),
        history={"name": "issues.jsonl", "total": None} if issues else None,
        today=TODAY,
    )
    with bind_loopback(0) as bound:
        port = bound.getsockname()[1]
        server, asked = make_server(studio, port), list[tuple[str, str]]()
        server.config.app = _record(server.config.app, asked)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        studio.session.start()
        thread.start()
        _wait_for(port)
        try:
            yield Running(studio=studio, port=port, path=path, asked=asked)
        finally:
            server.should_exit = True
            thread.join()
            studio.session.close()


def _record(app: Any, asked: list[tuple[str, str]]) -> Any:  # noqa: ANN401 - what uvicorn takes
    async def answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        asked.append((scope["method"], scope["path"].rpartition("/")[2]))
        await app(scope, receive, send)

    return answer


def run_small_studio(folder: Path) -> AbstractContextManager[Running]:
    """A studio with three past issues, of which the rule matches two and another rule two."""
    issues = [
        an_issue(number=11, title="Build fails", body="No space left on device"),
        an_issue(number=12, title="Quota", body="Disk quota exceeded"),
        an_issue(number=13, title="Both", body="No space left on device, and disk quota exceeded", labels=("bug",)),
    ]
    other = a_rule(id="quota", title="Quota", match={"phrase": "disk quota exceeded"}, also=["out-of-disk"])
    return run_studio(folder, issues, other)


def _wait_for(port: int) -> None:
    for _ in range(LONGEST * 100):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError("the studio did not start")
