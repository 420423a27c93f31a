"""An issue as queries for GitHub's own search: few words of its title, and the most telling line of its error. Pure."""

import re
from dataclasses import dataclass

from bot.duplicates.search.fingerprint import find_fingerprints, is_frame, is_message
from bot.duplicates.search.tokens import MAX_CHARACTERS, find_words
from bot.tracker.types import Issue

LONGEST = 200
"""Characters; GitHub takes 256 beside the qualifiers. https://docs.github.com/en/rest/search/search#limitations-on-query-length"""

MOST_WORDS = 6
"""GitHub takes at most five operators."""

_WORD = re.compile(r"[A-Za-z0-9_]{2,60}|[^\W\d_]{2,60}")
_VOLATILE = re.compile(
    r"0x[0-9a-fA-F]+|[0-9a-f]{8,}|'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"|`[^`\n]{1,80}`|\S*[/\\]\S*|\d+|[\"\\`<>|]"
)
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of a line that another report of the same error has word for word; `mark` is the line's fingerprint."""

    text: str
    mark: str


def write_title_query(issue: Issue) -> str:
    """The words of the title in their order, for a search that understands sentences; "" where it says nothing."""
    return _cut(" ".join(_list_words(issue.title)))


def write_word_query(issue: Issue) -> str:
    """The most telling words of the title, any of which may be there: GitHub's lexical search wants all words else."""
    words = list(dict.fromkeys(word for word in _list_words(issue.title) if find_words(word)))
    telling = sorted(words, key=lambda word: (-_weigh(word), words.index(word)))[:MOST_WORDS]
    return _cut(" OR ".join(word for word in words if word in telling))


def find_phrase(issue: Issue) -> Phrase | None:
    """The longest stretch of an error's line in which nothing differs from run to run."""
    body = issue.body[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
    found = [phrase for line in body.split("\n") for phrase in _list_phrases(line)]
    return max(found, key=lambda phrase: len(phrase.text), default=None)


def _list_phrases(line: str) -> list[Phrase]:
    marks = [mark for mark in find_fingerprints("", line) if is_message(mark) and not is_frame(mark)]
    if not marks:
        return []
    stretches = (_cut(" ".join(stretch.split()).strip(" .,:;()[]{}-*#>=")) for stretch in _VOLATILE.split(line))
    return [Phrase(stretch, marks[0]) for stretch in stretches if len(stretch.split()) >= _LEAST_WORDS]


def _list_words(title: str) -> list[str]:
    """What cannot be taken for a qualifier or an operator of the search."""
    words = _WORD.findall(title.encode("utf-8", "replace").decode()[:1_000])
    return [word for word in words if word not in {"AND", "OR", "NOT"}]


def _weigh(word: str) -> int:
    """Identifiers tell more than words, and long words more than short ones."""
    is_identifier = "_" in word or word[1:] != word[1:].lower() or any(sign.isdigit() for sign in word)
    return len(word) + (10 if is_identifier else 0)


def _cut(text: str) -> str:
    """At most so many characters, at the end of a word, and no operator at the end."""
    kept = text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0]
    return kept.removesuffix(" OR").strip()
