"""`signpost index`: an index of past issues, by which earlier reports of the same problem are found."""

import argparse
from pathlib import Path

from bot.errors import SettingsError
from bot.output.console import add_format, print_json

_ISSUES = "GitHub issue objects, one a line, or what `gh issue list --json` gives; may be .gz"
_ASKED = (
    "what a report says; or the number of an issue, an address, a JSON or Markdown file, number 123 of a history"
    " (FILE.jsonl#123), or - for standard input"
)
_DIGITS = 9
"""Those of more issues than any repository has."""

_EPILOG = """\
Then ask it: signpost index search --index issues.index "the build fails with exit code 101" --explain

example: signpost index build --index issues.index --issues issues.jsonl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments: a subcommand to build, update, search, evaluate and calibrate an index."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", dest="action", required=True)
    for name, (summary, add, do) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        action.formatter_class = argparse.RawDescriptionHelpFormatter
        action.set_defaults(do=do)
        add(action)
        add_format(action)


def execute(arguments: argparse.Namespace) -> int:
    """0 if it was done, 2 for wrong usage, files or settings, 3 where GitHub does not answer."""
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
    parser.add_argument("--repo", metavar="OWNER/NAME", help="where a number is from that the index does not hold")
    parser.add_argument("--most", type=_count, default=10, metavar="N", help="at most so many candidates (default: 10)")
    parser.add_argument("--explain", action="store_true", help="what made each score, and why others were left out")
    parser.epilog = 'example: signpost index search --index issues.index "no space left on device" --explain'


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issues", metavar="FILE.jsonl", required=True, help=_ISSUES)
    parser.add_argument(
        "--truth", metavar="FILE.jsonl", required=True, help='JSONL: {"number": 7, "duplicate_of": 3}, null for none'
    )
    parser.add_argument("--all", action="store_true", help="ask about all duplicates, not only their later half")
    parser.add_argument(
        "--sample", type=_count, default=1_500, metavar="N", help="at most so many ordinary issues (default: 1500)"
    )
    parser.epilog = "example: signpost index evaluate --issues issues.jsonl --truth duplicates.jsonl"


def _add_calibrate(parser: argparse.ArgumentParser) -> None:
    _add_index(parser)
    parser.add_argument(
        "--share",
        type=float,
        default=0.01,
        help="the part of ordinary issues that may be shown something (default: .01)",
    )
    parser.add_argument("--last", type=_count, default=1_000, metavar="N", help="issues to replay (default: 1000)")
    parser.epilog = "example: signpost index calibrate --index issues.index --share 0.01"


def _count(text: str) -> int:
    """A number from 1 on; what else is given is told by argparse. What is more than there can be means all."""
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text) if len(text) <= _DIGITS else 10**_DIGITS


def _add_index(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--index", metavar="FILE", required=True, help="the file of the index")


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
    from bot.duplicates.evaluation import evaluate

    issues, truth = Path(arguments.issues), Path(arguments.truth)
    part = "all" if arguments.all else "second"
    recall = evaluate(read_issues(issues), read_lines(truth), part, arguments.sample)
    if recall is None:
        raise SettingsError(f"{truth} names no duplicate of an earlier issue of {issues}: there is nothing to measure")
    if arguments.format == "json":
        print_json(recall.to_json())
    else:
        from bot.duplicates.index.terminal import print_recall

        print_recall(recall)


def _calibrate(arguments: argparse.Namespace) -> None:
    from bot.cli.index_search import calibrate_index

    if not 0 < arguments.share < 1:
        raise SettingsError(f"--share is a part between 0 and 1, such as 0.01, and not {arguments.share}")
    calibration = calibrate_index(Path(arguments.index), arguments.share, arguments.last)
    if arguments.format == "json":
        print_json(calibration.to_json())
    else:
        from bot.duplicates.index.terminal import print_calibration

        print_calibration(calibration, Path(arguments.index))


_ACTIONS = {
    "build": ("make an index of past issues", _add_sources, _make),
    "update": ("bring an index in line with what has happened since", _add_sources, _make),
    "search": ("say which earlier issues are likely the same problem", _add_search, _search),
    "evaluate": ("measure how often the right issue is found, against known duplicates", _add_evaluate, _evaluate),
    "calibrate": ("learn from the last issues how sure a likeness must be to be shown", _add_calibrate, _calibrate),
}
