"""The guidance of a rule as HTML, for readers without a report, and what readers say about it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import TemplateError
from markupsafe import Markup

from bot.archive.stats import Opinion
from bot.insights.report.wording import REACTIONS
from bot.insights.site.problem import Problem, Sources
from bot.insights.site.wording import describe_when
from bot.output.page import render_markdown
from bot.rules.ruleset import Rule
from bot.rules.spec.rule import Guidance
from bot.rules.spec.template import FAILURES, Echo, render_template

_EMPTY = Markup()
_MARK = "\ue000"
"""Stands before a value of the reporter until its sentence is left out; no font has a sign for it."""

_SENTENCE = re.compile(r".+?(?:[.!?](?:\s+|$)|\n|$)|\n")
_CODE = re.compile(r"`[^`]*`")

STATEMENTS = {
    "works": "The advice works",
    "not-my-problem": "This is not my problem",
    "easy-fix": "The fix is easy",
    "time-saver": "The advice saves time",
    "blocking": "The problem blocks my work",
    "common": "The problem is common",
    "flaky": "The problem comes and goes",
    "reproducible": "I can reproduce the problem",
}
"""What readers say by a reaction, by the meaning that the settings give it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The guidance of one branch as HTML; a part that the branch does not have is "".

    `when` is the heading: the condition of the branch, "" if it has none. `situation` is a sentence with the condition
    if that quotes a message, and is "" otherwise.
    """

    when: str = ""
    situation: str = ""
    tldr: Markup = _EMPTY
    steps: tuple[Markup, ...] = ()
    example: str = ""
    notes: Markup = _EMPTY
    recommendation: Markup = _EMPTY
    asks: tuple[Markup, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NamedValue(Echo):
    """A value that differs from report to report: a page prints its name. Conditions take it as unknown."""

    name: str = ""

    def __str__(self) -> str:
        return f"{_MARK}<{self.name.replace('_', ' ')}>"


@dataclass(frozen=True, slots=True)
class _Parts:
    """An object that templates take apart, with the values that a page knows of it."""

    number: NamedValue
    title: str
    version: Echo
    pr: Echo
    state: str = "unknown"
    is_open: bool = True


def make_advice(rule: Rule) -> tuple[Advice, ...]:
    """The guidance of each branch, in the order in which they are tried."""
    values = _name_values(rule)
    branches = rule.model.guidance
    return tuple(
        _write_branch(guidance, rule, values, is_last=bool(number) and guidance.when is None)
        for number, guidance in enumerate(branches)
    )


def _write_branch(guidance: Guidance, rule: Rule, values: Mapping[str, object], *, is_last: bool) -> Advice:
    def write(text: str | None, *, is_needed: bool = True) -> Markup:
        return render_markdown(_leave_out(_fill(text, values), is_needed=is_needed)) if text else _EMPTY

    asked = (rule.pack.model.find_ask(name) for name in guidance.ask)
    when = describe_when(guidance.when, rule) if guidance.when else ""
    is_sampled = " message like " in when or " the pattern " in when
    return Advice(
        when="In all other cases" if is_last else "In this case" if is_sampled else f"If {when}" if when else "",
        situation=f"{when[0].upper()}{when[1:]}." if is_sampled else "",
        tldr=write(guidance.tldr),
        steps=tuple(step for step in map(write, guidance.steps) if step),
        example=_fill(guidance.example, values).replace(_MARK, "").strip("\n") if guidance.example else "",
        notes=write(guidance.notes, is_needed=False),
        recommendation=write(guidance.recommendation, is_needed=False),
        asks=tuple(render_markdown(text) for text in asked if text),
    )


def _name_values(rule: Rule) -> dict[str, object]:
    model = rule.model
    values: dict[str, object] = {name: NamedValue(None, "", "", name) for name in rule.echoable}
    fix = model.fixed_in
    parts = _Parts(
        number=NamedValue(None, "int", "", "number"),
        title=model.title,
        version=Echo(fix.version if fix else None, "version"),
        pr=Echo(str(fix.pr) if fix and fix.pr else None, "int"),
    )
    return values | {
        "issue": parts,
        "rule": parts,
        "follow": None,
        "duplicates": (),
        "fixed_in": parts if fix else None,
    }


def _leave_out(text: str, *, is_needed: bool) -> str:
    """The text without the sentences that tell a reporter what the report says, if others remain or none is needed."""
    sentences = [part for line in text.splitlines(keepends=True) for part in _SENTENCE.findall(line)]
    kept = [part for part in sentences if _MARK not in _CODE.sub("", part)]
    return (
        "".join(kept if not is_needed or any(part.strip() for part in kept) else sentences).replace(_MARK, "").rstrip()
    )


def _fill(text: str, values: Mapping[str, object]) -> str:
    """The text with the names of its values; "" if it cannot be rendered, which `signpost check` reports."""
    try:
        return render_template(text, values)
    except (TemplateError, *FAILURES):
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteTable:
    """What readers say about the advice: a row for each statement that has votes.

    `opinion` is None without a ledger. `rows` are (statement, agree, disagree); `disagree` is None for a statement that
    no reaction denies. `answers` are the reactions that count: (emoji, statement).
    """

    opinion: Opinion | None = None
    rows: tuple[tuple[str, int, int | None], ...] = ()
    answers: tuple[tuple[str, str], ...] = ()


def make_vote_table(problem: Problem, sources: Sources) -> VoteTable | None:
    """The votes; None for a rule that does not comment and has no votes."""
    opinion = None if sources.opinions is None else sources.opinions.get(problem.id, Opinion())
    if problem.rule.model.mode != "comment" and not (opinion and opinion.voters):
        return None
    counts = opinion.statements if opinion else {}
    rows = ((text, *counts[name]) for name, text in STATEMENTS.items() if any(counts.get(name, ())))
    answers = ((REACTIONS[content], STATEMENTS.get(meaning, "")) for content, meaning in sources.meanings.items())
    return VoteTable(opinion=opinion, rows=tuple(rows), answers=tuple(each for each in answers if each[1]))
