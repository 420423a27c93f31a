"""A report as Markdown for GitHub: to share, to post and to archive. Pure.

Texts of strangers are plain text or code in it, links to issues go through redirect.github.com: a report calls nobody
and leaves no trace on the issues that it names.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.comment.sanitizer import (
    GITHUB,
    Piece,
    defuse,
    escape_text,
    fence_code,
    link_elsewhere,
    quote_code,
    split_code,
)
from bot.insights.report.drawing import describe_cut, draw_part
from bot.insights.report.types import Answer, ErrorMessage, Found, KnownProblem, Linked, Report, SeedReport, Similar
from bot.insights.report.wording import (
    EFFECTS,
    EVIDENCE_NOTE,
    LEGEND,
    ROLES,
    describe_coverage,
    describe_row_state,
    find_title,
    list_figures,
    list_ids,
    say_unchanged,
    write_day,
    write_moment,
)
from bot.insights.sentence import Page, Quoted, Sentence, shorten
from bot.text.printable import count
from bot.text.redaction import mask_private, show_text
from bot.tracker.graph import Address

SMALL, SMALL_EDGES = 15, 30
LARGE, LARGE_EDGES = 60, 100
FIRST_ROWS, MOST_ROWS = 15, 300
_MOST_FINDINGS, _MOST_EVIDENCE = 30, 4
_LONGEST_CELL, _LONGEST_MESSAGE = 90, 400
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_SAFE_PATH = re.compile(r"/[\w.~/?=&%+-]*(?:#[\w-]*)?", re.ASCII)
_LEADING_NUMBER = re.compile(r"#(\d{1,10})\b")
_HOST = re.compile(r"https://[\w.-]+(?::\d+)?", re.ASCII)
_REDIRECT = "https://redirect.github.com"

Lines = Iterator[str]


def render_markdown(report: Report) -> str:
    """The whole report."""
    blocks = [block for block in _Writer(report).write() if block]
    return "\n\n".join(blocks) + "\n"


class _Writer:
    """Writes the blocks of one report; `link` and `write` know its repository and its GitHub."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.is_single = len(report.seeds) == 1

    def write(self) -> Lines:
        """All blocks in order; an empty section has none."""
        report = self.report
        yield self._write_title()
        yield f"_{escape_text(describe_coverage(report.graph))}_"
        yield from self._write_gaps()
        for seed in report.seeds:
            yield from self._write_seed(seed)
        yield from self._write_changes()
        yield from self._write_findings()
        yield from self._write_graph()
        yield from self._write_table()
        for seed in report.seeds:
            yield from self._write_details(seed)
        yield from self._write_tools()
        if report.command:
            yield from fold("Make this report again", [fence_code(report.command, "sh")])
        yield f"<sub>{escape_text(EVIDENCE_NOTE)}</sub>"

    def link(self, address: Address) -> str:
        """A link that makes no backlink; plain text or code where that is impossible."""
        shown = shorten(address, self.report.home)
        if not _NAME.fullmatch(address.repository):
            return escape_text(shown)
        path = f"{address.repository}/issues/{address.number}"
        return link_elsewhere(shown.replace("_", "\\_"), path, self.report.server)

    def link_page(self, words: str, url: str) -> str:
        """A link to a page of this GitHub, such as a comment; the words alone for any other address."""
        host = _HOST.match(url)
        if host is None or host[0] != self.report.server or not _SAFE_PATH.fullmatch(url[host.end() :]):
            return words
        return f"[{words}]({_REDIRECT}{url[host.end() :]})" if host[0] == GITHUB else words

    def say(self, sentence: Sentence) -> str:
        """A sentence with links and quoted texts."""
        return "".join(self._write_part(part) for part in sentence)

    def _write_part(self, part: object) -> str:
        match part:
            case Address():
                return self.link(part)
            case Quoted(text):
                return quote_code(mask_private(text))
            case Page(name, url):
                return self.link_page(quote_code(name), url)
            case _:
                return _escape_inside(str(part))

    def _write_title(self) -> str:
        seed = self.report.seeds[0] if self.report.seeds else None
        if not self.is_single or seed is None:
            return f"# Report: {escape_text(find_title(self.report))}"
        title = escape_text(show_text(seed.node.issue.title)) if seed.node else ""
        address = self.link(seed.address) if seed.address.number else ""
        return f"# Report: {' '.join(filter(None, (address, title))) or 'an issue'}"

    def _write_gaps(self) -> Lines:
        items = [f"- {escape_text(gap)}" for gap in self.report.graph.coverage.gaps]
        summary = f"What could not be read ({len(items)})"
        if items and len(items) <= 3:  # noqa: PLR2004 (short enough to see at once)
            yield "\n".join(["**Not read:**", "", *items])
        elif items:
            yield from fold(summary, ["\n".join(items)])

    def _write_seed(self, seed: SeedReport) -> Lines:
        if not self.is_single:
            title = f" {escape_text(show_text(seed.node.issue.title))}" if seed.node else ""
            yield f"## {self.link(seed.address)}{title}"
        yield " ".join(f"{self.say(sentence)}." for sentence in seed.summary)
        guided = [problem for problem in seed.problems if problem.guidance and problem.effect != "silent"]
        if guided:
            yield self._head("What to do now")
        for problem in guided:
            yield from self._write_guidance(problem, seed.address, is_alone=len(guided) == 1)
        if seed.questions:
            yield self._head("Open questions")
            yield "\n".join(f"- {end_sentence(self.say(each.says))}" for each in seed.questions)

    def _head(self, text: str) -> str:
        return f"{'##' if self.is_single else '###'} {text}"

    def _write_guidance(self, problem: KnownProblem, seed: Address, *, is_alone: bool) -> Lines:
        section = problem.guidance
        if section is None:
            return
        if not is_alone:
            yield f"**{section.title}**"
        for heading, text in ((heading, balance_html(part)) for heading, part in section.list_parts()):
            shown = self._link_follow(text, seed) if heading == "Follow" else text
            is_list = heading == "What to do now"
            yield shown if is_list or not heading else f"**{heading}:**{chr(10) * 2 if chr(10) in text else ' '}{shown}"
        if problem.follow and not section.follow:
            yield f"**Follow:** {self.link(problem.follow)} (its state was not read)"
        if problem.effect != "speaks":
            effect = f"{EFFECTS[problem.effect]}, because {escape_text(problem.reason)}"
            yield f"<sub>Rule {quote_code(problem.rule)}: {effect}.</sub>"

    def _link_follow(self, follow: str, seed: Address) -> str:
        """The issue to follow with a link that makes no backlink: a comment has `#12` there."""
        number = _LEADING_NUMBER.match(follow)
        return f"{self.link(Address(seed.repository, int(number[1])))}{follow[number.end() :]}" if number else follow

    def _write_changes(self) -> Lines:
        found = self.report.comparison
        if found is None:
            return
        yield f"## Since the report of {write_day(found.at)}"
        yield "\n".join(f"- {self.say(change.says)}." for change in found.changes) or say_unchanged(found)
        if found.remarks:
            yield "\n".join(f"- {end_sentence(escape_text(remark))}" for remark in found.remarks)

    def _write_findings(self) -> Lines:
        findings = self.report.findings
        if not findings:
            return
        yield "## Findings"
        items = []
        for each in findings[:_MOST_FINDINGS]:
            pages = [self.link_page("evidence", proof.url) for proof in each.evidence[:_MOST_EVIDENCE] if proof.url]
            pages = [page for page in pages if page.startswith("[")]
            cited = f" ({', '.join(dict.fromkeys(pages))})" if pages else ""
            items.append(f"- `{each.code}`: {self.say(each.says)}.{cited}")
        yield "\n".join(items)
        if len(findings) > _MOST_FINDINGS:
            yield f"{len(findings) - _MOST_FINDINGS} more findings are in the JSON of this report."

    def _write_graph(self) -> Lines:
        graph, home = self.report.graph, self.report.home
        source, small = draw_part(graph, home, SMALL, SMALL_EDGES)
        if len(small.nodes) < 2:  # noqa: PLR2004 (a relation has two ends)
            return
        yield "## Graph"
        yield fence_code(source, "mermaid")
        yield f"<sub>{LEGEND}</sub>"
        if small.left_out or small.edges_left_out:
            source, large = draw_part(graph, home, LARGE, LARGE_EDGES)
            yield f"The graph shows {describe_cut(small)}."
            note = [f"It shows {describe_cut(large)}."] if large.left_out or large.edges_left_out else []
            yield from fold(
                f"The larger graph ({count(len(large.nodes), 'node')})", [*note, fence_code(source, "mermaid")]
            )

    def _write_table(self) -> Lines:
        rows = [self._write_row(row) for row in self.report.linked[:MOST_ROWS]]
        if not rows and not self.report.automated:
            return
        yield "## Linked issues and pull requests"
        is_titled = any(row.node for row in self.report.linked)
        head = [
            f"| Issue | State | Relation |{' Title |' if is_titled else ''}",
            f"|---|---|---|{'---|' if is_titled else ''}",
        ]
        if rows:
            yield "\n".join([*head, *rows[:FIRST_ROWS]])
        if len(rows) > FIRST_ROWS:
            yield from fold(f"{len(rows) - FIRST_ROWS} more", ["\n".join([*head, *rows[FIRST_ROWS:]])])
        notes = [f"+{count(self.report.automated, 'automated mention')}"] if self.report.automated else []
        if len(self.report.linked) > MOST_ROWS:
            notes.append(f"{len(self.report.linked) - MOST_ROWS:,} more rows are in the JSON of this report")
        if notes:
            yield f"<sub>{'. '.join(notes)}.</sub>"

    def _write_row(self, row: Linked) -> str:
        kind = " PR" if row.node and row.node.issue.is_pull_request else ""
        relations = "; ".join(self.say(relation) for relation in row.relations)
        title = f" {escape_text(show_text(row.node.issue.title, _LONGEST_CELL))} |" if row.node else ""
        return f"| {self.link(row.address)}{kind} | {escape_text(describe_row_state(row))} | {relations} |{title}"

    def _write_details(self, seed: SeedReport) -> Lines:
        of = "" if self.is_single else f" of {shorten(seed.address, self.report.home)}"
        if seed.answers:
            yield f"## Telling answers{escape_text(of) and f' of {self.link(seed.address)}'}"
            for answer in seed.answers:
                yield from self._write_answer(answer)
        evidence = [*self._write_found(seed.found), *self._write_problems(seed.problems)]
        if evidence:
            yield f"## Evidence{of and f' of {self.link(seed.address)}'}"
            yield from evidence
        if seed.similar:
            yield f"## Similar issues{of and f' to {self.link(seed.address)}'}"
            yield from self._write_similar(seed.similar)
        if seed.figures:
            rows = [f"- {escape_text(name)}: {escape_text(value)}" for name, value in list_figures(seed.figures)]
            yield from fold(f"Figures{escape_text(of)}", ["\n".join(rows)])

    def _write_answer(self, answer: Answer) -> Lines:
        said = f", {count(answer.reactions, 'reaction')}" if answer.reactions else ""
        article = "the" if answer.role == "reporter" else "a"
        when = self.link_page(write_moment(answer.at), answer.url)
        yield f"> “{escape_text(answer.excerpt)}”\n>\n> <sub>{article} {ROLES[answer.role][0]}, {when}{said}</sub>"

    def _write_found(self, found: Found) -> Lines:
        if found.errors:
            yield "\n".join(["**Error messages**", "", *(write_error(error) for error in found.errors)])
        facts = []
        if found.versions:
            facts.append(f"- Version: {', '.join(map(quote_code, map(mask_private, found.versions)))}")
        if found.systems:
            facts.append(f"- System: {', '.join(quote_code(mask_private(each)) for each in found.systems)}")
        if found.request_ids:
            ids = list_ids(found.request_ids, is_whole=self.report.is_whole)
            facts.append(f"- Request ids: {len(found.request_ids)} ({', '.join(map(quote_code, ids))})")
        if facts:
            yield "\n".join(["**Also stated**", "", *facts])

    def _write_problems(self, problems: Sequence[KnownProblem]) -> Lines:
        for problem in problems:
            branch = f", branch {problem.branch + 1} of its guidance" if problem.branch is not None else ""
            yield "\n".join(
                [
                    f"**Known problem {quote_code(problem.rule)}**: {EFFECTS[problem.effect]}{branch}",
                    "",
                    *(
                        f"- {escape_text(source)}, line {line}: {quote_code(show_text(text, _LONGEST_MESSAGE))}"
                        for source, line, text in problem.evidence
                    ),
                    *([f"- {escape_text(problem.remark)}"] if problem.remark else []),
                ]
            )

    def _write_similar(self, similar: Sequence[Similar]) -> Lines:
        head = ["| Issue | State | Score | Why | Title |", "|---|---|---|---|---|"]
        rows = (
            f"| {self.link(each.address)} | {escape_text(each.state)} | {each.score:.0%} | {escape_text(each.why)} |"
            f" {escape_text(show_text(each.title, _LONGEST_CELL))} |"
            for each in similar
        )
        yield "\n".join([*head, *rows])
        reasons = {each.address: "; ".join(f"{name}: {value}" for name, value in each.features) for each in similar}
        features = [f"- {self.link(address)}: {escape_text(reason)}" for address, reason in reasons.items() if reason]
        if features:
            yield from fold("The features that say why", ["\n".join(features)])

    def _write_tools(self) -> Lines:
        if self.report.tools:
            yield "## Tools"
            tools = ((_link_tool(tool.title, tool.url), escape_text(tool.reason)) for tool in self.report.tools)
            yield "\n".join(f"- {defuse(name, self.report.home, self.report.server)}: {why}" for name, why in tools)


def end_sentence(text: str) -> str:
    """The sentence with its full stop; a question has its own sign."""
    return text if text.endswith("?") else f"{text}."


def _link_tool(title: str, url: str) -> str:
    pieces = split_code(" ".join(title.split()))
    shown = "".join(quote_code(each.text.strip("`")) if each.is_code else _escape_inside(each.text) for each in pieces)
    return f"[{shown}]({url})" if re.fullmatch(r"https://[^\s<>()\"']+", url) else shown


def _escape_inside(text: str) -> str:
    """A part of a sentence as plain text, with the space around it."""
    start, end = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{start}{escape_text(text)}{end}" if text.strip() else text


_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?=[\s/>])[^<>]*>")
_SINGLE = {"br", "hr", "img", "input", "wbr"}
"""Tags without an end."""


def balance_html(markdown: str) -> str:
    """The Markdown of a rule; if its HTML tags are not balanced, as text, so that it holds nothing that follows."""
    pieces, opened = split_code(markdown), list[str]()
    for tag in (tag for piece in pieces if not piece.is_code for tag in _TAG.finditer(piece.text)):
        name = tag["name"].lower()
        if name in _SINGLE or (tag[0].endswith("/>") and not tag["end"]):
            continue
        if not tag["end"]:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return _escape_tags(pieces)
    return _escape_tags(pieces) if opened else markdown


def _escape_tags(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text if piece.is_code else piece.text.replace("<", "&lt;") for piece in pieces)


def fold(summary: str, blocks: Iterable[str]) -> Lines:
    """Blocks that a reader opens; the empty lines let GitHub read the Markdown inside."""
    yield f"<details>\n<summary>{summary}</summary>"
    yield from blocks
    yield "</details>"


def write_error(error: ErrorMessage) -> str:
    """An error message as an item of a list, with its parts."""
    parts = [
        f"status {error.status}" if error.status else "",
        f"type {quote_code(show_text(error.type))}" if error.type else "",
        escape_text(error.place),
        f"{error.times} times" if error.times > 1 else "",
    ]
    return f"- {quote_code(show_text(error.message, _LONGEST_MESSAGE))} ({', '.join(filter(None, parts))})"
