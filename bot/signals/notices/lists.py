"""The text of the issue that lists the muted rules. Pure."""

from collections.abc import Iterable

from bot.comment.renderer import render_notice
from bot.comment.sanitizer import quote_code
from bot.signals.mute import Mute
from bot.signals.notices.text import NoticeSettings
from bot.text.printable import count


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
