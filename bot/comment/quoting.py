"""Text that can neither ping, nor link back, nor command, nor break out of where it stands. Pure."""

import re
from dataclasses import dataclass

from bot.rules.verdict import Capture

LONGEST_ECHO = 80
_CODE = re.compile(
    r"(?P<fence>^ {0,3}(`{3,}|~{3,})[^\n]*\n(?:.*?\n)??(?: {0,3}\2[`~]*[ \t]*$|\Z))|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
_PING = re.compile(
    r"(?<![\w`/.])\\?(?:@|&#0*64;|&#x0*40;|&commat;)(?P<name>[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[\w.-]{1,100})?)"
)
_URL = re.compile(
    r"https?://(?:www\.)?github\.com/(?P<path>[\w.-]+/[\w.-]+/(?:issues|pull|discussions|commit)/\w+)(?P<rest>[^\s)>\]]*)",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?<![\w/`-])(?P<repository>[A-Za-z0-9][\w-]{0,38}/[\w.-]{1,100})#(?P<number>\d{1,10})\b")
_LOCAL = re.compile(r"(?<![\w&`/-])(?:#|GH-)(?P<number>\d{1,10})\b", re.IGNORECASE)
_COMMAND = re.compile(r"^(?P<start>[ \t]*(?:[-*+>]|\d{1,3}[.)])?[ \t]*)(?P<command>/[A-Za-z][\w-]*)", re.MULTILINE)
_COMMENT_MARK = re.compile(r"<!--|-->")


@dataclass(frozen=True, slots=True)
class Echo:
    """A typed capture as a comment may show it: in a code span. One that is not known is falsy and reads `unknown`."""

    value: str | None

    def __str__(self) -> str:
        return quote_code(self.value) if self.value is not None else "unknown"

    def __bool__(self) -> bool:
        return self.value is not None and self.value != "false"

    def __eq__(self, other: object) -> bool:
        return self.value == (str(other).lower() if isinstance(other, bool) else str(other))

    def __hash__(self) -> int:
        return hash(self.value)


def echo_capture(capture: Capture | None) -> Echo:
    """What may be shown of a capture: typed ones only, cut at 80 characters; free text of the reporter never."""
    return Echo(capture.value[:LONGEST_ECHO] if capture and capture.is_echoable else None)


def quote_code(text: str) -> str:
    """A code span that holds the text whatever it is: the fence is longer than any run of backticks in it."""
    flat = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    fence = "`" * (max(map(len, re.findall(r"`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def fence_code(text: str, language: str = "") -> str:
    """A code block that holds the text whatever it is."""
    fence = "`" * max(3, max(map(len, re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"


def defuse(markdown: str, repository: str) -> str:
    """The Markdown without pings, backlinks and commands; code is left as it is, nothing in it works on GitHub.

    `@name` becomes code (a backslash or an entity would still notify: openjdk/skara#1548). References go through
    redirect.github.com, which makes no backlink (github/docs#35987). Links that the comment needs are added afterwards.
    """
    parts, position = [], 0
    for match in _CODE.finditer(markdown):
        parts += [_defuse_prose(markdown[position : match.start()], repository), match[0]]
        position = match.end()
    return "".join([*parts, _defuse_prose(markdown[position:], repository)])


def _defuse_prose(text: str, repository: str) -> str:
    text = _COMMENT_MARK.sub("", text)
    text = _URL.sub(lambda match: f"https://redirect.github.com/{match['path']}{match['rest']}", text)
    text = _FOREIGN.sub(lambda match: _redirect(match["repository"], match["number"], match[0]), text)
    text = _LOCAL.sub(lambda match: _redirect(repository, match["number"], match[0]), text)
    text = _PING.sub(lambda match: f"`@{match['name']}`", text)
    return _COMMAND.sub(lambda match: f"{match['start']}`{match['command']}`", text)


def _redirect(repository: str, number: str, shown: str) -> str:
    return f"[{shown}](https://redirect.github.com/{repository}/issues/{number})"
