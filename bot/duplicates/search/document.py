"""The compared parts of a report. Pure."""

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from bot.duplicates.search.fingerprint import find_fingerprints
from bot.duplicates.search.tokens import (
    MAX_BODY_WORDS,
    clean_title,
    drop_form_text,
    drop_links,
    find_words,
    spell_words,
)
from bot.tracker.types import Issue

MAX_PAIR_WORDS = 400
"""Pairs of neighbouring words come from this many words of a body."""


@dataclass(frozen=True)
class Profile:
    """A report as words and fingerprints.

    `created` is in seconds since 1970; `active` when another report last pointed to it, or else when it was filed.
    `duplicates` counts the reports that are known to be duplicates of it, `is_duplicate` tells that it is one itself.
    `text` is what the words are from; an index does not keep it.
    """

    number: int
    title: str
    title_words: tuple[str, ...]
    body_words: tuple[str, ...]
    fingerprints: frozenset[str]
    author: str
    created: float
    active: float
    duplicates: int = 0
    is_duplicate: bool = False
    text: str = field(default="", compare=False, repr=False)

    @cached_property
    def title_counts(self) -> Mapping[str, int]:
        """The count of each word in the title."""
        return Counter(self.title_words)

    @cached_property
    def body_counts(self) -> Mapping[str, int]:
        """The count of each word in the body."""
        return Counter(self.body_words)

    @cached_property
    def spelling(self) -> Mapping[str, str]:
        """How each word is written in the text."""
        return spell_words(self.text)

    @cached_property
    def words(self) -> frozenset[str]:
        """All words."""
        return frozenset(self.title_words) | frozenset(self.body_words)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Neighbouring words, of the title and of the body's start."""
        body = self.body_words[:MAX_PAIR_WORDS]
        return frozenset(pairwise(self.title_words)) | frozenset(pairwise(body))

    @cached_property
    def trigrams(self) -> frozenset[str]:
        """Three letters in a row, of the title."""
        padded = f"  {' '.join(''.join(sign if sign.isalnum() else ' ' for sign in self.title.lower()).split())} "
        return frozenset(padded[index : index + 3] for index in range(len(padded) - 2))


def make_profile(issue: Issue, form_text: Container[str] = frozenset()) -> Profile:
    """The profile of a new issue, from its text, its author and its date."""
    title, written = clean_title(issue.title), drop_form_text(issue.body, form_text)
    body = drop_links(written)
    created = issue.created_at.timestamp()
    return Profile(
        number=issue.number,
        title=title,
        title_words=tuple(find_words(title)),
        body_words=tuple(find_words(body)[:MAX_BODY_WORDS]),
        fingerprints=frozenset(find_fingerprints(title, written)),
        author=clean_title(issue.author.login),
        created=created,
        active=created,
        text=f"{title}\n{body}",
    )
