"""Past issues from a file: GitHub issue objects, one a line, compressed or not."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from bot.errors import SettingsError, explain_cause
from bot.github.payload import parse_issue
from bot.github.tracker import Issue


def read_issues(path: Path) -> Iterator[Issue]:
    """The issues of a JSONL file (`.gz` too), one at a time, so that memory does not grow with the file.

    Raises SettingsError with file and line for what is no issue, and where the file cannot be read.
    """
    for where, line in read_lines(path):
        yield from parse_line(line, where)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines that hold something, each with its place (`file:line`); raises SettingsError."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}:{number}", line
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        message = f"cannot read {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def parse_line(line: str, where: str) -> list[Issue]:
    """One issue, or several: `gh issue list --json` writes an array, `gh api --paginate` one a page, on one line.

    Raises SettingsError that names the place.
    """
    try:
        return [parse_issue(found) for found in _decode(line.strip())]
    except (ValueError, RecursionError) as error:
        message = f"{where}: this is no JSON ({error}); give one GitHub issue a line"
        raise SettingsError(message) from error
    except SettingsError as error:
        message = f"{where}: {error}"
        raise SettingsError(message) from error


def _decode(text: str) -> Iterator[object]:
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        found, position = decoder.raw_decode(text, position)
        yield from found if isinstance(found, list) else [found]
