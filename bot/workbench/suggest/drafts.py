"""Rules drafted from past issues: what stands in them, and why. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.rules.spec.phrase import parse_phrase
from bot.text.normalize import collapse, squeeze
from bot.text.redaction import mask_private
from bot.workbench.suggest.sightings import Shown, Sightings, Watch

MOST_EXAMPLES = 3
MOST_NEAR = 2
_MOST_LABELS = 3
_LABEL_SHARE = 0.4
_LABEL_LIFT = 2.0
_FEWEST_LABELLED = 3
_FEWEST_NAMINGS = 2
_LAST = 1_000.0
_LONGEST_ID = 48
_LONGEST_TITLE = 100
_LONGEST_LABEL = 50
_IDLE_WORDS = frozenset(
    (
        *(
            "a",
            "an",
            "the",
            "of",
            "to",
            "in",
            "on",
            "at",
            "is",
            "are",
            "was",
            "were",
            "be",
            "been",
            "it",
            "this",
            "that",
        ),
        *("with", "for", "from", "by", "and", "or", "as", "your", "you"),
    )
)
_PREFIXES = frozenset({"error", "err", "fatal", "warning", "note", "info"})
_HOLE = re.compile(r"\{[a-z_]+[0-9]*:[a-z]+\}")
_ID_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label that the issues of a draft carry: the share that has it, and that of all issues."""

    name: str
    share: float
    elsewhere: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule as a human may finish it. `phrases` are its wordings; `numbers` a sample of the issues it serves.

    `source` is the link that maintainers gave most (`source_count` times), `follow` the issue that they named most.
    """

    id: str
    title: str
    phrases: tuple[str, ...]
    matches: tuple[Shown, ...] = ()
    near: tuple[Shown, ...] = ()
    labels: tuple[Label, ...] = ()
    source: str | None = None
    source_count: int = 0
    follow: int | None = None
    follow_count: int = 0
    issues: int = 0
    authors: int = 0
    elsewhere: int = 0
    titles: int = 0
    first: date | None = None
    last: date | None = None
    numbers: tuple[int, ...] = ()
    weight: float = 0.0


def make_draft(name: str, phrases: Sequence[str], sightings: Sightings, watch: Watch, weight: float = 0.0) -> Draft:
    """The draft of a rule called `name`, from what its phrases found."""
    source, source_count = next(iter(sightings.answers.items()), (None, 0))
    follow, follow_count = next(iter(sightings.named.items()), (None, 0))
    return Draft(
        id=name,
        title=title_phrase(phrases[0]),
        phrases=tuple(phrases),
        matches=(*sightings.examples, *_cut_to_core(sightings.examples)),
        near=(*sightings.near, *_halve(phrases[0])),
        labels=choose_labels(sightings, watch),
        source=source,
        source_count=source_count,
        follow=follow if follow_count >= _FEWEST_NAMINGS else None,
        follow_count=follow_count,
        issues=sightings.support.issues,
        authors=sightings.support.author_count,
        elsewhere=sightings.support.elsewhere,
        titles=sightings.support.titles,
        first=sightings.first.date() if sightings.first else None,
        last=sightings.last.date() if sightings.last else None,
        numbers=tuple(sorted(sightings.support.numbers)),
        weight=round(weight, 1),
    )


def make_skeleton(name: str) -> Draft:
    """A rule that loads and proves itself, and that says where the real words go."""
    phrase = f"the message of {name}, word for word"
    return Draft(
        id=name,
        title=title_phrase(name.replace("-", " ")),
        phrases=(phrase,),
        matches=(Shown((0.0, 0), 0, f"It said: {phrase}"),),
        near=tuple(_halve(phrase))[:1],
    )


def name_phrase(phrase: str, taken: Collection[str] = ()) -> str:
    """A kebab-case name from the telling words of a phrase, unlike all that are taken."""
    text = _HOLE.sub(" ", phrase).replace("'", "").lower()
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
    """A heading from a phrase: its holes as dots, nothing that a template would read as its own."""
    plain = re.sub(r"[{}%#]+", "", _HOLE.sub("…", phrase.replace("{{", "")))
    text = " ".join(plain.split())[:_LONGEST_TITLE].strip(" :,;.-") or "A known problem"
    return text[0].upper() + text[1:]


def choose_labels(sightings: Sightings, watch: Watch) -> tuple[Label, ...]:
    """The labels that at least four in ten of a draft's labelled issues carry, and at least twice the usual share."""
    if sightings.labelled < _FEWEST_LABELLED:
        return ()
    found = []
    for name, count in sightings.labels.items():
        share, usual = count / sightings.labelled, watch.labels.get(name, count) / max(1, watch.labelled)
        if share >= _LABEL_SHARE and share >= _LABEL_LIFT * usual and len(name) <= _LONGEST_LABEL:
            found.append(Label(name=name, share=round(share, 3), elsewhere=round(usual, 3)))
    return tuple(sorted(found, key=lambda label: (-label.share, label.name))[:_MOST_LABELS])


def _cut_to_core(examples: Iterable[Shown]) -> Iterable[Shown]:
    """The message alone, for examples in which other rules find something too."""
    cores = {shown.core: shown for shown in examples if shown.core and shown.core != shown.text}
    return (Shown((_LAST, 0), shown.number, core) for core, shown in cores.items())


def _halve(phrase: str) -> Iterable[Shown]:
    """Near misses for a phrase that nothing in the history comes near to: each of its halves."""
    words = mask_private(_HOLE.sub("…", phrase)).replace("{{", "{").split()
    for rank, half in enumerate((words[: (len(words) + 1) // 2], words[len(words) // 2 :])):
        yield Shown((_LAST + rank, 0), 0, f"Something else: {' '.join(half)}")


def covers_phrase(one: str, other: str) -> bool:
    """Whether every text with `other` has `one`, as far as their wordings tell."""
    return _literal(one) in _literal(other)


def _literal(phrase: str) -> str:
    return "\0".join(squeeze(collapse(literal)) for literal in parse_phrase(phrase).literals)


def without(draft: Draft, dropped: Collection[Shown]) -> Draft:
    """The draft without these texts."""
    return replace(
        draft,
        matches=tuple(shown for shown in draft.matches if shown not in dropped),
        near=tuple(shown for shown in draft.near if shown not in dropped),
    )


def trim_draft(draft: Draft) -> Draft:
    """The draft with no more examples than a reader wants, and made-up ones only where there are no others."""
    return replace(draft, matches=_choose(draft.matches, MOST_EXAMPLES), near=_choose(draft.near, MOST_NEAR))


def _choose(shown: tuple[Shown, ...], most: int) -> tuple[Shown, ...]:
    return tuple(one for one in shown if one.rank[0] < _LAST)[:most] or shown[:most]
