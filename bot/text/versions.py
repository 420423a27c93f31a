"""Versions as people state them, and ranges of them. Pure."""

import re
from dataclasses import dataclass
from functools import total_ordering
from itertools import zip_longest
from typing import NamedTuple

_VERSION = re.compile(
    r"(?<![\w.])(?<!\d:)(?:v|version[ -]?|core-)?(?P<release>\d{1,8}(?:\.\d{1,8}){1,4})"
    r"(?:[-._+]?(?P<pre>alpha|beta|a|b|rc|c|pre|preview|dev|nightly|canary|next|snapshot)[-._]?(?P<number>\d{1,8})?(?![a-z]))?",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"(?:sonnet|opus|haiku|claude|gpt|gemini|llama|mistral|grok|qwen|deepseek)[ -]*(?:v|version)?\s*$", re.IGNORECASE
)
_BUILD_NUMBER = 1_000
_PARTS_OF_AN_IP_ADDRESS = 4
_LARGEST_PART_OF_AN_IP_ADDRESS = 255
_RANGE_PART = re.compile(r"\s*(?P<operator><=|>=|==|!=|<|>|=)?\s*(?P<version>v?\d[\w.+-]*)\s*\Z")
_PRE_ORDER = {
    "dev": 0,
    "nightly": 0,
    "canary": 0,
    "snapshot": 0,
    "next": 0,
    "alpha": 1,
    "a": 1,
    "beta": 2,
    "b": 2,
    "preview": 3,
    "pre": 3,
    "rc": 3,
    "c": 3,
}


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version number: semver, PEP 440 or calendar. `2.1` equals `2.1.0`; a pre-release is lower than its release."""

    release: tuple[int, ...]
    pre: tuple[int, int] | None = None

    def _padded(self, other: "Version") -> list[tuple[int, int]]:
        return list(zip_longest(self.release, other.release, fillvalue=0))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.pre == other.pre and all(a == b for a, b in self._padded(other))

    def __lt__(self, other: "Version") -> bool:
        for mine, theirs in self._padded(other):
            if mine != theirs:
                return mine < theirs
        last = (9, 0)
        return (self.pre or last) < (other.pre or last)

    def __hash__(self) -> int:
        trimmed = self.release
        while trimmed and trimmed[-1] == 0:
            trimmed = trimmed[:-1]
        return hash((trimmed, self.pre))


class StatedVersion(NamedTuple):
    """A version found in a text, its place, and its text (without `v`)."""

    version: Version
    text: str
    start: int
    end: int


def find_versions(text: str) -> tuple[StatedVersion, ...]:
    """The versions in a text, the newest first.

    A model's name (`Sonnet 4.6`, `Claude 4.5`) is not a product version; a desktop build (`1.3883.0`) and an IP address
    are not versions either.
    """
    found = [_read(match) for match in _VERSION.finditer(text) if _is_product(match, text)]
    return tuple(sorted(found, key=lambda stated: stated.version, reverse=True))


def _is_product(match: re.Match[str], text: str) -> bool:
    parts = [int(part) for part in match["release"].split(".")]
    if len(parts) == _PARTS_OF_AN_IP_ADDRESS and max(parts) <= _LARGEST_PART_OF_AN_IP_ADDRESS and not match["pre"]:
        return False
    has_patch = parts[2:] != []
    if _MODEL.search(text[max(0, match.start() - 24) : match.start()]):
        return has_patch and parts[1] < _BUILD_NUMBER
    return not has_patch or parts[1] < _BUILD_NUMBER


def _read(match: re.Match[str]) -> StatedVersion:
    release = tuple(int(part) for part in match["release"].split("."))
    pre = (_PRE_ORDER[match["pre"].lower()], int(match["number"] or 0)) if match["pre"] else None
    end = match.end() if match["pre"] else match.end("release")
    return StatedVersion(Version(release, pre), match.string[match.start("release") : end], match.start("release"), end)


def parse_version(text: str) -> Version:
    """A version that a maintainer wrote (`2.1.96`, `v3`, `1.0-beta.2`); raises ValueError if it is invalid."""
    match = _VERSION.fullmatch(text if "." in text else f"{text}.0")
    if not match:
        message = f"{text!r} is not a version; write it like 2.1.96"
        raise ValueError(message)
    return _read(match).version


class VersionRange(NamedTuple):
    """A range as in `>=1.2, <1.5`: all parts must hold. `is_unknown` asks that no version is stated."""

    parts: tuple[tuple[str, Version], ...] = ()
    is_unknown: bool = False

    def contains(self, version: Version | None) -> bool:
        """Whether the version lies in the range; an unknown one lies in `unknown` only."""
        if version is None or self.is_unknown:
            return self.is_unknown and version is None
        return all(_holds(version, operator, bound) for operator, bound in self.parts)


def _holds(version: Version, operator: str, bound: Version) -> bool:
    match operator:
        case "<":
            return version < bound
        case "<=":
            return version <= bound
        case ">":
            return version > bound
        case ">=":
            return version >= bound
        case "!=":
            return version != bound
        case _:
            return version == bound


def parse_range(text: str) -> VersionRange:
    """Read a range: `<2.1.96`, `>=1.2, <1.5`, `2.0.76` (exactly) or `unknown`; raises ValueError with what is wrong."""
    if text.strip().lower() == "unknown":
        return VersionRange(is_unknown=True)
    parts = []
    for part in text.split(","):
        match = _RANGE_PART.fullmatch(part)
        if not match:
            message = f'{part.strip()!r} is not a version range; write it like "<2.1.96", ">=1.2, <1.5" or "unknown"'
            raise ValueError(message)
        parts.append((match["operator"] or "==", parse_version(match["version"])))
    return VersionRange(tuple(parts))
