"""Lines in the terminal whose continuation stays to the right of what leads them."""

from rich.console import Console
from rich.text import Text

_NARROWEST = 20


def print_hanging(lead: Text, text: Text, console: Console, following: str | None = None) -> None:
    """Print `lead` and `text`; where a terminal is too narrow, its further lines begin with `following` (or spaces).

    Anything that is no terminal gets one line, for those who search in it.
    """
    following = " " * lead.cell_len if following is None else following
    width = max(_NARROWEST, console.width - max(lead.cell_len, len(following)))
    rows = text.wrap(console, width) if console.is_terminal and text.plain else [text]
    for index, row in enumerate(rows):
        begin = lead if index == 0 else Text(following, "dim")
        console.print(Text.assemble(begin, row), soft_wrap=True)
