"""What all commands share when they print or write a file: JSON alone on stdout, colour only for people."""

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.errors import SettingsError, explain_cause

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SCHEMA_VERSION = 1


def add_format(parser: argparse.ArgumentParser) -> None:
    """`--format text|json`, which every command has."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print the result (default: text)"
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """`--rules`, for the commands that read rules."""
    parser.add_argument(
        "--rules",
        action="append",
        nargs="+",
        metavar="PATH",
        help="a folder, a rule file or pack:NAME; may be repeated (default: .github/signpost)",
    )


def list_rules(asked: list[list[str]] | None) -> list[str]:
    """The places that `--rules` lists, or the default."""
    return [place for group in asked for place in group] if asked else [".github/signpost"]


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on stdout, in ASCII, with the version of its schema and without workflow commands.

    The runner takes `##[` anywhere in a line as a command (actions/runner: ActionCommand.cs). In JSON, `##[` can occur
    only in a string.
    """
    print(json.dumps({"schema_version": SCHEMA_VERSION, **value}, indent=2).replace("##[", "\\u0023#["))


def make_console(*, stderr: bool = False) -> "Console":
    """A terminal to print to; plain where there is none or where NO_COLOR is set (https://no-color.org)."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS", "120"))
    return Console(stderr=stderr, highlight=False, soft_wrap=not stream.isatty(), width=width)


def is_colourful(stream: TextIO) -> bool:
    """Whether the stream is a terminal and rich is installed: the Action leaves it out."""
    return stream.isatty() and find_spec("rich") is not None


def print_line(text: str, style: str = "") -> None:
    """Print one line on stdout, in a style of rich if that is possible."""
    if is_colourful(sys.stdout):
        make_console().print(text, style=style or None, markup=False)
    else:
        print(text)


_NARROWEST = 20


def print_hanging(lead: "Text", text: "Text", console: "Console", following: str | None = None) -> None:
    """Print `lead` and `text`; on a narrow terminal, wrapped lines begin with `following` (or spaces).

    A file or a pipe gets one line, so that people can search it.
    """
    from rich.text import Text

    following = " " * lead.cell_len if following is None else following
    width = max(_NARROWEST, console.width - max(lead.cell_len, len(following)))
    rows = text.wrap(console, width) if console.is_terminal and text.plain else [text]
    for index, row in enumerate(rows):
        begin = lead if index == 0 else Text(following, "dim")
        console.print(Text.assemble(begin, row), soft_wrap=True)


def write_file(path: Path, text: str, newline: str = "\n") -> None:
    """Write a text file with these line ends, and create the folders above it; raises SettingsError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline=newline)
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error
