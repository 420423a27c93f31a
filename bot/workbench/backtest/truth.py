"""What is known of past issues, to hold the matches against: a file, or the labels that the issues carry. Pure."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.archive.jsonl import Line
from bot.errors import SettingsError
from bot.rules.ruleset import Rule, Ruleset
from bot.tracker.types import Issue

NONE = "none"
LabelIndex = Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
_FORM = '`{"number": 7, "rules": ["rule-id"]}` or `{"number": 7, "class": "rule-id"}`'


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Which rules ought to match which issue. `source` "file": `classes` by number; "labels": the issue's own labels.

    An issue that a file does not name is unknown, and left out.
    """

    source: Literal["file", "labels"]
    classes: Mapping[int, frozenset[str]] = field(default_factory=dict)


def parse_truth(lines: Iterable[Line]) -> Truth:
    """The truth of a JSONL file: an object a line, with `number` and `rules` (a list of ids) or `class` (one id).

    `[]` and "none" say that no rule ought to match. Other keys are not read. Raises SettingsError with the place.
    """
    classes: dict[int, frozenset[str]] = {}
    for where, line in lines:
        number, known = _parse_line(line, where)
        classes[number] = classes.get(number, frozenset()) | known
    return Truth(source="file", classes=classes)


def _parse_line(line: str, where: str) -> tuple[int, frozenset[str]]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"{where}: this is no JSON ({error}); write {_FORM}"
        raise SettingsError(message) from error
    number = found.get("number") if isinstance(found, dict) else None
    rules = _read_rules(found) if isinstance(found, dict) else None
    if not isinstance(number, int) or rules is None:
        message = f"{where}: this says not which rules ought to match which issue; write {_FORM}"
        raise SettingsError(message)
    return number, rules


def _read_rules(found: Mapping[str, object]) -> frozenset[str] | None:
    stated = found["rules"] if "rules" in found else found.get("class")
    names = [stated] if isinstance(stated, str) else stated
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(names) - {NONE}


def find_judged(truth: Truth, ruleset: Ruleset) -> frozenset[str]:
    """The rules that the truth can speak of: with labels, those that set some."""
    return frozenset(rule.id for rule in ruleset.rules if truth.source == "file" or rule.model.labels.add)


def index_labels(ruleset: Ruleset) -> LabelIndex:
    """The rules that set labels, by one of their labels: an issue is then compared with few of them."""
    index: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for rule in ruleset.rules:
        if wanted := _labels_of(rule):
            index.setdefault(min(wanted), []).append((rule.id, wanted))
    return {label: tuple(rules) for label, rules in index.items()}


def find_known(truth: Truth, issue: Issue, labels: LabelIndex) -> frozenset[str] | None:
    """The rules that ought to match the issue; None where that is not known.

    By labels, a rule ought to match where the issue carries all labels that it sets (GitHub compares them without
    regard to case).
    """
    if truth.source == "file":
        return truth.classes.get(issue.number)
    carried = frozenset(label.casefold() for label in issue.labels)
    return frozenset(name for label in carried for name, wanted in labels.get(label, ()) if wanted <= carried)


def find_excused(truth: Truth, found: Collection[str], ruleset: Ruleset) -> frozenset[str]:
    """The rules that need not match since one that did sets all their labels: by labels nobody can tell them apart."""
    if truth.source == "file" or not found:
        return frozenset()
    given = [_labels_of(rule) for rule in ruleset.rules if rule.id in found]
    return frozenset(rule.id for rule in ruleset.rules if any(_labels_of(rule) <= labels for labels in given))


def _labels_of(rule: Rule) -> frozenset[str]:
    return frozenset(label.casefold() for label in rule.model.labels.add)
