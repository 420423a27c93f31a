"""What a report says of each issue: three sentences, the guidance, the open questions, and the table of links."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.insights.graph.types import Coverage, Graph
from bot.insights.report.maker import list_followed, list_linked, make_report
from bot.insights.report.types import KnownProblem, SeedReport
from bot.insights.sentence import format_sentence
from bot.rules.ruleset import Ruleset
from bot.tracker.graph import Address, Edge
from bot.triage.config import Config
from tests.builders import HUMAN, OTHER_BOT, a_comment, a_rule, a_ruleset, after
from tests.insights.graphs import (
    HOME,
    NOW,
    a_fix,
    a_graph,
    a_node,
    a_pull,
    a_release,
    an_edge,
    at,
    make_neighbourhood,
    released,
    unread,
)

DUPLICATES = (an_edge("duplicate_of", 7, 3), an_edge("duplicate_of", 3, 2))
CLOSED: dict[str, Any] = {"state": "closed", "closed_at": after(days=3)}
OFFLINE = Coverage(at=NOW, is_offline=True)


def report_seed(graph: Graph, *rules: dict[str, Any]) -> SeedReport:
    ruleset = a_ruleset(*(rules or (a_rule(match={"phrase": "xyzzy is broken"}),)))
    return make_report(graph, ruleset, Config()).seeds[0]


def say_all(seed: SeedReport) -> list[str]:
    return [format_sentence(sentence, HOME) for sentence in seed.summary]


END = "it has no comments and 1 participant"
START = "The issue #7 was opened on 8 April 2026 and"
STATES = {
    "open": (a_graph([a_node(7)]), f"{START} is open; it has no comments and 1 participant"),
    "completed": (
        a_graph([a_node(7, state_reason="completed", participants=3, comment_count=2, **CLOSED)]),
        f"{START} was closed on 11 April 2026 as completed; it has 2 comments and 3 participants",
    ),
    "not planned": (
        a_graph([a_node(7, state_reason="not_planned", state="closed")]),
        f"{START} was closed as not planned; {END}",
    ),
    "a duplicate": (
        a_graph([a_node(7, state_reason="duplicate", **CLOSED), a_node(3)], DUPLICATES[:1]),
        f"{START} was closed on 11 April 2026 as a duplicate of #3, which is open; {END}",
    ),
    "a duplicate of a duplicate": (
        a_graph([a_node(7, **CLOSED), a_node(3), a_node(2, state="closed")], DUPLICATES),
        (
            f"{START} was closed on 11 April 2026 as a duplicate of #3 and so of its canonical issue #2, which is"
            f" closed; {END}"
        ),
    ),
    "a duplicate of something deleted": (
        a_graph([a_node(7, **CLOSED)], DUPLICATES[:1], unread=unread(3)),
        f"{START} was closed on 11 April 2026 as a duplicate of #3; {END}",
    ),
    "a merged pull request": (
        a_graph([a_pull(7, merged=5)]),
        (
            "The pull request #7 was opened on 8 April 2026 and was merged on 13 April 2026; it has no comments and 1"
            " participant"
        ),
    ),
    "closed for a reason that GitHub does not have": (
        a_graph([a_node(7, state_reason="{} @all {0}", state="closed")]),
        f"{START} was closed; {END}",
    ),
    "a state that the file does not state": (
        a_graph([a_node(7, is_state_known=False, is_thread_known=False)]),
        "The issue #7 was opened on 8 April 2026",
    ),
    "nothing that the file states": (
        a_graph([a_node(7, is_state_known=False, is_thread_known=False, created_at=datetime(1970, 1, 1, tzinfo=UTC))]),
        "The state of #7 is unknown",
    ),
    "comments that the file does not state": (a_graph([a_node(7, is_thread_known=False)]), f"{START} is open"),
    "unread": (
        a_graph([], unread=unread(7, message="It was deleted, is private or never existed.")),
        "#7 could not be read: It was deleted, is private or never existed",
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_the_first_sentence_is_the_state(name: str) -> None:
    graph, sentence = STATES[name]
    assert say_all(report_seed(graph))[0] == sentence


DISK = "write failed: No space left on device (os error 28)"
LOG = f"```\nerror: {DISK}\n```"


@pytest.mark.parametrize(
    "body, rules, sentence",
    [
        (DISK, (a_rule(),), "It matches the known problem “The disk is full” (rule out-of-disk)"),
        (
            DISK,
            (a_rule(), a_rule(id="again", title="Full again")),
            "It matches the known problems “Full again” (rule again) and “The disk is full” (rule out-of-disk)",
        ),
        (LOG, (), f"It matches no known problem (1 rule tried), and its error message is error: {DISK}"),
        (
            f"```\nerror: {'x' * 100} octocat@github.com\n```",
            (),
            f"It matches no known problem (1 rule tried), and its error message is error: {'x' * 100} name@exampl…",
        ),
        ("It is slow.", (), "It matches no known problem (1 rule tried), and it states no error message"),
    ],
)
def test_the_second_sentence_is_the_cause(body: str, rules: tuple[dict[str, Any], ...], sentence: str) -> None:
    assert say_all(report_seed(a_graph([a_node(7, body=body)]), *rules))[1] == sentence


OPEN_PULL = [an_edge("closes", 20, 7)]
FIXES = {
    "released": (
        a_graph([a_node(7, **CLOSED)], fixes={at(7): (released(7, 20),)}),
        "#20 fixed it and was merged on 13 April 2026, first released in v2.1.0 on 18 April 2026",
    ),
    "probably released": (
        a_graph([a_node(7, **CLOSED)], fixes={at(7): (a_fix(7, 20, release=a_release(), is_release_known=True),)}),
        (
            "#20 fixed it and was merged on 13 April 2026; its release is not verified (v2.1.0 of 18 April 2026 came"
            " after the merge)"
        ),
    ),
    "not released": (
        a_graph([a_node(7, **CLOSED)], fixes={at(7): (a_fix(7, 20, is_release_known=True),)}),
        "#20 fixed it and was merged on 13 April 2026, but no release contains it yet",
    ),
    "merged, and the releases are unknown": (
        a_graph([a_node(7, **CLOSED)], fixes={at(7): (a_fix(7, 20),)}),
        "#20 fixed it and was merged on 13 April 2026; its release is unknown",
    ),
    "by a commit": (
        a_graph([a_node(7, **CLOSED)], fixes={at(7): (a_fix(7),)}),
        "A commit of 13 April 2026 fixed it; its release is unknown",
    ),
    "of the canonical issue": (
        a_graph([a_node(7), a_node(3, **CLOSED)], DUPLICATES[:1], fixes={at(3): (released(3, 20),)}),
        ("#20 fixed its canonical issue #3 and was merged on 13 April 2026, first released in v2.1.0 on 18 April 2026"),
    ),
    "offered": (
        a_graph([a_node(7), a_pull(20)], OPEN_PULL),
        "No merged fix is linked to it; #20 is open and meant to fix it",
    ),
    "none": (a_graph([a_node(7)]), "GitHub links no fix to it"),
    "none, but not all was read": (
        a_graph([a_node(7, gaps=("Its timeline was not read.",))]),
        "No fix was found, but not all of its links could be read",
    ),
    "none, offline": (
        a_graph([a_node(7)], coverage=OFFLINE),
        "Whether a fix exists is unknown, because this report did not query GitHub",
    ),
    "by a commit with a number": (
        a_graph([a_node(7, **CLOSED)], fixes={at(7): (a_fix(7, commit="0123456789abcdef"),)}),
        "The commit 0123456 of 13 April 2026 fixed it; its release is unknown",
    ),
    "merged, and open again": (
        a_graph([a_node(7, timeline={"reopened": 1})], fixes={at(7): (released(7, 20),)}),
        (
            "#20 was merged on 13 April 2026, but the issue is open again; the fix was first released in v2.1.0 on"
            " 18 April 2026"
        ),
    ),
    "merged, and still open": (
        a_graph([a_node(7)], fixes={at(7): (a_fix(7, 20, is_release_known=True),)}),
        "#20 was merged on 13 April 2026, but the issue is still open; no release contains it yet",
    ),
    "the canonical issue is open again": (
        a_graph(
            [a_node(7), a_node(3, timeline={"reopened": 2})], DUPLICATES[:1], fixes={at(3): (a_fix(3, 20, commit="x"),)}
        ),
        "#20 was merged on 13 April 2026, but its canonical issue #3 is open again; its release is unknown",
    ),
    "of a merged pull request": (
        a_graph([a_pull(7, merged=3)], [an_edge("closes", 7, 3), an_edge("closes", 7, 2)]),
        "It closed #3 and #2",
    ),
    "of an open pull request": (a_graph([a_pull(7)], [an_edge("closes", 7, 3)]), "Merging it would close #3"),
    "of a closed pull request": (
        a_graph([a_pull(7, state="closed")], [an_edge("closes", 7, 3)]),
        "It was to close #3",
    ),
    "of a pull request with a claim": (
        a_graph([a_pull(7)], [an_edge("claims", 7, 3)]),
        "It says that it fixes #3, but GitHub links no issue to it",
    ),
    "of a pull request alone": (a_graph([a_pull(7)]), "GitHub links no issue to it"),
}


@pytest.mark.parametrize("name", FIXES)
def test_the_third_sentence_is_the_fix(name: str) -> None:
    graph, sentence = FIXES[name]
    assert say_all(report_seed(graph))[2] == sentence


def test_a_rule_may_know_the_fix() -> None:
    seed = report_seed(a_graph([a_node(7, body=DISK)]), a_rule(fixed_in={"version": "2.1.0"}))
    assert say_all(seed)[2] == "The rule says that version 2.1.0 fixes the problem"


def test_a_rule_is_not_repeated_where_its_fix_did_not_help() -> None:
    seed = report_seed(
        a_graph([a_node(7, body=f"{DISK}\n\n### Version\n\n2.2.0\n")]), a_rule(fixed_in={"version": "2.1.0"})
    )
    assert say_all(seed)[2] == "GitHub links no fix to it"


def test_without_rules_none_were_tried() -> None:
    seed = make_report(a_graph([a_node(7)]), Ruleset(), Config()).seeds[0]
    assert say_all(seed)[1] == "Signpost had no rules to try, and it states no error message"


def ask(graph: Graph) -> dict[str, str]:
    return {each.code: format_sentence(each.says, HOME) for each in report_seed(graph).questions}


VERSION = "### Version\n\n1.2.3\n"
ANSWER = (a_comment("Thanks, I will look at it.", HUMAN, association="MEMBER"),)
ANSWERED: dict[str, Any] = {"comments": ANSWER, "comment_count": 1, "body": VERSION}
LATE = [a_node(50, created_at=after(days=12)), a_node(51, created_at=after(days=2))]
QUESTIONS: dict[str, tuple[Graph, dict[str, str]]] = {
    "nothing is known": (
        a_graph([a_node(7)]),
        {"no-maintainer-answer": "No maintainer has answered", "no-version": "The issue states no version"},
    ),
    "all is known": (a_graph([a_node(7, **ANSWERED)]), {}),
    "comments are missing": (a_graph([a_node(7, body=VERSION, comment_count=9)]), {}),
    "a maintainer reported it": (a_graph([a_node(7, body=VERSION, association="OWNER")]), {}),
    "it is closed": (a_graph([a_node(7, body=VERSION, **CLOSED)]), {}),
    "a pull request states no version": (a_graph([a_pull(7, **CLOSED)]), {}),
    "the fix is not released": (
        a_graph([a_node(7, **ANSWERED)], fixes={at(7): (a_fix(7, 20, is_release_known=True),)}),
        {"unreleased-fix": "The fix by #20 is merged but not released; when will it be?"},
    ),
    "reports came after the release": (
        a_graph(
            [a_node(7, **ANSWERED), *LATE],
            [an_edge("duplicate_of", number, 7) for number in (50, 51)],
            fixes={at(7): (released(7, 20),)},
        ),
        {"reports-after-fix": "1 report came after the release with the fix: #50; do they have the fix?"},
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_open_questions(name: str) -> None:
    graph, questions = QUESTIONS[name]
    assert ask(graph) == questions


def test_the_guidance_is_that_of_the_branch_that_applies() -> None:
    rule = a_rule(
        follow=2,
        guidance=[{"when": {"version": "<2"}, "tldr": "Update."}, {"tldr": "Free some space."}],
        match={"phrase": "No space left on device", "set": {"version": "1.9"}},
    )
    nodes = [a_node(7, body=DISK), a_node(2, title="Follow me")]
    (problem,) = report_seed(a_graph(nodes), rule).problems
    assert problem == KnownProblem(
        rule="out-of-disk",
        title="The disk is full",
        effect="speaks",
        reason="section 1 of 1; priority 0, 1 condition matched",
        branch=0,
        evidence=(("body", 1, "No space left on device"),),
        captures={"version": "1.9"},
        guidance=problem.guidance,
        follow=at(2),
    )
    assert problem.guidance is not None
    assert problem.guidance.list_parts() == (
        ("", "Update."),
        ("Follow", "#2, the open issue about this problem"),
    )


@pytest.mark.parametrize(
    "edges, relations",
    [
        ([], "named by rule out-of-disk as the issue to follow"),
        (
            [an_edge("references", 7, 2)],
            "named by rule out-of-disk as the issue to follow; referenced by #7",
        ),
    ],
)
def test_the_issue_to_follow_is_the_first_of_the_table(edges: list[Edge], relations: str) -> None:
    graph = a_graph([a_node(7, body=DISK), a_node(2), a_node(9)], [*edges, an_edge("mentions", 7, 9)])
    (first, _) = make_report(graph, a_ruleset(a_rule(follow=2)), Config()).linked
    assert (first.address, "; ".join(format_sentence(each, HOME) for each in first.relations)) == (at(2), relations)


@pytest.mark.parametrize("body, follow, found", [(DISK, 2, [at(2)]), (DISK, 7, []), (DISK, None, []), ("Slow", 2, [])])
def test_the_issues_to_follow_are_those_of_the_rules_that_match(
    body: str, follow: int | None, found: list[Address]
) -> None:
    rule = a_rule(follow=follow) if follow else a_rule()
    assert list_followed(a_node(7, body=body).issue, a_ruleset(rule)) == found


def test_a_rule_that_would_not_comment_says_so() -> None:
    (problem,) = report_seed(a_graph([a_node(7, body=DISK)]), a_rule(mode="observe")).problems
    assert (problem.effect, problem.reason) == ("observes", "its mode is `observe`")


def list_rows(graph: Graph) -> list[tuple[str, str]]:
    rows, _ = list_linked(graph)
    return [(str(row.address.number), "; ".join(format_sentence(each, HOME) for each in row.relations)) for row in rows]


def test_the_table_has_each_node_once_with_its_strongest_relations() -> None:
    rows, automated = list_linked(make_neighbourhood())
    shown = dict(list_rows(make_neighbourhood()))
    assert (len(rows), automated) == (30, 3)
    assert shown["2"] == "fixed by #20; would be closed by #21; #3 is a duplicate of this" or shown["2"].startswith(
        "closed"
    )
    assert shown["60"] == "named by the reporter"
    assert shown["80"] == "parent of #7; parent of #100; parent of #101"
    assert [number for number, _ in list_rows(make_neighbourhood())][-1] == "114"


def test_automated_mentions_are_counted_and_not_listed() -> None:
    edges = [an_edge("references", number, 7, by=OTHER_BOT) for number in (8, 8, 9)]
    graph = a_graph([a_node(7), a_node(8), a_node(9)], [*edges, an_edge("references", 9, 7, by=HUMAN)])
    assert (list_rows(graph), list_linked(graph)[1]) == ([("9", "references #7")], 2)


def test_several_issues_say_whose_reporter_named_an_issue() -> None:
    graph = a_graph([a_node(7), a_node(8)], [an_edge("mentions", 8, 9, place="body")], seeds=(7, 8), unread=unread(9))
    assert list_rows(graph) == [("9", "named by the reporter of #8")]
