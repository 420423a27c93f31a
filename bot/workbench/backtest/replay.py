"""Rules replayed over past issues: from one issue to its tally, from a chunk of lines to one tally. Pure."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import combinations

from bot.archive.jsonl import Line, parse_line
from bot.archive.parallel import work_through
from bot.archive.stats import name_week
from bot.errors import SettingsError
from bot.issue.facts import Facts
from bot.rules.loader import build_ruleset, join_rulesets
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from bot.triage.config import Config
from bot.triage.decisions import RuleDecision, decide_rules, list_speaking, unique
from bot.triage.skip import find_issue_skip
from bot.workbench.backtest.samples import describe_pattern, see_match
from bot.workbench.backtest.tally import Agreement, Change, PatternTally, RuleTally, Tally, WeekTally, merge_tallies
from bot.workbench.backtest.truth import LabelIndex, Truth, find_excused, find_judged, find_known, index_labels
from bot.workbench.suggest.message_counts import MessageTally

Files = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked of every issue, in a form that can be sent to another process.

    `rules` and `former` (what to compare with) are the files of each place, `today` is for `expires:`. `is_mined`:
    whether to count the messages of unmatched issues, `is_told_each`: whether to tell of every issue.
    """

    rules: tuple[Files, ...]
    config: Config
    today: date
    former: tuple[Files, ...] | None = None
    truth: Truth | None = None
    is_told_each: bool = False
    is_mined: bool = False


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A task, with its rules compiled."""

    task: Task
    ruleset: Ruleset
    former: Ruleset | None = None
    judged: frozenset[str] = frozenset()
    labels: LabelIndex = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a chunk of a history gave; `each` are the lines of `--per-issue`, `problem` what ended it early.

    `mined` has the messages of its unmatched issues.
    """

    tally: Tally
    each: tuple[str, ...] = ()
    problem: str | None = None
    mined: MessageTally | None = None


def compile_rules(places: Iterable[Files]) -> Ruleset:
    """The rules of several places as one set."""
    return join_rulesets(build_ruleset(files) for files in places)


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


def replay_lines(lines: Sequence[Line], replay: Replay) -> Part:
    """The tally of the issues on the lines; a line that is no issue ends it, and is told in `problem`."""
    tallies, each, problem = list[Tally](), list[str](), None
    mined = MessageTally() if replay.task.is_mined else None
    try:
        for issue in (issue for where, line in lines for issue in parse_line(line, where)):
            if issue.is_pull_request:
                tallies.append(Tally(pull_requests=1))
                continue
            facts = read_facts(issue, replay.ruleset)
            found, matches = replay_issue(facts, replay)
            tallies += found
            if mined is not None and not found[0].matched:
                mined.add(facts)
            if replay.task.is_told_each:
                each.append(tell_matches(issue, matches))
    except SettingsError as error:
        problem = str(error)
    return Part(tally=merge_tallies(tallies), each=tuple(each), problem=problem, mined=mined)


def tell_matches(issue: Issue, matches: Iterable[Match]) -> str:
    """The line of `--per-issue`: the issue's number and what it matched, those that speak first in front."""
    found = [
        {"rule": match.rule.id, "captures": {name: capture.value for name, capture in match.captures.items()}}
        for match in matches
        if not match.superseded_by
    ]
    return json.dumps({"number": issue.number, "matches": found}, ensure_ascii=False)


def replay_issue(facts: Facts, replay: Replay) -> tuple[list[Tally], tuple[Match, ...]]:
    """What one issue adds to the tally, its own part in front, and its matches."""
    issue = facts.issue
    matches = match_rules(facts, replay.ruleset)
    decisions = _decide(issue, matches, replay.task)
    names = {match.rule.id for match in matches if not match.superseded_by}
    tallies = [tally_issue(issue, matches, decisions)]
    if replay.task.truth and (known := find_known(replay.task.truth, issue, replay.labels)) is not None:
        found = names & replay.judged
        tallies.append(judge(issue.number, found, known, find_excused(replay.task.truth, found, replay.ruleset)))
    if replay.former is not None:
        former = match_rules(read_facts_again(facts, replay.former), replay.former)
        before = {match.rule.id for match in former if not match.superseded_by}
        speaks, spoke = (bool(list_speaking(each)) for each in (decisions, _decide(issue, former, replay.task)))
        tallies.append(compare(issue.number, names, before, speaks=speaks, spoke=spoke))
    return tallies, matches


def read_facts_again(facts: Facts, ruleset: Ruleset) -> Facts:
    """The facts of the same issue for other rules; mostly they read it in the same way."""
    if (facts.models, facts.placeholders) == (ruleset.layouts, ruleset.placeholders):
        return facts
    return read_facts(facts.issue, ruleset)


def tally_issue(issue: Issue, matches: tuple[Match, ...], decisions: tuple[RuleDecision, ...]) -> Tally:
    """The tally of one issue's matches."""
    speaking = {match.rule.id for match in list_speaking(decisions)}
    held = any(not match.superseded_by for match in matches)
    week = name_week(issue.created_at)
    return Tally(
        issues=1,
        matched=int(held),
        comments=int(bool(speaking)),
        undated=int(not week),
        weeks={week: WeekTally(1, int(held), int(bool(speaking)))} if week else {},
        rules=dict(_tally_rules(issue, matches, speaking, week)),
        overlaps=dict.fromkeys(combinations(sorted(match.rule.id for match in matches), 2), 1),
        labels=dict.fromkeys(unique(label for each in decisions for label in each.add), 1),
        unmatched_issues=() if held else (issue.number,),
    )


def _decide(issue: Issue, matches: tuple[Match, ...], task: Task) -> tuple[RuleDecision, ...]:
    """What would be done about the issue on the day it was opened: it was open then, and nobody had labelled it."""
    if not matches or find_issue_skip(replace(issue, state="open", is_locked=False, labels=()), task.config):
        return ()
    return decide_rules(matches, task.config, task.today)


def _tally_rules(
    issue: Issue, matches: Iterable[Match], speaking: Collection[str], week: str
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
                weeks={week: 1} if week else {},
                patterns={describe_pattern(match): PatternTally(1, seen, seen)},
            ),
        )


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


def compare(number: int, now: Collection[str], before: Collection[str], *, speaks: bool, spoke: bool) -> Tally:
    """The tally of what other rules gain and lose on one issue."""
    names = sorted({*now, *before})
    rules = {
        name: RuleTally(change=_change(number, is_now=name in now, was_before=name in before))
        for name in names
        if (name in now) != (name in before)
    }
    return Tally(rules=rules, change=_change(number, is_now=speaks, was_before=spoke))


def _change(number: int, *, is_now: bool, was_before: bool) -> Change:
    if is_now == was_before:
        return Change()
    return Change(gained=1, gained_issues=(number,)) if is_now else Change(lost=1, lost_issues=(number,))


@dataclass(frozen=True)
class _ReplayWork:
    task: Task

    def prepare(self) -> Callable[[Sequence[Line]], Part]:
        return partial(replay_lines, replay=compile_task(self.task))


def replay_history(lines: Iterable[Line], task: Task, jobs: int) -> Iterator[Part]:
    """The parts of a history, in its order; with `jobs` processes where there are more than a few lines.

    Raises SettingsError for a line that is no issue, after the parts before it, and where a worker dies.
    """
    for part in work_through(lines, _ReplayWork(task), jobs):
        yield part
        if part.problem:
            raise SettingsError(part.problem)
