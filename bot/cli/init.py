"""`signpost init`: write the workflow, a first rule and the settings into a repository."""

import argparse
from importlib.resources import files
from pathlib import Path

from bot.cli.output import add_format, print_json
from bot.errors import SettingsError, explain_cause

_FILES = {
    "workflow.yml": ".github/workflows/signpost.yml",
    "config.yml": ".github/signpost/config.yml",
    "pack.yml": ".github/signpost/pack.yml",
    "first-rule.yml": ".github/signpost/out-of-disk.yml",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="the repository's folder (default: here)")
    parser.epilog = "example: signpost init"
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if everything is there afterwards. Files that exist are never touched."""
    root = Path(arguments.folder)
    if not root.is_dir():
        message = f"there is no folder {root}; give the folder of a repository"
        raise SettingsError(message)
    written, kept = [], []
    for name, place in _FILES.items():
        path = root / place
        if path.exists():
            kept.append(place)
            continue
        _write(path, files("bot.cli").joinpath("templates", name).read_text("utf-8"))
        written.append(place)
    if arguments.format == "json":
        print_json({"written": written, "kept": kept})
    else:
        _print(written, kept)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _print(written: list[str], kept: list[str]) -> None:
    for place in written:
        print(f"wrote  {place}")
    for place in kept:
        print(f"kept   {place} (it was there)")
    print("\nNext: edit the rule, prove it with `signpost check .github/signpost`, commit, push.")
    print(
        "In `mode: observe` a rule appears in the step summary only. When you trust it: `mode: label`, then `comment`."
    )
