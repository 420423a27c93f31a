"""Labels of ours start and stop no rule of ours, and a label that a person took off stays off, for any rules."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.tracker.types import Account, Change, Issue, without
from bot.triage.config import Config, LabelSettings
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, Fields, a_change, a_rule, after, an_event, an_issue
from tests.fakes import FakeTracker
from tests.triage.plans import sources_of

Flips = list[tuple[str, Account]]
LABELS = ("a", "b", "c", "own:d")
BODY = "### Component\n\n{}\n\nNo space left on device"
ANSWERS = ("a", "b", "Nothing")
SOURCE: Fields = {"section": "Component", "map": {"a": "a", "b": ["b", "c"]}}


def write_rule(
    number: int, match: Fields, add: list[str], remove: list[str], sources: list[Fields], mode: str
) -> Fields:
    labels = {"add": add, "remove": [*without(remove, add)], "from": sources}
    rule = a_rule(id=f"rule-{number}", match=match, labels=labels, mode=mode)
    written: Fields = json.loads(json.dumps(rule))  # no part of it is there twice: YAML would write an alias
    return written


labels = st.lists(st.sampled_from(LABELS), max_size=2, unique=True)
keys = st.sampled_from(["any", "all", "none"])
conditions = st.recursive(
    st.one_of(
        st.just({"phrase": "No space left on device"}),
        st.builds(lambda key, name: {key: name}, st.sampled_from(["label", "no_label"]), st.sampled_from(LABELS)),
    ),
    lambda inner: st.builds(
        lambda key, parts: {key: parts},
        st.sampled_from(["any", "all", "none"]),
        st.lists(inner, min_size=1, max_size=2),
    ),
    max_leaves=4,
)
parts = st.tuples(
    conditions, labels, labels, st.lists(st.just(SOURCE), max_size=1), st.sampled_from(["label", "comment"])
)
rulesets = st.lists(parts, min_size=1, max_size=3).map(
    lambda drawn: [write_rule(number, *each) for number, each in enumerate(drawn)]
)
actors = st.sampled_from([REPORTER, HUMAN, OTHER_BOT, OURSELVES])
flips = st.lists(st.tuples(st.sampled_from(LABELS), actors), max_size=6)


def flip(issue: Issue, found: Flips, start: float = 0) -> tuple[Issue, list[Change]]:
    """The issue after each of them set the label, or removed it where the issue had it; a minute each."""
    present, changes = list(issue.labels), list[Change]()
    for minute, (label, actor) in enumerate(found):
        kind = "unlabeled" if label in present else "labeled"
        (present.remove if label in present else present.append)(label)
        changes.append(a_change(kind, actor, after(minutes=start + minute), label=label))
    return replace(issue, labels=tuple(present), updated_at=after(minutes=start + len(found))), changes


def look(tracker: FakeTracker, rules: list[Fields], config: Config) -> Result:
    tracker.now += timedelta(minutes=10)
    sources = sources_of(*rules, config=config)
    return run(an_event(tracker.issues[7], action="labeled", sender=HUMAN), sources, tracker, tracker.now)


@settings(max_examples=60)
@given(rulesets, flips, flips, st.sampled_from(ANSWERS), st.sampled_from([(), ("own:",)]))
@example(
    [
        write_rule(1, {"label": "a"}, ["b"], ["a"], [], "label"),
        write_rule(2, {"label": "b"}, ["a"], ["b"], [], "label"),
    ],
    [("a", REPORTER)],
    [("b", HUMAN)],
    "Nothing",
    (),
)
@example([write_rule(1, {"no_label": "a"}, ["a"], [], [], "comment")], [], [("a", HUMAN)], "Nothing", ())
@example([write_rule(1, {"label": "a"}, [], ["a"], [SOURCE], "comment")], [("a", OTHER_BOT)], [], "b", ())
def test_a_second_run_has_nothing_to_do_and_what_people_took_off_stays_off(
    rules: list[Fields], found: Flips, later: Flips, answer: str, owned: tuple[str, ...]
) -> None:
    config = Config(labels=LabelSettings(prefix_owned=list(owned)))
    issue, changes = flip(an_issue(body=BODY.format(answer)), found)
    tracker = FakeTracker({7: issue}, {*LABELS}, changes, now=after(minutes=30))
    for people in (later, ()):
        taken_off = list_taken_off(tracker.changes)
        look(tracker, rules, config)
        once = tracker.issues[7]

        assert look(tracker, rules, config).plan.actions == ()
        assert taken_off.isdisjoint(once.labels)
        minutes = (tracker.now - after()).total_seconds() / 60
        tracker.issues[7], changes = flip(once, [*people], minutes + 1)
        tracker.changes += changes
        tracker.now += timedelta(minutes=len(people) + 1)


def list_taken_off(changes: list[Change]) -> set[str | None]:
    """The labels that a person took off last."""
    last = {change.label: change for change in changes}
    return {label for label, change in last.items() if change.kind == "unlabeled" and change.actor in {HUMAN, REPORTER}}
