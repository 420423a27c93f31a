"""A stranger's words as a report may show them: one line, cut, and without what belongs to a person. Pure."""

from bot.text.printable import reveal_line
from bot.text.redaction import mask_private

LONGEST = 140


def show_text(text: str, longest: int = LONGEST) -> str:
    """The text with what is private masked, white space folded, hidden signs visible, cut at `longest` characters."""
    line = reveal_line(" ".join(mask_private(text).split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
