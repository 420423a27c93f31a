"""Templates of messages: parts that change from report to report become typed holes. Pure.

A template is a line in collapsed form in which each volatile token is one private sign, so that two templates are
equal where their messages are. The types are those of holes in phrases, and each pattern takes no more than its hole.
What is volatile in real reports: N9 of the survey that `bot.text.normalize` names.
"""

import re

from bot.text.normalize import collapse

_HOLES = ("int", "version", "id", "word", "path", "host", "url", "date", "time", "money", "code", "any")
_FIRST_SIGN = 0xE100
_SIGNS = {name: chr(_FIRST_SIGN + number) for number, name in enumerate(_HOLES)}
_TYPES = {sign: name for name, sign in _SIGNS.items()}
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_ANY_SIGN = f"[{_SIGNS[_HOLES[0]]}-{_SIGNS[_HOLES[-1]]}]"
_SIGN = re.compile(_ANY_SIGN)
_CODE_SPAN = re.compile(r"`([^`'\n]{1,80})`")
_BESIDE = re.compile(rf"""{_ANY_SIGN}(?:["' ]*{_ANY_SIGN})+""")
_WORD = re.compile(r"[^\W_\ue000-\uf8ff](?:[\w'-]*[^\W_\ue000-\uf8ff])?")
_QUOTED_VALUE = re.compile(r'"[^" ]{0,80}(?: [^" ]{0,80})?"')
_UNLASTING = re.compile(r"['\"]|\b[0-9]+")
_STARTS = r"(?<![\w.$@/\\~:-])"
_ENDS = r"(?![\w])"
_VOLATILE = re.compile(
    rf"""
    (?:(?<!\w)|(?<=[0-9]t)|(?=https?:|[$€£¥]))(?:    # where one may begin: half the time for nearly all signs
      (?P<url>https?://[^\ '"<>()`\[\]{{}}]{{1,400}})
    | (?P<date>{_STARTS}(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?![0-9-])
        |(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{{0,6}}\ [0-9]{{1,2}}(?:,?\ [0-9]{{4}})?(?![\w:]))
        (?=[\ ,.)"'\]]|t[0-9]|$))
    | (?P<time>(?:(?<![\w.:])|(?<=-[0-9]{{2}}t))
        [0-9]{{1,2}}(?::[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]{{1,9}})?)?\ ?(?:am|pm)?|\ ?(?:am|pm))
        (?:\ ?\([a-z_/+-]{{1,40}}\))?(?![\w:]))
    | (?P<money>[$€£¥]\ ?[0-9][0-9.,]{{0,20}}(?<=[0-9]))
    | (?P<id>{_STARTS}(?:[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}
        |[a-z]{{2,8}}_(?=[a-z]{{0,80}}[0-9])[a-z0-9]{{10,80}}
        |(?=[a-f]{{0,40}}[0-9])(?=[0-9]{{0,40}}[a-f])[0-9a-f]{{7,64}}){_ENDS})
    | (?P<code>{_STARTS}0x[0-9a-f]{{1,16}}{_ENDS})
    | (?P<email>{_STARTS}[\w.+-]{{1,64}}@[a-z0-9-]{{1,63}}(?:\.[a-z0-9-]{{1,63}}){{1,4}})
    | (?P<path>(?<![\w.$@:/\\~-])(?:
        (?:[a-z]:[\\/]|~[/\\]|\.{{1,2}}[/\\]|/|\\\\)[\w.@%+~$-]{{1,80}}(?:[/\\][\w.@%+~$<>-]{{1,80}}){{0,40}}[/\\]?
        |[\w.@%+~$-]{{1,80}}(?:[/\\][\w.@%+~$<>-]{{1,80}}){{1,40}}[/\\]?
        |[\w@%+~$-]{{1,80}}(?:\.[\w-]{{1,40}}){{0,4}}\.[a-z][a-z0-9]{{0,4}}(?=:[0-9]))
        (?:(?::[0-9]{{1,7}}){{1,2}}(?:-[0-9]{{1,7}}|:\ ?[0-9]{{1,7}}:[0-9]{{1,7}})?)?(?<![.,:]))
    | (?P<host>{_STARTS}(?:localhost(?=:)|(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}})(?::[0-9]{{1,5}})?{_ENDS})
    | (?P<version>{_STARTS}v?[0-9]{{1,8}}(?:\.[0-9]{{1,8}}){{1,4}}
        (?:[-.+]?(?:alpha|beta|rc|a|b|dev|pre|nightly|canary)[-.]?[0-9]{{0,8}})?{_ENDS})
    | (?<=')(?P<word>(?![^\ ']{{0,80}}[.!?]')[^\ ']{{1,80}})(?='(?![a-z]))
    | (?P<int>(?<![\w.$@/\\~])-?[0-9]{{1,18}}{_ENDS}(?!\.[0-9]))
    )""",
    re.VERBOSE,
)


def collapse_line(line: str) -> str:
    """A line in collapsed form, with quotes in place of code spans, whose content is often volatile."""
    return collapse(_CODE_SPAN.sub(r"'\1'", _PRIVATE.sub("", line)))


def mask_collapsed(collapsed: str) -> str:
    """A text in collapsed form as a template, with a private sign for each volatile token."""
    masked = _VOLATILE.sub(_mask, _PRIVATE.sub("", collapsed))
    return _BESIDE.sub(_SIGNS["any"], masked)


def _mask(match: re.Match[str]) -> str:
    return _SIGNS["word" if match.lastgroup == "email" else match.lastgroup or "any"]


def drop_volatile(collapsed: str) -> str:
    """The constant words of a text in collapsed form: without quoted values, and only the file of a path."""
    kept = _VOLATILE.sub(_keep_file, _QUOTED_VALUE.sub(" ", collapsed))
    return " ".join(_UNLASTING.sub(" ", kept).split())


def _keep_file(match: re.Match[str]) -> str:
    """The file name of a path, without the line; "" for other matches."""
    path = (match["path"] or "").replace("\\", "/").rstrip("/")
    return f" {path.rpartition('/')[2].partition(':')[0]} "


def show_template(template: str) -> str:
    """A template as people read it: `linking with {word} failed: exit code {int}`."""
    return _SIGN.sub(lambda match: f"{{{_TYPES[match[0]]}}}", template)


def list_types(template: str) -> tuple[str, ...]:
    """The types of the holes of a template, in order."""
    return tuple(_TYPES[sign] for sign in _SIGN.findall(template))


def split_at_signs(template: str) -> tuple[str, ...]:
    """The texts between the holes; one more than there are holes."""
    return tuple(_SIGN.split(template))


def find_words(template: str) -> list[str]:
    """The words of a template, placeholders left out."""
    return _WORD.findall(template)
