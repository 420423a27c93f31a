"""The log of the server on stderr: one line an event, without a secret and without a text of an issue."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Literal, TextIO

from bot.errors import SignpostError
from bot.text.printable import reveal_line

FIELDS = ("delivery", "event", "repository", "issue", "outcome", "http_status", "seconds", "requests")
"""What a line may say about a delivery, in this order; `extra` of a logging call gives it."""

HIDDEN = "[secret]"
_SHORTEST = 6
"""A secret of fewer characters would hide half of the words."""

_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)"
    r"|\b(?:gh[a-z]_|github_pat_)[\w.-]+"
    r"|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"
    r"|(?<=://)[^\s/@]*:[^\s/@]*(?=@)"
    r"|(?i:(?<=bearer )|(?<=token )|(?<=password=)|(?<=sha256=))[\w.~+/=-]{8,}",
    re.DOTALL,
)
"""Keys, tokens of GitHub (https://github.blog/changelog/2026-04-27-stateless-installation-tokens), JWTs, passwords of
addresses, and signatures."""

_OURS = re.compile(r"(?:^|/)(bot/[\w/]+\.py)$")


class Redaction:
    """Removes the secrets of this server, and all that look like one, from a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        long = sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True)
        self._own = re.compile("|".join(map(re.escape, long))) if long else None

    def __call__(self, text: str) -> str:
        """The text with `[secret]` for each."""
        return _SECRETS.sub(HIDDEN, self._own.sub(HIDDEN, text) if self._own else text)


def describe_failure(error: BaseException) -> str:
    """What failed: the text of an error that is for people; of any other its type and our place, never its text.

    The text of an unexpected error may quote the issue that caused it.
    """
    if isinstance(error, SignpostError):
        return str(error)
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(describe_failure(each) for each in error.exceptions))
    frames = (
        f" at {found[1]}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
        if (found := _OURS.search(frame.filename.replace("\\", "/")))
    )
    return f"{type(error).__name__}{next(frames, '')}"


class LineFormatter(logging.Formatter):
    """Makes one line of a record, as text or as JSON."""

    def __init__(self, shape: Literal["text", "json"], redact: Redaction) -> None:
        super().__init__()
        self._shape = shape
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback becomes the type of its error and the place."""
        message = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            message = f"{message.partition(chr(10))[0]}: {describe_failure(record.exc_info[1])}"
        message = reveal_line(self._redact(message))
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        level = record.levelname.lower()
        about = {name: self._clean(value) for name in FIELDS if (value := record.__dict__.get(name)) not in (None, "")}
        if self._shape == "json":
            return json.dumps({"time": at, "level": level, "message": message, **about})
        named = "".join(f" {name}={value}" for name, value in about.items())
        return f"{at} {level:<7} {message}{named}"

    def _clean(self, value: object) -> object:
        return value if isinstance(value, int | float) else reveal_line(self._redact(str(value)))


class _Writer(logging.StreamHandler[TextIO]):
    """Writes lines; one that cannot be written is lost, and the server goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Say nothing: the default prints the record, with all that the formatter would have removed."""


@contextmanager
def write_log(shape: Literal["text", "json"], secrets: Iterable[str], stream: TextIO | None = None) -> Iterator[None]:
    """Write the log meanwhile: our own lines from INFO on, and those of libraries from WARNING on."""
    root, ours = logging.getLogger(), (logging.getLogger("bot"), logging.getLogger("signpost"))
    writer = _Writer(stream or sys.stderr)
    writer.setFormatter(LineFormatter(shape, Redaction(secrets)))
    before = root.handlers[:], root.level, [each.level for each in ours]
    root.handlers, root.level = [writer], logging.WARNING
    for each in ours:
        each.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            writer.flush()
        root.handlers, root.level = before[0], before[1]
        for each, level in zip(ours, before[2], strict=True):
            each.setLevel(level)
        logging.captureWarnings(capture=False)
