"""All pages of the site, each as a template and the values that it shows. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from markupsafe import escape

from bot.comment.links import write_date
from bot.insights.site.addresses import FormerRule, address_problem, list_former, read_problem
from bot.insights.site.figures import find_release, order_version, read_moment
from bot.insights.site.page import make_problem_page
from bot.insights.site.problem import Problem, Relations, Sources, make_problems, relate_problems
from bot.insights.site.status import LABELS, Code
from bot.insights.site.trending import Rise, list_rises
from bot.output.page import render_markdown, render_page

ROWS_SIZE = 80_000
"""The bytes that the rows of one page of a list may have; a whole page may have 100,000."""

_ROW_SIZE = 380
MOST_TAGS = 60

MOST_TRENDS = 5
SEARCH = "assets/search.js"
_INDEX = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its address relative to the site, its template, its title and the values that it shows.

    `is_listed`: search engines may list it; `is_kept`: its address must never disappear.
    """

    address: str
    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    is_listed: bool = True
    is_kept: bool = True

    @property
    def file(self) -> str:
        """Its file, relative to the site."""
        return self.address if self.address.endswith(".html") else f"{self.address}{_INDEX}"

    @property
    def root(self) -> str:
        """The way from the page to the site's first page."""
        return "../" * self.address.count("/") or "./"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the site is published: below `base_url`, "" if that is unknown; for maintainers only if it is private.

    `has_words`: whether Pagefind's index of all words is there.
    """

    base_url: str = ""
    is_private: bool = False
    has_words: bool = False


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the pages are made of."""

    sources: Sources
    problems: tuple[Problem, ...]
    relations: Relations
    trends: tuple[Rise, ...] = ()
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A list of some of the problems, on a page of its own; `name` says which among the lists of its group."""

    address: str
    group: Literal["all", "status", "tag"]
    name: str
    problems: tuple[Problem, ...]


def make_contents(sources: Sources, settings: Settings = Settings()) -> Contents:
    """What the pages are made of."""
    problems = make_problems(sources)
    return Contents(
        sources=sources,
        problems=problems,
        relations=relate_problems(problems, sources.census),
        trends=list_rises(problems, sources.census),
        settings=settings,
    )


def date_end(sources: Sources) -> str:
    """The day of the archive's end, in words; "" without an archive."""
    return write_date(read_moment(sources.census.end)) if sources.census.end else ""


def list_pages(contents: Contents, served: Iterable[str] = ()) -> tuple[Page, ...]:
    """Every page of the site; `served` are the addresses of earlier builds, of which none disappears."""
    filters = list_filters(contents.problems)
    pages = [
        _make_index(contents, filters),
        *(page for each in filters for page in _list_filter_pages(each)),
        *(_make_problem(problem, contents) for problem in contents.problems),
        _make_releases(contents),
        _make_trending(contents),
        *map(_make_former, _name_former(contents)),
        Page(address="404.html", template="missing.html.j2", title="Page not found", is_listed=False, is_kept=False),
    ]
    if contents.settings.is_private:
        pages.append(_make_unmatched(contents))
    known = {page.address for page in pages}
    gone = (address for address in served if address not in known and not read_problem(address))
    return (*pages, *map(_make_gone, sorted(set(gone))))


def render(page: Page, contents: Contents) -> str:
    """The page as HTML."""
    settings = contents.settings
    base = settings.base_url
    frame = {
        "page": page,
        # Whoever meets the page for what is missing may be at any depth, so only whole addresses lead on.
        "root": base if page.address == "404.html" and base else page.root,
        "canonical": f"{base}{page.address}" if base and page.is_listed else "",
        "settings": settings,
        "product": name_product(contents.sources),
        "as_of": date_end(contents.sources),
        "has_releases": any(problem.rule.model.fixed_in for problem in contents.problems),
        "labels": LABELS,
        "day": write_date,
        "moment": read_moment,
        "home": contents.sources.census.home,
    }
    return render_page("bot.insights.site", page.template, {**frame, **page.values})


def name_product(sources: Sources) -> str:
    """The products of the packs: `Claude Code and Rust`; "" if no pack names one."""
    names = dict.fromkeys(pack.model.product for pack in sources.ruleset.packs if pack.model.product)
    return " and ".join(names)


def list_filters(problems: Sequence[Problem]) -> tuple[Filter, ...]:
    """All problems, those of each status, and those of each tag."""
    by_status: dict[Code, list[Problem]] = {}
    by_tag: dict[str, list[Problem]] = {}
    for problem in problems:
        by_status.setdefault(problem.status.code, []).append(problem)
        for tag in problem.tags:
            by_tag.setdefault(tag, []).append(problem)
    return (
        Filter(address="all/", group="all", name="All problems", problems=tuple(problems)),
        *(
            Filter(
                address=f"status/{code.replace('_', '-')}/", group="status", name=name, problems=tuple(by_status[code])
            )
            for code, name in LABELS.items()
            if code in by_status
        ),
        *(Filter(address=f"tag/{tag}/", group="tag", name=tag, problems=tuple(by_tag[tag])) for tag in sorted(by_tag)),
    )


def _make_index(contents: Contents, filters: Sequence[Filter]) -> Page:
    product = name_product(contents.sources)
    return Page(
        address="",
        template="index.html.j2",
        title=f"Known problems of {product}" if product else "Known problems",
        values={
            "problems": cut_rows(contents.problems)[0],
            "total": len(contents.problems),
            "by_status": [each for each in filters if each.group == "status"],
            "by_tag": _choose_tags(filters),
            "trends": contents.trends[:MOST_TRENDS],
            "more_trends": len(contents.trends) - MOST_TRENDS,
            "issues": contents.sources.census.issues,
            "matched": sum(problem.figures.issues > 0 for problem in contents.problems),
        },
    )


def _list_filter_pages(each: Filter) -> Iterator[Page]:
    """Its pages; the first is at the address of the list."""
    parts = cut_rows(each.problems)
    addresses = [each.address if number == 0 else f"{each.address}{number + 1}/" for number in range(len(parts))]
    for number, address in enumerate(addresses):
        yield Page(
            address=address,
            template="list.html.j2",
            title=_title_list(each) if number == 0 else f"{_title_list(each)}, page {number + 1}",
            values={
                "filter": each,
                "problems": parts[number],
                "pages": addresses,
                "number": number,
            },
            is_listed=False,
        )


def cut_rows(problems: Sequence[Problem]) -> list[tuple[Problem, ...]]:
    """The problems of each page of a list, by the size of their rows; one page at least."""
    parts, size = [list[Problem]()], 0
    for problem in problems:
        texts = (problem.id, escape(problem.name), escape(problem.message))
        row = _ROW_SIZE + sum(len(text.encode("utf-8", "replace")) for text in texts)
        if size + row > ROWS_SIZE and parts[-1]:
            parts.append([])
            size = 0
        parts[-1].append(problem)
        size += row
    return [tuple(part) for part in parts]


def _choose_tags(filters: Iterable[Filter]) -> list[Filter]:
    """The lists of the most frequent tags, by name."""
    tags = sorted((each for each in filters if each.group == "tag"), key=lambda each: -len(each.problems))
    return sorted(tags[:MOST_TAGS], key=lambda each: each.name)


def _title_list(each: Filter) -> str:
    return {"all": each.name, "status": f"Known problems: {each.name}", "tag": f"Known problems about {each.name}"}[
        each.group
    ]


def _make_problem(problem: Problem, contents: Contents) -> Page:
    values = make_problem_page(problem, contents.sources, contents.relations)
    trend = next((trend for trend in contents.trends if trend.problem.id == problem.id), None)
    return Page(
        address=problem.address,
        template="problem.html.j2",
        title=problem.heading,
        values={
            "here": values,
            "markdown": render_markdown,
            "problem": problem,
            "figures": problem.figures,
            "trend": trend,
        },
    )


def _make_releases(contents: Contents) -> Page:
    """The page of releases, the newest first, each with the problems that it fixes."""
    fixed: dict[str, list[Problem]] = {}
    for problem in contents.problems:
        if problem.rule.model.fixed_in:
            fixed.setdefault(problem.rule.model.fixed_in.version, []).append(problem)
    rows = [
        {"version": version, "at": release.at if release else None, "problems": fixed[version]}
        for version in sorted(fixed, key=order_version, reverse=True)
        for release in [find_release(version, contents.sources.releases)]
    ]
    return Page(address="releases/", template="releases.html.j2", title="Fixed in a release", values={"rows": rows})


def _make_trending(contents: Contents) -> Page:
    values = {"trends": contents.trends}
    return Page(address="trending/", template="trending.html.j2", title="Rising problems", values=values)


def _make_unmatched(contents: Contents) -> Page:
    return Page(
        address="unmatched/",
        template="unmatched.html.j2",
        title="Messages that no rule knows",
        values={"unmatched": contents.sources.census.unmatched},
        is_listed=False,
        is_kept=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Former:
    """A former rule, and the problems that it leads to."""

    rule: FormerRule
    problems: tuple[Problem, ...]


def _name_former(contents: Contents) -> Iterator[_Former]:
    known = contents.relations.problems
    for rule in list_former(contents.sources.ruleset):
        yield _Former(rule=rule, problems=tuple(known[name] for name in rule.leads_to if name in known))


def _make_former(former: _Former) -> Page:
    """A stub that leads to one rule, a page that lets the reader choose, or one that says why there is nothing."""
    address, problems = address_problem(former.rule.id), former.problems
    values = {"former": former.rule, "problems": problems}
    if len(problems) == 1:
        target = f"{'../' * address.count('/')}{problems[0].address}"
        values |= {"target": target, "canonical_address": problems[0].address}
        title, template = "This page has moved", "moved.html.j2"
    elif problems:
        title, template = f"{former.rule.id} is now several problems", "choose.html.j2"
    else:
        title, template = f"{former.rule.id} is no longer a known problem", "removed.html.j2"
    return Page(address=address, template=template, title=title, values=values, is_listed=False)


def _make_gone(address: str) -> Page:
    return Page(
        address=address,
        template="moved.html.j2",
        title="This list has moved",
        values={"target": "../" * address.count("/"), "canonical_address": "", "problems": ()},
        is_listed=False,
    )
