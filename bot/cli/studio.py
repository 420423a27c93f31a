"""`signpost studio`: edit one rule in the browser, and see at each keystroke which past issues it matches."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.options.archive import add_archive, open_archive
from bot.errors import SettingsError, format_install
from bot.output.console import add_format, list_rules, print_json
from bot.rules.loader import read_place

HIGHEST_PORT = 65_535

if TYPE_CHECKING:
    from bot.workbench.studio.server import Studio
    from bot.workbench.studio.surroundings import Surroundings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("rule", metavar="RULE.yml", help="the file of the rule; the studio writes only this file")
    parser.add_argument(
        "--rules",
        action="append",
        nargs="+",
        metavar="PATH",
        help="the other rules: folders, rule files or pack:NAME (default: the folder of the rule)",
    )
    add_archive(parser, is_required=False)
    parser.add_argument("--port", type=int, default=0, metavar="N", help="the port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, and do not open a browser")
    parser.epilog = "example: signpost studio .github/signpost/out-of-disk.yml --issues issues.jsonl"
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C, which returns 130; 2 if the rule or the issues cannot be read."""
    try:
        from bot.workbench.studio.server import HOST, bind_loopback, serve
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        message = f"the studio needs {missing}, which is not installed; run: {format_install('studio')}"
        raise SettingsError(message) from error
    if not 0 <= arguments.port <= HIGHEST_PORT:
        raise SettingsError(f"--port must be from 0 to {HIGHEST_PORT}, not {arguments.port}; 0 takes a free port")
    studio = _make_studio(arguments)
    with bind_loopback(arguments.port) as bound:
        address = f"http://{HOST}:{bound.getsockname()[1]}{studio.entrance}"
        if arguments.format == "json":
            print_json({"address": address, "file": arguments.rule})
        else:
            print(f"The studio is at {address}\nIt saves only to {arguments.rule}. Press Ctrl-C to stop it.")
        sys.stdout.flush()
        serve(studio, bound, opens_browser=not arguments.no_browser)
    return 0


def _make_studio(arguments: argparse.Namespace) -> "Studio":
    from bot.workbench.studio.files import RuleFile
    from bot.workbench.studio.server import make_studio
    from bot.workbench.studio.session import make_session

    file = RuleFile(Path(arguments.rule))
    archive = open_archive(arguments) if arguments.issues or arguments.repo else None
    around = _read_surroundings(arguments.rule, arguments.rules)
    today = datetime.now(tz=UTC).date()
    session = make_session(around, file.before.text, archive.read_issues() if archive else iter(()), today)
    named = {"name": archive.name, "total": archive.total} if archive else None
    return make_studio(file, session, around, today, named)


def _read_surroundings(rule: str, asked: list[list[str]] | None) -> "Surroundings":
    from bot.workbench.studio.surroundings import find_surroundings

    path = Path(rule)
    places = list_rules(asked) if asked else [str(path.parent)]
    files = {name: text for place in places for name, text in read_place(place).items()}
    file = next((name for name in files if Path(name).resolve() == path.resolve()), path.as_posix())
    around = find_surroundings(files, file, read_place(str(path)))
    for problem in around.others.problems:
        print(problem, file=sys.stderr)
    return around
