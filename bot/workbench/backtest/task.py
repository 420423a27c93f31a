"""What a backtest is asked: rules, settings, and what is known of past issues (a file, or their labels). Pure."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.archive.jsonl import Line
from bot.errors import SettingsError
from bot.rules.ruleset import Rule, Ruleset
from bot.tracker.types import Issue
from bot.triage.config import Config
from bot.workbench.archive_passes import Files, compile_rules
from bot.workbench.backtest.tally import Agreement, RuleTally, Tally

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


def judge(number: int, found: Collection[str], known: Collection[str], excused: Collection[str] = ()) -> Tally:
    """The tally of how an issue's matches stand to what is known of it; an excused rule is not missed."""
    right, wrong = [name for name in found if name in known], [name for name in found if name not in known]
    missed = [name for name in known if name not in found and name not in excused]
    rules = {name: RuleTally(agreement=Agreement(right=1)) for name in right}
    rules |= {name: RuleTally(agreement=Agreement(wrong=1, wrong_issues=(number,))) for name in wrong}
    rules |= {name: RuleTally(agreement=Agreement(missed=1, missed_issues=(number,))) for name in missed}
    return Tally(
        rules=rules,
        known=1,
        known_none=int(not known),
        recognised=int(bool(right)),
        false_alarms=int(not known and bool(found)),
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked of every issue, in a form that can be sent to another process.

    `rules` and `former` (what to compare with) are the files of each place, `today` is for `expires:`. `is_mined`:
    whether to count the messages of unmatched issues, `is_per_issue`: whether to write a line about each issue.
    """

    rules: tuple[Files, ...]
    config: Config
    today: date
    former: tuple[Files, ...] | None = None
    truth: Truth | None = None
    is_per_issue: bool = False
    is_mined: bool = False


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A task, with its rules compiled."""

    task: Task
    ruleset: Ruleset
    former: Ruleset | None = None
    judged: frozenset[str] = frozenset()
    labels: LabelIndex = field(default_factory=dict)

    def judge_issue(self, issue: Issue, names: Collection[str]) -> Tally | None:
        """How the rules that match an issue stand to what is known of it; None if nothing is."""
        truth = self.task.truth
        if truth is None or (known := find_known(truth, issue, self.labels)) is None:
            return None
        found = self.judged.intersection(names)
        return judge(issue.number, found, known, find_excused(truth, found, self.ruleset))


def compile_task(task: Task) -> Replay:
    """The task, ready to be done."""
    ruleset = compile_rules(task.rules)
    return Replay(
        task=task,
        ruleset=ruleset,
        former=None if task.former is None else compile_rules(task.former),
        judged=find_judged(task.truth, ruleset) if task.truth else frozenset(),
        labels=index_labels(ruleset) if task.truth else {},
    )
