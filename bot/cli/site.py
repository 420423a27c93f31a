"""`signpost site`: the known-problems site, a folder of pages that any web server can serve."""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.archive.stats import Opinion
from bot.cli.options.archive import add_archive, add_jobs, count_jobs, find_cache, open_archive
from bot.cli.options.github import connect_github, read_settings
from bot.cli.options.rules import AskedRules, read_rules
from bot.errors import SettingsError, SignpostError, format_install
from bot.insights.site.addresses import check_base, check_served, format_addresses, list_former, parse_addresses
from bot.insights.site.catalogue import Contents, Settings, make_contents
from bot.insights.site.problem import Problem, Sources
from bot.insights.site.sightings import Census, take_census
from bot.insights.site.status import parse_releases
from bot.insights.site.writer import Build, has_words, read_manifest, read_text, write_site
from bot.output.console import add_format, add_rules, print_json, write_file
from bot.text.printable import count

if TYPE_CHECKING:
    from bot.tracker.types import Release

ADDRESSES = "addresses.txt"

_EPILOG = f"""\
Without past issues, each rule still has its page, without figures. A second build writes only what has changed.
The search by words needs an extra: {format_install("site")}.

example: signpost site --rules .github/signpost --issues issues.jsonl --out public"""

_INSTALL = f"the search finds messages only; to add the search by words, run: {format_install('site')}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--out", required=True, metavar="DIR", help="write the site to this folder")
    add_archive(parser, is_required=False)
    _add_sources(parser)
    _add_publication(parser)
    add_jobs(parser)
    parser.epilog = _EPILOG
    add_rules(parser)
    add_format(parser)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    """What the pages show beside rules and past issues."""
    parser.add_argument("--ledger", metavar="FILE", help="the ledger of `signpost sweep`, for votes of readers")
    parser.add_argument(
        "--releases",
        metavar="FILE",
        help="the output of `gh release list --json tagName,publishedAt`, for dates of fixes (default: with --repo and "
        "GITHUB_TOKEN, GitHub's list)",
    )
    parser.add_argument(
        "--config", metavar="FILE", help="the settings file (default: config.yml in the folder of rules)"
    )


def _add_publication(parser: argparse.ArgumentParser) -> None:
    """Where the site is published, and for whom."""
    parser.add_argument(
        "--base-url",
        metavar="URL",
        help="where the site will be, for its feeds and canonical addresses (default: `site` in config.yml)",
    )
    parser.add_argument(
        "--addresses",
        metavar="FILE",
        help="the list of all addresses ever served; new ones are added, and the build stops if one would disappear "
        f"(default: {ADDRESSES} in the first folder of rules, if it exists)",
    )
    parser.add_argument(
        "--private",
        action="store_true",
        help="for maintainers: add the messages that no rule knows; search engines stay out",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="write to a folder that has other files; they stay unless a page replaces them",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if the site was built, 2 if some rules could not be read; the other rules have their pages."""
    rules = read_rules(arguments.rules)
    rules.print_problems()
    _require_rules(rules)
    out, listed = Path(arguments.out), _find_addresses(arguments, rules)
    before = read_manifest(out, may_overwrite=arguments.overwrite)
    served = parse_addresses(read_text(listed), str(listed)) if listed and listed.is_file() else ()
    check_served([*served, *before.addresses], rules.ruleset)
    contents = _read_contents(arguments, rules)
    build = write_site(contents, out, served, may_overwrite=arguments.overwrite)
    if listed and {*build.addresses} != {*served}:
        write_file(listed, format_addresses(build.addresses))
        print(f"signpost: {listed} has new addresses; commit it", file=sys.stderr)
    _print(contents, build, out, arguments.format)
    return 2 if rules.ruleset.problems else 0


def _require_rules(rules: AskedRules) -> None:
    """Raise SettingsError where there is nothing to make pages from."""
    if not (rules.ruleset.rules or rules.ruleset.problems or list_former(rules.ruleset)):
        places = ", ".join(rules.places)
        raise SettingsError(f"there are no rules in {places}; add one, or run `signpost init` or `signpost suggest`")


def _read_contents(arguments: argparse.Namespace, rules: AskedRules) -> Contents:
    config = rules.read_config(arguments.config)
    base = check_base(arguments.base_url or config.site or "")
    opinions = rules.read_opinions(arguments.ledger, config)
    given = parse_releases(read_text(Path(arguments.releases)), arguments.releases) if arguments.releases else None
    sources = Sources(
        ruleset=rules.ruleset,
        census=_count(arguments, rules),
        releases=given,
        opinions=opinions,
        meanings=config.votes.meanings,
        edit_home=f"{read_settings().server_url}/{arguments.repo}/blob/HEAD/" if arguments.repo else "",
    )
    if arguments.repo and not (arguments.releases or arguments.cached):
        sources = replace(sources, releases=_ask_releases(arguments.repo))
    return make_contents(sources, Settings(base_url=base, is_private=arguments.private, has_words=has_words()))


def _count(arguments: argparse.Namespace, rules: AskedRules) -> Census:
    """The census of the archive; what an earlier build counted is kept in the user's cache."""
    if not (arguments.issues or arguments.repo):
        return Census()
    name = blake2b(f"{arguments.issues} {arguments.repo} {rules.places}".encode(), digest_size=8).hexdigest()
    cache = find_cache(arguments.cache) / "site" / f"{name}.json"
    archive = rules.make_archive(open_archive(arguments), count_jobs(arguments))
    census = take_census(archive, cache, is_mined=arguments.private, now=datetime.now(UTC).timestamp())
    if census.ahead:
        what = count(census.ahead, "issue has a date", "issues have a date")
        print(f"signpost: {what} in the future, which counts as unknown", file=sys.stderr)
    return census


def _ask_releases(repository: str) -> "tuple[Release, ...] | None":
    """GitHub's newest releases; None without a token, or if they cannot be read: pages then have no dates of fixes."""
    if not read_settings().token:
        return None
    try:
        return connect_github().list_releases(repository)
    except SignpostError as error:
        print(f"signpost: the pages have no dates of releases: {error}", file=sys.stderr)
        return None


def _find_addresses(arguments: argparse.Namespace, rules: AskedRules) -> Path | None:
    if arguments.addresses:
        return Path(arguments.addresses)
    places = (Path(place) / ADDRESSES for place in rules.places if not place.startswith("pack:"))
    return next((path for path in places if path.is_file()), None)


def _print(contents: Contents, build: Build, out: Path, form: str) -> None:
    if form == "json":
        print_json(_to_json(contents, build, out))
        return
    print(f"{out}: {build.describe()}")
    print(f"known problems: {len(contents.problems):,}, rising now: {len(contents.trends)}")
    if not contents.settings.has_words:
        print(_INSTALL)


def _to_json(contents: Contents, build: Build, out: Path) -> dict[str, Any]:
    return {
        "out": str(out),
        "issues": contents.sources.census.issues,
        "problems": [_problem_to_json(each, contents.sources) for each in contents.problems],
        "trending": [{"id": each.problem.id, "summary": each.summary} for each in contents.trends],
        "pages": build.pages,
        "pages_written": build.pages_written,
        "files": build.files,
        "files_written": build.files_written,
        "removed": build.removed,
        "bytes": build.size,
        "search": "words" if contents.settings.has_words else "messages",
        "advice": "" if contents.settings.has_words else _INSTALL,
    }


def _problem_to_json(problem: Problem, sources: Sources) -> dict[str, Any]:
    """A known problem; the number of its votes only with a ledger."""
    known = {
        "id": problem.id,
        "address": problem.address,
        "status": problem.status.code,
        "issues": problem.figures.issues,
    }
    votes = {} if sources.opinions is None else {"voters": sources.opinions.get(problem.id, Opinion()).voters}
    return known | votes
