"""Issues in the format of an index: made on all cores, written by one process. Pure."""

import json
import re
import zlib
from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from bot.archive.jsonl import IssueArchive, Line, parse_line
from bot.duplicates.search.collection import hash_pair, measure_impact
from bot.duplicates.search.document import Profile, make_profile
from bot.duplicates.search.tokens import SAMPLE, learn_form_text
from bot.tracker.types import MAINTAINERS, Issue

_REFERENCE = re.compile(r"#([0-9]{1,9})\b", re.ASCII)
_DUPLICATE = re.compile(r"^\s*duplicate of\s+#([0-9]{1,9})\b", re.ASCII | re.IGNORECASE | re.MULTILINE)
"""What GitHub takes as a mark: https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/marking-issues-or-pull-requests-as-a-duplicate"""
_MAX_MENTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A report for the index.

    `digest` changes when its text does; `content` is its profile, compressed; `impacts` a byte for each of `words`;
    `pairs` and `fingerprints` are slots and hashes (native arrays of `I` and `Q`). `mentions` are the issues that it
    names, `original` the one that it is a duplicate of (see `find_original`).
    """

    number: int
    digest: int
    created: float
    author: str
    state: str
    content: bytes
    words: tuple[str, ...]
    impacts: bytes
    pairs: bytes
    fingerprints: bytes
    mentions: tuple[int, ...] = ()
    original: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An issue whose text is in the index already, with its other data, which may have changed."""

    number: int
    state: str
    original: int | None


def make_record(issue: Issue, form_text: Container[str] = frozenset(), original: int | None = None) -> Record:
    """The record of an issue; `original` is the issue that it duplicates, if another source says so."""
    profile = make_profile(issue, form_text)
    words = tuple(sorted(profile.words))
    lengths = (len(profile.title_words), len(profile.body_words))
    titles, bodies = profile.title_counts, profile.body_counts
    return Record(
        number=issue.number,
        digest=digest_text(issue),
        created=profile.created,
        author=profile.author,
        state=issue.state,
        content=pack_content(profile),
        words=words,
        impacts=bytes(measure_impact(titles.get(word, 0), bodies.get(word, 0), lengths) for word in words),
        pairs=array("I", sorted({hash_pair(pair) for pair in profile.pairs})).tobytes(),
        fingerprints=array("Q", sorted(map(hash_fingerprint, profile.fingerprints))).tobytes(),
        mentions=list_mentions(issue),
        original=original or find_original(issue),
    )


def digest_text(issue: Issue) -> int:
    """Changes when the text of an issue does."""
    return zlib.crc32(f"{issue.title}\0{issue.body}".encode("utf-8", "replace"))


def list_mentions(issue: Issue) -> tuple[int, ...]:
    """The issues of the same repository that an issue names, at most 50."""
    return tuple(sorted({int(number) for number in _REFERENCE.findall(issue.body)} - {issue.number})[:_MAX_MENTIONS])


def find_original(issue: Issue) -> int | None:
    """The issue that this one is a duplicate of; 0 if GitHub says that it is not a duplicate, None if nothing is known.

    GitHub's own marks decide, also a mark that was taken back. Without marks, the last comment of a maintainer with the
    words that GitHub understands decides.
    """
    if issue.duplicate_of is not None:
        return 0 if issue.duplicate_of == issue.number else issue.duplicate_of
    found = None
    for comment in issue.comments:
        if comment.association in MAINTAINERS and (match := _DUPLICATE.search(comment.body)):
            found = int(match[1])
    return None if found == issue.number else found


MOST_CONTENT = 4 * 1024 * 1024
"""Bytes of a profile, unpacked. GitHub takes bodies of 65,536 characters."""


def hash_fingerprint(fingerprint: str) -> int:
    """A fingerprint as a number of 56 bits."""
    return int.from_bytes(blake2b(fingerprint.encode("utf-8", "replace"), digest_size=7).digest(), "big")


def pack_content(profile: Profile) -> bytes:
    """The content of a profile, without its number, author and dates."""
    words = [" ".join(some) for some in (profile.title_words, profile.body_words, profile.own_words)]
    fingerprints = sorted(profile.fingerprints)
    messages = [place for place, each in enumerate(fingerprints) if each in profile.messages]
    content = [profile.title, *words, int(profile.is_blank), fingerprints, messages]
    return zlib.compress(json.dumps(content).encode())


def unpack_content(content: bytes) -> bytes:
    """What was compressed; raises zlib.error, also for more than 4 MiB: nobody's report is so long."""
    inflating = zlib.decompressobj()
    text = inflating.decompress(content, MOST_CONTENT)
    if not inflating.eof:
        raise zlib.error("a report is cut off or larger than 4 MiB")
    return text


def make_former(number: object, content: bytes) -> Profile:
    """The profile that a content was made of, without author and dates; raises zlib.error, TypeError or ValueError."""
    title, title_words, body_words, own_words, is_blank, fingerprints, messages = json.loads(unpack_content(content))
    if not (
        isinstance(title, str) and isinstance(number, int) and number > 0 and set(map(type, fingerprints)) <= {str}
    ):
        raise TypeError("a report without its title, number or fingerprints")
    if not all(type(place) is int and 0 <= place < len(fingerprints) for place in messages):
        raise ValueError("a report whose messages are not among its fingerprints")
    return Profile(
        number=number,
        title=title,
        title_words=tuple(title_words.split()),
        body_words=tuple(body_words.split()),
        fingerprints=frozenset(fingerprints),
        own_words=tuple(own_words.split()),
        is_blank=bool(is_blank),
        messages=frozenset(fingerprints[place] for place in messages),
        author="",
        created=0,
        active=0,
    )


@dataclass(frozen=True)
class IndexWork:
    """Lines of an archive made into records; issues whose digest is `known` under their number are only seen."""

    form_text: frozenset[str]
    known: Mapping[int, int] = field(default_factory=dict)

    def prepare(self) -> Callable[[Sequence[Line]], list[Record | Seen]]:
        """The prepared work; it raises SettingsError for a line that is not an issue."""
        return self._read_lines

    def _read_lines(self, lines: Sequence[Line]) -> list[Record | Seen]:
        issues = [issue for where, line in lines for issue in parse_line(line, where)]
        return [self._read_issue(issue) for issue in issues if not issue.is_pull_request]

    def _read_issue(self, issue: Issue) -> Record | Seen:
        if self.known.get(issue.number) == digest_text(issue):
            return Seen(issue.number, issue.state, find_original(issue))
        return make_record(issue, self.form_text)


def learn_from_archive(archive: IssueArchive) -> frozenset[str]:
    """The text of the repository's own forms, from at most 2,000 issues spread evenly over the archive."""
    lines = sample_evenly(archive.read_lines(), SAMPLE)
    return learn_form_text(issue for where, line in lines for issue in parse_line(line, where)[:SAMPLE])


def sample_evenly(lines: Iterable[Line], most: int) -> list[Line]:
    """Every n-th line; n is the smallest power of two that gives at most this many lines."""
    kept, step = list[Line](), 1
    for place, line in enumerate(lines):
        if place % step == 0:
            kept.append(line)
        if len(kept) > most:
            kept, step = kept[::2], step * 2
    return kept


def cut_batches(chunks: Iterable[list[Record | Seen]], size: int) -> Iterator[list[Record | Seen]]:
    """Join chunks until each batch has at least this many entries."""
    batch = list[Record | Seen]()
    for chunk in chunks:
        batch += chunk
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
