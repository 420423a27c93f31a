"""The words for completion: of the rule language, the pack, the other rules, and the archive. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from bot.rules.ruleset import Pack, Rule
from bot.rules.spec.rule import RuleModel
from bot.workbench.editor.json_schema import make_schema

Json = Mapping[str, Any]
_MOST_WORDS = 200


@dataclass(frozen=True)
class Vocabulary:
    """`captures` has the known values of each capture of the pack, `rules` the title of each rule.

    `sections` and `labels` are from the archive, `tags` from the other rules. `echoable` are the captures that the
    rule's templates may show.
    """

    schema: Json
    captures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    echoable: tuple[str, ...] = ()
    stem: str = ""
    today: str = ""


def make_vocabulary(file: str, pack: Pack, others: Iterable[Rule], today: date) -> Vocabulary:
    """The words for the rule of a file, before Signpost reads any issue; `others` are the other rules."""
    captures = {capture.name: _values_of(capture.values.meanings) for capture in pack.captures}
    known = tuple(others)
    return Vocabulary(
        schema=make_schema(RuleModel, "Signpost rule"),
        captures=captures,
        rules={rule.id: rule.model.title for rule in known},
        tags=tuple(sorted({tag for rule in known for tag in rule.model.tags})),
        layouts=tuple(pack.model.layouts),
        echoable=tuple(captures),
        stem=PurePosixPath(file).stem,
        today=today.isoformat(),
    )


def _values_of(meanings: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sorted(meaning for _, meaning in meanings)))


def add_live_words(words: Vocabulary, sections: Counter[str], labels: Counter[str], rule: Rule | None) -> Vocabulary:
    """The vocabulary with the words of the archive, the most frequent first, and with the rule's own captures."""
    return replace(
        words,
        sections=tuple(name for name, _ in sections.most_common(_MOST_WORDS)),
        labels=tuple(name for name, _ in labels.most_common(_MOST_WORDS)),
        echoable=tuple(sorted(rule.echoable)) if rule else words.echoable,
    )
