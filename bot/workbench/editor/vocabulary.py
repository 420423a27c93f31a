"""The words that a rule may use: of the language, of its pack, of the other rules, and of the history. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from bot.workbench.studio.bench import Surroundings, Workbench

Json = Mapping[str, Any]
_MOST_WORDS = 200


@dataclass(frozen=True)
class Vocabulary:
    """`captures` has the values of each capture of the pack, as far as they are known; `rules` the title of each rule.

    `sections` and `labels` are those of the history, `echoable` the captures that the rule's templates may show.
    """

    schema: Json
    captures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    echoable: tuple[str, ...] = ()
    stem: str = ""
    today: str = ""


def make_vocabulary(around: Surroundings, schema: Json, today: date) -> Vocabulary:
    """What is known before any issue has been read."""
    captures = {capture.name: _values_of(capture.meanings) for capture in around.pack.captures}
    return Vocabulary(
        schema=schema,
        captures=captures,
        rules={rule.id: rule.model.title for rule in around.others.rules},
        layouts=tuple(around.pack.model.layouts),
        echoable=tuple(captures),
        stem=PurePosixPath(around.file).stem,
        today=today.isoformat(),
    )


def _values_of(meanings: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sorted(meaning for _, meaning in meanings)))


def add_live_words(words: Vocabulary, bench: Workbench) -> Vocabulary:
    """The vocabulary with what the history has so far, the most frequent first, and with the rule's own captures."""
    rule = bench.working.rule
    return replace(
        words,
        sections=tuple(name for name, _ in bench.sections.most_common(_MOST_WORDS)),
        labels=tuple(name for name, _ in bench.labels.most_common(_MOST_WORDS)),
        echoable=tuple(sorted(rule.echoable)) if rule else words.echoable,
    )
