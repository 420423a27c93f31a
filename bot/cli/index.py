"""`signpost index`: build, search and measure an index of past issues."""

import argparse
from pathlib import Path

from bot.errors import SettingsError
from bot.output.console import add_format, print_json

_ISSUES = "GitHub issue objects, one per line, or the output of `gh issue list --json`; may be .gz"
_ASKED = (
    "the text of a report, an issue number, an issue URL, a JSON or Markdown file, one issue of an archive"
    " (FILE.jsonl#123), or - for standard input"
)
_DIGITS = 9
"""The digits of a number that is larger than the number of issues in any repository."""

_EPILOG = """\
Then search it: signpost index search --index issues.index "the build fails with exit code 101" --explain

example: signpost index build --index issues.index --issues issues.jsonl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands that build, update, search, evaluate and calibrate an index."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    for name, (summary, add, do) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        action.formatter_class = argparse.RawDescriptionHelpFormatter
        action.set_defaults(do=do)
        add(action)
        add_format(action)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0. Wrong usage, files and settings end with 2, and GitHub's failures with 3."""
    arguments.do(arguments)
    return 0


def _add_sources(parser: argparse.ArgumentParser) -> None:
    from bot.cli.options.archive import add_archive, add_jobs

    _add_index(parser)
    add_archive(parser)
    add_jobs(parser)
    parser.epilog = f"example: {parser.prog} --index issues.index --repo octo-org/octo-repo"


def _add_search(parser: argparse.ArgumentParser) -> None:
    _add_index(parser)
    parser.add_argument("what", metavar="TEXT|ISSUE", help=_ASKED)
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository of an issue that is not in the index")
    parser.add_argument("--most", type=_count, default=10, metavar="N", help="show at most N candidates (default: 10)")
    parser.add_argument(
        "--explain", action="store_true", help="explain each score, and why a candidate is not shown to reporters"
    )
    parser.epilog = 'example: signpost index search --index issues.index "no space left on device" --explain'


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issues", metavar="FILE.jsonl", required=True, help=_ISSUES)
    parser.add_argument(
        "--truth",
        metavar="FILE.jsonl",
        required=True,
        help='known duplicates: {"number": 7, "duplicate_of": 3} per line',
    )
    parser.add_argument(
        "--all", action="store_true", help="search for all known duplicates, not only for their later half"
    )
    parser.add_argument(
        "--sample",
        type=_count,
        default=1_500,
        metavar="N",
        help="use at most N ordinary issues (default: 1500)",
    )
    parser.epilog = "example: signpost index evaluate --issues issues.jsonl --truth duplicates.jsonl"


def _add_calibrate(parser: argparse.ArgumentParser) -> None:
    _add_index(parser)
    parser.add_argument(
        "--share",
        type=float,
        default=0.01,
        help="the largest share of ordinary issues that may be shown a candidate (default: 0.01)",
    )
    parser.add_argument(
        "--last", type=_count, default=1_000, metavar="N", help="replay the last N issues (default: 1000)"
    )
    parser.epilog = "example: signpost index calibrate --index issues.index --share 0.01"


def _count(text: str) -> int:
    """A positive integer; argparse reports anything else. A number with too many digits means all."""
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise argparse.ArgumentTypeError(f"must be a positive integer, not {text!r}")
    return int(text) if len(text) <= _DIGITS else 10**_DIGITS


def _add_index(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--index", metavar="FILE", required=True, help="the index file")


def _make(arguments: argparse.Namespace) -> None:
    from bot.cli.options.archive import count_jobs, open_archive
    from bot.duplicates.index.builder import build, update
    from bot.duplicates.index.terminal import print_built

    path = Path(arguments.index)
    built = (build if arguments.action == "build" else update)(path, open_archive(arguments), count_jobs(arguments))
    if arguments.format == "json":
        print_json(built.to_json())
    else:
        print_built(built, path)


def _search(arguments: argparse.Namespace) -> None:
    from bot.cli.index_search import ask_index, search_to_json

    search = ask_index(Path(arguments.index), arguments.what, arguments.repo)
    if arguments.format == "json":
        print_json(search_to_json(search, arguments.most))
    else:
        from bot.duplicates.index.terminal import print_search

        print_search(search, arguments.most, is_explained=arguments.explain)


def _evaluate(arguments: argparse.Namespace) -> None:
    from bot.archive.jsonl import read_issues, read_lines
    from bot.duplicates.evaluation import evaluate, print_recall

    issues, truth = Path(arguments.issues), Path(arguments.truth)
    part = "all" if arguments.all else "second"
    recall = evaluate(read_issues(issues), read_lines(truth), part, arguments.sample)
    if recall is None:
        raise SettingsError(f"{truth} has no duplicate of an earlier issue in {issues}; add known duplicates")
    if arguments.format == "json":
        print_json(recall.to_json())
    else:
        print_recall(recall)


def _calibrate(arguments: argparse.Namespace) -> None:
    from bot.cli.index_search import calibrate_index

    if not 0 < arguments.share < 1:
        raise SettingsError(f"--share must be a number between 0 and 1, such as 0.01, not {arguments.share}")
    calibration = calibrate_index(Path(arguments.index), arguments.share, arguments.last)
    if arguments.format == "json":
        print_json(calibration.to_json())
    else:
        from bot.duplicates.index.terminal import print_calibration

        print_calibration(calibration, Path(arguments.index))


_ACTIONS = {
    "build": ("build an index of past issues", _add_sources, _make),
    "update": ("update an index with new and changed issues", _add_sources, _make),
    "search": ("find earlier issues that are probably the same problem", _add_search, _search),
    "evaluate": ("measure how often the search finds the right issue, with known duplicates", _add_evaluate, _evaluate),
    "calibrate": ("learn from the last issues the score at which a candidate is shown", _add_calibrate, _calibrate),
}
