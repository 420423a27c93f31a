"""`python -m bot.cli.action`: what the Action runs, by its inputs. `signpost run` is the command behind `run`."""

import os

from bot.cli import leave, main
from bot.errors import SettingsError
from bot.github.actions_runner import Settings

CACHE = ".signpost"
"""The folder of downloads and of the index, for a workflow cache."""

INDEX = f"{CACHE}/issues.index"
SITE = "public"


def list_commands(settings: Settings) -> tuple[tuple[str, ...], ...]:
    """The commands for the input `command`, each with its arguments; one follows the other if that was fine."""
    match settings.command:
        case "check":
            return (("check", *settings.rules, "--format", "github"),)
        case "index":
            index = ("--index", settings.index or INDEX)
            download = ("--repo", settings.repository or "", "--cache", CACHE)
            return ("index", "update", *index, *download), ("index", "calibrate", *index)
        case "sweep":
            from bot.signals.file import LEDGER

            is_dry = ("--dry-run",) if settings.dry_run else ()
            given = _list_given(settings, "rules", "config", "index")
            return (("sweep", "--ledger", settings.ledger or LEDGER, *given, *is_dry),)
        case "site":
            where = ("--out", settings.out or SITE, "--repo", settings.repository or "", "--cache", CACHE)
            return (("site", *where, *_list_given(settings, "rules", "config", "ledger", "base_url")),)
        case _:
            return (("run",),)


def _list_given(settings: Settings, *names: str) -> tuple[str, ...]:
    """The options of those inputs that are not empty."""
    words = list[str]()
    for name in names:
        value = getattr(settings, name)
        values = (value,) if isinstance(value, str) else value or ()
        words += [f"--{name.replace('_', '-')}", *values] if values else ()
    return tuple(words)


def execute() -> int:
    """Run the commands, and return the exit code of the first that does not end with 0."""
    try:
        commands = list_commands(Settings.from_environment(os.environ))
    except SettingsError:
        commands = (("run",),)  # it reports wrong inputs
    return next((code for command in commands if (code := main(command))), 0)


if __name__ == "__main__":
    leave(execute())
