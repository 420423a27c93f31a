"""Wordings of problems: phrases with the same meaning, under one name. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.issue.facts import Facts
from bot.rules.spec.phrase import parse_phrase
from bot.text.error_lines import is_error
from bot.text.normalize import collapse, squeeze
from bot.workbench.suggest.clusters import MOST_BITS, Cluster, weigh_word
from bot.workbench.suggest.message_counts import MessageTally
from bot.workbench.suggest.phrases import HOLE, choose_phrase, compare_phrases, find_instances, find_phrase_words

_SAME_PROBLEM = 0.6
"""The share of common words, by weight, that makes two phrases wordings of one problem."""

_MOST_WORDINGS = 4
_LONGEST_ID = 48
_LONGEST_TITLE = 100
_IDLE_WORDS = frozenset(
    (
        *("a", "an", "the", "of", "to", "in", "on", "at", "is", "are", "was", "were", "be", "been", "it", "this"),
        *("that", "with", "for", "from", "by", "and", "or", "as", "your", "you"),
    )
)
_PREFIXES = frozenset({"error", "err", "fatal", "warning", "note", "info"})
_ID_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A problem and its wordings, in the order in which they were found.

    `bits`: the bits that its words carry; `names_failure`: whether they report a failure.
    """

    name: str
    phrases: tuple[str, ...]
    bits: float
    names_failure: bool


def word_candidates(
    clusters: Sequence[Cluster], sampled: Mapping[int, Facts], tally: MessageTally, taken: Collection[str] = ()
) -> tuple[Wording, ...]:
    """The clusters as phrases; phrases with the same meaning become wordings of one problem.

    `sampled` are the issues of the clusters' samples by number, `taken` the ids of other rules.
    """
    weigh = _make_weigher(tally)
    groups: list[list[str]] = []
    for cluster in clusters:
        if phrase := _phrase(cluster, sampled):
            _group(phrase, groups, weigh)
    return _make_wordings(groups, weigh, taken)


def word_each(
    clusters: Sequence[Cluster], sampled: Mapping[int, Facts], tally: MessageTally, taken: Collection[str]
) -> tuple[Wording, ...]:
    """Each searchable cluster as its own wording; clusters with the same phrase become one."""
    weigh = _make_weigher(tally)
    phrases = dict.fromkeys(phrase for cluster in clusters if (phrase := _phrase(cluster, sampled)))
    return _make_wordings([[phrase] for phrase in phrases], weigh, taken)


def _phrase(cluster: Cluster, sampled: Mapping[int, Facts]) -> str | None:
    issues = [sampled[number] for number in cluster.numbers if number in sampled]
    return choose_phrase(cluster.template, find_instances(cluster.template, issues))


def _make_wordings(
    groups: Iterable[Sequence[str]], weigh: Callable[[str], float], taken: Collection[str]
) -> tuple[Wording, ...]:
    wordings: list[Wording] = []
    for phrases in groups:
        name = name_phrase(phrases[0], {*taken, *(wording.name for wording in wordings)})
        bits = min(MOST_BITS, max(sum(map(weigh, find_phrase_words(phrase))) for phrase in phrases))
        names_failure = any(map(is_error, phrases))
        wordings.append(Wording(name=name, phrases=tuple(phrases), bits=bits, names_failure=names_failure))
    return tuple(wordings)


def _make_weigher(tally: MessageTally) -> Callable[[str], float]:
    return partial(weigh_word, words=tally.words, total=max(1, tally.seen))


def _group(phrase: str, groups: list[list[str]], weigh: Callable[[str], float]) -> None:
    """Add a phrase to the problem that it is a wording of, or as a problem of its own."""
    for phrases in groups:
        if any(covers_phrase(known, phrase) for known in phrases):
            return
        if max(compare_phrases(known, phrase, weigh) for known in phrases) >= _SAME_PROBLEM:
            kept = [known for known in phrases if not covers_phrase(phrase, known)]
            phrases[:] = [*kept, phrase][:_MOST_WORDINGS]
            return
    groups.append([phrase])


def weigh_words(wordings: Iterable[Wording], tally: MessageTally) -> dict[str, float]:
    """The bits of each word of the wordings."""
    weigh = _make_weigher(tally)
    return {
        word: weigh(word) for wording in wordings for phrase in wording.phrases for word in find_phrase_words(phrase)
    }


def name_phrase(phrase: str, taken: Collection[str] = ()) -> str:
    """A kebab-case name from the distinctive words of a phrase, different from all `taken` names."""
    text = HOLE.sub(" ", phrase).replace("'", "").lower()
    words = _ID_WORD.findall(text)
    while words and words[0] in _PREFIXES:
        words = words[1:]
    telling = [word for word in words if word not in _IDLE_WORDS] or words or ["draft"]
    name = ""
    for word in telling:
        if len(name) + len(word) >= _LONGEST_ID:
            break
        name = f"{name}-{word}" if name else word
    name = name or telling[0][:_LONGEST_ID]
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(found for found in (name, *numbered) if found not in taken)


def title_phrase(phrase: str) -> str:
    """A heading from a phrase: dots for its holes, and no syntax of templates."""
    plain = re.sub(r"[{}%#]+", "", blank_holes(phrase.replace("{{", "")))
    text = " ".join(plain.split())[:_LONGEST_TITLE].strip(" :,;.-") or "A known problem"
    return text[0].upper() + text[1:]


def covers_phrase(one: str, other: str) -> bool:
    """Whether every text with the phrase `other` also has the phrase `one`, judging by their literals."""
    return _literal(one) in _literal(other)


def _literal(phrase: str) -> str:
    return "\0".join(squeeze(collapse(literal)) for literal in parse_phrase(phrase).literals)


def blank_holes(phrase: str) -> str:
    """The phrase with dots for its holes."""
    return HOLE.sub("…", phrase)
