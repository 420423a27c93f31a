"""`signpost serve`: a GitHub App for many repositories. `setup` creates it; `status` shows its deliveries."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SettingsError, format_install
from bot.output.console import print_json, print_line
from bot.text.printable import count, reveal_line

if TYPE_CHECKING:
    from bot.server.inbox.types import Counts, Entry, Inbox, State
    from bot.server.settings import ServerSettings
    from bot.server.setup import SetUp

ALL = "all"
_OPTIONS = ("host", "port", "database", "workers", "log_format")
_MOST_LISTED = 100
HIGHEST_PORT = 65_535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments, and those of its two actions."""
    parser.add_argument("--host", metavar="ADDRESS", help="listen on this address (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=int, help="listen on this port; 0 takes a free one (default: 8000)")
    parser.add_argument("--workers", metavar="N", type=int, help="handle N issues at a time (default: 4)")
    parser.add_argument("--log-format", choices=("text", "json"), help="how to write the log (default: text)")
    _add_shared(parser, None)
    parser.epilog = (
        "Settings come from options, then from the environment (SIGNPOST_…), then from the settings file.\n\n"
        "example: signpost serve --port 8000 --database sqlite:///signpost.db"
    )
    parser.set_defaults(do=_serve)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    _add_setup(actions.add_parser("setup", help="create the GitHub App, and store its key and secrets"))
    _add_status(
        actions.add_parser("status", help="show how many deliveries wait or failed, and let failed ones run again")
    )


def _add_shared(parser: argparse.ArgumentParser, default: object) -> None:
    """Options of the server and of its actions; an action must not overwrite what was given before its name."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--database",
        metavar="URL",
        default=default,
        help="sqlite:///FILE, or postgresql://… for several servers (default: sqlite:///signpost.db)",
    )
    parser.add_argument(
        "--settings",
        metavar="FILE",
        default=default,
        help="a file of settings, one NAME=value a line (default: signpost.env, if it is there)",
    )
    _add_format(parser, default)


def _add_format(parser: argparse.ArgumentParser, default: object) -> None:
    """Like `add_format`, for an action that shares its namespace with the command."""
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default=default or "text",
        help="how to print the result (default: text)",
    )


def _add_setup(parser: argparse.ArgumentParser) -> None:
    parser.description = "Create the GitHub App in the browser, and store its key and secrets."
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--url", metavar="URL", help="the public address of the server, where GitHub sends deliveries")
    parser.add_argument("--settings", metavar="FILE", help="write the settings to this file (default: signpost.env)")
    parser.add_argument("--key-file", metavar="FILE", help="write the App's key to this file (default: signpost.pem)")
    parser.add_argument("--force", action="store_true", help="replace these files if they exist")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="the port of the page (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, and do not open a browser")
    _add_format(parser, argparse.SUPPRESS)
    parser.epilog = "example: signpost serve setup --url https://signpost.example.org"
    parser.set_defaults(do=_set_up)


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show how many deliveries there are in each state, and which ones failed for good."
    parser.add_argument(
        "--retry", metavar="GUID", nargs="+", help="let these dead deliveries run again; `all` takes all of them"
    )
    parser.epilog = "example: signpost serve status --retry all"
    _add_shared(parser, argparse.SUPPRESS)
    parser.set_defaults(do=_show_status)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0: stopped, or fine; 1: there are dead deliveries; 2: wrong settings; 3: GitHub refuses; 130: killed."""
    with _explain_missing():
        code: int = arguments.do(arguments)
    return code


@contextmanager
def _explain_missing() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "bot":
            raise
        message = f"`signpost serve` needs {missing}, which is not installed; run: {format_install('server')}"
        raise SettingsError(message) from error


def _read_settings(arguments: argparse.Namespace) -> "ServerSettings":
    from bot.server.settings import SETTINGS_FILE, ServerSettings, read_environment_file

    file = Path(arguments.settings or SETTINGS_FILE)
    stored = read_environment_file(file) if arguments.settings or file.exists() else {}
    given = {name: getattr(arguments, name) for name in _OPTIONS}
    return ServerSettings.from_sources(os.environ, stored, **given)


def _serve(arguments: argparse.Namespace) -> int:
    from bot.server.serve import run_server

    settings = _read_settings(arguments)
    settings.check_app()

    def announce(address: str) -> None:
        if arguments.format == "json":
            print_json({"address": address})
            sys.stdout.flush()

    return run_server(settings, announce)


def _set_up(arguments: argparse.Namespace) -> int:
    from bot.server.settings import SETTINGS_FILE, ServerSettings
    from bot.server.setup import KEY_FILE, SetupOptions, set_up

    github = ServerSettings.from_environment(os.environ)
    if not 0 <= arguments.port <= HIGHEST_PORT:
        raise SettingsError(f"--port must be from 0 to {HIGHEST_PORT}, not {arguments.port}; 0 takes a free port")
    options = SetupOptions(
        settings_file=Path(arguments.settings or SETTINGS_FILE),
        key_file=Path(arguments.key_file or KEY_FILE),
        may_replace=arguments.force,
        url=arguments.url or github.url,
        port=arguments.port,
        api_url=github.api_url,
        server_url=github.server_url,
    )

    def announce(address: str) -> None:
        print(f"Open {address} to create the App. Press Ctrl-C to stop.", file=sys.stderr)
        if not arguments.no_browser:
            import webbrowser

            webbrowser.open(address)

    _report_setup(set_up(options, announce), arguments.format)
    return 0


def _report_setup(made: "SetUp", shape: str) -> None:
    if shape == "json":
        files = {"settings_file": str(made.settings_file), "key_file": str(made.key_file)}
        print_json({"name": made.name, "install_url": made.install_url, **files})
        return
    print(f"Created the App {made.name}. Its settings are in {made.settings_file}, its key in {made.key_file}.")
    for step in made.steps:
        print(f"- {step}")


def _show_status(arguments: argparse.Namespace) -> int:
    """0, or 1 if deliveries are dead after all."""
    import asyncio

    from bot.server.inbox.choice import make_inbox

    settings = _read_settings(arguments)
    inbox = make_inbox(settings.database, is_guest=True)
    retried, counts, dead = asyncio.run(_read_status(inbox, arguments.retry))
    if arguments.format == "json":
        print_json(format_status(settings.database_name, counts, dead, retried))
    else:
        for line in list_lines(settings.database_name, counts, dead, retried):
            print_line(line)
    return 1 if counts.dead else 0


async def _read_status(inbox: "Inbox", guids: list[str] | None) -> "tuple[int | None, Counts, tuple[Entry, ...]]":
    dead: tuple[State, ...] = ("dead",)
    await inbox.open()
    try:
        retried = None
        if guids:
            retried = await inbox.retry(None if guids == [ALL] else guids)
            if guids != [ALL] and retried < len(set(guids)):
                raise SettingsError(await _explain_retry(inbox, guids, retried))
        return retried, await inbox.count(), await inbox.list_entries(states=dead, most=_MOST_LISTED)
    finally:
        await inbox.close()


async def _explain_retry(inbox: "Inbox", guids: list[str], retried: int) -> str:
    known = await inbox.list_known(guids)
    unknown = [reveal_line(guid) for guid in guids if guid not in known]
    why = f"the inbox has no delivery {unknown[0]}" if unknown else "some of these deliveries are not dead"
    return f"{why}; {count(retried, 'delivery', 'deliveries')} of {len(set(guids))} will run again; see `serve status`"


def list_lines(database: str, counts: "Counts", dead: "tuple[Entry, ...]", retried: int | None) -> Iterator[str]:
    """The status for people."""
    yield f"database: {database}"
    if retried is not None:
        yield f"{count(retried, 'delivery', 'deliveries')} will run again"
    if not (counts.waiting or counts.running or counts.done or counts.dead):
        yield "no deliveries so far; GitHub sends one for each event once the App is installed"
        return
    age = f" (the oldest for {_format_seconds(counts.oldest_seconds)})" if counts.waiting or counts.running else ""
    yield f"waiting: {counts.waiting:,}, running: {counts.running:,}{age}"
    yield f"done: {counts.done:,}"
    yield f"dead: {counts.dead:,}"
    for entry in dead:
        yield f"\n{entry.delivery.guid}  {_name_event(entry)}  {_name_place(entry)}"
        yield f"  {count(entry.attempts, 'attempt')}, the last at {entry.changed_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"  {reveal_line(entry.error)}"
    if counts.dead > len(dead):
        yield f"\n{counts.dead - len(dead):,} more"
    if dead:
        yield "\nTo let them run again: signpost serve status --retry all"


def format_status(database: str, counts: "Counts", dead: "tuple[Entry, ...]", retried: int | None) -> dict[str, object]:
    """The status for scripts."""
    numbers = {state: getattr(counts, state) for state in ("waiting", "running", "done", "dead")}
    return {
        "database": database,
        "counts": numbers,
        "oldest_seconds": round(counts.oldest_seconds, 1),
        "retried": retried,
        "dead": [
            {
                "guid": entry.delivery.guid,
                "event": entry.delivery.event,
                "action": entry.delivery.action or None,
                "installation": entry.delivery.installation or None,
                "repository": entry.delivery.repository or None,
                "issue": entry.delivery.issue or None,
                "attempts": entry.attempts,
                "error": entry.error,
                "at": entry.changed_at.isoformat(),
            }
            for entry in dead
        ],
    }


def _name_event(entry: "Entry") -> str:
    return ".".join(filter(None, (entry.delivery.event, entry.delivery.action)))


def _name_place(entry: "Entry") -> str:
    delivery = entry.delivery
    issue = f"#{delivery.issue}" if delivery.issue else ""
    return reveal_line(delivery.repository) + issue if delivery.repository else f"installation {delivery.installation}"


def _format_seconds(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
