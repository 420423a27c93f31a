"""Files that a command writes to the place that its user names."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from bot.errors import SettingsError, explain_cause
from bot.output.console import write_file


def open_output(path: Path) -> TextIO:
    """Open a new text file. Raises SettingsError, also if its folder does not exist."""
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise _explain(path, error) from error


def write_output(path: Path, text: str) -> None:
    """Write a text file; raises SettingsError, also if its folder does not exist."""
    try:
        path.write_text(text, "utf-8")
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
