"""Conditions about the texts of an issue, their exit codes and their stack frames. Pure."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import ClassVar, Literal

from bot.issue.facts import DEFAULT_VIEWS, VIEWS, Facts, Text
from bot.issue.layout import name_section
from bot.issue.links import Link, Upload, find_links, list_uploads
from bot.rules.conditions.types import Captures, Condition, Finding, Key, Reads, Verdict, make_evidence
from bot.rules.spec.validation import suggest
from bot.text.exit_codes import normalise_code
from bot.text.markdown import Span
from bot.text.normalize import collapse

_IN_SECTION = "section:"
_SECTION = re.compile(r"section:\s*\S")


def read_views(key: Key) -> tuple[str, ...]:
    """The views in `in:`, from the same mapping as the key."""
    views = tuple(key.model.in_ or DEFAULT_VIEWS)
    for index, view in enumerate(views):
        if view not in VIEWS and not _SECTION.match(view):
            message = f"unknown view `{view}`; for a form field, write `section: NAME`{suggest(view, VIEWS)}"
            key.report(message, (*key.path[:-1], "in", index))
    return views


class TextCondition(Condition):
    """A condition that holds if a text of one of its views contains it."""

    absence: ClassVar[str] = ""
    """The explanation if it does not hold; by default it names the views."""

    views: tuple[str, ...]

    @property
    @abstractmethod
    def wanted(self) -> str:
        """The condition in words."""

    @property
    def reads(self) -> Reads:
        sections = (view.removeprefix(_IN_SECTION).strip() for view in self.views if view.startswith(_IN_SECTION))
        return Reads(views=self.views, sections=tuple(sections))

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        for evidence, found in self.find_all(facts):
            return Verdict(wanted=self.wanted, holds=True, evidence=(evidence,), captures=found)
        return Verdict(wanted=self.wanted, holds=False, seen=self.absence or f"not in {', '.join(self.views)}")

    def find_all(self, facts: Facts) -> Iterator[Finding]:
        """Each place that it is found at, with the captures there: at most one place per text."""
        return filter(None, map(self.find_in, facts.find_texts(self.views)))

    @abstractmethod
    def find_in(self, text: Text) -> Finding | None: ...

    def find_hint(self, facts: Facts) -> str:
        """Of one that looks at form fields only, where the issue has none of them."""
        names = self.reads.sections
        if len(names) != len(self.views) or any(facts.find_sections(name) for name in names):
            return ""
        return f"there is no section {' or '.join(names)}; {compare_sections(names[0], facts)}".rstrip("; ")


@dataclass(frozen=True)
class CodeHolds(TextCondition):
    """The key `code`."""

    absence = "no such code"

    codes: tuple[int, ...]
    views: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        return cls(tuple(key.value), (*DEFAULT_VIEWS, "errors"))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("code",), None

    @property
    def wanted(self) -> str:
        return f"code: {', '.join(map(str, self.codes))}"

    def find_in(self, text: Text) -> Finding | None:
        for stated in text.codes:
            if stated.code in self._accepted:
                return make_evidence(text, text.locate_collapsed(stated.start, stated.end), self.wanted), ()
        return None

    @cached_property
    def _accepted(self) -> frozenset[int]:
        return frozenset(map(normalise_code, self.codes))

    def find_hint(self, facts: Facts) -> str:
        codes = (str(stated.code) for text in facts.find_texts(self.views) for stated in text.codes)
        return list_found("codes in the issue", codes)


@dataclass(frozen=True)
class FrameHolds(TextCondition):
    """The key `frame`."""

    absence = "no such frame"

    pattern: str
    at: Literal["top", "any"]
    views: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        return cls(key.value, key.model.at or "any", ("body", "logs", "errors"))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("frame",), self.pattern

    @property
    def wanted(self) -> str:
        return f'frame: "{self.pattern}", at: {self.at}'

    def find_in(self, text: Text) -> Finding | None:
        for frame in text.frames[self.at]:
            if frame.matches(self.pattern):
                span = Span(text.span.start + frame.start, text.span.start + frame.end)
                return make_evidence(text, span, self.wanted), ()
        return None

    def find_hint(self, facts: Facts) -> str:
        frames = (frame for text in facts.find_texts(self.views) for frame in text.frames[self.at])
        return list_found("frames in the issue", (frame.names[0] for frame in frames))


_TARGET = re.compile(r"(?P<scheme>https?://)?(?:[^/?#@]*@)?(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[^\s.*]*[.*]\S*|localhost(?::\d+)?", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"(?!https?:|localhost:)[a-z][a-z+-]*:", re.IGNORECASE)


@dataclass(frozen=True)
class LinkHolds(TextCondition):
    """The key `link`."""

    absence = "no such link"

    patterns: tuple[str, ...]
    views: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        for index, pattern in enumerate(key.value):
            if not _HOST.fullmatch(_split_target(pattern)[1]) or " " in pattern or _OTHER_SCHEME.match(pattern):
                advice = "write an address with its host, such as `https://example.com/gist/*` or `example.com/*`"
                key.report(f"`{pattern}` is not the target of a link; {advice}", (*key.path, index))
        return cls(tuple(key.value), read_views(key))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("link",), self.patterns[0] if len(self.patterns) == 1 else None

    @property
    def wanted(self) -> str:
        return f"link: {' or '.join(self.patterns)}"

    def find_in(self, text: Text) -> Finding | None:
        for link in _list_links(text):
            if any(fits_target(link.target, pattern) for pattern in self.patterns):
                return make_evidence(text, link.span if text.is_placed else text.span, self.wanted), ()
        return None

    def find_hint(self, facts: Facts) -> str:
        found = list_found("links in the issue", (link.target for text in facts.texts for link in _list_links(text)))
        return super().find_hint(facts) or found


def _list_links(text: Text) -> tuple[Link, ...]:
    """The links of a text; the content of a fence has none."""
    return () if text.is_code else find_links(text.raw, text.span.start)


def fits_target(target: str, pattern: str) -> bool:
    """Whether a pattern means the target of a link: the case of the host and a `/` at the end do not count.

    The query counts only if the pattern has one, and so does the fragment; the scheme, too.
    """
    if "#" not in pattern:
        target = target.partition("#")[0]
    if "?" not in pattern:
        target = re.sub(r"\?[^#]*", "", target)
    (scheme, host, rest), wanted = _split_target(target), _split_target(pattern)
    whole, glob = f"{scheme if wanted[0] else ''}{host}{rest}", "".join(wanted)
    return fits_glob(whole, glob) or fits_glob(whole.rstrip("/"), glob.rstrip("/"))


def _split_target(address: str) -> tuple[str, str, str]:
    """The scheme and the host in lower case, and the rest; without the name of a user."""
    found = _TARGET.match(address)
    return ((found["scheme"] or "").lower(), found["host"].lower(), found["rest"]) if found else ("", "", address)


def fits_glob(text: str, pattern: str) -> bool:
    """Whether the whole text is as the pattern, in which `*` is any text and all else is itself; in linear time."""
    first, *parts = pattern.split("*")
    if not parts or not text.startswith(first):
        return text == pattern
    position = len(first)
    for part in parts[:-1]:
        place = text.find(part, position)
        if place < 0:
            return False
        position = place + len(part)
    return text.endswith(parts[-1]) and position + len(parts[-1]) <= len(text)


_UNFINISHED = "unfinished"
_ENDING = re.compile(r"\.[^*]*|\w{2,4}")
_REGEX = re.compile(r"\\|^\^|^\.\*|\$$")


def _explain_name(pattern: str) -> str:
    """What is wrong with a pattern for names of files, and what to write; "" if nothing is."""
    if pattern != _UNFINISHED and get_close_matches(pattern.casefold(), [_UNFINISHED], 1, 0.8):
        return f"no upload has the name `{pattern}`; did you mean `{_UNFINISHED}`?"
    if _REGEX.search(pattern):
        return f"`{pattern}` is a regular expression; write the name of a file with `*` for any text, such as `*.log`"
    if _ENDING.fullmatch(pattern):
        return f"`{pattern}` is only the ending of a name; write `*.{pattern.lstrip('.')}`"
    return ""


@dataclass(frozen=True)
class AttachmentHolds(Condition):
    """The key `attachment`."""

    patterns: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        for index, pattern in enumerate(key.value):
            if problem := _explain_name(pattern):
                key.report(problem, (*key.path, index))
        return cls(tuple(key.value), tuple(key.model.file_names))

    @property
    def reads(self) -> Reads:
        return Reads(views=("body", "logs", "comments"))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("attachment",), self.patterns[0] if len(self.patterns) == 1 else None

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        wanted = f"attachment: {' or '.join(self.patterns)}"
        for view, source, original, uploads in list_uploads(facts.issue):
            for upload in filter(self._fits, uploads):
                text = Text(view, source, original, upload.span)
                return Verdict(wanted=wanted, holds=True, evidence=(make_evidence(text, text.span, wanted),))
        return Verdict(wanted=wanted, holds=False, seen="no such upload")

    def find_hint(self, facts: Facts) -> str:
        uploads = (upload for written in list_uploads(facts.issue) for upload in written.uploads)
        return list_found("uploads in the issue", map(_name_upload, uploads))

    def _fits(self, upload: Upload) -> bool:
        """Whether an upload is what a pattern wants; one that did not finish has no name."""
        if not upload.is_finished:
            return len(self.names) < len(self.patterns)
        names = [name.casefold() for name in upload.names or ("",)]
        return any(fits_glob(name, pattern.casefold()) for name in names for pattern in self.names)


def _name_upload(upload: Upload) -> str:
    name = upload.names[0] if upload.names else "without a name"
    return name if upload.is_finished else f"{name} (unfinished)"


_MOST = 5
_LONGEST = 80


def list_found(what: str, found: Iterable[str]) -> str:
    """The first five of the names, each once; "" if there are none."""
    names = list(dict.fromkeys(found))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{what}: {', '.join(name[:_LONGEST] for name in names[:_MOST])}{more}" if names else ""


def compare_sections(name: str, facts: Facts) -> str:
    """The heading most similar to a section's name, "" if the issue has that section."""
    if facts.find_sections(name):
        return ""
    sections = {name_section(section.name): section.name for section in facts.layout.sections}
    return _find_nearest(name_section(name), sections) or list_found("sections in the issue", sections.values())


def compare_boxes(label: str, facts: Facts, section: str | None = None) -> str:
    """The check box most similar to a label, "" if the issue has one with that label; of a section, if one is given."""
    boxes = {collapse(box.label): box.label for box in facts.find_boxes(section)}
    if any(collapse(label) in known for known in boxes):
        return ""
    if section is not None and not facts.find_sections(section):
        return f"there is no section {section}; {compare_sections(section, facts)}".rstrip("; ")
    where = "the issue" if section is None else f"the section {section}"
    return _find_nearest(collapse(label), boxes) or list_found(f"check boxes in {where}", boxes.values())


def _find_nearest(wanted: str, known: dict[str, str]) -> str:
    near = get_close_matches(wanted, known, 1, 0.6)
    return f'the most similar one is "{known[near[0]][:_LONGEST]}"' if near else ""
