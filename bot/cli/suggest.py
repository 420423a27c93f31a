"""`signpost suggest`: draft rules for the messages that keep coming back in issues that no rule matches."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.archive.parallel import count_cores
from bot.cli.options.archive import add_history, open_history
from bot.cli.options.rules import HOME
from bot.output.console import add_format, add_rules, list_rules, make_console, print_json, write_file
from bot.output.progress import track
from bot.rules.loader import read_place
from bot.text.printable import reveal_line
from bot.workbench.backtest.replay import compile_rules
from bot.workbench.suggest.draft_yaml import spread, tell_reach, write_draft
from bot.workbench.suggest.drafts import Draft
from bot.workbench.suggest.miner import Find, Quest, Seen, mine_history

_EPILOG = """\
Each draft is in `mode: observe`, proves itself on its own examples, and waits for the guidance that you write.

example: signpost suggest --issues issues.jsonl --rules .github/signpost --out drafts"""

_NEXT = "\nWrite them with `--out FOLDER`; then edit, and prove them with `signpost check FOLDER`."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_history(parser)
    parser.add_argument("--top", type=int, default=10, metavar="N", help="at most so many drafts (default: 10)")
    parser.add_argument(
        "--least", type=int, default=2, metavar="N", help="no draft for fewer issues than this (default: 2)"
    )
    parser.add_argument("--out", metavar="FOLDER", help="write each draft to FOLDER/ID.yml; what is there stays")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one a core)")
    parser.epilog = _EPILOG
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if the history could be read, 2 if some rules could not."""
    rules = tuple(read_place(place) for place in find_places(arguments.rules))
    problems = compile_rules(rules).problems
    for problem in problems:
        print(problem, file=sys.stderr)
    history = open_history(arguments)
    jobs = arguments.jobs if arguments.jobs > 0 else count_cores()
    quest = Quest(rules=rules, most=max(1, arguments.top), least=max(1, arguments.least), jobs=jobs)
    find = mine_history(history, quest, show_progress)
    origin = f"Drafted by `signpost suggest` from {Path(history.name).name}."
    texts = {draft.id: write_draft(draft, origin) for draft in find.drafts}
    written = write_drafts(Path(arguments.out), texts) if arguments.out else {}
    if arguments.format == "json":
        print_json(_as_json(find, texts, written))
    else:
        _print(find, written)
    return 2 if problems else 0


def find_places(asked: list[list[str]] | None) -> list[str]:
    """The places of rules that are asked for, or those of the repository, where it has any."""
    return list(dict.fromkeys(list_rules(asked))) if asked or Path(HOME).is_dir() else []


def show_progress(answers: Iterator[Seen], what: str) -> Iterator[Seen]:
    """A bar on a terminal for a pass over a history."""
    return track(answers, what, count=lambda answer: answer.seen)


def write_drafts(folder: Path, texts: dict[str, str]) -> dict[str, bool]:
    """Write the drafts that are not there yet; says for each whether it was written."""
    written = {}
    for name, text in texts.items():
        path = folder / f"{name}.yml"
        written[name] = not path.exists()
        if written[name]:
            write_file(path, text)
    return written


def _as_json(find: Find, texts: dict[str, str], written: dict[str, bool]) -> dict[str, Any]:
    drafts = [tell_draft(draft) | {"yaml": texts[draft.id], "written": written.get(draft.id)} for draft in find.drafts]
    return {"issues": find.unmatched + find.matched, "unmatched": find.unmatched, "drafts": drafts}


def tell_draft(draft: Draft) -> dict[str, Any]:
    """A draft and its evidence as JSON."""
    return {
        "id": draft.id,
        "title": draft.title,
        "phrases": list(draft.phrases),
        "issues": draft.issues,
        "authors": draft.authors,
        "elsewhere": draft.elsewhere,
        "first": draft.first and draft.first.isoformat(),
        "last": draft.last and draft.last.isoformat(),
        "numbers": spread(draft.numbers, 20),
        "labels": [{"name": label.name, "share": label.share, "elsewhere": label.elsewhere} for label in draft.labels],
        "source": draft.source,
        "follow": draft.follow,
        "weight": draft.weight,
    }


def _print(find: Find, written: dict[str, bool]) -> None:
    from rich.text import Text

    from bot.output.console import print_hanging

    console = make_console()
    total = find.unmatched + find.matched
    console.print(f"{total:,} issues, {find.unmatched:,} without a rule: {len(find.drafts)} drafts", markup=False)
    for place, draft in enumerate(find.drafts, 1):
        console.print()
        print_hanging(Text(f"{place:>2}. ", "bold"), Text(draft.id, "bold"), console)
        for line, style in _tell(draft, written):
            print_hanging(Text("    "), Text(reveal_line(line), style), console)
    if find.drafts and not written:
        console.print(_NEXT, markup=False)


def _tell(draft: Draft, written: dict[str, bool]) -> Iterator[tuple[str, str]]:
    """The lines about a draft, each with its style."""
    yield from ((phrase, "cyan") for phrase in draft.phrases)
    yield tell_reach(draft), ""
    if draft.labels:
        told = ", ".join(f"{label.name} {label.share:.0%} (all: {label.elsewhere:.0%})" for label in draft.labels)
        yield f"labels: {told}", ""
    if draft.source:
        yield f"maintainers link {draft.source}", ""
    if draft.id in written:
        yield "written" if written[draft.id] else "kept what was there", "dim"
