"""What all commands share when they print: JSON on stdout alone, colour only for people."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

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
    """The places that `--rules` names, or the default."""
    return [place for group in asked for place in group] if asked else [".github/signpost"]


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout, with the version of its shape; in ASCII, and nothing in it is a workflow command.

    `##[` is one wherever it stands in a line (actions/runner: ActionCommand.cs); in JSON it can only stand in a string.
    """
    print(json.dumps({"schema_version": SCHEMA_VERSION, **value}, indent=2).replace("##[", "\\u0023#["))


def make_console(*, stderr: bool = False) -> "Console":
    """A terminal to print to; plain where there is none or where NO_COLOR is set (https://no-color.org)."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS", "120"))
    return Console(stderr=stderr, highlight=False, soft_wrap=not stream.isatty(), width=width)
