"""A stranger's words as a report may show them: one line, cut, and without what belongs to a person. Pure."""

import re

from bot.issue.printable import reveal_line

LONGEST = 140
_MASKED = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), "<email>"),
    (re.compile(r"(?i)((?:/home/|/Users/|\b[a-z]:[\\/]{1,4}Users[\\/]{1,4}))[^\s/\\:'\"<>]{1,64}"), r"\1<user>"),
    (re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])"), "<address>"),
    (re.compile(r"\b(?:gh[opsur]_|github_pat_|sk-|xox[a-z]-|AKIA|eyJ|req_|toolu_)[\w.-]{8,}"), "<secret>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32,64}\b"), "<id>"),
    (re.compile(r"(?<![\w+])\+[0-9][0-9 ()-]{7,18}[0-9]"), "<phone>"),
)


def show_text(text: str, longest: int = LONGEST) -> str:
    """The text with addresses, home folders, keys and ids masked, white space folded, cut at `longest` characters."""
    for pattern, mask in _MASKED:
        text = pattern.sub(mask, text)
    line = reveal_line(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
