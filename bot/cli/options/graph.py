"""How a command reads an issue graph: from GitHub, so that a killed run can go on, or from files."""

import argparse
from collections.abc import Sequence
from hashlib import sha256

from bot.cli.options.archive import find_cache
from bot.cli.options.github import connect_github, read_settings
from bot.errors import SettingsError, TrackerError
from bot.insights.graph.types import Follow, Graph, Options
from bot.tracker.graph import Address, Unread

USUAL = Options()
_DEEPEST = 10
"""Steps; farther away, nothing tells more about an issue."""


def add_reach(parser: argparse.ArgumentParser) -> None:
    """The arguments that say how far the graph is read."""
    parser.add_argument(
        "--depth",
        type=int,
        default=USUAL.depth,
        metavar="N",
        help=f"steps from the issue, at most {_DEEPEST}; 0: the issue alone (default: {USUAL.depth})",
    )
    parser.add_argument(
        "--budget",
        type=int,
        default=USUAL.budget,
        metavar="N",
        help=f"the maximum number of requests (default: {USUAL.budget})",
    )
    parser.add_argument("--across", action="store_true", help="also read linked issues of other repositories")


def read_reach(arguments: argparse.Namespace) -> Options:
    """How far the graph is read; raises SettingsError."""
    for name, least in (("depth", 0), ("budget", 1)):
        if getattr(arguments, name) < least:
            message = f"--{name} must be at least {least}, not {getattr(arguments, name)}"
            raise SettingsError(message)
    if arguments.depth > _DEEPEST:
        raise SettingsError(f"--depth must be at most {_DEEPEST}, not {arguments.depth}")
    return Options(depth=arguments.depth, budget=arguments.budget, across=arguments.across)


def read_live_graph(seeds: Sequence[Address], options: Options, follow: Follow) -> Graph:
    """The graph around the seeds, from GitHub. What was read before a kill within the last hour is not read again.

    Raises TrackerError if GitHub answers for none of the seeds.
    """
    from bot.github.graph.rest import FolderCache
    from bot.insights.graph.discovery import discover
    from bot.insights.graph.journal import resume

    settings, folder = read_settings(), find_cache(None)
    token = settings.token.get_secret_value() if settings.token else ""
    # Answers for one token must not reach another one; its hash does not tell the token.
    owner = sha256(f"{settings.api_url} {token}".encode()).hexdigest()[:16]
    source = connect_github(settings, cache=FolderCache(folder / "pages", owner))
    key = (settings.api_url, owner, *map(str, seeds), str(options))
    with resume(source, folder / "graphs", key) as journaled:
        graph = discover(seeds, journaled, options, journaled.began, follow)
    failures = [graph.unread[seed] for seed in graph.seeds if seed in graph.unread]
    if len(failures) == len(graph.seeds) and failures[0].reason in {"failed", "missing", "refused"}:
        raise TrackerError(_describe_failure(failures[0]))
    return graph


def _describe_failure(unread: Unread) -> str:
    """What could not be read, and why; GitHub's errors say the former already."""
    start = f"Could not read {unread.address}"
    return unread.message if unread.message.startswith(start) else f"{start}: {unread.message}"
