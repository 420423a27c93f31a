"""A report as JSON, whose keys are a contract, and the comparison with an earlier one. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bot.insights.graph.relations import is_automated
from bot.insights.report.types import Change, Comparison, Figures, KnownProblem, Linked, Report, SeedReport, Similar
from bot.insights.report.wording import mask_id, name_kind, name_state
from bot.insights.sentence import Quoted, Sentence, format_sentence, say
from bot.text.printable import join_words, reveal_line
from bot.text.redaction import mask_private, show_text
from bot.tracker.graph import Address, Edge, Node

Json = dict[str, Any]
_CUT_SHORT = {"budget", "failed", "refused", "offline"}
"""Why a node was not read although it was asked for: then the graph is not complete."""

_LONG = 400
_DIGITS = 4


def report_to_json(report: Report) -> Json:
    """The whole report. The keys of one issue are those of the first seed; `others` has the other seeds."""
    graph, home = report.graph, report.home
    seeds = [_seed_to_json(seed, report) for seed in report.seeds]
    nodes = [_node_to_json(address, report) for address in sorted({*graph.nodes, *graph.unread})]
    return {
        **(seeds[0] if seeds else {}),
        "others": seeds[1:],
        "graph": {"nodes": nodes, "edges": [_edge_to_json(edge) for edge in graph.edges]},
        "findings": list(_list_findings(report)),
        "coverage": {**asdict(graph.coverage), "at": graph.coverage.at.isoformat(), "is_complete": is_complete(report)},
        "linked": [_linked_to_json(row, home) for row in report.linked],
        "automated_mentions": report.automated,
        "fixes": list(_list_fixes(report)),
        "tools": [{"title": tool.title, "url": tool.url, "reason": tool.reason} for tool in report.tools],
        "compare": _comparison_to_json(report.comparison, home) if report.comparison else None,
        "unseen": [
            {
                "address": str(each.address),
                "reason": each.reason,
                "message": each.message,
                "moved_to": str(each.moved_to) if each.moved_to else None,
            }
            for each in report.unseen
        ],
        "command": report.command,
        "requests": graph.coverage.requests,
    }


def is_complete(report: Report) -> bool:
    """Whether all that was asked for was read, so that something missing from the graph means something.

    A node that was deleted was asked for, so it does not count.
    """
    graph = report.graph
    is_cut = any(each.reason in _CUT_SHORT for each in graph.unread.values())
    return not (graph.coverage.is_offline or is_cut or any(node.gaps for node in graph.nodes.values()))


def _seed_to_json(seed: SeedReport, report: Report) -> Json:
    home, node, found = report.home, seed.node, seed.found
    return {
        "issue": {
            "repository": seed.address.repository or None,
            "number": seed.address.number,
            "title": show_text(node.issue.title) if node else None,
            "url": seed.url or None,
            "state": _name_state(node),
            "canonical": str(seed.canonical),
            "summary": [format_sentence(sentence, home) for sentence in seed.summary],
        },
        "figures": _figures_to_json(seed.figures) if seed.figures else None,
        "found": {
            "errors": [
                {name: _show(value) if isinstance(value, str) else value for name, value in asdict(error).items()}
                for error in found.errors
            ],
            "versions": list(map(_show, found.versions)),
            "systems": list(map(_show, found.systems)),
            "request_ids": [each if report.is_whole else mask_id(each) for each in found.request_ids],
        },
        "matches": [_problem_to_json(problem, is_whole=report.is_whole) for problem in seed.problems],
        "answers": [{**asdict(answer), "at": answer.at.isoformat()} for answer in seed.answers],
        "similar": list(map(_similar_to_json, seed.similar)),
        "questions": [{"code": each.code, "text": format_sentence(each.says, home)} for each in seed.questions],
    }


def _similar_to_json(similar: Similar) -> Json:
    """The reason and the features quote both issues, so private data in them is masked, too."""
    return {
        **asdict(similar),
        "address": str(similar.address),
        "title": show_text(similar.title),
        "why": _show(similar.why),
        "features": [[name, _show(value)] for name, value in similar.features],
    }


def _name_state(node: Node | None) -> str | None:
    """The state in words; None for a node that was read, and whose source does not state it."""
    return name_state(node) if node is None or node.issue.is_state_known or node.is_merged else None


def _show(text: str) -> str:
    return show_text(text, _LONG)


def _figures_to_json(figures: Figures) -> Json:
    """Durations are in seconds."""
    return {
        name: round(value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in asdict(figures).items()
    }


def _problem_to_json(problem: KnownProblem, *, is_whole: bool) -> Json:
    return {
        "rule": problem.rule,
        "title": problem.title,
        "effect": problem.effect,
        "reason": problem.reason,
        "branch": None if problem.branch is None else problem.branch + 1,
        "evidence": [{"source": source, "line": line, "text": _show(text)} for source, line, text in problem.evidence],
        "captures": {name: _show_capture(name, value, is_whole=is_whole) for name, value in problem.captures.items()},
        "guidance": asdict(problem.guidance) if problem.guidance else None,
        "follow": str(problem.follow) if problem.follow else None,
        "fixed_in": problem.fixed_in or None,
        "remark": problem.remark,
    }


_ID = re.compile(r"[a-z]{2,8}_[A-Za-z0-9]{10,80}")


def _show_capture(name: str, value: str, *, is_whole: bool) -> str:
    """The value without private data; of an id its beginning, and nothing that was made up for it."""
    is_id = _ID.fullmatch(value) is not None or "request" in name
    return (value if is_whole else mask_id(value)) if is_id else mask_private(value)


def _node_to_json(address: Address, report: Report) -> Json:
    node, unread = report.graph.nodes.get(address), report.graph.unread.get(address)
    return {
        "address": str(address),
        "kind": ("pull request" if node.issue.is_pull_request else "issue") if node else None,
        "title": show_text(node.issue.title) if node else None,
        "state": _name_state(node),
        "url": node.issue.url if node else None,
        "is_seed": address in report.graph.seeds,
        "is_complete": report.graph.is_complete(address),
        "distance": report.graph.distance.get(address),
        "created_at": _write(node.issue.created_at) if node else None,
        "closed_at": _write(node.closed_at) if node else None,
        "merged_at": _write(node.merged_at) if node else None,
        "unread": unread.reason if unread else None,
    }


def _edge_to_json(edge: Edge) -> Json:
    return {
        "kind": edge.kind,
        "source": str(edge.source),
        "target": str(edge.target),
        "place": edge.place,
        "at": _write(edge.at),
        "is_automated": is_automated(edge),
        "url": edge.url or None,
    }


def _write(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _list_findings(report: Report) -> Iterator[Json]:
    for finding in report.findings:
        evidence = [
            {"text": format_sentence(each.says, report.home), "url": each.url or None} for each in finding.evidence
        ]
        yield {
            "code": finding.code,
            "summary": format_sentence(finding.says, report.home),
            "subjects": list(map(str, finding.subjects)),
            "evidence": evidence,
            "needs": list(map(str, finding.needs)),
        }


def _linked_to_json(row: Linked, home: str) -> Json:
    return {
        "address": str(row.address),
        "kind": name_kind(row),
        "state": _name_state(row.node),
        "title": show_text(row.node.issue.title) if row.node else None,
        "relations": [format_sentence(relation, home) for relation in row.relations],
        "evidence": [{"text": format_sentence(each.says, home), "url": each.url or None} for each in row.evidence],
        "is_named_by_reporter": row.is_named_by_reporter,
        "distance": row.distance,
    }


def _list_fixes(report: Report) -> Iterator[Json]:
    for fix in (fix for fixes in report.graph.fixes.values() for fix in fixes):
        release = fix.release
        yield {
            "issue": str(fix.issue),
            "by": str(fix.by) if fix.by else None,
            "merged_at": _write(fix.merged_at),
            "commit": fix.commit or None,
            "url": fix.url or None,
            "release": {"tag": release.tag, "at": release.at.isoformat()} if release else None,
            "is_release_known": fix.is_release_known,
            "is_verified": fix.is_verified,
        }


def _comparison_to_json(found: Comparison, home: str) -> Json:
    changes = [{"code": change.code, "text": format_sentence(change.says, home)} for change in found.changes]
    return {"at": found.at, "changes": changes, "remarks": list(found.remarks)}


def compare_reports(earlier: Mapping[str, Any], report: Report) -> Comparison:
    """What changed since an earlier report (its JSON), where both were read completely.

    New and gone nodes, relations and findings need both reports complete, of the same depth and with the same gaps; a
    change of state needs only the node in both. Raises ValueError if the JSON is not a report.
    """
    now = report_to_json(report)
    former = _read_report(earlier)
    changes = list(_compare_states(former, now))
    remarks = list(_explain_limits(former, now))
    if not remarks:
        changes += [*_compare_nodes(former, now), *_compare_edges(former, now), *_compare_findings(former, now)]
    return Comparison(at=str(former["coverage"]["at"]), changes=tuple(changes), remarks=tuple(remarks))


def _read_report(json: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON, if it has the parts that are compared, each of the right type."""
    try:
        if json["schema_version"] != 1:
            raise ValueError(f"schema_version is {json['schema_version']!r}, not 1")
        nodes, edges, coverage = json["graph"]["nodes"], json["graph"]["edges"], json["coverage"]
        for each, keys in (
            *((node, ("address",) if node["state"] is None else ("address", "state")) for node in nodes),
            *((edge, ("kind", "source", "target")) for edge in edges),
            *((finding, ("code", "summary")) for finding in json["findings"]),
            *(({"gaps": gap}, ("gaps",)) for gap in _demand(coverage, "gaps", list)),
            (coverage, ("at",)),
        ):
            for key in keys:
                _demand(each, key, str)
        _demand(coverage, "depth", int)
        datetime.fromisoformat(coverage["at"])
        for text in (*(node["address"] for node in nodes), *(edge[end] for edge in edges for end in _ENDS)):
            _parse(text)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the key {error} is missing or has another type") from error
    return json


_ENDS = ("source", "target")


def _demand(json: object, key: str, kind: type) -> Iterable[object]:
    """The items of a list, if the value of a key has this type; Infinity and true are no numbers here."""
    if not isinstance(json, Mapping) or type(json[key]) is not kind:
        raise ValueError(f"the key {key!r} is missing or has another type")
    return json[key] if kind is list else ()


def _parse(text: str) -> Address:
    repository, _, number = text.rpartition("#")
    return Address(repository, int(number))


def _explain_limits(former: Mapping[str, Any], now: Json) -> Iterator[str]:
    """Why something missing means nothing, in one sentence; empty if both reports are complete."""
    if reasons := list(_list_limits(former, now)):
        yield f"New and lost links and findings were not compared, because {join_words(reasons)}"


def _list_limits(former: Mapping[str, Any], now: Json) -> Iterator[str]:
    for name, coverage in (("earlier", former["coverage"]), ("new", now["coverage"])):
        if not coverage.get("is_complete"):
            yield f"the {name} report is not complete"
    if list(former["coverage"]["gaps"]) != list(now["coverage"]["gaps"]):
        yield "the reports could not read the same parts"
    if former["coverage"]["depth"] != now["coverage"]["depth"]:
        yield "the reports have different depths"
    if _list_seeds(former) != _list_seeds(now):
        yield "the reports are about different issues"


def _list_seeds(json: Mapping[str, Any]) -> list[str]:
    return sorted(node["address"] for node in json["graph"]["nodes"] if node.get("is_seed"))


def _compare_states(former: Mapping[str, Any], now: Json) -> Iterator[Change]:
    before = {node["address"]: node["state"] for node in former["graph"]["nodes"]}
    for node in now["graph"]["nodes"]:
        old, new = before.get(node["address"], "not read"), node["state"]
        if old != new and not {"not read", None} & {old, new}:
            yield Change(code="state", says=say("{} was {} and is {} now", _parse(node["address"]), str(old), new))


def _compare_nodes(former: Mapping[str, Any], now: Json) -> Iterator[Change]:
    old, new = ({node["address"] for node in json["graph"]["nodes"]} for json in (former, now))
    yield from (Change(code="new-link", says=say("{} is linked now", _parse(each))) for each in sorted(new - old))
    yield from (
        Change(code="gone-link", says=say("{} is not linked any more", _parse(each))) for each in sorted(old - new)
    )


def _compare_edges(former: Mapping[str, Any], now: Json) -> Iterator[Change]:
    """Relations between nodes that both reports have; those of new nodes come with the node."""
    both = {node["address"] for node in former["graph"]["nodes"]} & {node["address"] for node in now["graph"]["nodes"]}
    old, new = ({_name_edge(edge) for edge in _choose(json, both)} for json in (former, now))
    for kind, source, target in sorted(new - old):
        yield Change(code="new-relation", says=_describe(kind, source, target, "new"))
    for kind, source, target in sorted(old - new):
        yield Change(code="gone-relation", says=_describe(kind, source, target, "no longer there"))


def _choose(json: Mapping[str, Any], both: set[str]) -> Iterable[Mapping[str, Any]]:
    return (edge for edge in json["graph"]["edges"] if {edge["source"], edge["target"]} <= both)


def _name_edge(edge: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(edge["kind"]), edge["source"], edge["target"]


def _describe(kind: str, source: str, target: str, end: str) -> Sentence:
    return say("The relation {} from {} to {} is {}", Quoted(kind), _parse(source), _parse(target), end)


def _compare_findings(former: Mapping[str, Any], now: Json) -> Iterator[Change]:
    old, new = ({(each["code"], each["summary"]) for each in json["findings"]} for json in (former, now))
    for _, summary in sorted(new - old):
        yield Change(code="new-finding", says=say("New: {}", reveal_line(summary)))
    for _, summary in sorted(old - new):
        yield Change(code="gone-finding", says=say("No longer found: {}", reveal_line(summary)))
