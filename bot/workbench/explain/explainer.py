"""The explanation of an issue: one value that the terminal, the page and the JSON show. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from typing import Any, TypeVar, cast

from bot.rules.conditions.types import Verdict
from bot.rules.labels import AnsweredLabel
from bot.rules.matcher import Match, read_facts
from bot.rules.ruleset import Ruleset
from bot.rules.spec.condition import Mode
from bot.text.printable import reveal_line
from bot.tracker.types import Issue
from bot.triage.config import Config
from bot.triage.decisions import RuleDecision, decide_rules
from bot.triage.skip import find_issue_skip
from bot.workbench.explain.condition_tree import Node, TreeMaker, number_highlights, number_places
from bot.workbench.explain.diagnosis import Explanation, explain_facts
from bot.workbench.explain.highlights import Excerpt, Highlight, list_sources, make_excerpt
from bot.workbench.explain.overview import CaptureSummary, Overview, describe_captures, describe_issue

Value = TypeVar("Value")

NEAREST = 3
"""The number of shown rules that do not match but are similar enough."""

_NEAR_ENOUGH = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch of a rule's guidance, numbered from 1; `when` is None if it always applies."""

    number: int
    speaks: bool
    when: Node | None
    tldr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRule:
    """One rule: its tree, and the decision about it if it matches.

    `similarity` (0 to 1) and `others` (further conditions that would have to hold) are about rules that do not match.
    `silences` are the matching rules that it replaces; `fix` compares the stated version with the fix; `answered` are
    the labels that answers give.
    """

    id: str
    title: str
    file: str
    mode: Mode
    verdict: Verdict
    tree: Node
    captures: tuple[CaptureSummary, ...]
    is_shown: bool
    similarity: float = 1.0
    others: int = 0
    decision: RuleDecision | None = None
    silences: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    fix: str = ""
    answered: tuple[AnsweredLabel, ...] = ()

    @property
    def matches(self) -> bool:
        """Whether the rule matches."""
        return self.verdict.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueExplanation:
    """The explanation of an issue; `rules` has the matching rules first, then the most similar ones.

    `skipped` is the reason why a run would skip the issue as it is now, "" if it would not.
    Texts are as the reporter wrote them, so the code that shows them must escape hidden characters.
    """

    repository: str
    number: int
    url: str
    title: str
    author: str
    skipped: str
    overview: Overview
    excerpts: tuple[Excerpt, ...]
    highlights: tuple[Highlight, ...]
    rules: tuple[ExplainedRule, ...]

    @property
    def matched(self) -> tuple[ExplainedRule, ...]:
        """The rules that match."""
        return tuple(rule for rule in self.rules if rule.matches)

    @property
    def near(self) -> tuple[ExplainedRule, ...]:
        """The rules that do not match, and are shown."""
        return tuple(rule for rule in self.rules if rule.is_shown and not rule.matches)


def make_explanation(
    issue: Issue, ruleset: Ruleset, config: Config, today: date, wanted: str | None = None
) -> IssueExplanation:
    """The whole explanation; `wanted` names the one rule to show."""
    facts, sources, skip = read_facts(issue, ruleset), list_sources(issue), find_issue_skip(issue, config)
    found = explain_facts(facts, ruleset, wanted)
    matches = tuple(e.match for e in found if e.match)
    decisions = {each.rule: each for each in decide_rules(matches, config, today)}
    shown = _choose_shown(found, wanted)
    rules = [_explain_rule(TreeMaker(e, facts, sources), decisions, is_shown=e.rule.id in shown) for e in found]
    highlights = number_highlights({rule.id: rule.tree for rule in rules if rule.is_shown}, sources)
    return IssueExplanation(
        repository=issue.repository,
        number=issue.number,
        url=issue.url,
        title=issue.title,
        author=issue.author.login,
        skipped=skip.reason if skip else "",
        overview=describe_issue(facts, ruleset),
        excerpts=tuple(make_excerpt(name, text, highlights, facts) for name, text in sources.items()),
        highlights=highlights,
        rules=tuple(replace(rule, tree=number_places(rule.id, rule.tree, highlights)) for rule in rules),
    )


def _choose_shown(found: tuple[Explanation, ...], wanted: str | None) -> frozenset[str]:
    """The one that is wanted, or those that match and the three nearest."""
    if wanted is not None:
        return frozenset({wanted})
    near = [e for e in found if e.match is None and e.similarity >= _NEAR_ENOUGH][:NEAREST]
    return frozenset(e.rule.id for e in found if e.match or e in near)


def _explain_rule(maker: TreeMaker, decisions: Mapping[str, RuleDecision], *, is_shown: bool) -> ExplainedRule:
    found, rule = maker.found, maker.found.rule
    explained = ExplainedRule(
        id=rule.id,
        title=rule.model.title,
        file=rule.file,
        mode=rule.model.mode,
        verdict=found.verdict,
        tree=_make_tree(maker, is_whole=is_shown or found.match is not None),
        captures=describe_captures(found.captures.values(), maker.sources),
        is_shown=is_shown,
        similarity=found.similarity,
        others=found.failure.others if found.failure else 0,
    )
    return _explain_match(explained, found.match, maker, decisions) if found.match else explained


def _make_tree(maker: TreeMaker, *, is_whole: bool) -> Node:
    """Of a rule that is not shown only the condition on which it failed: there may be a thousand of them."""
    found = maker.found
    if is_whole or found.failure is None:
        return maker.make_node((found.rule.condition, found.verdict))
    failure = found.failure
    return maker.make_node((failure.condition, failure.verdict), is_unwanted=failure.is_unwanted)


def _explain_match(
    explained: ExplainedRule, match: Match, maker: TreeMaker, decisions: Mapping[str, RuleDecision]
) -> ExplainedRule:
    state, fixed_in = match.fix_state, match.rule.model.fixed_in
    return replace(
        explained,
        decision=decisions[match.rule.id],
        silences=tuple(rule for rule, each in decisions.items() if each.match.superseded_by == match.rule.id),
        branches=tuple(_explain_branch(number, match, maker) for number in range(len(match.rule.branches))),
        fix=f"{_FIX[state]} {fixed_in.version}" if state and fixed_in else "",
        answered=match.answered,
    )


_FIX = {
    "older": "the stated version is older than the fix in",
    "fixed": "may be a regression: the stated version contains the fix from",
    "unknown": "the report states no version to compare with the fix in",
}


def _explain_branch(index: int, match: Match, maker: TreeMaker) -> Branch:
    when = match.rule.branches[index]
    return Branch(
        number=index + 1,
        speaks=index == match.branch,
        when=maker.evaluate(when) if when else None,
        tldr=match.rule.model.guidance[index].tldr,
    )


def reveal_all(value: Value) -> Value:
    """The same value, with every text in it on one line and without hidden signs."""
    return cast("Value", _reveal(value))


def _reveal(value: object) -> object:
    if isinstance(value, str):
        return reveal_line(value)
    if isinstance(value, Match):
        return value  # none of its texts is shown
    if isinstance(value, tuple):
        parts: list[Any] = [_reveal(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{part.name: _reveal(getattr(value, part.name)) for part in fields(value)})
    return value
