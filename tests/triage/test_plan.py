"""What is to be done, and what a human decided about it."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.comment.marker import Marker, Past, read_marker, sign_comment
from bot.duplicates.candidates import CandidateSearch
from bot.rules.loader import join_rulesets
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Account, Change, Comment, Issue, Links
from bot.triage.actions import (
    Action,
    AddLabels,
    Close,
    CreateComment,
    CreateLabels,
    DeleteComment,
    Plan,
    RemoveLabels,
    UpdateComment,
)
from bot.triage.apply import apply_plan
from bot.triage.config import Config, Sources, read_config
from bot.triage.links import LinkInputs
from bot.triage.plan import make_plan
from bot.triage.snapshot import Snapshot, make_decisions, needs_history, read_snapshot
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    Fields,
    a_candidate,
    a_change,
    a_comment,
    a_rule,
    a_ruleset,
    after,
    an_event,
    an_issue,
    linked_issues,
    matches_of,
    our_comment,
    touched,
)
from tests.fakes import FakeTracker
from tests.triage.plans import (
    BY_HAND,
    LABELED,
    NOTHING,
    TODAY,
    WITHDRAWN,
    body_of,
    given_later,
    kinds,
    labels_only,
    plan_from,
    plan_of,
    snapshot_of,
    sources_of,
    spoken,
)

KEPT_OFF = "somebody removed the label `needs-info`, so Signpost does not set it again"


@pytest.mark.parametrize("present", ["needs-info", "Needs-Info"])
def test_a_label_that_is_there_is_not_set_again(present: str) -> None:
    assert kinds(plan_of(an_issue(labels=(present,)))) == ["create_comment"]


def test_an_unknown_label_is_refused() -> None:
    assert plan_of(an_issue(), labels_only(), existing_labels=frozenset()) == Plan(
        (),
        ("the label `needs-info` does not exist in this repository; create it, or correct the rule or the settings",),
    )


def test_an_unknown_label_is_created_if_the_settings_say_so() -> None:
    config = read_config("labels: {create: true}", "config.yml")
    rule = labels_only(labels=["known", "unknown"])
    assert plan_of(an_issue(), rule, config=config, existing_labels=frozenset({"Known"})) == Plan(
        (CreateLabels(("unknown",)), AddLabels(("known", "unknown")))
    )


UNLABELED = a_change("unlabeled", HUMAN, after(minutes=3), label="Needs-Info")
CLEARED = a_change("unlabeled", OURSELVES, after(minutes=3), label="needs-info")


@pytest.mark.parametrize(
    "history, plan",
    [
        ((), Plan((AddLabels(("needs-info",)),))),
        ((a_change("labeled", HUMAN, label="bug"),), Plan((AddLabels(("needs-info",)),))),
        ((LABELED, UNLABELED), Plan((), (KEPT_OFF,))),
        ((LABELED, UNLABELED, a_change("closed"), a_change("reopened")), Plan((), (KEPT_OFF,))),
        # Another workflow may have taken it off for a human, under the login that we share.
        ((LABELED, CLEARED), Plan((), (KEPT_OFF,))),
        # Set, never taken off, and gone all the same: somebody renamed or deleted the label.
        ((LABELED,), Plan((), (KEPT_OFF,))),
    ],
)
def test_a_label_that_was_taken_off_stays_off_without_a_comment(history: tuple[Change, ...], plan: Plan) -> None:
    assert plan_of(touched(), labels_only(), history=history) == plan


def test_a_label_that_was_taken_off_stays_off_beside_our_comment() -> None:
    issue = touched(comments=(spoken(),))
    assert plan_of(issue, history=(LABELED, UNLABELED)) == Plan((), (KEPT_OFF,))


def test_a_label_that_we_took_off_ourselves_is_set_again_when_it_fits_again() -> None:
    withdrawn = our_comment(WITHDRAWN, is_withdrawn=True, dropped=["needs-info"])
    plan = plan_of(touched(comments=(withdrawn,)), history=(LABELED, CLEARED))
    assert kinds(plan) == [AddLabels(("needs-info",)), "update_comment"]


def test_a_label_of_our_own_prefix_is_set_again_after_we_took_it_off() -> None:
    config = read_config("labels: {prefix_owned: [needs-]}", "config.yml")
    plan = plan_of(touched(), labels_only(), config=config, history=(LABELED, CLEARED))
    assert plan == Plan((AddLabels(("needs-info",)),))


REMOVING = labels_only(labels={"remove": ["invalid"]})
SET_BY_TEMPLATE = a_change("labeled", REPORTER, after(minutes=0.1), label="invalid")
SET_BY_REPORTER = a_change("labeled", REPORTER, after(minutes=2), label="invalid")
SET_BY_BOT = a_change("labeled", OTHER_BOT, after(minutes=2), label="Invalid")
SET_BY_HUMAN = a_change("labeled", HUMAN, after(minutes=3), label="invalid")


@pytest.mark.parametrize(
    "history, is_removed",
    [
        ((SET_BY_TEMPLATE,), True),
        ((SET_BY_BOT,), True),
        ((SET_BY_HUMAN, SET_BY_BOT), True),
        ((SET_BY_HUMAN,), False),
        ((SET_BY_BOT, SET_BY_HUMAN), False),
        ((SET_BY_REPORTER,), False),
        ((), True),
        # The label had another name when it was set: nobody can tell who set it.
        ((a_change("labeled", HUMAN, label="wrong"),), False),
    ],
)
def test_a_label_is_taken_off_only_if_a_bot_or_a_template_set_it(
    history: tuple[Change, ...], *, is_removed: bool
) -> None:
    issue = touched(labels=("invalid",))
    assert plan_of(issue, REMOVING, history=history) == Plan((RemoveLabels(("invalid",)),) if is_removed else ())


@pytest.mark.parametrize("updated, is_removed", [(after(), True), (after(minutes=1), False)])
def test_without_a_history_only_an_untouched_issue_loses_a_label(updated: datetime, *, is_removed: bool) -> None:
    issue = an_issue(labels=("invalid",), updated_at=updated)
    plan = plan_of(issue, REMOVING, history=None)
    assert plan == Plan((RemoveLabels(("invalid",)),) if is_removed else ())


def test_a_label_that_is_not_there_is_not_taken_off() -> None:
    assert plan_of(an_issue(), REMOVING) == NOTHING


@pytest.mark.parametrize(
    "set_by, plan",
    [
        (OURSELVES, Plan((RemoveLabels(("signpost:disk",)),))),
        (OTHER_BOT, Plan((RemoveLabels(("signpost:disk",)),))),
        (Account(login="GitHub-Actions[bot]"), Plan((RemoveLabels(("signpost:disk",)),))),
        (HUMAN, NOTHING),
    ],
)
def test_a_label_of_our_own_prefix_goes_when_it_is_no_longer_true(set_by: Account, plan: Plan) -> None:
    config = read_config("labels: {prefix_owned: ['signpost:']}", "config.yml")
    issue = touched(body="All is well", labels=("signpost:disk", "bug"))
    history = (a_change("labeled", set_by, label="signpost:disk"),)
    assert plan_of(issue, config=config, history=history) == plan


# --- a new issue

THREE = LinkInputs(links=linked_issues(3))
UNANSWERED = LinkInputs(links=Links(failure="Could not read #3."))


def test_a_new_issue_gets_its_labels_and_one_comment() -> None:
    plan = plan_of(an_issue())
    assert plan == Plan((AddLabels(("needs-info",)), CreateComment(body_of(plan))))


def test_the_comment_remembers_what_it_stands_for() -> None:
    rule = a_rule(follow=3)
    body = body_of(plan_of(an_issue(), rule, link_inputs=THREE))
    marker = read_marker(body)
    (match,) = matches_of(an_issue(), rule)
    assert marker
    assert marker == Marker(
        issue=7, rules={"out-of-disk": match.rule.content_hash}, labels=["needs-info"], links=[3], text=marker.text
    )


def test_a_target_that_may_not_be_linked_is_not() -> None:
    body = body_of(plan_of(an_issue(), a_rule(follow=3)))
    marker = read_marker(body)
    assert marker
    assert marker.links == []
    assert "#3" not in body


def test_an_issue_that_matches_nothing_is_left_alone() -> None:
    assert plan_of(an_issue(body="All is well")) == NOTHING


EARLIER = range(11, 16)
OTHERS = linked_issues(*EARLIER).issues
FIXED = replace(OTHERS[12], issue=replace(OTHERS[12].issue, state="closed", state_reason="completed"), fixed_at=after())


@pytest.mark.parametrize(
    "show, settings, linked",
    [
        (None, "", [11, 13, 14]),
        ({"show": 1}, "", [11]),
        ({"show": 0}, "", []),
        ({"open_only": False}, "", [11, 12, 13]),
        (None, "duplicates: {show: 2}", [11, 13]),
        (None, "duplicates: {enabled: false}", []),
    ],
)
def test_earlier_reports_are_linked_as_rule_and_settings_say(
    show: Fields | None, settings: str, linked: list[int]
) -> None:
    config = read_config(settings, "config.yml")
    search = CandidateSearch(candidates=tuple(map(a_candidate, EARLIER)))
    inputs = LinkInputs(search=search, links=Links(issues={**OTHERS, 12: FIXED}))
    body = body_of(plan_of(an_issue(), a_rule(duplicates=show), config=config, link_inputs=inputs))
    assert [number for number in EARLIER if f"\n- #{number} (" in body] == linked


# --- links that could not be read


@pytest.mark.parametrize(
    "remembered, settings, actions",
    [
        ({"links": [3]}, "", []),
        ({"earlier": {11: "B"}}, "", []),
        ({"labels": ["needs-info", "Duplicate"]}, "", []),
        ({"labels": ["needs-info", "Duplicate"]}, "duplicates: {label: null}", ["update_comment"]),
        ({"labels": ["needs-info"]}, "", ["update_comment"]),
    ],
)
def test_our_comment_loses_nothing_while_links_cannot_be_read(
    remembered: Fields, settings: str, actions: list[str]
) -> None:
    issue = touched(comments=(our_comment("Old advice.", **remembered),), labels=("needs-info",))
    config = read_config(settings, "config.yml")
    assert kinds(plan_of(issue, config=config, link_inputs=UNANSWERED)) == actions
    assert kinds(plan_of(issue, config=config)) == ["update_comment"]


def test_a_comment_of_links_alone_is_not_withdrawn_while_they_cannot_be_read() -> None:
    issue = touched(comments=(our_comment("**Reported before:**", earlier={11: "B"}),), body="All is well")
    config = read_config("duplicates: {comment: always}", "config.yml")
    assert kinds(plan_of(issue, config=config, link_inputs=UNANSWERED)) == []
    assert kinds(plan_of(issue, config=config)) == ["update_comment"]


def test_guidance_is_given_while_links_cannot_be_read() -> None:
    assert plan_of(an_issue(), a_rule(follow=3), link_inputs=UNANSWERED) == plan_of(an_issue(), a_rule(follow=3))


# --- our comment


def test_a_second_run_on_an_unchanged_issue_changes_nothing() -> None:
    assert plan_of(touched(labels=("needs-info",), comments=(spoken(),))) == NOTHING


def test_line_ends_that_github_stores_are_no_change() -> None:
    ours = spoken()
    stored = replace(ours, body=ours.body.replace("\n", "\r\n"))
    assert plan_of(touched(labels=("needs-info",), comments=(stored,))) == NOTHING


def test_new_guidance_is_written_into_the_same_comment() -> None:
    ours = spoken(a_rule(guidance={"tldr": "An old word."}), id=44)
    plan = plan_of(touched(labels=("needs-info",), comments=(a_comment(), ours)))
    assert plan == Plan((UpdateComment(44, given_later(body_of(plan_of(an_issue())))),))


def test_a_comment_that_no_longer_holds_says_so_and_takes_its_labels_back() -> None:
    issue = touched(body="All is well", labels=("needs-info", "bug"), comments=(spoken(id=44),))
    plan = plan_of(issue, history=(LABELED,))
    hash_, until = a_ruleset().rules[0].content_hash, int(after(minutes=9).timestamp())
    past = {"out-of-disk": Past(hash=hash_, until=until)}
    withdrawn = sign_comment(WITHDRAWN, Marker(issue=7, is_withdrawn=True, dropped=["needs-info"], past=past))
    assert plan == Plan((RemoveLabels(("needs-info",)), UpdateComment(44, withdrawn)))


@pytest.mark.parametrize("last", [BY_HAND, a_change("labeled", OTHER_BOT, after(minutes=4), label="needs-info")])
def test_a_label_that_somebody_else_set_stays_when_our_comment_is_withdrawn(last: Change) -> None:
    issue = touched(body="All is well", labels=("needs-info",), comments=(spoken(),))
    assert kinds(plan_of(issue, history=(LABELED, last))) == ["update_comment"]


def test_a_withdrawn_comment_is_withdrawn_once() -> None:
    withdrawn = our_comment(WITHDRAWN, is_withdrawn=True, dropped=["needs-info"])
    assert plan_of(touched(body="All is well", comments=(withdrawn,))) == NOTHING


def test_a_label_that_could_not_be_taken_back_is_tried_again() -> None:
    withdrawn = our_comment(WITHDRAWN, is_withdrawn=True, dropped=["needs-info"])
    issue = touched(body="All is well", labels=("needs-info",), comments=(withdrawn,))
    assert plan_of(issue, history=(LABELED,)) == Plan((RemoveLabels(("needs-info",)),))


def test_a_withdrawn_comment_speaks_again_when_the_rule_holds_again() -> None:
    withdrawn = our_comment(WITHDRAWN, is_withdrawn=True)
    plan = plan_of(touched(labels=("needs-info",), comments=(withdrawn,)))
    assert plan == Plan((UpdateComment(1, given_later(body_of(plan_of(an_issue())))),))


def test_of_two_known_problems_the_one_that_is_gone_takes_its_section_and_label_along() -> None:
    disk, memory = (
        a_rule(also=["out-of-memory"]),
        a_rule(
            id="out-of-memory",
            match={"phrase": "Cannot allocate memory"},
            labels=["memory"],
            examples={"match": ["Cannot allocate memory"], "no_match": ["fine"]},
        ),
    )
    both = an_issue(body="No space left on device. Cannot allocate memory")
    ours = a_comment(body_of(plan_of(both, disk, memory)), OURSELVES)
    issue = touched(labels=("needs-info", "memory"), comments=(ours,))
    history = (LABELED, a_change("labeled", OURSELVES, label="memory"))
    plan = plan_of(issue, disk, memory, history=history)
    marker = read_marker(body_of(plan))
    assert kinds(plan) == [RemoveLabels(("memory",)), "update_comment"]
    assert marker
    assert (list(marker.rules), marker.labels, marker.dropped) == (["out-of-disk"], ["needs-info"], ["memory"])


@pytest.mark.parametrize("mode", ["observe", "label"])
def test_a_rule_that_may_not_speak_any_more_leaves_what_it_said_and_set(mode: str) -> None:
    config = read_config(f"mode: {mode}", "config.yml")
    issue = touched(labels=("needs-info",), comments=(spoken(),))
    assert plan_of(issue, config=config, history=(LABELED,)) == NOTHING


def test_guidance_that_has_expired_is_left_where_it_was_given() -> None:
    rule = a_rule(expires="2026-04-01")
    issue = touched(labels=("needs-info",), comments=(spoken(),))
    assert plan_of(issue, rule) == Plan(
        (), ("the guidance of `out-of-disk` expired on 2026-04-01; review it and set a new date in `expires`",)
    )


OURS_NOW = spoken()
LEFT = "somebody edited Signpost's comment, so it stays as it is"


@pytest.mark.parametrize(
    "comment, remark",
    [
        (replace(OURS_NOW, is_minimized=True), "somebody hid Signpost's comment, so it stays as it is"),
        (replace(OURS_NOW, body=OURS_NOW.body.replace("disk", "disc", 1)), LEFT),
        (replace(OURS_NOW, body=f"{OURS_NOW.body}\n\nEdit: this is not it."), LEFT),
        (replace(OURS_NOW, body=OURS_NOW.body[:-30]), LEFT),
        (replace(OURS_NOW, body=OURS_NOW.body.rpartition("<!--")[0]), LEFT),
        (
            replace(OURS_NOW, body=OURS_NOW.body.replace("signpost:v1", "signpost:v2")),
            "a newer version of Signpost wrote the comment, so it stays as it is",
        ),
        (replace(OURS_NOW, body='Later words\n<!-- signpost:v2 {"all": "new"} -->'), LEFT),
    ],
)
@pytest.mark.parametrize("text", ["No space left on device", "All is well"])
def test_a_comment_that_a_human_touched_is_left_alone(comment: Comment, remark: str, text: str) -> None:
    issue = touched(body=text, labels=("needs-info",), comments=(comment,))
    plan = plan_of(issue, history=(BY_HAND,))
    assert plan == Plan((), (remark,))


def test_a_comment_that_was_deleted_is_not_posted_again() -> None:
    issue = touched(labels=("needs-info",))
    deleted = (LABELED, a_change("comment_deleted", HUMAN))
    assert plan_of(issue, history=deleted) == Plan(
        (), ("a comment was deleted here, so Signpost does not post another one",)
    )


def test_other_changes_of_an_issue_do_not_silence_us() -> None:
    issue = touched(labels=("needs-info",))
    assert kinds(plan_of(issue, history=(LABELED, a_change("renamed"), a_change("assigned")))) == ["create_comment"]


def test_a_bot_that_speaks_with_our_marker_is_most_likely_ourselves() -> None:
    twin = replace(OURS_NOW, author=OTHER_BOT)
    mend = "set `identity: {login: 'tidy-up[bot]'}` in config.yml"
    remark = f"tidy-up[bot] has a comment here with Signpost's marker; if that is Signpost's account, {mend}"
    assert plan_of(touched(labels=("needs-info",), comments=(twin,))) == Plan((), (remark,))


@pytest.mark.parametrize("author", [REPORTER, HUMAN])
def test_a_marker_that_a_person_pasted_means_nothing(author: Account) -> None:
    forged = replace(OURS_NOW, author=author)
    assert kinds(plan_of(touched(labels=("needs-info",), comments=(forged,)))) == ["create_comment"]


def test_a_marker_of_another_issue_over_other_words_means_nothing() -> None:
    copied = our_comment(issue=8)
    edited = replace(copied, body=f"They said:\n\n{copied.body}")
    assert kinds(plan_of(touched(labels=("needs-info",), comments=(edited,)))) == ["create_comment"]


def test_our_login_is_known_in_any_case() -> None:
    ours = replace(spoken(), author=replace(OURSELVES, login="GitHub-Actions[bot]"))
    assert plan_of(touched(labels=("needs-info",), comments=(ours,))) == NOTHING


@pytest.mark.parametrize(
    "template, remark",
    [
        (
            "{{ nobody }}",
            "the comment template cannot be used: unknown name `nobody`; "  # noqa: ISC004 - one text
            "allowed: `closing`, `footer`, `is_long`, `opening`, `sections`",
        ),
        (" ", "the comment would be empty; correct the file that `template` names in config.yml"),
        (
            "{% for section in sections %}" + "long" * 8_000 + "{{ section.steps|length }}" * 200 + "{% endfor %}",
            (
                "the comment template cannot be used: the template has 37241 characters, "
                "but at most 32768 are allowed; shorten it"
            ),
        ),
    ],
)
def test_a_comment_that_must_not_leave_does_not_and_maintainers_learn_why(template: str, remark: str) -> None:
    plan = plan_from(an_issue(), sources_of(template=template))
    assert plan == Plan((AddLabels(("needs-info",)),), (remark,))


def spoil(ruleset: Ruleset, rule: str, text: str) -> Ruleset:
    """The rules, one of them with a text that no check would have let through."""
    guidance = next(each for each in ruleset.rules if each.id == rule).model.guidance[0]
    spoilt = guidance.model_copy(update={"notes": text})
    rules = (
        replace(each, model=each.model.model_copy(update={"guidance": [spoilt]})) if each.id == rule else each
        for each in ruleset.rules
    )
    return Ruleset(tuple(rules), ruleset.packs)


@pytest.mark.parametrize(
    "text, error",
    [
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ duplicates }}", "a whole object would be printed"),
        ("{{ issue|lower }}", "a whole object would be printed"),
        ("{% for a in 5 %}{% endfor %}", "'int' object is not iterable"),
    ],
)
def test_a_rule_that_cannot_be_rendered_is_left_out_alone(text: str, error: str) -> None:
    other = a_rule(
        id="other", title="No space", match={"phrase": "no space left"}, also=["out-of-disk"], labels=["bug"]
    )
    ruleset = spoil(a_ruleset(a_rule(), other), "out-of-disk", text)
    remark = (
        f"the section of `out-of-disk` is left out: rules/out-of-disk.yml:6:1: the template cannot be rendered: {error}"
    )
    plan = plan_from(an_issue(), sources_of(ruleset=ruleset))
    assert (kinds(plan), plan.remarks) == ([AddLabels(("bug", "needs-info")), "create_comment"], (remark,))
    assert "No space" in body_of(plan)
    assert "rendered" not in body_of(plan)
    alone = plan_from(an_issue(), sources_of(ruleset=spoil(a_ruleset(), "out-of-disk", text)))
    assert alone == Plan((AddLabels(("needs-info",)),), (remark,))


def test_words_that_a_pack_forbids_do_not_leave() -> None:
    examples = {"match": ["Out of memory"], "no_match": ["fine"]}
    other = a_rule(id="other", match={"phrase": "Out of memory"}, guidance={"tldr": "Wait."}, examples=examples)
    forbidding = a_ruleset(other, pack={"forbidden_words": ["ran out OF"]})
    plan = plan_from(an_issue(), sources_of(ruleset=join_rulesets([a_ruleset(), forbidding])))
    remark = 'the comment would contain forbidden words ("ran out OF"); change the guidance or the settings'
    assert (kinds(plan), plan.remarks) == ([AddLabels(("needs-info",))], (remark,))


def test_words_that_the_settings_forbid_do_not_leave_either() -> None:
    config = read_config("words: {forbidden: [disk space]}", "config.yml")
    assert kinds(plan_of(an_issue(), config=config)) == [AddLabels(("needs-info",))]


# --- closing


CLOSING = a_rule(close={"as": "not_planned", "after": "3d"})
CLOSING_AS_DUPLICATE = a_rule(close={"as": "duplicate", "after": "12h"}, follow=3)


def ready_to_close(rule: Fields = CLOSING, **changes: object) -> Issue:
    """An issue with our comment of its first minute, and nothing since."""
    body = body_of(plan_of(an_issue(), rule, link_inputs=THREE))
    ours = a_comment(body, OURSELVES, created_at=after(minutes=1))
    fields: Fields = {"labels": ("needs-info",), "comments": (ours,)}
    return an_issue(**(fields | changes))


@pytest.mark.parametrize("days, plan", [(2.9, NOTHING), (3.1, Plan((Close("not_planned"),)))])
def test_an_issue_is_closed_after_the_grace_period_if_the_rule_asks_for_it(days: float, plan: Plan) -> None:
    assert plan_of(ready_to_close(), CLOSING, now=after(days=days)) == plan


def test_nothing_is_closed_while_links_cannot_be_read() -> None:
    assert plan_of(ready_to_close(), CLOSING, now=after(days=9), link_inputs=UNANSWERED) == NOTHING


def test_nothing_is_closed_unless_a_rule_asks_for_it() -> None:
    assert plan_of(ready_to_close(a_rule()), a_rule(), now=after(days=99)) == NOTHING


def test_an_issue_is_closed_as_a_duplicate_of_what_our_comment_links() -> None:
    issue = ready_to_close(CLOSING_AS_DUPLICATE)
    plan = plan_of(issue, CLOSING_AS_DUPLICATE, now=after(days=1), link_inputs=THREE)
    assert plan == Plan((Close("duplicate", 3),))


def test_a_target_that_cannot_be_linked_any_more_closes_nothing() -> None:
    issue, late = ready_to_close(CLOSING_AS_DUPLICATE), after(days=1)
    assert kinds(plan_of(issue, CLOSING_AS_DUPLICATE, now=late)) == ["update_comment"]
    assert kinds(plan_from(issue, sources_of(CLOSING_AS_DUPLICATE, template="{{ nobody }}"), late)) == []


def test_a_rule_that_did_not_speak_in_our_comment_closes_nothing() -> None:
    issue, late = ready_to_close(), after(days=9)
    another = our_comment(rules={"another": "0"}, labels=["needs-info"])
    issue = replace(issue, comments=(replace(another, created_at=after(minutes=1)),))
    assert kinds(plan_of(issue, CLOSING, now=late)) == ["update_comment"]
    assert kinds(plan_from(issue, sources_of(CLOSING, template="{{ nobody }}"), late)) == []


def alive() -> list[Issue]:
    ready = ready_to_close()
    (ours,) = ready.comments
    return [
        replace(ready, comments=(ours, a_comment("It still happens", REPORTER))),
        replace(ready, comments=(ours, a_comment("Looking", HUMAN))),
        replace(ready, updated_at=after(days=1)),
        replace(ready, comments=(replace(ours, is_minimized=True),)),
        replace(ready, comments=(replace(ours, body=ours.body.replace("disk", "disc", 1)),)),
        replace(ready, state="closed"),
    ]


@pytest.mark.parametrize("issue", alive())
def test_any_sign_of_life_cancels_closing(issue: Issue) -> None:
    plan = plan_of(issue, CLOSING, now=after(days=9))
    assert [action for action in plan.actions if isinstance(action, Close)] == []


def test_what_a_bot_says_meanwhile_is_no_sign_of_life() -> None:
    ready = ready_to_close()
    comments = (*ready.comments, a_comment("Thanks!", OTHER_BOT, created_at=after(minutes=1.5)))
    plan = plan_of(replace(ready, comments=comments), CLOSING, now=after(days=9))
    assert plan == Plan((Close("not_planned"),))


# --- what has to be read


@pytest.mark.parametrize(
    "issue, is_needed",
    [
        (an_issue(), False),
        (touched(), True),
        (touched(labels=("needs-info",)), True),
        (touched(body="All is well"), False),
        (touched(body="All is well", comments=(spoken(),)), True),
        (touched(labels=("needs-info",), comments=(spoken(),)), False),
        (touched(comments=(spoken(),)), True),
        (touched(body="All is well", comments=(our_comment(is_withdrawn=True),)), False),
    ],
)
def test_the_history_is_read_only_where_a_human_may_have_decided(issue: Issue, *, is_needed: bool) -> None:
    sources = sources_of()
    snapshot = snapshot_of(issue, sources)
    assert needs_history(snapshot, make_decisions(snapshot, sources, TODAY), Config()) is is_needed


# --- the plan comes true, and then there is nothing left to do


STORIES: dict[str, tuple[Issue, tuple[Fields, ...], str]] = {
    "new": (an_issue(), (a_rule(),), ""),
    "labels only": (an_issue(), (labels_only(),), ""),
    "unknown labels": (an_issue(), (a_rule(labels=["unknown"]),), ""),
    "labels to create": (an_issue(), (a_rule(labels=["unknown", "other"]),), "labels: {create: true}"),
    "labels to take off": (an_issue(labels=("invalid",)), (labels_only(labels={"remove": ["invalid"]}),), ""),
    "nothing": (an_issue(body="All is well"), (a_rule(),), ""),
    "old words": (an_issue(comments=(our_comment("Old words", rules={"out-of-disk": "0"}),)), (a_rule(),), ""),
    "withdrawal": (
        an_issue(body="All is well", labels=("needs-info",), comments=(spoken(),)),
        (a_rule(),),
        "",
    ),
    "speaking again": (an_issue(comments=(our_comment(WITHDRAWN, is_withdrawn=True),)), (a_rule(),), ""),
    "observing": (an_issue(), (a_rule(),), "mode: observe"),
    "two problems": (
        an_issue(body="No space left on device, and no space left on device at all"),
        (a_rule(also=["at-all"]), a_rule(id="at-all", match={"phrase": "left on device at all"}, examples=None)),
        "",
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_once_a_plan_is_done_the_next_one_is_empty(story: tuple[Issue, tuple[Fields, ...], str]) -> None:
    issue, rules, settings = story
    rules = tuple(rule | {"examples": a_rule()["examples"]} for rule in rules)
    config = read_config(settings, "config.yml")
    changes = [a_change("labeled", OURSELVES, label=label) for label in issue.labels]
    tracker = FakeTracker(issues={7: issue}, labels={"needs-info", "invalid"}, changes=changes, now=issue.updated_at)
    plans = [_run_once(tracker, sources_of(*rules, config=config)) for _ in range(3)]
    assert [plan.actions for plan in plans[1:]] == [(), ()]


def _run_once(tracker: FakeTracker, sources: Sources) -> Plan:
    snapshot = read_snapshot(an_event(tracker.issues[7], action="edited"), sources, tracker, TODAY)
    assert isinstance(snapshot, Snapshot)
    plan = make_plan(snapshot, make_decisions(snapshot, sources, TODAY), sources, after(minutes=30))
    assert all(outcome.is_ok for outcome in apply_plan(plan, snapshot, tracker))
    return plan


def test_every_action_names_itself() -> None:
    actions: list[Action] = [
        *(CreateLabels(("a",)), AddLabels(("a",)), RemoveLabels(("a",))),
        *(CreateComment(""), UpdateComment(1, ""), DeleteComment(1), Close("not_planned")),
    ]
    assert [action.action for action in actions] == [
        *("create_labels", "add_labels", "remove_labels"),
        *("create_comment", "update_comment", "delete_comment", "close"),
    ]
