"""What the page of one known problem says: its guidance without a report, the opinion of readers, and figures. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

from jinja2 import TemplateError
from markupsafe import Markup

from bot.archive.stats import Opinion
from bot.insights.report.wording import REACTIONS
from bot.insights.site.figures import Table, count_messages, find_release, read_moment
from bot.insights.site.problem import Problem, Related, Relations, Sources
from bot.insights.site.sightings import Sighting
from bot.insights.site.wording import Clause, describe_match, describe_when, list_messages, name_system, write_phrase
from bot.output.charts import Chart, draw_chart
from bot.output.page import render_markdown
from bot.rules.ruleset import Rule
from bot.rules.spec.rule import Guidance
from bot.rules.spec.template import FAILURES, Echo, render_template
from bot.rules.tools import ToolChoice, choose_tools

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


NEWEST = 10
MOST_REPORTS = 200
"""A page lists so many reports: each takes about 200 bytes of the 100,000 that a page may have."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message by which the rule recognises the problem, and how many reports show it.

    `squeezed` is the form that a search finds, however a terminal wrapped the message.
    """

    text: str
    squeezed: str
    issues: int


@dataclass(frozen=True, kw_only=True)
class ProblemPage:
    """What the page of a known problem says beside its figures and its status.

    `released` is when the version with the fix was published, None if that is unknown.
    `shown` and `folded` are reports, the newest first, and
    `left_out` counts those that the page does not list.
    """

    problem: Problem
    advice: tuple[Advice, ...]
    messages: tuple[Message, ...]
    recognised: Clause | None
    excluded: tuple[Clause, ...]
    chart: Chart
    shown: tuple[Sighting, ...]
    folded: tuple[Sighting, ...]
    left_out: int
    related: tuple[Related, ...]
    tools: tuple[ToolChoice, ...]
    votes: "VoteTable | None"
    provenance: "Provenance"
    systems: Table
    released: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the advice is from: the revision of its rule, its file, and when a human last reviewed it.

    `edit` is the address of the file, "" if it is unknown; `sources` are those of the advice. `is_expired`: the advice
    was only meant to hold until `expires`. `is_silent`: Signpost does not comment with it.
    """

    revision: str
    file: str
    reviewed: date | None = None
    expires: date | None = None
    is_expired: bool = False
    is_silent: bool = False
    edit: str = ""
    sources: tuple[str, ...] = ()


def make_problem_page(problem: Problem, sources: Sources, relations: Relations) -> ProblemPage:
    """The page of a known problem."""
    rule = problem.rule
    newest = problem.reports[::-1]
    recognised, excluded = _part_clause(describe_match(rule))
    return ProblemPage(
        problem=problem,
        advice=make_advice(rule),
        messages=_list_shown_messages(problem),
        recognised=recognised,
        excluded=excluded,
        chart=draw_chart([[week.issues for week in problem.figures.weeks]]),
        shown=newest[:NEWEST],
        folded=newest[NEWEST:MOST_REPORTS],
        left_out=max(0, len(newest) - MOST_REPORTS),
        related=relations.list_related(problem),
        tools=choose_tools(problem.tags, sources.ruleset.packs),
        votes=make_vote_table(problem, sources),
        provenance=_make_provenance(problem, sources),
        systems=_name_systems(problem.figures.by_system),
        released=_date_fix(problem, sources),
    )


def _date_fix(problem: Problem, sources: Sources) -> datetime | None:
    fix = problem.rule.model.fixed_in
    release = find_release(fix.version, sources.releases) if fix else None
    return release.at if release else None


def _name_systems(table: Table) -> Table:
    return table._replace(rows=tuple(row._replace(label=name_system(row.label)) for row in table.rows))


def _part_clause(clause: Clause) -> tuple[Clause | None, tuple[Clause, ...]]:
    """What must be there, and what rules the problem out, where that holds for the whole rule."""
    if clause.kind != "all":
        return (None, clause.parts) if clause.kind == "none" else (clause, ())
    wanted = tuple(part for part in clause.parts if part.kind != "none")
    excluded = tuple(inner for part in clause.parts if part.kind == "none" for inner in part.parts)
    if len(wanted) == 1:
        return wanted[0], excluded
    return (Clause(kind="all", parts=wanted) if wanted else None), excluded


def _list_shown_messages(problem: Problem) -> tuple[Message, ...]:
    """The messages, the most frequent first; those that no report shows stay in the order of the rule."""
    seen = count_messages(problem.reports)
    known = [
        Message(text=write_phrase(part.phrase), squeezed=part.phrase.squeezed, issues=seen.get(number, 0))
        for number, part in enumerate(list_messages(problem.rule))
    ]
    return tuple(sorted(known, key=lambda message: -message.issues))


def _make_provenance(problem: Problem, sources: Sources) -> Provenance:
    model, end = problem.rule.model, sources.census.end
    path = PurePath(problem.rule.file)
    return Provenance(
        revision=problem.rule.content_hash[:12],
        file="/".join(path.parts[-2:]),
        reviewed=model.reviewed,
        expires=model.expires,
        is_expired=bool(model.expires and end and read_moment(end).date() >= model.expires),
        is_silent=model.mode != "comment",
        edit=_find_edit(path, sources.edit_home),
        sources=tuple(dict.fromkeys(each.source for each in model.guidance if each.source)),
    )


def _find_edit(path: PurePath, home: str) -> str:
    """The address of a file of the repository itself; "" for a pack, which comes from elsewhere."""
    is_own = path.parts[:2] == (".github", "signpost")
    return f"{home}{path.as_posix()}" if home and is_own else ""
