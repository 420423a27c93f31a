"""Text of a report without the private data of its author. Pure.

Real reports contain (last paragraph of §2 of the survey of issue texts, see `bot.text.normalize`): mail addresses,
telephone numbers, IP addresses, keys and tokens, request and organisation ids, names in home folders.
Each replacement keeps the type of what it replaces, so that a phrase with typed holes still finds it.
"""

import re
from collections.abc import Callable

from bot.text.markdown import drop_comments, find_hidden
from bot.text.printable import reveal_line

Replace = str | Callable[[re.Match[str]], str]

_STEPS: tuple[tuple[re.Pattern[str], Replace], ...] = (
    (re.compile(r"(?<=://)[^\s/@:\"'<>]{1,80}(?::[^\s/@\"'<>]{0,200})?@(?=[\w.\[-])"), ""),
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"), "name@example.com"),
    (
        re.compile(
            r"(?<![\w-])(?:gh[pousr]_|github_pat_|glpat-|sk-|pk-|rk_|xox[abeoprs]-|AKIA|ASIA|AIza|ya29\.|npm_|pypi-|hf_"
            r"|eyJ)[\w.+/=-]{8,2000}"
        ),
        "masked-key",
    ),
    (re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w.+/=-]{8,2000}"), r"\1masked-key"),
    (
        re.compile(
            r"(?i)(\b[\w-]{0,40}(?:api[_-]?key|access[_-]?key|token|passw(?:or)?d|secret)[\"']?[ \t]?[:=][ \t]?[\"']?)"
            r"(?=[\w.+/-]{0,80}[0-9])[\w.+/-]{6,2000}"
        ),
        r"\1masked-key",
    ),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "00000000-0000-0000-0000-000000000000"),
    (re.compile(r"(?i)\b(org(?:anization)?[-_])(?=[a-z]{0,40}[0-9])[a-z0-9]{6,80}\b"), r"\g<1>000000"),
    (re.compile(r"\b([a-z]{2,8}_)(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{10,80}\b"), r"\g<1>000000000000"),
    (re.compile(r"(?<![\w.:])(?!127\.|0\.0\.0\.0)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])"), "192.0.2.1"),
    (re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}(?![\w:])"), "2001:db8:0:0:1"),
    # A name of Windows may hold spaces, where a folder follows it.
    (
        re.compile(r"(?i)(\b[a-z]:\\{1,4}users\\{1,4})[^/\\\s\"'<>|:`)]{1,40}(?: [^/\\\s\"'<>|:`)]{1,40}){1,4}(?=\\)"),
        r"\1user",
    ),
    (
        re.compile(
            r"(?i)((?:[/\\]|\b[a-z]:)[/\\]{0,4}(?:users|home|documents and settings)[/\\]{1,4})[^/\\\s\"'<>|:`)]{1,80}"
        ),
        r"\1user",
    ),
    (
        re.compile(
            r"(?<![\w./:-])\+?(?:\([0-9]{1,5}\)|[0-9]{1,4})(?:[ -](?:\([0-9]{1,5}\)|[0-9]{2,5})){2,5}(?![\w.:-])"
        ),
        lambda m: _mask_phone(m[0]),
    ),
    (
        re.compile(
            r"(?<![\w+/-])(?=[\w+/-]{0,60}[0-9])(?=[\w+/-]{0,60}[A-Z])(?=[\w+/-]{0,60}[a-z])[A-Za-z0-9+_-]{32,2000}={0,2}"
        ),
        "masked-key",
    ),
    (re.compile(r"(?<![\w/.`@])@[A-Za-z0-9][A-Za-z0-9-]{0,38}(?![\w/.(-])"), "@someone"),
)
_FEWEST_DIGITS = 9


def _mask_phone(text: str) -> str:
    digits = sum(sign.isdigit() for sign in text)
    return "555 0100" if digits >= _FEWEST_DIGITS else text


def mask_private(text: str) -> str:
    """The text with made-up values (RFC 2606, RFC 5737, RFC 3849) for data of one person or organisation.

    These are mail addresses, telephone numbers, IP addresses, keys, ids, names in home folders, and logins.
    """
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    return text


LONGEST = 140


def show_text(text: str, longest: int = LONGEST) -> str:
    """The text with private data masked, white space folded, hidden characters visible, cut at `longest` characters."""
    line = reveal_line(" ".join(mask_private(text).split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def cut_excerpt(body: str, longest: int) -> str:
    """The beginning of what a comment says, on one line: no quotes, no code blocks, no hidden text, no private data."""
    text = drop_comments(body[: 40 * longest])
    for whole, _ in reversed(find_hidden(text).fences):
        text = f"{text[: whole.start]} […] {text[whole.end :]}"
    lines = (line.strip() for line in text.splitlines())
    kept = (line for line in lines if line and not line.startswith((">", "|", "![", "<")))
    return show_text(" ".join(kept), longest)
