"""The language server that editors use for YAML, Red Hat's `yaml-language-server` (npm, MIT), over standard streams.

It is what the VS Code extension "YAML", Neovim, Emacs, Helix and others run; its words are those of the Language Server
Protocol (https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/).
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Any

from tests.stand_ins.fetch import install_npm, node_environment
from tests.stand_ins.patience import LONGEST

OLDER, NEWEST = "1.18.0", "2.0.0"
"""One that editors came with in 2025, and the one of October 2026."""
Json = Any
SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "publishDiagnostics": {},
        "hover": {"contentFormat": ["markdown"]},
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
    },
}


@dataclass(frozen=True, order=True)
class Finding:
    """What the editor underlines; the line counts from 1."""

    line: int
    message: str


@dataclass
class LanguageServer:
    """A running server. Lines and columns count from 0, as in the protocol."""

    stream: IO[bytes]
    incoming: "Queue[Json]"
    diagnostics: dict[str, list[Finding]] = field(default_factory=dict)
    last: int = 0
    opened: int = 0
    settings: Json = field(default_factory=lambda: SETTINGS)

    def request(self, method: str, parameters: Json) -> Json:
        """Ask, and wait for the answer."""
        self.last += 1
        self._send({"id": self.last, "method": method, "params": parameters})
        while (answer := self._take()).get("id") != self.last or "method" in answer:
            continue
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def notify(self, method: str, parameters: Json) -> None:
        """Tell."""
        self._send({"method": method, "params": parameters})

    def open(self, folder: Path, text: str) -> str:
        """Open a document that is not saved yet; the result is its address, which no other document had."""
        self.opened += 1
        return self.open_named(folder / f"unsaved-{self.opened}.yml", text)

    def open_named(self, file: Path, text: str) -> str:
        """Open a document as a file, which need not be there."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return file.as_uri()

    def check(self, uri: str) -> list[Finding]:
        """What is wrong in an open document, from top to bottom."""
        while uri not in self.diagnostics:
            self._take()
        return sorted(self.diagnostics[uri])

    def complete(self, uri: str, line: int, column: int) -> dict[str, str]:
        """What may be written there, by its label."""
        answer = self.request("textDocument/completion", _position(uri, line, column))
        return {
            item["label"]: item.get("textEdit", {}).get("newText", item.get("insertText")) for item in answer["items"]
        }

    def hover(self, uri: str, line: int, column: int) -> str:
        """The help of what stands there, as Markdown."""
        answer = self.request("textDocument/hover", _position(uri, line, column))
        return str(answer["contents"]["value"]) if answer else ""

    def configure(self, settings: Json) -> None:
        """The user's settings of the extension, beside ours."""
        self.settings = {**SETTINGS, **settings}
        self.notify("workspace/didChangeConfiguration", {"settings": {"yaml": self.settings}})

    def _answer(self, message: Json) -> Json:
        if message["method"] != "workspace/configuration":
            return None
        return [self.settings if item.get("section") == "yaml" else {} for item in message["params"]["items"]]

    def _send(self, message: Json) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.stream.flush()

    def _take(self) -> Json:
        """The next message; what the server wants to know is answered, and what it finds is kept."""
        message = self.incoming.get(timeout=LONGEST)
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = [
                Finding(each["range"]["start"]["line"] + 1, each["message"])
                for each in message["params"]["diagnostics"]
            ]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        return message


@contextmanager
def run_language_server(version: str, folder: Path) -> Iterator[LanguageServer]:
    """Start it for a workspace, without a network; `folder` is its root."""
    program = (
        install_npm("yaml-language-server", version) / "node_modules/yaml-language-server/bin/yaml-language-server"
    )
    words = ["node", str(program), "--stdio"]
    process = subprocess.Popen(
        words, env=node_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin
    assert process.stdout
    incoming: Queue[Json] = Queue()
    reading = Thread(target=_read_all, args=(process.stdout, incoming), daemon=True)
    reading.start()
    server = LanguageServer(process.stdin, incoming)
    try:
        root = folder.as_uri()
        server.request("initialize", {"processId": None, "rootUri": root, "capabilities": CAPABILITIES})
        server.notify("initialized", {})
        server.configure({})
        yield server
    finally:
        process.kill()
        process.wait(timeout=LONGEST)
        reading.join(timeout=LONGEST)
        process.stdin.close()
        process.stdout.close()


def _position(uri: str, line: int, column: int) -> Json:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


def _read_all(stream: IO[bytes], incoming: "Queue[Json]") -> None:
    while header := stream.readline():
        if header.lower().startswith(b"content-length:"):
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                continue
            incoming.put(json.loads(stream.read(length)))
