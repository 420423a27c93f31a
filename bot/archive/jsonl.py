"""Past issues as JSON Lines: from a file of GitHub issue objects, compressed or not, or from a store."""

import gzip
import json
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from bot.errors import SettingsError, explain_cause
from bot.github.payloads import parse_issue
from bot.tracker.types import Issue

Line = tuple[str, str]
"""The place of a line (`file:line`), and the line: one GitHub issue as JSON, or several."""


@dataclass(frozen=True, kw_only=True)
class IssueArchive:
    """Past issues that can be read several times, one at a time.

    `name` is for people (a file, `owner/name`), `repository` is that of the issues, and `total` their number, if they
    are known. Reading raises SettingsError with the place of an invalid issue.
    """

    name: str
    open_lines: Callable[[], Iterator[Line]]
    repository: str = ""
    total: int | None = None

    def read_lines(self) -> Iterator[Line]:
        """The issues as JSON lines, for worker processes."""
        return self.open_lines()

    def read_issues(self) -> Iterator[Issue]:
        """The issues, with the comments that were stored."""
        for where, line in self.read_lines():
            yield from parse_line(line, where)


EMPTY_ARCHIVE = IssueArchive(name="no archive", open_lines=lambda: iter(()), total=0)


def open_file(path: Path) -> IssueArchive:
    """The archive of a JSONL file (`.gz` too); nothing is read yet."""
    return IssueArchive(name=path.name, open_lines=lambda: read_lines(path))


def read_issues(path: Path) -> Iterator[Issue]:
    """The issues of a JSONL file (`.gz` too), one at a time, so that memory does not grow with the file.

    Raises SettingsError with file and line for an invalid issue, and if the file cannot be read.
    """
    for where, line in read_lines(path):
        yield from parse_line(line, where)


def read_lines(path: Path) -> Iterator[Line]:
    """The lines that are not blank, each with its place (`file:line`); raises SettingsError."""
    try:
        # Look at the start without reading it twice: the file may be a pipe.
        with _open(path) as file, TextIOWrapper(file, find_encoding(file.peek(3))) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{path}:{number}", line
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        message = f"cannot read {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def find_encoding(start: bytes) -> str:
    """The encoding of a file, by its first bytes: UTF-8, or UTF-16, which `>` of Windows PowerShell writes.

    https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.core/about/about_character_encoding
    """
    return "utf-16" if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"


def parse_line(line: str, where: str) -> list[Issue]:
    """One issue or several: `gh issue list --json` writes an array, `gh api --paginate` one array per page.

    Raises SettingsError that names the place.
    """
    try:
        return [parse_issue(found) for found in decode_line(line.strip())]
    except (ValueError, RecursionError) as error:
        message = f"{where}: invalid JSON ({error}); write one GitHub issue per line, for example with `jq -c '.[]'`"
        raise SettingsError(message) from error
    except SettingsError as error:
        message = f"{where}: {error}"
        raise SettingsError(message) from error


def decode_line(text: str) -> Iterator[object]:
    """The objects of a line, those in arrays one by one; raises ValueError for text that is not JSON."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        found, position = decoder.raw_decode(text, position)
        yield from found if isinstance(found, list) else [found]
