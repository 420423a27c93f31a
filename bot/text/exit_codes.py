"""Exit and status codes in any of their spellings. Pure."""

import re
from typing import NamedTuple

_NAMED = re.compile(
    r"(?:exit(?:ed)?(?: with)?(?: code| status)?|status(?: code)?|code|error|http(?:/\d(?:\.\d)?)?|errno|returned"
    r"|signal|rc)[ :=(#'\"]{0,4}(?P<code>-?\d{1,10}|0x[0-9a-f]{1,16})(?!\w|\.\w)"
)
_LARGE = re.compile(r"(?<![\w.-])(?P<code>-?\d{9,10}|0x[0-9a-f]{8})(?!\w|\.\w)")
_SIGN_EXTENSION = 0xFFFFFFFF


class StatedCode(NamedTuple):
    """A code, as an unsigned 32-bit number, and its place in the collapsed text."""

    code: int
    start: int
    end: int


def normalise_code(code: int) -> int:
    """One number for all spellings: -1073741819, 3221225477 and 0xC0000005 are the same Windows status.

    A larger number is an address rather than a status, unless it is a status that was sign-extended to 64 bits.
    """
    is_status = -(2**31) <= code < 2**32 or code >> 32 == _SIGN_EXTENSION
    return code & 0xFFFFFFFF if is_status else code


def find_codes(collapsed: str) -> tuple[StatedCode, ...]:
    """The codes of a collapsed text: small ones only after a word such as `exit code`, large ones anywhere."""
    matches = [*_NAMED.finditer(collapsed), *_LARGE.finditer(collapsed)]
    return tuple(
        StatedCode(normalise_code(int(m["code"], 0)), m.start("code"), m.end("code"))
        for m in matches
        if _is_number(m["code"])
    )


def _is_number(text: str) -> bool:
    return text.startswith("0x") or text in {"0", "-0"} or not text.lstrip("-").startswith("0")
