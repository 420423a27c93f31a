"""What the page of one known problem says. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

from bot.insights.site.figures import Table, count_messages, find_release, read_moment
from bot.insights.site.guidance import Advice, VoteTable, make_advice, make_vote_table
from bot.insights.site.problem import Problem, Related, Relations, Sources
from bot.insights.site.sightings import Sighting
from bot.insights.site.wording import Clause, describe_match, list_messages, name_system, write_phrase
from bot.output.charts import Chart, draw_chart
from bot.rules.tools import ToolChoice, choose_tools

NEWEST = 10
MOST_REPORTS = 200
"""A page lists so many reports: each takes about 200 bytes of the 100,000 that a page may have."""


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
