"""Files that a command writes to the place that its user names."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from bot.errors import SettingsError, explain_cause
from bot.output.console import write_file

_START = 200
"""Bytes in which a page says that it is one."""


def refuse_inputs(outputs: Iterable[str | None], inputs: Iterable[str | None]) -> None:
    """Raise SettingsError if a command would write to a file that it reads, also as `FILE.jsonl#123`."""
    read = {Path(place).resolve() for name in inputs if name for place in (name, name.rpartition("#")[0] or name)}
    for name in filter(None, outputs):
        if Path(name).resolve() in read:
            message = f"{name} is an input of this command; choose another file for the output"
            raise SettingsError(message)


def open_output(path: Path) -> TextIO:
    """Open a new text file. Raises SettingsError, also if its folder does not exist."""
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise _explain(path, error) from error


def write_page(path: Path, page: str) -> None:
    """Write an HTML page; raises SettingsError if the file exists and is not one, or its folder does not exist."""
    try:
        start = path.read_bytes()[:_START].lstrip().lower() if path.is_file() else b""
        if start and not start.startswith(b"<!doctype html"):
            message = f"{path} exists and is not an HTML page; choose another file for --html"
            raise SettingsError(message)
        path.write_text(page, "utf-8", newline="\n")
    except OSError as error:
        raise _explain(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file; raises SettingsError, also if its folder does not exist."""
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise _explain(path, error) from error


def report_written(path: Path, form: str) -> None:
    """Say which file a command wrote; standard output is for JSON alone if that is the format."""
    print(f"wrote {path}", file=sys.stderr if form == "json" else sys.stdout)


def write_drafts(folder: Path, texts: Mapping[str, str]) -> dict[str, bool]:
    """Write the drafts whose files do not exist yet; return for each id whether it was written."""
    written = {}
    for name, text in texts.items():
        path = folder / f"{name}.yml"
        written[name] = not path.exists()
        if written[name]:
            write_file(path, text)
    return written


def _explain(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"cannot write {path}: {explain_cause(error)}")
