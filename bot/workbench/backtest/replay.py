"""Rules replayed on one past issue: its matches, and what it adds to the tally. Pure."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from bot.archive.stats import name_week
from bot.issue.facts import Facts
from bot.rules.matcher import Match, match_rules, read_facts
from bot.tracker.types import Issue
from bot.triage.decisions import RuleDecision, decide_rules, list_speaking, unique
from bot.triage.skip import find_issue_skip
from bot.workbench.backtest.tally import PatternTally, RuleTally, Tally, WeekTally, compare, describe_pattern, see_match
from bot.workbench.backtest.task import Replay, Task


def format_matches(issue: Issue, matches: Iterable[Match]) -> str:
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
    if (judged := replay.judge_issue(issue, names)) is not None:
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
