"""From the text of a report to the words of its index. Pure."""

import re
from collections import Counter
from collections.abc import Container, Iterable
from functools import lru_cache

import re2
import Stemmer

from bot.tracker.types import Issue

MAX_CHARACTERS = 8_000
"""The maximum length of a body: the rest is mostly log, and costs more than it finds."""

MAX_BODY_WORDS = 1_500
MAX_TITLE = 1_000
MAX_LINE = 300

_STOP_WORDS = """
a about all also am an and any are as at be been but by can could did do does for from get got had has have how i if
in into is it its just like me more most my no not of on only or other our out over own same should so some such than
that the their them then there these they this to too up us use used using via want was way we were what when where
which while who why will with would you your
"""
_STOP = frozenset(_STOP_WORDS.split())
WORDS_OF_FORMS = """
issue problem question feature request bug report title untitled help please work working works worked doesn not does
something nothing everything anything broken wrong good bad new old current expected actual behavior behaviour
observed step steps reproduce reproduction repro result description describe summary detail details environment info
information additional context screenshot screenshots example sample snippet code yes no ok okay todo tbd none latest
version versions release stable beta nightly program product platform os operating system device browser hardware
windows win32 win64 linux macos mac osx darwin ubuntu debian fedora arch android ios iphone ipad chrome firefox safari
edge node nodejs npm python pro home gnu x86 x64 amd64 arm64 aarch64 64 32 bit unknown pc msvc hello hi thanks thank
see above below crash fail error
"""
"""Words with which every report is made, apart from those of all messages."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[^\W\d_]+|\d+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LONGEST_NUMBER = 5
_LONGEST_WORD = 60
_COMMENT = re2.compile(r"(?s)<!--.*?-->")  # RE2: one pass, even where many comments begin and none ends
_LINK = re.compile(r"https?://[^\s)>\]]+")
_REFERENCE = re.compile(r"#\d+\b")
_BOX = re.compile(r"\[[ xX]\]")
_stemmer = Stemmer.Stemmer("english")


def clean_title(title: str) -> str:
    """A title that can be encoded: half a surrogate pair, which JSON may contain, is not a letter."""
    return title.encode("utf-8", "replace").decode()[:MAX_TITLE]


def drop_form_text(body: str, form_text: Container[str] = frozenset()) -> str:
    """A body without comments and the lines of the repository's forms."""
    text: str = _COMMENT.sub(" ", body[: 3 * MAX_CHARACTERS].encode("utf-8", "replace").decode())
    return "\n".join(line for line in text.splitlines() if normalise_line(line) not in form_text)


def drop_links(text: str) -> str:
    """A text without `#N`, and with only the end of each address: the rest does not describe the problem."""
    text = _LINK.sub(lambda match: f" {' '.join(match[0].rstrip('/').split('/')[-2:])[:80]} ", text)
    return _REFERENCE.sub(" ", text)[:MAX_CHARACTERS]


def normalise_line(line: str) -> str:
    """A line in the form in which templates are compared: a ticked box equals an empty one."""
    return " ".join(_BOX.sub("[]", line[:MAX_LINE]).lower().split())


_ASKING = re.compile(  # how a form speaks to its reader, for forms that nobody has learned yet
    r"""\W*(?:please|kindly|if\ (?:applicable|possible|relevant|needed|you\b)|describe|provide|explain|paste
    |attach|enter
    |fill|include|tell\ us|add\ any|list\ (?:the|any|all)|write\ (?:the|a|your|down|here)|(?:replace|delete
    |remove)\ this
    |make\ sure|before\ (?:you|submitting|opening|creating|filing|posting)|thank|thanks|e\.g\.|for\ example:?$|example:
    |(?:a|the)\ (?:clear|short|brief|concise|detailed)\b|be\ as\ (?:detailed|specific)|the\ more\ (?:info|detail)
    |(?:do|don't|did|have|has|are|can|could|would)\ you\b|is\ (?:this|your)\b.*\?
    |(?:what|which|how|where|when|who|why)\b.*[?:…]$|i\ (?:agree|confirm)\b|by\ submitting
    |i\ (?:have|'ve|already)\ (?:read|searched|checked|looked|verified)|we\ need\ (?:your|the|more)\b
    |this\ (?:template|form|section)\b|use\ this\ (?:template|form|section)\b|steps\ to\ reproduce
    |search\ (?:the|for|existing)|bitte\b|veuillez\b|merci\ de\b|por\ favor\b|describa\b|beschreibe?n?\b|décri\w*
    |пожалуйста|опишите|请|請|ご?記入|記載|작성)
    |\W*\d*\W*$|[\s>*-]*[\[(<][^\])>\n]*[\])>][\s.:]*$|\s*(?P<sign>[_*])[^_*]+(?P=sign)\s*$
    |(?:\W*\d\W*)?(?:todo|tbd|n/?a|none|nothing)\W*$""",
    re.VERBOSE | re.IGNORECASE,
)


def is_asking(line: str) -> bool:
    """Whether a line is the text of a form, of any repository, and says nothing of a problem."""
    return bool(_ASKING.match(line[:MAX_LINE].strip()))


def find_words(text: str) -> list[str]:
    """The words of a text in their order: identifiers whole and split, stems, no stop words, no long numbers."""
    return [word for match in _WORD.findall(text) for word in _read(match)]


def spell_words(text: str) -> dict[str, str]:
    """How the words of a text are written there, for people: `panick` is `panicked`."""
    spelled: dict[str, str] = {}
    for match in _WORD.findall(text):
        for word in _read(match):
            spelled.setdefault(word, match)
    return spelled


@lru_cache(maxsize=65_536)
def _read(written: str) -> tuple[str, ...]:
    if written[0].isdigit():
        return (written,) if len(written) <= _LONGEST_NUMBER else ()
    whole = written.lower().strip("_")[:_LONGEST_WORD]
    if len(whole) < 2 or whole in _STOP:  # noqa: PLR2004 (a single letter says nothing)
        return ()
    parts = [part.lower() for part in _PART.findall(written)] if written.isascii() else []
    if len(parts) > 1:
        return (whole, *(_stem(part) for part in parts if len(part) > 1 and part not in _STOP))
    return (_stem(whole),)


def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem


SAMPLE = 2_000
"""The number of issues for learning: it bounds the memory, and is enough for shares of a tenth."""

_SHARE = 0.1
_LEAST = 20
_MOST_LINES = 400
_MAX_COUNTED = 200_000


def learn_form_text(issues: Iterable[Issue]) -> frozenset[str]:
    """The lines (`normalise_line`) that at least a tenth of the issues has, and at least 20; at most 400 lines."""
    counts, total = Counter[str](), 0
    for issue in issues:
        total += 1
        counts.update({normalise_line(line) for line in issue.body[:MAX_CHARACTERS].splitlines()} - {""})
        if len(counts) > _MAX_COUNTED:
            counts = Counter({line: count for line, count in counts.items() if count > 1})
    least = max(_LEAST, _SHARE * total)
    common = sorted(((count, line) for line, count in counts.items() if count >= least), reverse=True)
    return frozenset(line.encode("utf-8", "replace").decode() for _, line in common[:_MOST_LINES])
