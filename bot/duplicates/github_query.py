"""Queries for GitHub search from an issue: a few words of its title, and the best part of its error. Pure."""

import re
from dataclasses import dataclass, replace

from bot.duplicates.search.fingerprint import make_fingerprint
from bot.duplicates.search.tokens import MAX_CHARACTERS, find_words
from bot.issue.facts import extract_facts
from bot.text.error_lines import find_error_lines, trim_part
from bot.tracker.types import Issue

LONGEST = 200
"""Characters; GitHub allows 256 without the qualifiers. https://docs.github.com/en/rest/search/search#limitations-on-query-length"""

MOST_WORDS = 6
"""GitHub allows at most five operators."""

_WORD = re.compile(r"[A-Za-z0-9_]{2,60}|[^\W\d_]{2,60}")
_CHANGES = re.compile(r"""[\ue000-\uf8ff"\\`<>|]""")
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a line that another report of the same error has word for word; `fingerprint` is that of the line."""

    text: str
    fingerprint: str


def write_title_query(issue: Issue) -> str:
    """The words of the title in order, for a search that understands sentences; "" if there are none."""
    return _cut(" ".join(_list_words(issue.title)))


def write_word_query(issue: Issue) -> str:
    """The most specific words of the title, joined by OR: without it, GitHub's lexical search requires all words."""
    words = list(dict.fromkeys(word for word in _list_words(issue.title) if find_words(word)))
    telling = sorted(words, key=lambda word: (-_weigh(word), words.index(word)))[:MOST_WORDS]
    return _cut(" OR ".join(word for word in words if word in telling))


def find_phrase(issue: Issue) -> Phrase | None:
    """The longest constant part of an error line, preferably of a log."""
    body = issue.body[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
    logs = extract_facts(replace(issue, body=body)).find_texts(("logs", "errors"))
    return _find_longest("\n".join(log.raw for log in logs)) or _find_longest(body)


def _find_longest(text: str) -> Phrase | None:
    lines = [line for line in find_error_lines(text) if line.kind != "frame" and make_fingerprint(line)]
    stretches = ((_cut(trim_part(part)), line) for line in lines for part in _CHANGES.split(line.template))
    found = [
        Phrase(stretch, make_fingerprint(line)) for stretch, line in stretches if len(stretch.split()) >= _LEAST_WORDS
    ]
    return max(found, key=lambda phrase: len(phrase.text), default=None)


def _list_words(title: str) -> list[str]:
    """The words of a title, without qualifiers and operators of the search."""
    words = _WORD.findall(title.encode("utf-8", "replace").decode()[:1_000])
    return [word for word in words if word not in {"AND", "OR", "NOT"}]


def _weigh(word: str) -> int:
    """Identifiers are more specific than words, and long words more than short ones."""
    is_identifier = "_" in word or word[1:] != word[1:].lower() or any(sign.isdigit() for sign in word)
    return len(word) + (10 if is_identifier else 0)


def _cut(text: str) -> str:
    """The text cut at the end of a word, without an operator at its end."""
    kept = text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0]
    return kept.removesuffix(" OR").strip()
