"""Replays rules over past issues, on all cores: from chunks of lines to one tally."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import combinations
from typing import Literal, TextIO

from bot.archive.jsonl import Line
from bot.archive.parallel import work_through
from bot.archive.stats import name_week
from bot.errors import SettingsError
from bot.issue.facts import Facts
from bot.output.progress import track
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.rules.spec.condition import Mode
from bot.tracker.types import Issue, unique
from bot.triage.config import Config
from bot.triage.decisions import MODES, RuleDecision, choose_fields, decide_rules, list_speaking
from bot.triage.skip import find_issue_skip
from bot.workbench.archive_passes import Chunk, Files, compile_rules, read_chunk
from bot.workbench.backtest.tally import (
    Agreement,
    PatternTally,
    RuleTally,
    Tally,
    WeekTally,
    compare,
    describe_pattern,
    merge_tallies,
    see_match,
)
from bot.workbench.suggest.message_counts import MessageTally

NONE = "none"
LabelIndex = Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
_FORM = '`{"number": 7, "rules": ["rule-id"]}` or `{"number": 7, "class": "rule-id"}`'


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The rules that should match each issue. `source` "file": `classes` by number; "labels": the labels of the issues.

    Issues that the file does not name are unknown, and do not count.
    """

    source: Literal["file", "labels"]
    classes: Mapping[int, frozenset[str]] = field(default_factory=dict)


def parse_truth(lines: Iterable[Line]) -> Truth:
    """The truth of a JSONL file: one object per line, with `number` and `rules` (a list of ids) or `class` (one id).

    `[]` and "none" mean that no rule should match. It ignores other keys. Raises SettingsError with the place.
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
        message = f"{where}: invalid JSON ({error}); write {_FORM}"
        raise SettingsError(message) from error
    number = found.get("number") if isinstance(found, dict) else None
    rules = _read_rules(found) if isinstance(found, dict) else None
    if not isinstance(number, int) or rules is None:
        message = f"{where}: the number or the rules of the issue are missing or invalid; write {_FORM}"
        raise SettingsError(message)
    return number, rules


def _read_rules(found: Mapping[str, object]) -> frozenset[str] | None:
    stated = found["rules"] if "rules" in found else found.get("class")
    names = [stated] if isinstance(stated, str) else stated
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(names) - {NONE}


def find_judged(truth: Truth, ruleset: Ruleset) -> frozenset[str]:
    """The rules that the truth can judge: with labels, the rules that set labels."""
    is_judged = (
        (lambda _: True) if truth.source == "file" else (lambda rule: rule.label_use.given or rule.label_sources)
    )
    return frozenset(rule.id for rule in ruleset.rules if is_judged(rule))


def index_labels(ruleset: Ruleset) -> LabelIndex:
    """The rules that set labels, by one of their labels, so that an issue is compared with few of them.

    A rule whose labels all depend on answers is there with each label of its maps.
    """
    index: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for rule in ruleset.rules:
        always = _fold(rule.model.labels.add)
        for wanted in [always] if always else [frozenset([label]) for label in rule.label_use.given]:
            index.setdefault(min(wanted), []).append((rule.id, wanted))
    return {label: tuple(rules) for label, rules in index.items()}


def find_known(truth: Truth, issue: Issue, labels: LabelIndex, matches: Iterable[Match] = ()) -> frozenset[str] | None:
    """The rules that should match the issue; None if that is unknown.

    By labels, a rule should match if the issue has all labels that the rule sets (GitHub ignores case in labels), with
    those of answers if it matches.
    """
    if truth.source == "file":
        return truth.classes.get(issue.number)
    carried = _fold(issue.labels)
    known = {name for label in carried for name, wanted in labels.get(label, ()) if wanted <= carried}
    answered = {match.rule.id: _fold(match.labels) <= carried for match in matches if match.answered}
    return frozenset(name for name in (*known, *answered) if answered.get(name, True))


def find_excused(truth: Truth, issue: Issue, matches: Iterable[Match], ruleset: Ruleset) -> frozenset[str]:
    """The rules that need not match, because matching rules set all their labels: labels cannot distinguish them."""
    given = [_fold(match.labels) for match in matches]
    if truth.source == "file" or not given:
        return frozenset()
    carried = _fold(issue.labels)
    wanted = {rule.id: _fold(rule.model.labels.add) or carried & {*rule.label_use.given} for rule in ruleset.rules}
    return frozenset(name for name, own in wanted.items() if any(own <= labels for labels in given))


def _fold(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(label.casefold() for label in labels)


def judge(number: int, found: Collection[str], known: Collection[str], excused: Collection[str] = ()) -> Tally:
    """The tally of an issue's matches against the truth; an excused rule does not count as missed."""
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
    """The work for every issue, in a form that another process can receive.

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

    def judge_issue(self, issue: Issue, matches: Iterable[Match]) -> Tally | None:
        """The tally of an issue's matches against the truth; None if the truth is unknown."""
        truth = self.task.truth
        if truth is None or (known := find_known(truth, issue, self.labels, matches)) is None:
            return None
        judged = [match for match in matches if match.rule.id in self.judged]
        found = [match for match in judged if match.labels or truth.source == "file"]
        names = {match.rule.id for match in found}
        return judge(issue.number, names, known, find_excused(truth, issue, found, self.ruleset))


def compile_task(task: Task) -> Replay:
    """The task, with its rules compiled."""
    ruleset = compile_rules(task.rules)
    return Replay(
        task=task,
        ruleset=ruleset,
        former=None if task.former is None else compile_rules(task.former),
        judged=find_judged(task.truth, ruleset) if task.truth else frozenset(),
        labels=index_labels(ruleset) if task.truth else {},
    )


def format_matches(issue: Issue, matches: Iterable[Match]) -> str:
    """The line of `--per-issue`: the issue's number and its matches, in the order in which the rules speak."""
    found = [
        {"rule": match.rule.id, "captures": {name: capture.value for name, capture in match.captures.items()}}
        for match in matches
        if not match.superseded_by
    ]
    return json.dumps({"number": issue.number, "matches": found}, ensure_ascii=False)


def replay_issue(facts: Facts, replay: Replay) -> tuple[list[Tally], tuple[Match, ...]]:
    """The tallies of one issue (its own first), and its matches."""
    issue = facts.issue
    matches = match_rules(facts, replay.ruleset)
    decisions = _decide(issue, matches, replay.task)
    first = [match for match in matches if not match.superseded_by]
    names = {match.rule.id for match in first}
    tallies = [tally_issue(issue, matches, decisions, find_raised(decisions, replay.task))]
    if (judged := replay.judge_issue(issue, first)) is not None:
        tallies.append(judged)
    if (former := _match_former(facts, replay)) is not None:
        before = {match.rule.id for match in former if not match.superseded_by}
        speaks, spoke = (bool(list_speaking(each)) for each in (decisions, _decide(issue, former, replay.task)))
        tallies.append(compare(issue.number, names, before, speaks=speaks, spoke=spoke))
    return tallies, matches


def _match_former(facts: Facts, replay: Replay) -> tuple[Match, ...] | None:
    """The matches of the former rules, if there are any; mostly they read an issue in the same way."""
    former = replay.former
    if former is None:
        return None
    is_same = (facts.models, facts.placeholders) == (former.layouts, former.placeholders)
    return match_rules(facts if is_same else read_facts(facts.issue, former), former)


def find_raised(decisions: Sequence[RuleDecision], task: Task) -> frozenset[str]:
    """The rules below `mode: comment` that would speak about the issue if one of them alone were raised to it."""
    matches = tuple(each.match for each in decisions)
    lower = [match for match in matches if min(match.rule.model.mode, task.config.mode, key=MODES.index) != "comment"]
    return frozenset(match.rule.id for match in lower if _speaks_alone(match, matches, task))


def _speaks_alone(match: Match, matches: Iterable[Match], task: Task) -> bool:
    """Whether a match speaks if its rule has `mode: comment`, and all others the mode that they have now."""
    limit = task.config.mode
    raised = [
        _with_mode(each, "comment" if each is match else min(each.rule.model.mode, limit, key=MODES.index))
        for each in matches
    ]
    decisions = decide_rules(raised, task.config.model_copy(update={"mode": "comment"}), task.today)
    return match.rule.id in {each.rule.id for each in list_speaking(decisions)}


def _with_mode(match: Match, mode: Mode) -> Match:
    return replace(match, rule=replace(match.rule, model=match.rule.model.model_copy(update={"mode": mode})))


def _list_values(decisions: Sequence[RuleDecision]) -> Iterator[tuple[str, object]]:
    """The type ("") and the fields that rules set, each with its value; each option of a multi-select field."""
    for name, value in choose_fields(decisions).wanted.items():
        yield from ((name, each) for each in (value if isinstance(value, tuple) else (value,)))


def tally_issue(
    issue: Issue, matches: tuple[Match, ...], decisions: tuple[RuleDecision, ...], raised: Collection[str] = ()
) -> Tally:
    """The tally of one issue's matches; `raised` are the rules that would speak if one alone had `mode: comment`."""
    speaking = {match.rule.id for match in list_speaking(decisions)}
    held = any(not match.superseded_by for match in matches)
    week = name_week(issue.created_at)
    return Tally(
        issues=1,
        matched=int(held),
        comments=int(bool(speaking)),
        undated=int(not week),
        weeks={week: WeekTally(1, int(held), int(bool(speaking)))} if week else {},
        rules=dict(_tally_rules(issue, matches, speaking, raised, week)),
        overlaps=dict.fromkeys(combinations(sorted(match.rule.id for match in matches), 2), 1),
        labels=dict.fromkeys(unique(label for each in decisions for label in each.add), 1),
        values={f"{name or 'type'}: {each}": 1 for name, each in _list_values(decisions)},
        suggestions=dict.fromkeys(unique(label for each in decisions for label in each.suggest), 1),
        unmatched_issues=() if held else (issue.number,),
    )


def _decide(issue: Issue, matches: tuple[Match, ...], task: Task) -> tuple[RuleDecision, ...]:
    """What would be done about the issue on the day it was opened: it was open then, and nobody had labelled it."""
    if not matches or find_issue_skip(replace(issue, state="open", is_locked=False, labels=()), task.config):
        return ()
    return decide_rules(matches, task.config, task.today)


def _tally_rules(
    issue: Issue, matches: Iterable[Match], speaking: Collection[str], raised: Collection[str], week: str
) -> Iterator[tuple[str, RuleTally]]:
    for match in matches:
        if match.superseded_by:
            yield match.rule.id, RuleTally(silenced=1)
            continue
        seen = (see_match(match, issue),)
        yield (
            match.rule.id,
            RuleTally(
                matches=1,
                comments=int(match.rule.id in speaking),
                raised=int(match.rule.id in raised),
                weeks={week: 1} if week else {},
                patterns={describe_pattern(match): PatternTally(1, seen, seen)},
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The result of a chunk of an archive; `each` has the lines of `--per-issue`, `problem` the error that ended it.

    `mined` has the messages of its unmatched issues.
    """

    tally: Tally
    each: tuple[str, ...] = ()
    problem: str | None = None
    mined: MessageTally | None = None


def replay_lines(lines: Chunk, replay: Replay) -> Part:
    """The tally of the issues on the lines; a line that is not an issue ends it, and `problem` has the message."""
    tallies, each, problem = list[Tally](), list[str](), None
    mined = MessageTally() if replay.task.is_mined else None
    try:
        for facts in read_chunk(lines, replay.ruleset):
            if facts is None:
                tallies.append(Tally(pull_requests=1))
                continue
            found, matches = replay_issue(facts, replay)
            tallies += found
            if mined is not None and not found[0].matched:
                mined.add(facts)
            if replay.task.is_per_issue:
                each.append(format_matches(facts.issue, matches))
    except SettingsError as error:
        problem = str(error)
    return Part(tally=merge_tallies(tallies), each=tuple(each), problem=problem, mined=mined)


@dataclass(frozen=True)
class _ReplayWork:
    task: Task

    def prepare(self) -> Callable[[Chunk], Part]:
        return partial(replay_lines, replay=compile_task(self.task))


def replay_archive(
    lines: Iterable[Line], task: Task, jobs: int, *, total: int | None = None, out: TextIO | None = None
) -> Part:
    """The result of an archive of `total` issues; the lines of `--per-issue` go to `out` in order.

    It runs `jobs` processes if there are more than a few lines, and shows a bar on a terminal. Raises SettingsError
    for a line that is not an issue (after it wrote the lines before it to `out`), and if a worker dies.
    """
    whole, mined = Tally(), MessageTally()
    parts = work_through(lines, _ReplayWork(task), jobs)
    for part in track(parts, "issues", total, count=lambda part: part.tally.issues):
        whole = merge_tallies([whole, part.tally])
        if part.mined:
            mined.take(part.mined)
        if out:
            out.writelines(f"{line}\n" for line in part.each)
        if part.problem:
            raise SettingsError(part.problem)
    return Part(tally=whole, mined=mined if task.is_mined else None)
