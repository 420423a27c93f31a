"""The texts of the issues that list something: the muted rules, and the problems of rules and settings. Pure."""

from collections.abc import Iterable, Sequence

from bot.comment.renderer import render_notice
from bot.comment.sanitizer import escape_text, quote_cell, quote_code
from bot.errors import Problem
from bot.signals.mute import Mute
from bot.signals.notices.text import NoticeSettings
from bot.text.printable import count

MOST_PROBLEMS = 50
_LONGEST_MESSAGE = 600


def write_muted(muted: Iterable[Mute], settings: NoticeSettings) -> str:
    """The text of the issue that lists the muted rules; raises CommentError."""
    rows = [_list_cells(each) for each in sorted(muted, key=lambda each: each.rule)]
    return render_notice("muted", {"rows": rows}, (), settings.server)


def _list_cells(mute: Mute) -> tuple[str, str, str]:
    wrong = mute.wrong
    if wrong is None:
        return quote_code(mute.rule), mute.reason, ""
    people = f"{wrong.hits} of {count(wrong.total, 'person', 'people')}"
    return quote_code(mute.rule), people, f"{wrong.low:.0%} to {wrong.high:.0%}".replace("%", " %")


def write_problems(problems: Sequence[Problem], settings: NoticeSettings, *, is_stopped: bool) -> str:
    """The text of the issue that lists the problems of rules and settings; raises CommentError.

    It `is_stopped` if nothing runs until they are corrected: Signpost does not guess settings.
    """
    shown = [
        (quote_cell(f"{each.file}:{each.line}:{each.column}"), escape_text(_cut(each.message)))
        for each in problems[:MOST_PROBLEMS]
    ]
    values = {"rows": shown, "more": len(problems) - len(shown), "is_stopped": is_stopped}
    return render_notice("problems", values, (), settings.server)


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
