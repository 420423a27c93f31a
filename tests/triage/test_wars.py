"""All parts of a run together, for any rules, modes and people: a second run has nothing to do, and people win."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple, TypeAlias

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.tracker.fields import IssueField
from bot.tracker.types import Account
from bot.triage.config import Config, DuplicateSettings, LabelSettings
from bot.triage.people.settings import ClosingSettings
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, Fields, a_change, a_rule, after, an_event, an_issue
from tests.fakes import FakeTracker, number_label
from tests.triage.plans import sources_of

WE = Account(login="")
"""Stands for the account of the token."""

Deed: TypeAlias = tuple[str, str | None, Account]
A_PERSON = Account(login="hubot")
LABELS = ("a", "b", "own:d", "os:linux")
BODY = "### Component\n\n{}\n\nNo space left on device"
ANSWERS = ("a", "b", "linux", "Nothing", "b, linux")
SOURCES: list[Fields] = [{"section": "Component", "map": {"a": "a", "b": ["b"]}, "prefix": "os:"}]
PRIORITY = IssueField(id=1, name="Priority", kind="single_select", options=("High", "Low"))
MODES = ("observe", "suggest", "label", "comment")

names = st.lists(st.sampled_from(LABELS), max_size=2, unique=True)
conditions = st.one_of(
    st.just({"phrase": "No space left on device"}),
    st.builds(lambda key, name: {key: name}, st.sampled_from(["label", "no_label"]), st.sampled_from(LABELS)),
)
rules = st.fixed_dictionaries(
    {
        "match": conditions,
        "add": names,
        "remove": names,
        "from": st.sampled_from([[], SOURCES]),
        "mode": st.sampled_from(MODES),
        "type": st.sampled_from([None, "Bug", "Task"]),
        "fields": st.sampled_from([{}, {"Priority": "High"}, {"priority": "Low"}]),
        "close": st.sampled_from([None, {"as": "not_planned", "after": "3d"}]),
    }
)
configs = st.builds(
    lambda mode, owned, suggests, create: Config(
        mode=mode,
        labels=LabelSettings(prefix_owned=[*owned], create=create),
        closing=ClosingSettings(suggest=suggests),
        duplicates=DuplicateSettings(enabled=False),
    ),
    st.sampled_from(MODES),
    st.sampled_from([(), ("own:",)]),
    st.booleans(),
    st.booleans(),
)
people = st.sampled_from([REPORTER, HUMAN, OTHER_BOT])
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), st.sampled_from(LABELS), people),
        st.tuples(st.just("type"), st.sampled_from([None, "Bug", "Task"]), people),
        st.tuples(st.just("field"), st.sampled_from([None, "High", "Low"]), people),
        st.tuples(st.sampled_from(["approve", "dismiss", "invalidate"]), st.none(), st.one_of(people, st.just(WE))),
        st.tuples(st.just("answer"), st.sampled_from(ANSWERS), st.just(REPORTER)),
    ),
    max_size=5,
)


def write_rule(number: int, drawn: Fields) -> Fields:
    labels = {"add": drawn["add"], "from": drawn["from"]}
    labels["remove"] = [name for name in drawn["remove"] if name not in drawn["add"]]
    optional = {key: drawn[key] for key in ("type", "fields", "close") if drawn[key]}
    rule = a_rule(id=f"rule-{number}", match=drawn["match"], labels=labels, mode=drawn["mode"], **optional)
    written: Fields = json.loads(json.dumps(rule))
    return written


FIELD_RULE = a_rule(id="rule-0", match={"no_label": "a"}, mode="label", labels=[], fields={"Priority": "Low"})
SPEAKING_RULE = a_rule(id="rule-1", labels=[])
SET_AGAIN: list[Deed] = [("flip", "a", REPORTER), ("field", None, HUMAN), ("field", "Low", HUMAN)]


def look(tracker: FakeTracker, world: "World") -> Result:
    tracker.now += timedelta(minutes=10)
    sources = sources_of(*world.rules, config=world.config)
    result = run(an_event(tracker.issues[7], action="labeled", sender=HUMAN), sources, tracker, tracker.now)
    assert result.errors == ()
    return result


def do(tracker: FakeTracker, kind: str, value: str | None, actor: Account) -> None:
    """Somebody does something on GitHub."""
    tracker.now += timedelta(minutes=1)
    issue, now = tracker.issues[7], tracker.now
    match kind:
        case "flip":
            flip(tracker, str(value), actor)
        case "type" if value != issue.type:
            change = "removed" if value is None else "changed" if issue.type else "added"
            tracker.changes.append(a_change(f"issue_type_{change}", actor, now))
            tracker.issues[7] = replace(issue, type=value, updated_at=now)
        case "field" if value != tracker.values.get(1):
            change = "removed" if value is None else "changed" if 1 in tracker.values else "added"
            tracker.changes.append(a_change(f"issue_field_{change}", actor, now, field="Priority"))
            tracker.values = {} if value is None else {1: value}
            tracker.issues[7] = replace(issue, updated_at=now)
        case "answer":
            tracker.issues[7] = replace(issue, body=BODY.format(value), updated_at=now)
        case "approve" | "dismiss" | "invalidate":
            decide_on_suggestions(tracker, kind, tracker.we if actor == WE else actor)


def flip(tracker: FakeTracker, label: str, actor: Account) -> None:
    issue = tracker.issues[7]
    is_there = label in issue.labels
    left = tuple(name for name in issue.labels if name != label) if is_there else (*issue.labels, label)
    tracker.changes.append(a_change("unlabeled" if is_there else "labeled", actor, tracker.now, label=label))
    tracker.issues[7] = replace(issue, labels=left, updated_at=tracker.now)


def decide_on_suggestions(tracker: FakeTracker, kind: str, actor: Account) -> None:
    state = {"approve": "approved", "dismiss": "dismissed", "invalidate": "invalidated"}[kind]
    for place, each in enumerate(tracker.suggestions):
        if each.state != "pending" or each.action != "add_label":
            continue
        tracker.suggestions[place] = replace(each, state=state)
        label = next(name for name in LABELS if number_label(name) == each.target)
        if kind == "approve" and label not in tracker.issues[7].labels:
            flip(tracker, label, actor)


class World(NamedTuple):
    """The rules and settings of a repository, an issue's answer, our account, and why GitHub has no suggestions."""

    rules: list[Fields]
    config: Config
    answer: str
    we: Account
    absence: str

    def open(self) -> FakeTracker:
        """The repository with a new issue, a few minutes later: what its author does now is no template's doing."""
        return FakeTracker(
            {7: an_issue(body=BODY.format(self.answer))},
            {*LABELS},
            we=self.we,
            login=self.we.login,
            types=("Bug", "Task"),
            fields=(PRIORITY,),
            absence=self.absence,
            now=after(minutes=5),
        )


worlds = st.builds(
    World,
    st.lists(rules, min_size=1, max_size=3).map(lambda drawn: [write_rule(*each) for each in enumerate(drawn)]),
    configs,
    st.sampled_from(ANSWERS),
    st.sampled_from([OURSELVES, A_PERSON]),
    st.sampled_from(["", "this GitHub has no suggestions"]),
)


@settings(max_examples=40)
@given(worlds, deeds, deeds)
@example(World([FIELD_RULE, SPEAKING_RULE], Config(), "a", OURSELVES, ""), [], SET_AGAIN)
def test_a_second_run_has_nothing_to_do_and_what_people_decided_stays(
    world: World, before: list[Deed], later: list[Deed]
) -> None:
    tracker = world.open()
    for done in (before, later, ()):
        for deed in done:
            do(tracker, *deed)
        decided = list_decided(tracker)

        look(tracker, world)

        once = see(tracker)
        assert decided.items() <= once.items()
        assert look(tracker, world).plan.actions == ()
        assert see(tracker) == once


def see(tracker: FakeTracker) -> dict[str, object]:
    """Whether the issue has each label, its type, and its field."""
    issue = tracker.issues[7]
    labels = {name: name in issue.labels for name in LABELS}
    return {**labels, "type": issue.type, "field": tracker.values.get(PRIORITY.id)}


def list_decided(tracker: FakeTracker) -> dict[str, object]:
    """What a person changed last, as they left it."""
    last = {change.label or change.kind.split("_")[1]: change.actor for change in tracker.changes}
    return {name: value for name, value in see(tracker).items() if last.get(name) in {HUMAN, REPORTER}}
