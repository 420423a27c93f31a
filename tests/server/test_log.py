"""The log of the server: one line an event, without a secret and without a text of an issue."""

import io
import json
import logging
from collections.abc import Callable
from typing import Any, Literal

import pytest

from bot.errors import SettingsError
from bot.server.log import describe_failure, write_log
from bot.text.printable import join_words

OWN = ("webhook-secret-1", "page-token-of-16", "abc")
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


def log_one(write: Callable[[logging.Logger], Any], shape: Literal["text", "json"] = "json", name: str = "bot") -> str:
    """What the log has after one call."""
    stream = io.StringIO()
    with write_log(shape, OWN, stream):
        write(logging.getLogger(name))
    return stream.getvalue()


@pytest.mark.parametrize(
    "message, shown",
    [
        ("GET /repos/o/r", "GET /repos/o/r"),
        ("the secret webhook-secret-1 is wrong", "the secret [secret] is wrong"),
        ("abc is too short to be one", "abc is too short to be one"),
        ("token ghs_16C7e42F292c6912E7710c838347Ae178B4a", "token [secret]"),
        ("ghs_123_eyJhbGciOi.eyJpc3MiOi.c2ln-x_y and more", "[secret] and more"),
        ("github_pat_11ABC_def", "[secret]"),
        ("Authorization: Bearer eyJhbGciOi.eyJpc3M.c2ln", "Authorization: Bearer [secret]"),
        ("postgresql://signpost:hunter2@db/signpost", "postgresql://[secret]@db/signpost"),
        ("host=db password=hunter2-long user=x", "host=db password=[secret] user=x"),
        (f"key {PEM} end", "key [secret] end"),
        ("key -----BEGIN PRIVATE KEY-----\nMIIEvQ", "key [secret]"),
        ("X-Hub-Signature-256: sha256=" + "0a" * 32, "X-Hub-Signature-256: sha256=[secret]"),
        ("two\nlines \x1b[31m", "two⏎lines ␛[31m"),
    ],
)
@pytest.mark.parametrize("place", ["message", "field", "error"])
def test_no_secret_is_written(message: str, shown: str, place: str) -> None:
    def write(log: logging.Logger) -> None:
        if place == "message":
            log.info("%s", message)
        elif place == "field":
            log.info("x", extra={"repository": message})
        else:
            log.error("failed", exc_info=SettingsError(message))

    line = json.loads(log_one(write))

    assert line["message" if place != "field" else "repository"].removeprefix("failed: ") == shown


def test_a_line_is_json_or_text() -> None:
    about = {"delivery": "72d3", "issue": 7, "seconds": 0.25, "outcome": None, "event": "", "nonsense": 1}

    line = json.loads(log_one(lambda log: log.warning("hello %s", "you", extra=about)))
    text = log_one(lambda log: log.warning("hello", extra=about), "text")

    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "message": "hello you", "delivery": "72d3", "issue": 7, "seconds": 0.25}
    assert text.partition(" ")[2] == "warning hello delivery=72d3 issue=7 seconds=0.25\n"


def test_an_error_of_ours_is_for_people_and_any_other_only_has_its_place() -> None:
    found = []
    for cause in (lambda: int("my private issue"), lambda: join_words(None)):  # type: ignore[arg-type]
        try:
            cause()
        except (TypeError, ValueError) as error:
            found.append(describe_failure(error))

    assert found[0] == "ValueError"
    assert found[1].startswith("TypeError at bot/text/printable.py:")
    assert describe_failure(SettingsError("set it")) == "set it"
    assert describe_failure(ExceptionGroup("x", [KeyError("text"), SettingsError("a")])) == "KeyError; a"


@pytest.mark.parametrize("name, is_written", [("bot.server.x", True), ("signpost", True), ("procrastinate", False)])
def test_libraries_only_warn(name: str, is_written: bool) -> None:  # noqa: FBT001 (a row of the table)
    assert bool(log_one(lambda log: log.info("x"), name=name)) == is_written
    assert log_one(lambda log: log.warning("x"), name=name)


def test_a_closed_stream_does_not_end_the_server() -> None:
    stream = io.StringIO()
    with write_log("text", (), stream):
        stream.close()
        logging.getLogger("bot").warning("x")
