"""`signpost stats`: rules by what they are worth to the people who read their guidance."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.options.output import refuse_inputs, report_written, write_page
from bot.cli.options.rules import find_rules
from bot.output.console import add_format, add_rules, make_console, print_json
from bot.signals.file import LEDGER, read_any_ledger
from bot.signals.mute import find_muted
from bot.signals.stats import HEADINGS, NARROW, Stats, list_columns, make_stats, render_html, to_json
from bot.signals.votes import count_votes, find_orders
from bot.text.printable import count

_TEXTS = {"rule", "trend"}
_WIDE = 140
"""Columns of a terminal that has room for all of the table."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--ledger", metavar="FILE", default=LEDGER, help="the ledger of `signpost sweep`")
    parser.add_argument("--html", metavar="FILE", help="write the table as one self-contained HTML page")
    parser.add_argument(
        "--config", metavar="FILE", help="the settings file (default: config.yml in the first folder of rules)"
    )
    parser.epilog = (
        "With rules, only votes on their present content count; without, those on the guidance that was given last.\n\n"
        f"example: signpost stats --ledger {LEDGER} --html stats.html"
    )
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0, or 2 if the ledger or the settings cannot be read."""
    refuse_inputs((arguments.html,), (arguments.ledger, arguments.config))
    stats = _read(arguments)
    if arguments.html:
        write_page(Path(arguments.html), render_html(stats))
    if arguments.format == "json":
        print_json(to_json(stats))
    else:
        _print_table(stats)
    if arguments.html:
        report_written(Path(arguments.html), arguments.format)
    return 0


def _read(arguments: argparse.Namespace) -> Stats:
    ledger = read_any_ledger(Path(arguments.ledger))
    rules = find_rules(arguments.rules)
    settings = rules.read_config(arguments.config).votes
    loaded = rules.ruleset.rules
    hashes = {rule.id: rule.content_hash for rule in loaded} if loaded else None
    renamed = rules.ruleset.renamed
    votes = count_votes(ledger, settings.meanings, hashes, renamed)
    titles = {rule.id: rule.model.title for rule in loaded}
    known = hashes or {rule: each.content_hash for rule, each in votes.items()}
    muted = find_muted(votes, settings, find_orders(ledger, renamed), known)
    return make_stats(ledger, votes, muted, titles, datetime.now(UTC).date())


def _print_table(stats: Stats) -> None:
    from rich.table import Table

    console = make_console()
    console.print(
        f"{stats.repository}: {count(stats.comments, 'comment')}, {count(stats.votes, 'vote')}, "
        f"{count(stats.withdrawals, 'withdrawal')}, {count(stats.closings, 'closing')} ({stats.reopened} reopened)",
        markup=False,
    )
    if not stats.rules:
        return
    shown = len(HEADINGS) if console.width >= _WIDE else NARROW
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS[:shown]:
        is_text = heading in _TEXTS
        table.add_column(heading, justify="left" if is_text else "right", overflow="fold", no_wrap=heading != "rule")
    for each in stats.rules:
        table.add_row(*list_columns(each)[:shown])
    console.print(table, markup=False)
    for each in stats.rules:
        if each.mute:
            console.print(f"{each.rule} is muted: {each.mute.reason}", markup=False)
