"""The issue type and issue fields: what rules want, what people set, and what GitHub has."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.github.client import connect
from bot.github.fields import parse_field_changes
from bot.github.transport import Patience
from bot.github.webhook_event import PayloadTracker, parse_event
from bot.rules.loader import build_ruleset
from bot.rules.spec.rule import RuleModel
from bot.tracker.fields import FieldEntry, FieldValue, IssueField
from bot.tracker.types import Account, Change, Issue, IssueEvent
from bot.triage.actions import SetFields, SetType
from bot.triage.people.fields import FieldDecision, FieldFacts, decide_fields, fit_value
from bot.triage.plan import make_plan
from bot.triage.result import Result, to_json
from bot.triage.run import run
from bot.triage.snapshot import make_decisions
from bot.triage.summary import render_summary
from tests.builders import HUMAN, OURSELVES, Fields, a_change, a_rule, after, an_event, an_issue, touched
from tests.fakes import FakeTracker
from tests.stand_ins.fake_github import FAULTS, MAINTAINER, FakeGitHub, Fault, Reply
from tests.stand_ins.github_json import StoredField, StoredIssue, error_json
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import RULE as STORY
from tests.stand_ins.story import add_rule, run_once, start_run, tell_event
from tests.stand_ins.story import open_issue as open_story_issue
from tests.triage.plans import labels_only, snapshot_of, sources_of

PRIORITY = IssueField(id=1, name="Priority", kind="single_select", options=("High", "Low"))
EFFORT = IssueField(id=2, name="Effort", kind="number")
DAY = IssueField(id=3, name="Target date", kind="date")
PLATFORMS = IssueField(id=4, name="Platforms", kind="multi_select", options=("iOS", "Android"))
NOTE = IssueField(id=5, name="Note")
ALL = (PRIORITY, EFFORT, DAY, PLATFORMS, NOTE)
TYPES = ("Bug", "Feature", "Task")
HIGH = {"Priority": "High"}


def model_of(name: str = "out-of-disk", **changes: object) -> RuleModel:
    return RuleModel.model_validate(a_rule(id=name, **changes))


@pytest.mark.parametrize(
    "models, expected",
    [
        ([], FieldDecision()),
        ([model_of()], FieldDecision()),
        ([model_of(type="Bug", fields=HIGH)], FieldDecision(wanted={"": "Bug", "Priority": "High"})),
        (
            [model_of("a", type="Bug"), model_of("b", type="bug", fields={"Effort": "2.5"})],
            FieldDecision(wanted={"": "Bug", "Effort": "2.5"}),
        ),
        (
            [
                model_of("a", type="Bug", fields=HIGH),
                model_of("b", type="Task", fields={"priority": "Low", "Effort": 1}),
            ],
            FieldDecision(
                wanted={"": "Bug", "Priority": "High", "Effort": 1},
                remarks=(
                    "`a` sets the type to `Bug`, so `b` does not set it to `Task`",
                    "`a` sets the field `priority` to `High`, so `b` does not set it to `Low`",
                ),
            ),
        ),
    ],
)
def test_the_first_rule_that_asks_wins(models: list[RuleModel], expected: FieldDecision) -> None:
    assert decide_fields(models) == expected


@pytest.mark.parametrize(
    "value, field, expected",
    [
        ("high", PRIORITY, ("High", "")),
        (("LOW",), PRIORITY, ("Low", "")),
        ("Urgent", PRIORITY, (None, "has no option `Urgent`, but `High` and `Low`")),
        (("High", "Low"), PRIORITY, (None, "takes one option, not `High` and `Low`")),
        (3, EFFORT, (3, "")),
        ("2.5", EFFORT, (2.5, "")),
        ("much", EFFORT, (None, "takes a number, not `much`")),
        (("1",), EFFORT, (None, "takes a number, not `1`")),
        ("2026-12-31", DAY, ("2026-12-31", "")),
        ("31.12.2026", DAY, (None, "takes a date like 2026-11-23, not `31.12.2026`")),
        ("20261231", DAY, (None, "takes a date like 2026-11-23, not `20261231`")),
        (("android", "ios"), PLATFORMS, (("Android", "iOS"), "")),
        ("ios", PLATFORMS, (("iOS",), "")),
        (("iOS", "Web"), PLATFORMS, (None, "has no option `Web`, but `iOS` and `Android`")),
        ("Any text", NOTE, ("Any text", "")),
        (7, NOTE, ("7", "")),
        (("a", "b"), NOTE, (None, "takes a text, not the list `a` and `b`")),
        (
            "x",
            IssueField(id=9, name="Sprint", kind="iteration"),
            (None, "has the unknown kind `iteration`"),
        ),
        (("a",), IssueField(id=0, name="Any", kind="any"), (("a",), "")),
    ],
)
def test_a_value_takes_the_form_of_its_field(
    value: FieldValue, field: IssueField, expected: tuple[FieldValue | None, str]
) -> None:
    assert fit_value(value, field) == expected


KILLED = -9


def by(actor: Account, kind: str, field: str | None = None) -> Change:
    return a_change(kind, actor, field=field)


ADDED, REMOVED = by(OURSELVES, "issue_type_added"), by(OURSELVES, "issue_type_removed")
TAKEN, GIVEN = by(HUMAN, "issue_type_removed"), by(HUMAN, "issue_type_changed")


@pytest.mark.parametrize(
    "issue, read, expected, remarks",
    [
        pytest.param(an_issue(), {}, [SetType("Bug")], [], id="untouched"),
        pytest.param(an_issue(type="bug"), {}, [], [], id="it has that type"),
        pytest.param(
            an_issue(type="Task"),
            {},
            [],
            ["the type is `Task` already, so Signpost does not set it to `Bug`"],
            id="the template set another one",
        ),
        pytest.param(
            touched(type="Task"),
            {"history": (GIVEN,)},
            [],
            ["the type is `Task` already, so Signpost does not set it to `Bug`"],
            id="a person set another one",
        ),
        pytest.param(
            touched(type="Feature"),
            {"history": (ADDED,)},
            [SetType("Bug")],
            [],
            id="another rule of ours set one before",
        ),
        pytest.param(
            touched(type="Feature"),
            {"history": (ADDED, GIVEN)},
            [],
            ["the type is `Feature` already, so Signpost does not set it to `Bug`"],
            id="a person changed ours",
        ),
        pytest.param(
            touched(type="Epic"),
            {"history": (ADDED,)},
            [],
            ["the type is `Epic` already, so Signpost does not set it to `Bug`"],
            id="no rule names what our login set: another workflow",
        ),
        pytest.param(
            touched(),
            {"history": (ADDED, TAKEN)},
            [],
            ["somebody removed the type, so Signpost does not set it again"],
            id="a person removed it",
        ),
        pytest.param(
            touched(),
            {"history": (ADDED, REMOVED)},
            [],
            ["somebody removed the type, so Signpost does not set it again"],
            id="our login removed it, which may be another workflow",
        ),
        pytest.param(
            an_issue(),
            {"fields": FieldFacts(types=("Task", "Epic"))},
            [],
            [
                (
                    "the issue type `Bug` does not exist: octo-org/octo-repo has `Task` and `Epic`; "
                    "correct `type` in the rule, or add the type"
                )
            ],
            id="unknown",
        ),
        pytest.param(
            an_issue(),
            {"fields": FieldFacts()},
            [],
            [
                (
                    "octo-org/octo-repo has no issue types (only organisations have them, or the token may not read "
                    "them); remove `type: Bug` from the rule, or define issue types"
                )
            ],
            id="none",
        ),
        pytest.param(an_issue(), {"fields": FieldFacts(failures=("no answer",))}, [], ["no answer"], id="no answer"),
    ],
)
def test_a_type_is_set_where_no_person_decided(
    issue: Issue, read: Fields, expected: list[SetType], remarks: list[str]
) -> None:
    sources = sources_of(
        labels_only(type="Bug"), labels_only(id="other", match={"phrase": "something else"}, type="Feature")
    )
    snapshot = snapshot_of(issue, sources, **{"fields": FieldFacts(types=TYPES), **read})
    plan = make_plan(snapshot, make_decisions(snapshot, sources, after().date()), sources, after(minutes=9))
    typed = [action for action in plan.actions if isinstance(action, SetType)]
    assert (typed, list(plan.remarks)) == (expected, remarks)


@pytest.mark.parametrize(
    "wanted, facts, expected, remarks",
    [
        pytest.param({"priority": "HIGH", "Effort": 3}, {}, {"priority": "High", "Effort": 3}, [], id="missing"),
        pytest.param(HIGH, {"values": (FieldEntry(id=1, name="Priority", value="High"),)}, {}, [], id="there"),
        pytest.param(HIGH, {"values": (FieldEntry(id=1, value="High"),)}, {}, [], id="there, without its name"),
        pytest.param(
            HIGH,
            {"values": (FieldEntry(id=1, name="Priority", value="Low"),)},
            {},
            ["the field `Priority` is `Low` already, so Signpost does not set it to `High`"],
            id="set by a person",
        ),
        pytest.param(
            HIGH,
            {
                "changes": (
                    by(OURSELVES, "issue_field_added", field="Priority"),
                    by(HUMAN, "issue_field_removed", field="Priority"),
                )
            },
            {},
            ["somebody removed the field `Priority`, so Signpost does not set it again"],
            id="removed by a person",
        ),
        pytest.param(
            HIGH,
            {"changes": (by(HUMAN, "issue_field_removed", field="Effort"),)},
            HIGH,
            [],
            id="another field was removed",
        ),
        pytest.param(
            HIGH,
            {"changes": None},
            {},
            ["GitHub does not say who changed the field `Priority`, so Signpost leaves it as it is"],
            id="unknown changes",
        ),
        pytest.param(
            {"Prio": "High", "Effort": 1},
            {},
            {"Effort": 1},
            [
                (
                    "the field `Prio` does not exist: there is `Priority`, `Effort`, `Target date`, `Platforms`, and "
                    "`Note`; correct `fields` in the rule"
                )
            ],
            id="an unknown field",
        ),
        pytest.param(
            {"Priority": "Urgent"},
            {},
            {},
            ["the field `Priority` has no option `Urgent`, but `High` and `Low`; correct `fields` in the rule"],
            id="an unknown option",
        ),
        pytest.param(
            {"Priority": "High", "Effort": 1},
            {"definitions": None},
            {},
            [
                (
                    "Signpost finds no issue fields of octo-org (only organisations have them, and the token of a "
                    "workflow may not be allowed to read them); use the token of an App with read access to the issue "
                    "fields of the organisation, or remove `fields`"
                )
            ],
            id="no fields",
        ),
    ],
)
def test_fields_are_set_where_no_person_decided(
    wanted: dict[str, FieldValue], facts: Fields, expected: Mapping[str, FieldValue], remarks: list[str]
) -> None:
    sources = sources_of(labels_only(fields=wanted))
    fields: Fields = {"definitions": ALL, "values": ()}
    known = FieldFacts(**(fields | facts))
    snapshot = snapshot_of(touched(), sources, fields=known)
    plan = make_plan(snapshot, make_decisions(snapshot, sources, after().date()), sources, after(minutes=9))
    found = [action.fields for action in plan.actions if isinstance(action, SetFields)]
    assert (found, list(plan.remarks)) == ([expected] if expected else [], remarks)


HOSTILE = st.text(min_size=1, max_size=30).filter(lambda text: text.strip())


@given(HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=5))
def test_hostile_names_stay_on_one_line(name: str, option: str, options: list[str]) -> None:
    hostile = IssueField(id=1, name=name, kind="single_select", options=tuple(options))
    sources = sources_of(labels_only(type="Bug", fields=HIGH))
    facts = FieldFacts(types=(option,), definitions=(hostile,), values=(FieldEntry(id=9, name=option, value=name),))
    snapshot = snapshot_of(an_issue(), sources, fields=facts)
    plan = make_plan(snapshot, make_decisions(snapshot, sources, after().date()), sources, after())
    assert all("\n" not in remark and remark.count("`") % 2 == 0 for remark in plan.remarks)


VALUE = "write a text, a number, a date like 2026-11-23, or a list of options"


@pytest.mark.parametrize(
    "text, problem",
    [
        ("type: '{{ os }}'", "`{{ os }}` is set as it is, without values of the report; write the name itself"),
        ("fields: {OS: '{{ os }}'}", "`{{ os }}` is set as it is, without values of the report; write the name itself"),
        ("fields: {A: true}", f"the value of a field cannot be `true`; {VALUE}"),
        ("fields: {A: []}", f"the value of a field cannot be an empty list; {VALUE}"),
        ("fields: {A: [iOS, 1]}", f"the value of a field cannot be a list with something other than texts; {VALUE}"),
        ("fields: {A: {value: High}}", f"the value of a field cannot be a mapping; {VALUE}"),
        ("fields: {A: ''}", "the value of a field is empty; fill it in, or remove the field"),
        ("fields: {A: [iOS, '']}", "the value of a field is empty; fill it in, or remove the field"),
        ("fields: {A: }", "the value of a field is empty; fill it in, or remove the field"),
        (f"fields: {{A: {'x' * 201}}}", "the value has 201 characters; shorten it to 200"),
    ],
)
def test_a_wrong_type_or_value_is_an_error_at_its_place(text: str, problem: str) -> None:
    rule = yaml.safe_dump(a_rule())
    (found,) = build_ruleset({"rules/out-of-disk.yml": f"{rule}{text}\n"}).problems
    assert (found.message, found.line) == (problem, rule.count("\n") + 1)


def test_a_dry_run_without_a_token_plans_what_rules_ask_for() -> None:
    issue = an_issue()
    sources = sources_of(labels_only(type="Bug", fields={"Priority": "High", "Platforms": ["iOS"]}))
    result = run(an_event(issue), sources, PayloadTracker(issue), after(minutes=1), is_dry_run=True)
    assert [each for each in to_json(result)["plan"] if "label" not in each["action"]] == [
        {"action": "set_type", "type": "Bug"},
        {"action": "set_fields", "fields": {"Priority": "High", "Platforms": ["iOS"]}},
    ]


def test_a_run_takes_back_what_no_longer_fits_and_sets_it_again() -> None:
    """A rule that comments remembers what it set."""
    tracker = FakeTracker(issues={7: an_issue()}, labels={"needs-info"}, types=TYPES, fields=ALL)
    sources = sources_of(a_rule(type="Bug", fields={"Priority": "High", "Effort": 2}))

    def look(body: str) -> tuple[str | None, dict[int, FieldValue], list[str]]:
        tracker.issues[7] = replace(tracker.issues[7], body=body)
        result = run(an_event(tracker.issues[7], action="edited"), sources, tracker, tracker.now)
        again = run(an_event(tracker.issues[7], action="edited"), sources, tracker, tracker.now)
        assert again.plan.actions == ()
        return tracker.issues[7].type, dict(tracker.values), [action.action for action in result.plan.actions]

    matching, other = an_issue().body, "It works now."
    fields = {1: "High", 2: 2}
    assert look(matching) == ("Bug", fields, ["add_labels", "set_type", "set_fields", "create_comment"])
    assert look(other) == (None, {}, ["remove_labels", "set_type", "set_fields", "update_comment"])
    assert look(matching) == ("Bug", fields, ["add_labels", "set_type", "set_fields", "update_comment"])
    tracker.we = HUMAN
    tracker.set_type("", 7, "Task")
    tracker.clear_field("", 7, 1)
    tracker.we = OURSELVES
    assert look(matching) == ("Task", {2: 2}, [])
    assert look(other) == ("Task", {}, ["remove_labels", "set_fields", "update_comment"])


@pytest.mark.parametrize("is_first", [True, False], ids=["before us", "again after us"])
def test_what_a_person_set_stays_even_if_a_rule_asked_for_the_same(*, is_first: bool) -> None:
    """Our comment remembers what its rules ask for, not who set it."""
    tracker = FakeTracker(issues={7: an_issue()}, labels={"needs-info"}, types=TYPES, fields=ALL)
    sources = sources_of(a_rule(type="Bug", fields=HIGH))

    def look() -> None:
        assert run(an_event(tracker.issues[7], action="edited"), sources, tracker, tracker.now).errors == ()

    if not is_first:
        look()
    tracker.we = HUMAN
    if not is_first:
        tracker.set_type("", 7, None)
        tracker.clear_field("", 7, 1)
    tracker.set_type("", 7, "Bug")
    tracker.set_fields("", 7, {1: "High"})
    tracker.we = OURSELVES
    look()
    tracker.issues[7] = replace(tracker.issues[7], body="It works now.")
    look()

    assert (tracker.issues[7].type, tracker.values) == ("Bug", {1: "High"})


RULE = labels_only(type="Bug", fields={"Priority": "High", "Effort": 3, "Platforms": ["iOS"]})
VALUES = {1: "High", 2: 3, 4: ["iOS"]}
ISSUE = "/repos/octo/widget/issues/1"
SETTING = [
    f"GET {ISSUE}",
    "GET /repos/octo/widget/labels/needs-info",
    f"GET {ISSUE}/issue-field-values",
    "GET /orgs/octo/issue-fields",
    "GET /repos/octo/widget/issue-types",
    f"POST {ISSUE}/labels",
    f"PATCH {ISSUE}",
    f"POST {ISSUE}/issue-field-values",
]


@pytest.fixture
def github(openapi_checker: OpenAPIChecker) -> Iterator[FakeGitHub]:
    with FakeGitHub(checker=openapi_checker) as fake:
        prepare(fake)
        yield fake
        assert fake.violations == []


def prepare(github: FakeGitHub) -> None:
    repository = github.add_repository(labels=("needs-info",))
    repository.types = list(TYPES)
    repository.fields = [StoredField(id=e.id, name=e.name, kind=e.kind, options=list(e.options)) for e in ALL]


def look_at(github: FakeGitHub, issue: StoredIssue, *rules: Fields, action: str = "opened") -> Result:
    event = parse_event("issues", tell_event(github, issue, action))
    assert isinstance(event, IssueEvent)
    tracker = connect("ghs_bot", github.url, patience=Patience(between_writes=0, tries=1))
    return run(event, sources_of(*(rules or (RULE,))), tracker, datetime(2026, 4, 9, tzinfo=UTC))


def open_issue(github: FakeGitHub, **known: object) -> StoredIssue:
    return github.add_issue("It breaks", an_issue().body, **known)


def list_requests(github: FakeGitHub) -> list[str]:
    return [str(request) for request in github.requests]


def test_a_run_sets_the_type_and_the_fields_and_a_second_one_nothing(github: FakeGitHub) -> None:
    issue = open_issue(github)
    first = look_at(github, issue)
    assert (issue.type, issue.values, list_requests(github), first.all_remarks) == ("Bug", VALUES, SETTING, ())
    second = look_at(github, issue, action="edited")
    assert (second.plan.actions, second.all_remarks, list_requests(github)[len(SETTING) :]) == (
        (),
        (),
        [f"GET {ISSUE}", f"GET {ISSUE}/issue-field-values"],
    )


def test_what_a_person_removed_stays_removed(github: FakeGitHub) -> None:
    issue = open_issue(github)
    look_at(github, issue)
    (stored, *_) = github.repositories["octo/widget"].fields or []
    github.set_type(issue, None)
    github.set_field(issue, stored, None)
    result = look_at(github, issue, action="edited")
    assert (result.plan.actions, result.all_remarks) == (
        (),
        (
            "somebody removed the type, so Signpost does not set it again",
            "somebody removed the field `Priority`, so Signpost does not set it again",
        ),
    )


def test_a_personal_account_costs_one_remark_each_and_nothing_is_written(github: FakeGitHub) -> None:
    repository = github.repositories["octo/widget"]
    repository.types = repository.fields = None
    issue = open_issue(github)
    result = look_at(github, issue)
    assert ([outcome.action.action for outcome in result.outcomes], len(result.all_remarks), result.errors) == (
        ["add_labels"],
        2,
        (),
    )


def test_a_token_without_push_access_leaves_remarks(github: FakeGitHub) -> None:
    github.drops_types, github.takes_fields = True, False
    issue = open_issue(github)
    result = look_at(github, issue)
    advice = "the token needs `issues: write`, and its account write access to the repository"
    assert (issue.type, issue.values, result.errors) == (None, {}, ())
    assert result.all_remarks == (
        f"GitHub did not set the type: {advice}",
        f"GitHub did not set the fields: {advice}",
    )
    assert "set the type `Bug` — not done, see the remarks" in render_summary(result, is_dry_run=False)


def test_an_older_server_leaves_fields_of_a_touched_issue_alone(github: FakeGitHub) -> None:
    github.has_graphql = False
    issue = open_issue(github)
    github.add_comment(issue, "Any news?", MAINTAINER)
    result = look_at(github, issue)
    assert (issue.type, issue.values, result.errors) == ("Bug", {}, ())
    assert len(result.all_remarks) == 3


def answer(status: int, message: str) -> Fault:
    return Fault(kind="answer", reply=Reply(status=status, body=error_json(message)))


WRONG: Mapping[str, Fault] = {
    **{name: fault for name, fault in FAULTS.items() if name not in {"secondary limit", "429"}},
    "401": answer(401, "Bad credentials"),
    "403": answer(403, "Resource not accessible by integration"),
    "limit": Fault(
        kind="answer", reply=Reply(status=429, body=error_json("Slow down"), headers={"Retry-After": "999"})
    ),
    "an object": Fault(kind="answer", reply=Reply(body={"a": 1})),
    "a list of numbers": Fault(kind="answer", reply=Reply(body=[1])),
    "text": Fault(kind="answer", reply=Reply(body="<html>")),
}
NEW = [number for number, request in enumerate(SETTING, 1) if "issue-" in request or "PATCH" in request]


@pytest.mark.parametrize("number", NEW)
@pytest.mark.parametrize("name", WRONG)
def test_whatever_goes_wrong_labels_are_set_and_the_next_run_does_the_rest(
    github: FakeGitHub, number: int, name: str
) -> None:
    issue = open_issue(github)
    github.faults[number] = WRONG[name]
    look_at(github, issue)
    assert issue.labels == ["needs-info"]
    look_at(github, issue, action="edited")
    assert (issue.type, issue.values) == ("Bug", VALUES)
    assert look_at(github, issue, action="edited").plan.actions == ()


@pytest.mark.parametrize("name", WRONG)
def test_without_the_changes_of_fields_a_touched_issue_keeps_them_empty(github: FakeGitHub, name: str) -> None:
    issue = open_issue(github)
    github.add_comment(issue, "Any news?", MAINTAINER)
    github.disturb = lambda request: WRONG[name] if request.path == "/graphql" else None
    assert look_at(github, issue, action="edited").errors == ()
    assert (issue.type, issue.values) == ("Bug", {})
    github.disturb = lambda _: None
    look_at(github, issue, action="edited")
    assert (issue.type, issue.values) == ("Bug", VALUES)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill-before", "kill-after"])
@pytest.mark.parametrize("target", ["/issues/2", "/issue-field-values"])
def test_a_run_that_is_killed_at_a_write_is_put_right_by_the_next_one(
    github: FakeGitHub, target: str, kind: Literal["kill-before", "kill-after"]
) -> None:
    add_rule(github, f"{STORY}type: Bug\nfields: {{Priority: High, Effort: 3}}\n")
    issue = open_story_issue(github)
    with TemporaryDirectory() as folder:
        running = start_run(github, tell_event(github, issue), Path(folder))
        github.victim = running.pid
        github.disturb = lambda request: (
            Fault(kind=kind) if request.verb in {"PATCH", "POST"} and request.path.endswith(target) else None
        )
        assert running.go().code == KILLED
    github.disturb = lambda _: None
    assert run_once(github, tell_event(github, issue)).code == 0
    assert (issue.type, issue.values, len(issue.comments)) == ("Bug", {1: "High", 2: 3}, 1)
    changes = len(issue.changes)
    assert run_once(github, tell_event(github, issue)).code == 0
    assert len(issue.changes) == changes


@pytest.mark.parametrize(
    "reply",
    [
        {"errors": [{"message": "Field 'x' doesn't exist"}]},
        {"data": {"repository": {"issue": None}}, "errors": [{"type": "FORBIDDEN", "message": "no"}]},
    ],
)
def test_a_server_that_does_not_know_changes_of_fields_says_so(reply: object) -> None:
    assert parse_field_changes(reply, "read") is None


def test_a_change_of_a_deleted_field_and_account_is_read() -> None:
    node = {
        "__typename": "IssueFieldRemovedEvent",
        "createdAt": "2026-04-08T12:00:00Z",
        "actor": None,
        "issueField": None,
    }
    reply = {"data": {"repository": {"issue": {"timelineItems": {"nodes": [node, None]}}}}}
    assert parse_field_changes(reply, "read") == (
        Change(kind="issue_field_removed", actor=Account(login="ghost"), at=after(), field=""),
    )


def test_more_fields_than_github_takes_at_once_are_set_in_parts(github: FakeGitHub) -> None:
    repository = github.repositories["octo/widget"]
    repository.fields = [StoredField(id=number, name=f"Field {number}", kind="number") for number in range(1, 31)]
    one, other = ({f"Field {number}": number for number in numbers} for numbers in (range(1, 21), range(21, 31)))
    issue = open_issue(github)
    look_at(github, issue, labels_only(fields=one, also=["b"]), labels_only(id="b", fields=other))
    assert issue.values == {number: number for number in range(1, 31)}
    assert [len(r.body["issue_field_values"]) for r in github.requests if r.verb == "POST" and "field" in r.path] == [
        25,
        5,
    ]
