"""The compared parts of a report. Pure."""

import re
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from bot.duplicates.search.fingerprint import list_own, read_fingerprints
from bot.duplicates.search.tokens import (
    MAX_BODY_WORDS,
    MAX_CHARACTERS,
    MAX_LINE,
    clean_title,
    drop_form_text,
    drop_links,
    find_words,
    is_asking,
    normalise_line,
    spell_words,
)
from bot.issue.facts import Facts, extract_facts
from bot.text.catch_alls import drop_catch_alls
from bot.text.error_lines import drop_programs, is_error
from bot.text.normalize import collapse
from bot.tracker.types import Issue

MAX_PAIR_WORDS = 400
"""Pairs of neighbouring words come from this many words of a body."""

MAX_OWN_WORDS = 60
_DIVIDED = re.compile(r"^ {0,3}#{1,6}[ \t]|\*\*|<h[1-6]\b|<!--|\[[^\[\]\n]{0,3}\][ \t]", re.MULTILINE | re.IGNORECASE)
"""What the layout of a report begins with: a heading, a comment or a box."""

_ENVIRONMENT = re.compile(r"[\s*>•-]*[\w./()-]{1,40}(?: [\w./()-]{1,40}){0,4}(?: ?\*\*)? ?[:=](?:\s+\S+){0,4}\s*$")
"""`Key: value`, with a short value."""


@dataclass(frozen=True)
class Profile:
    """A report as words and fingerprints.

    `created` is in seconds since 1970; `active` when another report last pointed to it, or else when it was filed.
    `duplicates` counts the reports that are known to be duplicates of it, `is_duplicate` tells that it is one itself.
    `own_words` are words of the body outside of forms, code and what runtimes say of every fault; `is_blank` if the
    body is a form into which nothing is written. `messages` are the fingerprints of the messages in the body.
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
    own_words: tuple[str, ...] = ()
    is_blank: bool = False
    messages: frozenset[str] = frozenset()
    text: str = field(default="", compare=False, repr=False)

    @cached_property
    def is_silent(self) -> bool:
        """Whether the report says nothing: nothing can be the same as that, or like it."""
        return self.is_blank or not (self.body_words or list_own(self.title_words))

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
    facts = extract_facts(replace(issue, body=issue.body[:MAX_CHARACTERS].encode("utf-8", "replace").decode()))
    title, written = clean_title(issue.title), drop_form_text(issue.body, form_text)
    body, stated = drop_links(written), _read_stated(facts, form_text)
    own_words = _list_own_words(stated)
    fingerprints, messages = read_fingerprints(title, _drop_dumps(written, facts, form_text))
    created = issue.created_at.timestamp()
    return Profile(
        number=issue.number,
        title=title,
        title_words=tuple(find_words(title)),
        body_words=tuple(find_words(body)[:MAX_BODY_WORDS]),
        fingerprints=frozenset(fingerprints),
        author=clean_title(issue.author.login),
        created=created,
        active=created,
        own_words=own_words,
        is_blank=not own_words and _is_form_alone(facts.body, stated),
        messages=messages,
        text=f"{title}\n{body}",
    )


def _is_form_alone(body: str, stated: str) -> bool:
    """Whether a part of the body is a form, and the rest says nothing."""
    return stated.split() != body.split() and not list_own(find_words(stated))


def _read_stated(facts: Facts, form_text: Container[str]) -> str:
    """What the reporter wrote into the form or the empty field: the lines that are not the form's."""
    texts = facts.own_texts if _DIVIDED.search(facts.body) else (facts.body,)
    lines = (line for text in texts for line in text.splitlines())
    return "\n".join(line for line in lines if not is_asking(line) and normalise_line(line) not in form_text)


def _drop_dumps(written: str, facts: Facts, form_text: Container[str]) -> str:
    """The text without the error dump of an in-app report, whose messages are of many sessions."""
    is_dump = "**Errors**" in facts.body
    dumps = [span for kind, span in facts.layout.pieces if kind == "errors"] if is_dump else []
    if not dumps:
        return written
    starts, ends = [0, *(span.end for span in dumps)], [*(span.start for span in dumps), len(facts.body)]
    return drop_form_text("".join(facts.body[start:end] for start, end in zip(starts, ends, strict=True)), form_text)


def _list_own_words(stated: str) -> tuple[str, ...]:
    """The first words that are neither code, nor the environment, nor what runtimes say of every fault."""
    found: tuple[str, ...] = ()
    has_errors = is_error(stated)
    for line in drop_programs(stated).splitlines():
        kept = _drop_what_says_little(line[:MAX_LINE], has_errors=has_errors)
        found = list_own((*found, *find_words(drop_links(kept)))) if kept else found
        if len(found) >= MAX_OWN_WORDS:
            break
    return found[:MAX_OWN_WORDS]


def _drop_what_says_little(line: str, *, has_errors: bool) -> str:
    if has_errors and is_error(line):
        return drop_catch_alls(collapse(line))
    return "" if _ENVIRONMENT.match(line) else line
