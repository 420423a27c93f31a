"""`signpost suggest`: draft rules for messages that recur in issues that no rule matches."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.cli.options.archive import add_archive, add_jobs, count_jobs, open_archive
from bot.cli.options.output import report_written, write_drafts
from bot.cli.options.rules import find_rules
from bot.output.console import add_format, add_rules, make_console, print_json
from bot.text.printable import count, reveal_line
from bot.workbench.suggest.drafts import Draft, describe_reach, draft_to_json, write_draft
from bot.workbench.suggest.miner import Find, mine_archive

_EPILOG = """\
Each draft has `mode: observe` and passes on its own examples. You write its guidance.

example: signpost suggest --issues issues.jsonl --rules .github/signpost --out drafts"""

_NEXT = "\nWrite the drafts with `--out FOLDER`; then edit them, and test them with `signpost check FOLDER`."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_archive(parser)
    parser.add_argument("--top", type=int, default=10, metavar="N", help="write at most N drafts (default: 10)")
    parser.add_argument(
        "--least", type=int, default=2, metavar="N", help="ignore messages in fewer than N issues (default: 2)"
    )
    parser.add_argument("--out", metavar="FOLDER", help="write each draft to FOLDER/ID.yml; files that exist are kept")
    add_jobs(parser)
    parser.epilog = _EPILOG
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if the archive could be read, 2 if some rules could not."""
    rules = find_rules(arguments.rules)
    rules.print_problems()
    archive = rules.make_archive(open_archive(arguments), count_jobs(arguments))
    find = mine_archive(archive, max(1, arguments.top), max(1, arguments.least))
    origin = f"Drafted by `signpost suggest` from {Path(archive.issues.name).name}."
    texts = {draft.id: write_draft(draft, origin) for draft in find.drafts}
    written = write_drafts(Path(arguments.out), texts) if arguments.out else {}
    if arguments.format == "json":
        print_json(_to_json(find, texts, written))
    else:
        _print(find, written)
    for name in filter(written.get, written):
        report_written(Path(arguments.out) / f"{name}.yml", arguments.format)
    return 2 if rules.ruleset.problems else 0


def _to_json(find: Find, texts: dict[str, str], written: dict[str, bool]) -> dict[str, Any]:
    drafts = [
        draft_to_json(draft) | {"yaml": texts[draft.id], "written": written.get(draft.id)} for draft in find.drafts
    ]
    return {"issues": find.unmatched + find.matched, "unmatched": find.unmatched, "drafts": drafts}


def _print(find: Find, written: dict[str, bool]) -> None:
    from rich.text import Text

    from bot.output.console import print_hanging

    console = make_console()
    total = find.unmatched + find.matched
    drafts = count(len(find.drafts), "draft")
    console.print(f"{count(total, 'issue')}, {find.unmatched:,} without a rule: {drafts}", markup=False)
    if not find.drafts and find.unmatched:
        console.print("no message occurs in enough of them; add issues, or lower --least", markup=False)
    for place, draft in enumerate(find.drafts, 1):
        console.print()
        print_hanging(Text(f"{place:>2}. ", "bold"), Text(draft.id, "bold"), console)
        for line, style in _list_lines(draft, written):
            print_hanging(Text("    "), Text(reveal_line(line), style), console)
    if find.drafts and not written:
        console.print(_NEXT, markup=False)


def _list_lines(draft: Draft, written: dict[str, bool]) -> Iterator[tuple[str, str]]:
    """The lines about a draft, each with its style."""
    yield from ((phrase, "cyan") for phrase in draft.phrases)
    yield describe_reach(draft), ""
    if draft.labels:
        labels = ", ".join(f"{label.name} {label.share:.0%} (all: {label.elsewhere:.0%})" for label in draft.labels)
        yield f"labels: {labels}", ""
    if draft.source:
        yield f"maintainers link {draft.source}", ""
    if written.get(draft.id) is False:
        yield "kept the file that exists", "dim"
