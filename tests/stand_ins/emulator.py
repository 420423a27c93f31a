"""A GitHub that others wrote: `emulate` of Vercel (npm, Apache-2.0), with its state in memory.

It does not know GraphQL, minimised comments, `duplicate`, rights by token, or faults; `fake_github.py` does.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stand_ins.fetch import install_npm, node_environment

VERSION = "0.12.2"
SEED = {
    "tokens": {"ghp_octo": {"login": "octo", "scopes": ["repo", "user"]}},
    "github": {"users": [{"login": "octo"}], "repos": [{"owner": "octo", "name": "widget"}]},
}
"""A repository octo/widget, and a token of its owner. JSON is YAML, which emulate reads."""


@contextmanager
def run_emulator(folder: Path) -> Iterator[str]:
    """Start it on a free port, and give what GITHUB_API_URL is; `folder` keeps its seed and its log."""
    home = install_npm("emulate", VERSION)
    seed = folder / "seed.yaml"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["--service", "github", "--port", str(port), "--seed", str(seed), "--base-url", url]
    command = [str(home / "node_modules/.bin/emulate"), "start", *options]
    with (folder / "emulate.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=node_environment(), stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, process, folder / "emulate.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"emulate did not start: {log.read_text(encoding='utf-8')}")
