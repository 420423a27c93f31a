"""`signpost uninstall`: list what Signpost left in a repository, and remove it."""

import argparse
import sys

from bot.cli.options.github import connect_github, read_settings, require_repository
from bot.errors import SettingsError
from bot.github.actions_runner import print_safely
from bot.output.console import add_format, add_rules, print_json
from bot.signals.removal.remover import Remover, Uninstalled
from bot.signals.removal.traces import make_ours
from bot.triage.config import Config
from bot.triage.sources import read_sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository (default: GITHUB_REPOSITORY)")
    parser.add_argument("--yes", action="store_true", help="remove what is listed; without it, nothing changes")
    parser.add_argument("--dry-run", action="store_true", help="only list what Signpost left (the default)")
    parser.add_argument("--config", metavar="FILE", help="the settings file (default: .github/signpost/config.yml)")
    parser.epilog = "example: signpost uninstall --repo octo-org/octo-repo"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0: done, or listed; 1: something could not be removed; 2: wrong usage; 3: no answer from GitHub."""
    repository = require_repository(arguments.repo, read_settings())
    if arguments.yes and arguments.dry_run:
        raise SettingsError("--yes and --dry-run exclude each other; give one of them")
    done, files = _uninstall(arguments, repository)
    if arguments.format == "json":
        print_json(done.to_json() | {"files": files})
    else:
        print_safely([*done.format_lines(), *_advise(done, files)])
    return 3 if done.error else 1 if done.failures else 0


def _uninstall(arguments: argparse.Namespace, repository: str) -> tuple[Uninstalled, list[str]]:
    """What was found or removed, and the files that stay. Raises SettingsError for rules that are named and wrong."""
    live = connect_github()
    rules = [place for group in arguments.rules or [] for place in group]
    try:
        sources = read_sources(rules, arguments.config, repository, live)
        ours = make_ours(sources.ruleset.rules, sources.config, live.get_login())
    except SettingsError as error:
        if rules or arguments.config:
            raise
        cause = str(error).partition("; ")[0]
        _say(f"signpost: {cause}; so Signpost finds only labels that one of its comments remembers")
        ours = make_ours((), Config(), live.get_login())
    remover = Remover(repository=repository, tracker=live, ours=ours, say=_say)
    return remover.remove(is_dry_run=not arguments.yes), remover.list_files()


def _advise(done: Uninstalled, files: list[str]) -> list[str]:
    """What a person does next."""
    again = done.is_dry_run and any(each.removal.writes for each in done.removed)
    return [
        *(["Next      nothing was changed; to remove this, run the command again with --yes"] if again else []),
        *(f"By hand   delete {file}" for file in files),
    ]


def _say(line: str) -> None:
    print_safely([line], sys.stderr)
