"""What GitHub sends to a server: payloads, headers and signatures of deliveries, and the secrets of a new App."""

import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.tracker.app import AppCredentials
from tests.stand_ins.github_json import Json

SECRET = b"webhook-secret-of-the-tests"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
REPOSITORY: Json = {"id": 42, "full_name": "octo/widget", "default_branch": "main"}
INSTALLATION: Json = {"id": 3, "node_id": "MDIz"}
SENDER: Json = {"login": "reporter", "type": "User"}
ISSUE: Json = {"id": 900, "number": 7, "title": "It breaks", "body": "Every day.", "user": SENDER}
COMMENT: Json = {"id": 77, "body": "Same here.", "user": SENDER}

ISSUES: Json = {
    "action": "opened",
    "issue": ISSUE,
    "repository": REPOSITORY,
    "installation": INSTALLATION,
    "sender": SENDER,
}
ISSUE_COMMENT: Json = {**ISSUES, "action": "created", "comment": COMMENT}
PUSH: Json = {
    "ref": "refs/heads/main",
    "forced": False,
    "commits": [{"added": [".github/signpost/rules.yml"], "modified": [], "removed": []}],
    "repository": REPOSITORY,
    "installation": INSTALLATION,
    "sender": SENDER,
}


def sign(body: bytes, secret: bytes = SECRET) -> str:
    """The value of X-Hub-Signature-256."""
    return f"sha256={hmac.new(secret, body, 'sha256').hexdigest()}"


def encode(payload: object) -> bytes:
    return json.dumps(payload).encode()


def make_headers(event: str, body: bytes, guid: str = GUID) -> dict[str, str]:
    """All headers that GitHub sends, signed."""
    return {
        "User-Agent": "GitHub-Hookshot/7c5c5e5",
        "Accept": "*/*",
        "Content-Type": "application/json",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": "123",
        "X-Hub-Signature-256": sign(body),
    }


def list_raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers as ASGI gives them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def make_credentials(**changed: Any) -> AppCredentials:  # noqa: ANN401 (any field)
    """What GitHub gives for the manifest of an App."""
    made = AppCredentials(
        id=7,
        slug="acme",
        name="Acme",
        html_url="https://github.com/apps/acme",
        pem="a key",
        webhook_secret="s3cr3t",
        client_id="Iv1",
        client_secret="hush",
    )
    return replace(made, **changed)
