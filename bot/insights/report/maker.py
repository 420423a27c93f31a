"""The report of an issue graph: what it says of each seed, its findings, and its table of links. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bot.comment.section import make_sections
from bot.duplicates.canonical import Fix as TargetFix
from bot.duplicates.canonical import Target
from bot.insights.graph.findings import describe_edge, find_all, is_regression
from bot.insights.graph.relations import is_automated, rank_edge, rank_nodes
from bot.insights.graph.types import Fix, Graph, describe_open, find_canonical, find_fix, is_open_pull, name_fixer
from bot.insights.report.found import read_report
from bot.insights.report.thread import choose_answers, list_questions, measure_thread
from bot.insights.report.types import Additions, Figures, Found, KnownProblem, Linked, Report, SeedReport
from bot.insights.report.wording import name_reason
from bot.insights.sentence import Part, Quoted, Sentence, list_parts, say
from bot.rules.matcher import Match, match_issue, read_facts
from bot.rules.ruleset import Ruleset
from bot.rules.tools import choose_tools
from bot.text.printable import count
from bot.text.redaction import show_text
from bot.tracker.graph import Address, Edge, EdgeKind, Node
from bot.tracker.types import Issue
from bot.triage.config import Config
from bot.triage.decisions import RuleDecision, decide_rules

MOST_RELATIONS = 3
_LONGEST_QUOTE = 120


def make_report(graph: Graph, ruleset: Ruleset, config: Config, additions: Additions | None = None) -> Report:
    """The whole report, as of the moment when the graph was read."""
    more = additions or Additions()
    seeds = tuple(_report_seed(graph, address, ruleset, config, more) for address in graph.seeds)
    first = next((seed.node for seed in seeds if seed.node), None)
    linked, automated = list_linked(graph, _map_followed(seeds))
    matched = {problem.rule for seed in seeds for problem in seed.problems}
    tags = [tag for rule in ruleset.rules if rule.id in matched for tag in rule.model.tags]
    stated = {seed.address: each.fixed_in for seed in seeds for each in seed.problems if each.fixed_in}
    return Report(
        home=graph.seeds[0].repository if graph.seeds else "",
        server=first.issue.server if first else "https://github.com",
        seeds=seeds,
        graph=graph,
        findings=find_all(graph, _read_versions(graph, ruleset), stated),
        linked=linked,
        automated=automated,
        tools=choose_tools(tags, ruleset.packs),
        command=more.command,
        is_whole=more.is_whole,
    )


def _read_versions(graph: Graph, ruleset: Ruleset) -> dict[Address, str]:
    """The version that each issue of the graph states, if it states one."""
    issues = {address: node.issue for address, node in graph.nodes.items() if not node.issue.is_pull_request}
    found = {address: read_report(read_facts(issue, ruleset), ruleset).versions for address, issue in issues.items()}
    return {address: versions[0] for address, versions in found.items() if versions}


def _report_seed(graph: Graph, address: Address, ruleset: Ruleset, config: Config, more: Additions) -> SeedReport:
    node, canonical, fix = graph.nodes.get(address), find_canonical(graph, address), find_fix(graph, address)
    if node is None:
        unread = graph.unread.get(address)
        reason = f": {unread.message.rstrip('.')}" if unread and unread.message else ""
        says = say("{} could not be read{}", address, reason)
        return SeedReport(address=address, node=None, unread=unread, canonical=canonical, summary=(says,), fix=fix)
    found = read_report(read_facts(node.issue, ruleset), ruleset)
    problems = list_problems(graph, node.issue, ruleset, config)
    figures = measure_thread(node, graph.coverage.at)
    return SeedReport(
        address=address,
        node=node,
        unread=None,
        canonical=canonical,
        summary=(
            describe_state(graph, node, figures),
            describe_cause(problems, found, len(ruleset.rules)),
            _describe_closed(graph, node)
            if node.issue.is_pull_request
            else describe_fix(graph, address, _list_stated_fixes(graph, address, problems, found)),
        ),
        figures=figures,
        found=found,
        problems=problems,
        questions=tuple(list_questions(graph, node, figures, found)),
        answers=choose_answers(node.issue),
        fix=fix,
        similar=more.similar.get(address, ()),
    )


def list_problems(graph: Graph, issue: Issue, ruleset: Ruleset, config: Config) -> tuple[KnownProblem, ...]:
    """The rules that an issue matches, in the order in which they speak, with the guidance for this issue."""
    decisions = decide_rules(match_issue(issue, ruleset), config, _find_day(graph))
    home = Address(issue.repository, issue.number)
    parts = [
        (each.match, _find_target(graph, home, each.match.rule.model.follow), ())
        for each in decisions
        if each.effect != "silent" and each.match.branch is not None
    ]
    sections, remarks = make_sections(parts, issue)
    return tuple(
        KnownProblem(
            rule=each.rule,
            title=each.match.rule.model.title,
            effect=each.effect,
            reason=each.reason,
            branch=each.match.branch,
            evidence=tuple(dict.fromkeys((item.source, item.line, item.text) for item in each.match.evidence)),
            captures={name: capture.value for name, capture in each.match.captures.items()},
            guidance=sections.get(each.rule),
            follow=_find_follow(each, home),
            fixed_in=_read_fixed_in(each.match),
            remark=" ".join(filter(None, (each.remark, *(text for text in remarks if f"`{each.rule}`" in text)))),
        )
        for each in decisions
    )


def _find_day(graph: Graph) -> date:
    return graph.coverage.at.date()


def _read_fixed_in(match: Match) -> str:
    fixed_in = match.rule.model.fixed_in
    return fixed_in.version if fixed_in else ""


def _find_follow(decision: RuleDecision, home: Address) -> Address | None:
    follow = decision.match.rule.model.follow
    return Address(home.repository, follow) if follow and follow != home.number else None


def list_followed(issue: Issue, ruleset: Ruleset) -> list[Address]:
    """The issues that the matching rules follow; the graph of the report reads them, too."""
    follows = (match.rule.model.follow for match in match_issue(issue, ruleset))
    return [Address(issue.repository, follow) for follow in follows if follow and follow != issue.number]


def _map_followed(seeds: Iterable[SeedReport]) -> dict[Address, str]:
    problems = (problem for seed in seeds for problem in seed.problems)
    return {problem.follow: problem.rule for problem in problems if problem.follow}


def _find_target(graph: Graph, home: Address, follow: int | None) -> Target | None:
    """The issue to follow as the graph has it; None if it was not read, is the issue itself, or cannot be linked."""
    end = find_canonical(graph, Address(home.repository, follow or 0))
    node = graph.nodes.get(end)
    if node is None or end == home or end.repository != home.repository or node.issue.is_pull_request:
        return None
    is_open = node.issue.state == "open"
    if not node.issue.is_state_known or not (is_open or node.issue.state_reason == "completed"):
        return None
    fix = None if is_open else find_fix(graph, end)
    return Target(
        number=end.number,
        state="open" if is_open else "fixed",
        url=node.issue.url,
        fix=_make_target_fix(fix) if fix and (fix.release or fix.is_release_known) else None,
        is_mended=fix is not None,
    )


def _make_target_fix(fix: Fix) -> TargetFix:
    if fix.release is None:
        return TargetFix(version=None)
    return TargetFix(version=fix.release.tag, at=fix.release.at, is_sure=fix.is_verified)


def describe_state(graph: Graph, node: Node, figures: Figures) -> Sentence:
    """The first sentence: what the issue is, since when, and how far its discussion went."""
    issue, what = node.issue, "pull request" if node.issue.is_pull_request else "issue"
    start = say(f"The {what} {{}}", node.address) if node.address.number else (f"This {what}",)
    end, opened = _describe_thread(figures), start
    if figures.age is not None:
        opened = say("{} was opened on {}", start, issue.created_at)
        start = say("{} and", opened)
    if node.is_merged and node.merged_at:
        return say("{} was merged on {}{}", start, node.merged_at, end)
    if figures.is_open is None:
        known = opened if figures.age is not None else say("The state of {} is unknown", node.address)
        return say("{}{}", known, end)
    if figures.is_open:
        return say("{} is open{}", start, end)
    when = say(" on {}", node.closed_at) if node.closed_at else ()
    return say("{} was closed{}{}{}", start, when, _describe_reason(graph, node), end)


def _describe_thread(figures: Figures) -> str:
    """How far the discussion went; "" if that is not known."""
    if figures.comments is None:
        return ""
    comments = count(figures.comments, "comment") if figures.comments else "no comments"
    people = f" and {count(figures.participants, 'participant')}" if figures.participants is not None else ""
    return f"; it has {comments}{people}"


def _describe_reason(graph: Graph, node: Node) -> Sentence:
    """How an issue was closed; for a duplicate also where its chain ends."""
    chain, address = graph.chains.get(node.address), node.address
    if chain is None or len(chain.steps) < 2:  # noqa: PLR2004 (an issue and what it duplicates)
        reason = name_reason(node.issue.state_reason)
        return (f" as {reason}",) if reason else ()
    end, first = find_canonical(graph, address), chain.steps[1]
    last = graph.nodes.get(end)
    state = say(", which is {}", last.issue.state) if last and last.issue.is_state_known and end != address else ()
    if end in {first, address}:
        return say(" as a duplicate of {}{}", first, state)
    return say(" as a duplicate of {} and so of its canonical issue {}{}", first, end, state)


def describe_cause(problems: Sequence[KnownProblem], found: Found, rules: int) -> Sentence:
    """The second sentence: the known problem that it matches, or else the error message that it states."""
    known = [problem for problem in problems if problem.effect != "silent"]
    error = _quote_error(found)
    if known:
        named = list_parts([say("“{}” (rule {})", each.title, Quoted(each.rule)) for each in known])
        what = "the known problem" if len(known) == 1 else "the known problems"
        return say(f"It matches {what} {{}}", named)
    tried = f"It matches no known problem ({count(rules, 'rule')} tried)" if rules else "Signpost had no rules to try"
    return (
        say(f"{tried}, and its error message is {{}}", error)
        if error
        else (f"{tried}, and it states no error message",)
    )


def _quote_error(found: Found) -> Quoted | None:
    message = found.errors[0].message if found.errors else ""
    return Quoted(show_text(message, _LONGEST_QUOTE)) if message else None


def _list_stated_fixes(graph: Graph, address: Address, problems: Iterable[KnownProblem], found: Found) -> list[str]:
    """The versions in which rules call the problem fixed, unless the report states one with the fix: a finding."""
    stated = found.versions[0] if found.versions else ""
    fixed_in = (each.fixed_in for each in problems if each.fixed_in)
    return [version for version in fixed_in if not is_regression(graph, address, stated, version)]


def describe_fix(graph: Graph, address: Address, stated: Sequence[str] = ()) -> Sentence:
    """The third sentence: the fix and its release, as far as GitHub shows them; `stated` is what rules say."""
    fix = find_fix(graph, address)
    if fix:
        is_open = describe_open(graph, fix.issue) != ""
        return say("{}{}", _describe_merge(graph, fix, address), _describe_release(fix, is_open=is_open))
    if stated:
        return say("The rule says that version {} fixes the problem", Quoted(stated[0]))
    home = find_canonical(graph, address)
    pulls = sorted(edge.source for edge in graph.edges if edge.target in {address, home} and _is_offered(graph, edge))
    if pulls:
        verb = "is open and meant" if len(pulls) == 1 else "are open and meant"
        return say(f"No merged fix is linked to it; {{}} {verb} to fix it", list_parts(list(dict.fromkeys(pulls))))
    if graph.coverage.is_offline:
        return ("Whether a fix exists is unknown, because this report did not query GitHub",)
    if graph.is_complete(address) and graph.is_complete(home):
        return ("GitHub links no fix to it",)
    return ("No fix was found, but not all of its links could be read",)


def _is_offered(graph: Graph, edge: Edge) -> bool:
    node = graph.nodes.get(edge.source)
    return edge.kind in {"closes", "claims"} and node is not None and is_open_pull(node)


def _describe_closed(graph: Graph, node: Node) -> Sentence:
    """What is true of a pull request: the issues that it closes, or says that it fixes."""
    edges = [edge for edge in graph.edges if edge.source == node.address]
    closed = list(dict.fromkeys(edge.target for edge in edges if edge.kind == "closes"))
    claimed = list(dict.fromkeys(edge.target for edge in edges if edge.kind == "claims"))
    if closed:
        closes = (
            "It closed" if node.is_merged else "Merging it would close" if is_open_pull(node) else "It was to close"
        )
        return say(f"{closes} {{}}", list_parts(closed))
    if claimed:
        return say("It says that it fixes {}, but GitHub links no issue to it", list_parts(claimed))
    if graph.coverage.is_offline:
        return ("Which issues it closes is unknown, because this report did not query GitHub",)
    if node.gaps:
        return ("No issue was found that it closes, but not all of its links could be read",)
    return ("GitHub links no issue to it",)


def _describe_merge(graph: Graph, fix: Fix, address: Address) -> Sentence:
    by, is_own = name_fixer(fix), fix.issue == address
    when = say(" was merged on {}", fix.merged_at) if fix.merged_at else (" was merged",)
    if state := describe_open(graph, fix.issue):
        issue: Sentence = ("the issue",) if is_own else say("its canonical issue {}", fix.issue)
        return say(f"{{}}{{}}, but {{}} is {state}", _begin(by), when, issue)
    what: Sentence = ("it",) if is_own else say("its canonical issue {}", fix.issue)
    if fix.by:
        return say("{} fixed {} and{}", by, what, when)
    return say("{}{} fixed {}", _begin(by), say(" of {}", fix.merged_at) if fix.merged_at else (), what)


def _begin(by: Part) -> Sentence:
    """What fixed it, at the beginning of a sentence."""
    return (by,) if isinstance(by, Address) else ("A commit",) if isinstance(by, str) else ("The commit ", by)


def _describe_release(fix: Fix, *, is_open: bool) -> Sentence:
    if fix.release:
        tag, at = Quoted(fix.release.tag), fix.release.at
        return (
            say(f"{'; the fix was' if is_open else ','} first released in {{}} on {{}}", tag, at)
            if fix.is_verified
            else say("; its release is not verified ({} of {} came after the merge)", tag, at)
        )
    return (
        (f"{';' if is_open else ', but'} no release contains it yet",)
        if fix.is_release_known
        else ("; its release is unknown",)
    )


_ROW_WORDS: Mapping[EdgeKind, tuple[str, str]] = {
    "closes": ("closes {}", "closed by {}"),
    "claims": ("says that it fixes {}", "{} says that it fixes this"),
    "duplicate_of": ("duplicate of {}", "{} is a duplicate of this"),
    "part_of": ("sub-issue of {}", "parent of {}"),
    "blocks": ("blocks {}", "blocked by {}"),
    "connected": ("linked to {}", "linked to {}"),
    "references": ("references {}", "referenced by {}"),
    "mentions": ("mentions {}", "mentioned in {}"),
}
_PLANNED = ("would close {}", "would be closed by {}")
"""The relation of a row to another node: if the row is the source of the edge, and if it is the target."""


def list_linked(graph: Graph, followed: Mapping[Address, str] | None = None) -> tuple[tuple[Linked, ...], int]:
    """The table of links, the most relevant first, and the number of automated mentions that it leaves out.

    `followed` are the issues to follow, each with the id of the rule: they come first if nothing else leads to them.
    """
    named = followed or {}
    rows: dict[Address, list[Edge]] = {address: [] for address in (*graph.nodes, *graph.unread)}
    for edge in graph.edges:
        for end in {edge.source, edge.target}:
            rows.setdefault(end, []).append(edge)
    ranks, linked, automated = rank_nodes(graph), list[Linked](), 0
    for address, edges in rows.items():
        told = sorted((edge for edge in edges if not is_automated(edge)), key=lambda edge: _order_edge(graph, edge))
        if edges and not told and address not in {*graph.seeds, *named}:
            automated += len(edges)
        elif address not in graph.seeds:
            linked.append(_make_row(graph, address, told, named.get(address, "")))

    def place(row: Linked) -> tuple[bool, tuple[object, ...]]:
        is_apart = row.address not in ranks and row.address not in named
        return is_apart, ranks.get(row.address, ())

    return tuple(sorted(linked, key=place)), automated


def _order_edge(graph: Graph, edge: Edge) -> tuple[bool, int, Address, Address]:
    """Relations to a seed come first, then the most telling ones."""
    return (not {edge.source, edge.target} & {*graph.seeds}, rank_edge(edge), edge.source, edge.target)


def _make_row(graph: Graph, address: Address, edges: Sequence[Edge], rule: str) -> Linked:
    named = [edge for edge in edges if _is_named_by_reporter(graph, edge, address)]
    relations = dict.fromkeys(_describe_relation(edge, address, is_named=edge in named, graph=graph) for edge in edges)
    return Linked(
        address=address,
        node=graph.nodes.get(address),
        unread=graph.unread.get(address),
        relations=((say("named by rule {} as the issue to follow", Quoted(rule)),) if rule else ())
        + tuple(relations)[:MOST_RELATIONS],
        distance=graph.distance.get(address, 0),
        evidence=tuple(describe_edge(edge) for edge in edges if edge.at or edge.url),
        is_named_by_reporter=bool(named),
    )


def _is_named_by_reporter(graph: Graph, edge: Edge, address: Address) -> bool:
    return edge.kind == "mentions" and edge.place == "body" and edge.source in graph.seeds and edge.target == address


def _describe_relation(edge: Edge, address: Address, *, is_named: bool, graph: Graph) -> Sentence:
    if is_named:
        return say("named by the reporter of {}", edge.source) if len(graph.seeds) > 1 else ("named by the reporter",)
    is_planned = edge.kind == "closes" and _is_offered(graph, edge)
    out, back = _PLANNED if is_planned else _ROW_WORDS[edge.kind]
    return say(out, edge.target) if edge.source == address else say(back, edge.source)
