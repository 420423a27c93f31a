"""A known problem, its row in lists, and the problems that are related to it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.archive.stats import Opinion
from bot.insights.site.addresses import address_problem
from bot.insights.site.figures import Figures, count_messages, explain_relation, make_figures
from bot.insights.site.sightings import Census, Sighting
from bot.insights.site.status import Evidence, Status, derive_status
from bot.insights.site.wording import title_problem
from bot.rules.ruleset import Rule, Ruleset
from bot.tracker.types import Release

MOST_RELATED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another known problem, and why it is related."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A known problem, as lists show it.

    `message` is what people see, "" if the rule has no message for them; `name` is the title that its maintainers gave.
    `reports` are the reports about which the rule speaks, the oldest first.
    """

    rule: Rule
    message: str
    name: str
    status: Status
    figures: Figures
    reports: tuple[Sighting, ...] = ()

    @property
    def id(self) -> str:
        """The id of the rule."""
        return self.rule.id

    @property
    def address(self) -> str:
        """The address of its page, relative to the site."""
        return address_problem(self.rule.id)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of its rule."""
        return tuple(self.rule.model.tags)

    @property
    def heading(self) -> str:
        """The title of its page."""
        return f"How to fix “{self.message}”" if self.message else f"How to fix: {self.name}"

    @property
    def last_day(self) -> str:
        """The day of the newest report, `2026-11-29`; "" without one."""
        return self.figures.last.date().isoformat() if self.figures.last else ""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All that pages are made from. `releases` is None if nobody asked which there are.

    `opinions` are those on the rules as they are now, None without a ledger. `meanings` are those of the reactions.
    """

    ruleset: Ruleset
    census: Census = field(default_factory=Census)
    releases: tuple[Release, ...] | None = None
    opinions: Mapping[str, Opinion] | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)
    edit_home: str = ""


def make_problems(sources: Sources) -> tuple[Problem, ...]:
    """The known problems: most people in the last twelve weeks first, then most reports, then by id."""
    found = [_make_problem(rule, sources) for rule in sources.ruleset.rules]
    return tuple(sorted(found, key=lambda each: (-each.figures.recent_people, -each.figures.issues, each.id)))


def _make_problem(rule: Rule, sources: Sources) -> Problem:
    census = sources.census
    reports = tuple(seen for seen in census.sightings.get(rule.id, ()) if not seen.is_silent)
    message, name = title_problem(rule, count_messages(reports))
    evidence = Evidence(
        is_checked=census.issues > 0, sightings=reports, states=census.states, releases=sources.releases
    )
    return Problem(
        rule=rule,
        message=message,
        name=name,
        status=derive_status(rule.model, evidence),
        figures=make_figures(reports, census.end),
        reports=reports,
    )


@dataclass(frozen=True, kw_only=True)
class Relations:
    """Which problems have reports or tags in common; `shared` counts the reports that the pages of two show."""

    problems: Mapping[str, Problem]
    shared: Mapping[str, Mapping[str, int]]
    tagged: Mapping[str, frozenset[str]]

    def list_related(self, problem: Problem) -> tuple[Related, ...]:
        """The problems that are related most: by shared reports, then by shared tags."""
        overlap = self.shared.get(problem.id, {})
        tags = Counter(other for tag in problem.tags for other in self.tagged.get(tag, ()) if other != problem.id)
        ids = [each for each in {*overlap, *tags} if each in self.problems]
        ranked = sorted(ids, key=lambda each: (-overlap.get(each, 0), -tags.get(each, 0), each))
        return tuple(
            Related(
                id=other,
                name=self.problems[other].name,
                reason=explain_relation(overlap.get(other, 0), problem.tags, self.problems[other].tags),
            )
            for other in ranked[:MOST_RELATED]
        )


def relate_problems(problems: Iterable[Problem], census: Census) -> Relations:
    """The relations of all problems."""
    known = {problem.id: problem for problem in problems}
    at: dict[tuple[str, int], list[str]] = {}
    for rule, found in census.sightings.items():
        for seen in found if rule in known else ():
            if seen.is_silent:
                continue
            at.setdefault((seen.home, seen.number), []).append(rule)
    shared: dict[str, Counter[str]] = {}
    for rules in at.values():
        for rule in rules if len(rules) > 1 else ():
            shared.setdefault(rule, Counter()).update(other for other in rules if other != rule)
    tagged: dict[str, set[str]] = {}
    for problem in known.values():
        for tag in problem.tags:
            tagged.setdefault(tag, set()).add(problem.id)
    return Relations(problems=known, shared=shared, tagged={tag: frozenset(rules) for tag, rules in tagged.items()})
