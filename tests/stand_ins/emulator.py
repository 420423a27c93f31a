"""A GitHub that others wrote: `emulate` of Vercel (npm, Apache-2.0), with its state in memory.

It does not know GraphQL, minimised comments, `duplicate`, rights by token, or faults; `fake_github.py` does.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.stand_ins.fetch import install_npm, node_environment
from tests.stand_ins.patience import LONGEST

VERSION = "0.12.2"
APP, INSTALLATION = 12345, 100


@cache
def make_key() -> str:
    """The App's private key, as PEM; a new one each time, so that none is stored."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def make_seed(hook: Mapping[str, str]) -> str:
    """A repository octo/widget, a token of its owner, and an App `signpost` that is installed there.

    `hook` has the App's `webhook_url` and `webhook_secret`, or is empty. JSON is YAML, which emulate reads.
    """
    app = {
        "app_id": APP,
        "slug": "signpost",
        "name": "Signpost",
        "private_key": make_key(),
        "permissions": {"contents": "read", "issues": "write"},
        "events": ["issues"],
        **hook,
        "installations": [{"installation_id": INSTALLATION, "account": "octo", "repository_selection": "all"}],
    }
    repositories = [{"owner": "octo", "name": "widget"}]
    return json.dumps(
        {
            "tokens": {"ghp_octo": {"login": "octo", "scopes": ["repo", "user"]}},
            "github": {"users": [{"login": "octo"}], "repos": repositories, "apps": [app]},
        }
    )


def make_app_token(url: str) -> str:
    """A token of the App's installation, with which it writes as `signpost[bot]`."""
    now = int(time.time())
    signed = jwt.encode({"iss": str(APP), "iat": now - 10, "exp": now + 300}, make_key(), "RS256")
    answer = requests.post(
        f"{url}/app/installations/{INSTALLATION}/access_tokens",
        json={"permissions": {"contents": "read", "issues": "write"}},
        headers={"Authorization": f"Bearer {signed}"},
        timeout=LONGEST,
    )
    answer.raise_for_status()
    return str(answer.json()["token"])


@contextmanager
def run_emulator(folder: Path, hook: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Start it on a free port, and give what GITHUB_API_URL is; `folder` keeps its seed and its log."""
    home = install_npm("emulate", VERSION)
    seed = folder / "seed.yaml"
    seed.write_text(make_seed(hook), encoding="utf-8")
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
        process.wait(timeout=LONGEST)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(LONGEST * 20):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"emulate did not start: {log.read_text(encoding='utf-8')}")
