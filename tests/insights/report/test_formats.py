"""The JSON of a report, and what changed since an earlier one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.insights.graph.types import Coverage, Graph
from bot.insights.report.formats import compare_reports, report_to_json
from bot.insights.report.maker import make_report
from bot.insights.report.types import Change, Report, Similar
from bot.insights.sentence import Quoted, say
from bot.rules.ruleset import Ruleset
from bot.triage.config import Config
from tests.builders import a_rule, a_ruleset
from tests.insights.graphs import NOW, a_graph, a_node, a_pull, an_edge, at, unread
from tests.insights.reports import make_hostile_report, make_rich_report

WHOLE = Coverage(at=NOW, depth=1, budget=60, requests=3)


def report_of(graph: Graph) -> Report:
    return make_report(replace(graph, coverage=WHOLE), Ruleset(), Config())


BEFORE = a_graph(
    [a_node(7), a_node(8), a_pull(20)],
    [an_edge("references", 8, 7), an_edge("closes", 20, 7), an_edge("mentions", 20, 8)],
)
AFTER = a_graph(
    [a_node(7), a_node(9), a_pull(20, merged=3), a_pull(21)],
    [an_edge("references", 9, 7), an_edge("closes", 20, 7), an_edge("closes", 21, 7), an_edge("claims", 20, 9)],
)


def read_json(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps({"schema_version": 1, **report_to_json(report)}))
    return found


def test_json_is_made_of_plain_values() -> None:
    found = read_json(make_rich_report())
    assert found["issue"] == {
        "repository": "octo-org/octo-repo",
        "number": 7,
        "title": "The build fails: no space left on device",
        "url": "https://github.com/octo-org/octo-repo/issues/7",
        "state": "duplicate",
        "canonical": "octo-org/octo-repo#2",
        "summary": found["issue"]["summary"],
    }
    assert found["findings"][0] == {
        "code": "regression-suspected",
        "summary": "#50 reports version 2.1.3, and v2.1.0 contains the fix of #2, so this may be a regression",
        "subjects": ["octo-org/octo-repo#50", "octo-org/octo-repo#2"],
        "evidence": [
            {"text": "#50 states version 2.1.3", "url": "https://github.com/octo-org/octo-repo/issues/50"},
            {"text": "#20 closed #2, merged on 13 April 2026", "url": None},
        ],
        "needs": [],
    }
    assert found["figures"]["first_answer"] == 18_000
    assert "login" not in json.dumps(found["graph"])


def test_json_of_hostile_texts_is_valid() -> None:
    assert read_json(make_hostile_report('\u202e"\\\x00</script>##[x]'))["issue"]["number"] == 7


def test_json_has_no_private_data_of_similar_issues() -> None:
    private = "opens /home/robert/notes for robert.long@corp-example.com"
    seed = report_of(BEFORE).seeds[0]
    similar = Similar(
        address=at(3), title=private, state="open", score=0.5, tier="B", why=private, features=(("words", private),)
    )
    found = read_json(replace(report_of(BEFORE), seeds=(replace(seed, similar=(similar,)),)))["similar"]
    masked = "opens /home/user/notes for name@example.com"
    assert [(each["title"], each["why"], each["features"]) for each in found] == [(masked, masked, [["words", masked]])]


def test_a_finding_that_is_gone_is_not_called_settled() -> None:
    found = compare_reports(read_json(report_of(AFTER)), report_of(BEFORE))
    claim = "#20 says that it fixes #9, but GitHub has no closing link"
    assert [each.says for each in found.changes if each.code == "gone-finding"] == [say("No longer found: {}", claim)]


def test_what_changed_between_two_whole_reports() -> None:
    found = compare_reports(read_json(report_of(BEFORE)), report_of(AFTER))
    claim = "#20 says that it fixes #9, but GitHub has no closing link"
    assert (found.remarks, found.changes) == (
        (),
        (
            Change(code="state", says=say("{} was {} and is {} now", at(20), "open", "merged")),
            Change(code="new-link", says=say("{} is linked now", at(21))),
            Change(code="new-link", says=say("{} is linked now", at(9))),
            Change(code="gone-link", says=say("{} is not linked any more", at(8))),
            Change(code="new-finding", says=say("New: {}", claim)),
        ),
    )


def test_a_new_relation_between_known_issues() -> None:
    after = a_graph(BEFORE.nodes.values(), [*BEFORE.edges[:2], an_edge("blocks", 8, 7)])
    found = compare_reports(read_json(report_of(BEFORE)), report_of(after))
    assert found.changes == (
        Change(
            code="new-relation",
            says=say("The relation {} from {} to {} is {}", Quoted("blocks"), at(8), at(7), "new"),
        ),
        Change(
            code="gone-relation",
            says=say("The relation {} from {} to {} is {}", Quoted("mentions"), at(20), at(8), "no longer there"),
        ),
    )


INCOMPLETE: dict[str, Graph] = {
    "another gap": replace(AFTER, coverage=replace(WHOLE, gaps=("GitHub did not list the releases.",))),
    "a node with a gap": replace(
        AFTER, coverage=WHOLE, nodes={**AFTER.nodes, at(7): a_node(7, gaps=("Its timeline was not read.",))}
    ),
    "another depth": replace(AFTER, coverage=replace(WHOLE, depth=2)),
    "offline": replace(AFTER, coverage=replace(WHOLE, is_offline=True)),
    "a budget that was used up": replace(AFTER, coverage=WHOLE, unread=unread(8, "budget")),
    "another issue": replace(AFTER, coverage=WHOLE, seeds=(at(9),)),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_nothing_is_claimed_from_absence(name: str) -> None:
    """The states of nodes that both have are compared all the same."""
    found = compare_reports(read_json(report_of(BEFORE)), make_report(INCOMPLETE[name], Ruleset(), Config()))
    assert [change.code for change in found.changes] == ["state"]
    assert len(found.remarks) == 1


def test_several_limits_are_one_remark() -> None:
    earlier = read_json(
        make_report(replace(AFTER, coverage=replace(WHOLE, depth=2, is_offline=True)), Ruleset(), Config())
    )
    assert compare_reports(earlier, make_report(INCOMPLETE["offline"], Ruleset(), Config())).remarks == (
        (
            "New and lost links and findings were not compared, because the earlier report is not complete, the new"
            " report is not complete, and the reports have different depths"
        ),
    )


def test_private_data_is_masked_everywhere() -> None:
    mail, request = "octocat@github.com", "req_011CZrDMXwnYCQM9SHrmQkgh"
    body = f'xyzzy is broken\n\n```\nAPI Error: 400 {{"error": {{"type": "{mail}", "message": "{mail}"}}}}\n```\n'
    rule = a_rule(match={"phrase": "xyzzy is broken", "set": {"request_id": request, "contact": mail}})
    graph = a_graph([a_node(7, body=body), a_pull(20, files=(mail,)), a_pull(21, files=(mail,))])
    report = make_report(graph, a_ruleset(rule), Config())
    found = read_json(replace(report, comparison=compare_reports(read_json(report_of(BEFORE)), report)))
    assert mail not in json.dumps(found)
    assert found["matches"][0]["captures"] == {"request_id": "req_011C…", "contact": "name@example.com"}
    whole = report_to_json(replace(report, is_whole=True))["matches"][0]["captures"]["request_id"]
    assert whole == request


def test_an_issue_that_is_gone_is_told_apart_from_one_that_was_not_read() -> None:
    """A deleted issue was asked for and is still in the graph."""
    after = a_graph([a_node(7), a_pull(20)], BEFORE.edges, unread=unread(8, "missing"))
    assert compare_reports(read_json(report_of(BEFORE)), report_of(after)).changes == ()


BROKEN: list[Mapping[str, Any]] = [
    {},
    {"schema_version": 2},
    {"schema_version": 1, "graph": []},
    {"schema_version": 1, "graph": {"nodes": [{}], "edges": []}, "findings": []},
    {"schema_version": 1, "graph": {"nodes": [], "edges": []}, "findings": [], "coverage": {"at": "x", "depth": 1}},
    {"schema_version": 1, "graph": {"nodes": [{"address": "x", "state": ""}], "edges": []}, "findings": []},
]


WRONG: dict[str, tuple[Any, ...]] = {
    "graph.nodes.0.address": (5, None, "x", ["a#1"]),
    "graph.nodes.0.state": (["x"], {}, 1),
    "graph.edges.0.kind": (["x"], {}, None),
    "graph.edges.0.source": (5, None, {}),
    "findings": (5, [[]], [{"code": ["x"], "summary": "x"}], [{"code": "x", "summary": None}]),
    "coverage.depth": (float("inf"), "1", True, None),
    "coverage.gaps": (5, [1], "x"),
    "coverage.at": (5, None),
    **dict.fromkeys(("graph", "graph.nodes", "graph.nodes.0", "coverage"), (5, None, "x")),
}


@pytest.mark.parametrize("path, value", [(path, value) for path, values in WRONG.items() for value in values], ids=str)
def test_a_value_of_another_type_is_refused(path: str, value: object) -> None:
    earlier = read_json(report_of(BEFORE))
    *way, last = path.split(".")
    place: Any = earlier
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    with pytest.raises(ValueError, match=r"missing or has another type|invalid literal"):
        compare_reports(earlier, report_of(AFTER))


@pytest.mark.parametrize("earlier", BROKEN, ids=range(len(BROKEN)))
def test_json_that_is_not_a_report_is_refused(earlier: Mapping[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"schema_version|missing or has another type|invalid literal|Invalid isoformat"
    ):
        compare_reports(earlier, report_of(AFTER))


def test_what_a_file_does_not_state_is_null() -> None:
    partial = a_node(7, is_state_known=False, is_thread_known=False)
    found = read_json(report_of(a_graph([partial])))
    assert (found["issue"]["state"], found["graph"]["nodes"][0]["state"]) == (None, None)
    figures = found["figures"]
    assert (figures["comments"], figures["participants"], figures["is_open"]) == (None, None, None)
    assert compare_reports(found, report_of(a_graph([a_node(7, state="closed")]))).changes == ()
