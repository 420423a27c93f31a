"""The past issues that a command looks at: `--issues FILE`, for all commands that replay or mine a history."""

import argparse
from pathlib import Path

from bot.history.issues import History, open_file


def add_history(parser: argparse.ArgumentParser) -> None:
    """The arguments that name the past issues."""
    parser.add_argument(
        "--issues",
        required=True,
        metavar="FILE.jsonl",
        help="GitHub issue objects, one a line, or what `gh issue list --json` gives; may be .gz",
    )


def open_history(arguments: argparse.Namespace) -> History:
    """The history that the arguments name; raises SettingsError, and TrackerError where it must be downloaded."""
    return open_file(Path(arguments.issues))
