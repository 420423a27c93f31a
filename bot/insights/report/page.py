"""A report as one self-contained HTML page without scripts. Pure.

The graph is an SVG of our own: each node leads to its row in the table. Filters are check boxes that the style sheet
reads with `:has()` (https://www.w3.org/TR/selectors-4/#relational), so that the page needs no script; a browser without
it shows everything.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

from bot.insights.report import wording
from bot.insights.report.drawing import Drawing, choose_drawing, count_steps, describe_cut
from bot.insights.report.types import Report
from bot.insights.sentence import Page, Part, Quoted, Sentence, shorten
from bot.output.page import link_address, render_markdown, render_page
from bot.text.printable import reveal
from bot.text.redaction import mask_private, show_text
from bot.tracker.graph import Address, Edge, Node

MOST_NODES, MOST_EDGES = 60, 100
FIRST_ROWS = 30
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 200, 48, 70, 14, 14
_MOST_ROWS = 12
_MOST_REPOSITORIES = 12
_TITLE = 26
_PARTED = re.compile("(?<=[@#])\u200b")


class Box(NamedTuple):
    """A node or a release of the picture: its place in pixels, its texts, and where it leads."""

    x: int
    y: int
    shape: str
    state: str
    head: str
    title: str
    link: str
    classes: str
    is_seed: bool = False


class Line(NamedTuple):
    """A relation of the picture: its path, the kind of line, and its words."""

    path: str
    kind: str
    words: str
    classes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The whole picture, in pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def render_html(report: Report) -> str:
    """The whole page; it masks, cuts and escapes the texts of strangers."""
    drawing, classes = choose_drawing(report.graph, MOST_NODES, MOST_EDGES), _Classes(report)
    anchors, writer = _name_anchors(report), _Writer(report)
    values = {
        "report": report,
        "title": wording.find_title(report),
        "coverage": wording.describe_coverage(report.graph),
        "gaps": report.graph.coverage.gaps,
        "picture": draw_picture(report, drawing, anchors, classes) if len(drawing.nodes) > 1 else None,
        "drawing": drawing,
        "cut": describe_cut(drawing) if drawing.left_out or drawing.edges_left_out else "",
        "anchors": anchors,
        "classes": {row.address: classes.name(row.address) for row in report.linked},
        "states": {name: text for name, text in wording.STATES.items() if name in classes.states},
        "kinds": {name: text for name, text in _KINDS.items() if name in classes.kinds},
        "repositories": classes.repositories,
        "shown_rows": FIRST_ROWS,
        "colours": wording.COLOURS,
        "say": writer.say,
        "link": writer.link,
        "follow": writer.write_follow,
        "markdown": _write_guidance,
        "show": show_text,
        "mask": mask_private,
        "ids": lambda ids: wording.list_ids(ids, is_whole=report.is_whole),
        "words": wording,
        "shorten": lambda address: shorten(address, report.home),
    }
    return render_page("bot.insights.report", "report.html.j2", values)


class _Writer:
    """Writes sentences as HTML, with links to the pages of issues."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def link(self, address: Address) -> Markup:
        """The short name of an issue, as a link where its page is known."""
        node = self.report.graph.nodes.get(address)
        named = re.fullmatch(r"[\w.-]+/[\w.-]+", address.repository, re.ASCII)
        guess = f"{self.report.server}/{address.repository}/issues/{address.number}" if named else ""
        url = link_address(node.issue.url if node and node.issue.url else guess)
        shown = reveal(shorten(address, self.report.home))
        return Markup('<a href="{}">{}</a>').format(url, shown) if url else escape(shown)

    def write_follow(self, follow: str, repository: str) -> Markup:
        """The issue to follow, `#12, the open issue …`, with a link."""
        number = re.match(r"#(\d{1,10})\b", follow)
        if number is None:
            return _write_guidance(follow)
        return self.link(Address(repository, int(number[1]))) + escape(reveal(follow[number.end() :].replace("`", "")))

    def say(self, sentence: Sentence) -> Markup:
        """A sentence."""
        return Markup("").join(self._write(part) for part in sentence)

    def _write(self, part: Part) -> Markup:
        match part:
            case Address():
                return self.link(part)
            case Quoted(text):
                return Markup("<code>{}</code>").format(reveal(show_text(text, 400)))
            case Page(name, url):
                shown = Markup("<code>{}</code>").format(reveal(name))
                address = link_address(url)
                return Markup('<a href="{}">{}</a>').format(address, shown) if address else shown
            case _:
                return escape(reveal(part))


def _write_guidance(markdown: str) -> Markup:
    """The guidance of a rule as HTML, without the zero-width spaces that a comment needs after `@` and `#`.

    They keep GitHub from turning names and numbers into mentions and links; a page has neither.
    """
    return render_markdown(_PARTED.sub("", markdown))


_KINDS = {"issue": "issues", "pull": "pull requests", "unknown": "not read"}


class _Classes:
    """The classes by which filters find a node: its state, its kind, and its repository. Seeds have none."""

    def __init__(self, report: Report) -> None:
        self.report = report
        others = [row.address for row in report.linked]
        names = list(dict.fromkeys(address.repository for address in others))
        self.repositories = names[:_MOST_REPOSITORIES] if len(names) > 1 else []
        self.states = {wording.find_state(row.node) for row in report.linked}
        self.kinds = {_name_kind(row.node) for row in report.linked}

    def name(self, address: Address) -> str:
        """The classes of a node; "" for a seed, which is always shown."""
        if address in self.report.graph.seeds:
            return ""
        node = self.report.graph.nodes.get(address)
        where = [f"r-{self.repositories.index(address.repository)}"] if address.repository in self.repositories else []
        return " ".join([f"s-{wording.find_state(node)}", f"k-{_name_kind(node)}", *where])


def _name_kind(node: Node | None) -> str:
    if node is None:
        return "unknown"
    return "pull" if node.issue.is_pull_request else "issue"


def _name_anchors(report: Report) -> dict[Address, str]:
    seeds = {address: f"seed-{number}" for number, address in enumerate(report.graph.seeds)}
    return seeds | {row.address: f"row-{number}" for number, row in enumerate(report.linked)}


def draw_picture(report: Report, drawing: Drawing, anchors: Mapping[Address, str], classes: _Classes) -> Picture:
    """The drawing with places: what a reader looks for in the first column, what is linked to it on the right."""
    columns = _place_columns(report, drawing)
    places: dict[object, tuple[int, int]] = {}
    tallest = max(len(column) for column in columns)
    for number, column in enumerate(columns):
        for row, item in enumerate(column):
            places[item] = (_MARGIN + number * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
    boxes = [_draw_node(report, drawing, address, places, anchors, classes) for address in drawing.nodes]
    boxes += [_draw_release(drawing, number, places, classes) for number in range(len(drawing.releases))]
    lines = [_draw_edge(report, edge, places, classes) for edge in drawing.edges]
    lines += list(_draw_release_lines(report, drawing, places, classes))
    return Picture(
        width=2 * _MARGIN + len(columns) * (_WIDTH + _GAP_X) - _GAP_X,
        height=2 * _MARGIN + tallest * (_HEIGHT + _GAP_Y) - _GAP_Y,
        boxes=tuple(boxes),
        lines=tuple(lines),
    )


def _place_columns(report: Report, drawing: Drawing) -> list[list[object]]:
    """The nodes and releases (by number) of each column, by their steps from the first.

    The first has the seeds, their canonical issues, and the fixes with their releases: a narrow window shows it.
    """
    steps = count_steps(report.graph, drawing)
    columns: dict[int, list[object]] = defaultdict(list)
    for address in (*steps, *(each for each in drawing.nodes if each not in steps)):
        columns[steps.get(address, 1)].append(address)
        with_fix = (number for number, shown in enumerate(drawing.releases) if shown.fixer == address)
        columns[steps.get(address, 1)].extend(with_fix)
    placed = {item for column in columns.values() for item in column}
    columns[0] += [number for number in range(len(drawing.releases)) if number not in placed]
    return list(_divide(columns))


def _divide(columns: Mapping[int, list[object]]) -> Iterator[list[object]]:
    """The columns, a long one in parts."""
    for step in sorted(columns):
        yield from (columns[step][start : start + _MOST_ROWS] for start in range(0, len(columns[step]), _MOST_ROWS))


def _draw_node(
    report: Report,
    drawing: Drawing,
    address: Address,
    places: Mapping[object, tuple[int, int]],
    anchors: Mapping[Address, str],
    classes: _Classes,
) -> Box:
    node = report.graph.nodes.get(address)
    is_pull = node is not None and node.issue.is_pull_request
    more = f"and {drawing.hubs[address]} more" if address in drawing.hubs else ""
    return Box(
        *places[address],
        shape="stadium" if is_pull else "rectangle",
        state=wording.find_state(node),
        head=f"{_cut(shorten(address, report.home), 22)} {wording.name_state(node)}",
        title=more or (wording.shorten_title(node.issue.title, _TITLE) if node else ""),
        link=f"#{anchors[address]}" if address in anchors else "",
        classes=classes.name(address),
        is_seed=address in report.graph.seeds,
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"…{text[1 - longest :]}"


def _draw_release(drawing: Drawing, number: int, places: Mapping[object, tuple[int, int]], classes: _Classes) -> Box:
    shown = drawing.releases[number]
    return Box(
        *places[number],
        shape="hexagon",
        state="done",
        head=wording.shorten_title(shown.release.tag, _TITLE),
        title="release with the fix" if shown.fix.is_verified else "later, not verified",
        link="",
        classes=classes.name(shown.fix.by) if shown.fix.by else "",
    )


def _draw_release_lines(
    report: Report, drawing: Drawing, places: Mapping[object, tuple[int, int]], classes: _Classes
) -> Iterator[Line]:
    for number, shown in enumerate(drawing.releases):
        if shown.fixer in places:
            words = f"{shorten(shown.fixer, report.home)} is in {shown.release.tag}"
            path = _draw_path(places[shown.fixer], places[number])
            yield Line(path, "release", words, classes.name(shown.fixer))


def _draw_edge(report: Report, edge: Edge, places: Mapping[object, tuple[int, int]], classes: _Classes) -> Line:
    names = f"{classes.name(edge.source)} {classes.name(edge.target)}".strip()
    kind = edge.kind.replace("_", " ")
    words = f"{shorten(edge.source, report.home)} {kind} {shorten(edge.target, report.home)}"
    return Line(_draw_path(places[edge.source], places[edge.target]), edge.kind, words, names)


def _draw_path(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from box to box, which leaves and arrives level; within a column it bends out to the right."""
    (x1, y1), (x2, y2) = start, end
    middle1, middle2 = y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    if x1 == x2:
        right = x1 + _WIDTH
        bend = right + min(_GAP_X - 8, 16 + abs(y2 - y1) // 6)
        return f"M{right},{middle1} C{bend},{middle1} {bend},{middle2} {right + 6},{middle2}"
    left, right = (x1 + _WIDTH, x2 - 6) if x1 < x2 else (x1, x2 + _WIDTH + 6)
    bend = (right - left) // 2
    return f"M{left},{middle1} C{left + bend},{middle1} {right - bend},{middle2} {right},{middle2}"
