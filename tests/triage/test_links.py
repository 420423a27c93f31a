"""Which links the comment gives, of what was found and what GitHub says of it."""

from dataclasses import replace

import pytest

from bot.duplicates.candidates import SAID_SO, SAME_RULE, Candidate, CandidateSearch
from bot.duplicates.selection import LinkDecision
from bot.tracker.types import LinkedIssue, Links
from bot.triage.config import read_config
from bot.triage.decisions import Decisions
from bot.triage.links import UNCHECKED, UNPROVEN, LinkDecisions, LinkInputs
from bot.triage.snapshot import make_decisions
from tests.builders import OPENED, Fields, a_candidate, a_link, a_rule, a_target, an_issue, linked_issues
from tests.triage.plans import TODAY, snapshot_of, sources_of

BODY = "No space left on device"
RULE = a_rule(follow=3)
SAME_ERROR = a_candidate(5, score=0.9)
ALIKE = a_candidate(6, "C", 0.95)
NAMED = a_candidate(4, "A", 1.0, why=SAID_SO)
FOLLOWED = a_target(3, created_at=OPENED)


def decide(inputs: LinkInputs, *rules: Fields, settings: str = "", **issue: object) -> Decisions:
    sources = sources_of(*(rules or [RULE]), config=read_config(settings, "config.yml"))
    return make_decisions(snapshot_of(an_issue(**issue), sources, link_inputs=inputs), sources, TODAY)


def links_of(known: Links, *found: Candidate, settings: str = "", body: str = BODY, **inputs: object) -> LinkDecisions:
    fields: Fields = {"links": known, "search": CandidateSearch(candidates=found)}
    return decide(LinkInputs(**(fields | inputs)), settings=settings, body=body).links


def a_link_to(candidate: Candidate, **changes: object) -> LinkDecision:
    return a_link(candidate, a_target(candidate.number, created_at=OPENED), section="out-of-disk", **changes)


def test_what_a_person_named_comes_first_then_the_best_by_tier_and_eight_are_looked_at() -> None:
    others = tuple(a_candidate(number, "C", 0.1) for number in range(11, 19))
    inputs = LinkInputs(
        command=4, search=CandidateSearch(candidates=(*others, ALIKE, a_candidate(4, "C", 1.0), SAME_ERROR))
    )
    assert inputs.candidates == [NAMED, SAME_ERROR, ALIKE, *others]
    assert [each.number for each in inputs.nearest] == [4, 5, 6, *range(11, 16)]


def test_what_stands_well_is_linked() -> None:
    search = CandidateSearch(candidates=(ALIKE, SAME_ERROR), remarks=("by and by",), expectation="often")
    why = "it is only similar, and the settings keep such issues out of comments (`tier_c`)"
    alike = a_link_to(ALIKE, effect="hidden", reason=why, is_unproven=True)
    assert links_of(linked_issues(3, 4, 5, 6), search=search, command=4) == LinkDecisions(
        candidates=(a_link_to(NAMED), a_link_to(SAME_ERROR), replace(alike, section=None)),
        follows={"out-of-disk": FOLLOWED},
        asked=a_target(4, created_at=OPENED),
        remarks=("by and by",),
        expectation="often",
    )


def test_what_is_linked_or_named_already_is_refused() -> None:
    followed = a_candidate(3, score=0.8)
    found = links_of(linked_issues(3, 5), SAME_ERROR, followed, body=f"{BODY}, as in #5")
    assert found == LinkDecisions(
        candidates=(
            LinkDecision(candidate=SAME_ERROR, effect="refused", reason="#5 is linked already"),
            LinkDecision(candidate=followed, effect="refused", reason="#3 is linked already"),
        ),
        follows={"out-of-disk": FOLLOWED},
    )


def test_what_the_rule_that_speaks_matches_too_is_certain() -> None:
    known = {5: LinkedIssue(issue=an_issue(number=5, url="")), **linked_issues(3).issues}
    found = links_of(Links(issues=known), SAME_ERROR)
    same = replace(SAME_ERROR, tier="A", why=SAME_RULE)
    assert (found.candidates, found.is_known) == ((a_link_to(same, rule="out-of-disk"),), True)


def test_what_github_did_not_answer_for_is_told_and_not_held_against_a_link() -> None:
    unread = linked_issues(3, unread=frozenset({4, 5}), failure="Could not read #4.")
    kept = "Until the next run for this issue, Signpost adds no links, and a comment with links stays unchanged."
    assert links_of(unread, SAME_ERROR, command=4) == LinkDecisions(
        candidates=(
            LinkDecision(candidate=NAMED, effect="refused", reason="#4 could not be checked"),
            LinkDecision(candidate=SAME_ERROR, effect="refused", reason="#5 could not be checked"),
        ),
        follows={"out-of-disk": FOLLOWED},
        remarks=(
            f"Could not read #4. {kept}",
            "`/signpost duplicate #4` has no effect: #4 could not be checked",
        ),
        is_complete=False,
    )


def test_what_nobody_checked_is_refused() -> None:
    search = CandidateSearch(candidates=(SAME_ERROR,), remarks=("by and by",), expectation="often")
    assert decide(LinkInputs(search=search), body="All is well").links == LinkDecisions(
        candidates=(LinkDecision(candidate=SAME_ERROR, effect="refused", reason=UNCHECKED),),
        remarks=("by and by",),
        expectation="often",
    )


ALWAYS = "duplicates: {comment: always}"
MODE = "the settings allow no comment (`mode: label`)"
SILENT = "no rule adds guidance, and the settings allow no comment with links alone"
ALIKE_ONLY = "it is only similar, and the settings keep such issues out of comments (`tier_c`)"
NOT_YET = "it is only similar, and no calibrated index found it"
BETTER = "other candidates are better, or the settings or the rule allow fewer links"
NONE = "the settings allow no links (`duplicates`)"
LINKED = ""


@pytest.mark.parametrize(
    "settings, body, reasons",
    [
        pytest.param("", BODY, {4: LINKED, 5: LINKED, 6: ALIKE_ONLY}, id="beside advice"),
        pytest.param("", "Slow", {4: SILENT, 5: SILENT, 6: SILENT}, id="where no rule speaks"),
        pytest.param(ALWAYS, "Slow", {4: LINKED, 5: LINKED, 6: ALIKE_ONLY}, id="alone"),
        pytest.param(
            "duplicates: {tier_c: comment}", "No space left on device", {4: "", 5: "", 6: NOT_YET}, id="alike"
        ),
        pytest.param(
            "duplicates: {comment: always, show: 1}", "Slow", {4: LINKED, 5: BETTER, 6: ALIKE_ONLY}, id="fewer"
        ),
        pytest.param(
            "duplicates: {comment: always, enabled: false}", "Slow", {4: LINKED, 5: BETTER, 6: ALIKE_ONLY}, id="named"
        ),
        pytest.param("duplicates: {comment: always, show: 0}", "Slow", {4: NONE, 5: NONE, 6: NONE}, id="none"),
        pytest.param(
            "{mode: label, duplicates: {comment: always}}", "Slow", {4: MODE, 5: MODE, 6: MODE}, id="no comment"
        ),
    ],
)
def test_settings_and_rules_say_what_is_linked(settings: str, body: str, reasons: dict[int, str]) -> None:
    found = links_of(linked_issues(3, 4, 5, 6), SAME_ERROR, ALIKE, settings=settings, body=body, command=4)
    assert {each.number: each.reason for each in found.duplicates} == reasons
    assert [each.number for each in found.linked] == [number for number, reason in reasons.items() if not reason]
    assert [*found.linked, *found.hidden] == [*found.duplicates]


UNTRIED = CandidateSearch(candidates=(ALIKE,))
TRIED = CandidateSearch(candidates=(SAME_ERROR, ALIKE), is_calibrated=True)


@pytest.mark.parametrize(
    "settings, search, advice",
    [
        pytest.param("duplicates: {tier_c: comment}", UNTRIED, (UNPROVEN,), id="wanted, and one is kept out"),
        pytest.param("duplicates: {tier_c: comment}", TRIED, (), id="wanted, and none is kept out"),
        pytest.param("", UNTRIED, (), id="not wanted"),
        pytest.param("duplicates: {tier_c: comment, show: 0}", UNTRIED, (), id="no links at all"),
        pytest.param("{mode: label, duplicates: {tier_c: comment}}", UNTRIED, (), id="no comment at all"),
    ],
)
def test_maintainers_are_told_what_to_do_where_links_are_not_proven(
    settings: str, search: CandidateSearch, advice: tuple[str, ...]
) -> None:
    assert links_of(linked_issues(3, 5, 6), settings=settings, search=search).advice == advice
