"""One issue at a time: what its matches, the settings, the truth and former rules make of it."""

import json
from datetime import date
from typing import Any

import pytest
import yaml

from bot.rules.matcher import read_facts
from bot.tracker.types import Account, Issue
from bot.triage.config import Config, make_default_config
from bot.workbench.backtest.presentation import list_effects
from bot.workbench.backtest.replay import Part, Replay, Task, Truth, compile_task, judge, replay_issue, replay_lines
from bot.workbench.backtest.tally import Agreement, Change, RuleTally, Tally, WeekTally, compare, merge_tallies
from tests.builders import Fields, a_rule, an_issue

TODAY = date(2026, 11, 25)
DISK = a_rule()
GENERAL = a_rule(id="write-failed", title="Writing failed", match={"phrase": "write failed: No space"}, labels=["io"])


def files_of(*rules: Fields) -> tuple[dict[str, str], ...]:
    return ({f"rules/{rule['id']}.yml": yaml.safe_dump(rule) for rule in rules},)


def a_replay(*rules: Fields, config: Config | None = None, **more: Any) -> Replay:  # noqa: ANN401 - fields of a Task
    task = Task(rules=files_of(*rules), config=config or make_default_config(), today=TODAY, **more)
    replay = compile_task(task)
    assert replay.ruleset.problems == ()
    return replay


def tally(issue: Issue, replay: Replay) -> Tally:
    return merge_tallies(replay_issue(read_facts(issue, replay.ruleset), replay)[0])


def count(issue: Issue, *rules: Fields, config: Config | None = None) -> dict[str, tuple[int, int, int]]:
    """Matches, silenced matches and comments by rule."""
    found = tally(issue, a_replay(*rules, config=config)).rules
    return {name: (rule.matches, rule.silenced, rule.comments) for name, rule in sorted(found.items())}


def test_labels_that_are_suggested_are_counted_by_themselves() -> None:
    found = tally(an_issue(), a_replay(DISK | {"mode": "suggest"}, GENERAL | {"mode": "label"}))

    assert (found.labels, found.suggestions) == ({"io": 1}, {"needs-info": 1})


def test_an_issue_that_matches_nothing_is_counted_in_its_week() -> None:
    found = tally(an_issue(body="fine"), a_replay(DISK))

    assert found == Tally(issues=1, weeks={"2026-W15": WeekTally(1, 0, 0)}, unmatched_issues=(7,))


@pytest.mark.parametrize(
    "rules, config, counts",
    [
        pytest.param((DISK,), None, {"out-of-disk": (1, 0, 1)}, id="it speaks"),
        pytest.param(
            (DISK, GENERAL | {"supersedes": ["out-of-disk"]}),
            None,
            {"out-of-disk": (0, 1, 0), "write-failed": (1, 0, 1)},
            id="superseded",
        ),
        pytest.param(
            (DISK, GENERAL),
            Config(max_sections=1),
            {"out-of-disk": (1, 0, 1), "write-failed": (1, 0, 0)},
            id="one section at most",
        ),
        pytest.param((DISK | {"mode": "label"},), None, {"out-of-disk": (1, 0, 0)}, id="a rule that only labels"),
        pytest.param((DISK,), Config(mode="observe"), {"out-of-disk": (1, 0, 0)}, id="settings that only observe"),
        pytest.param((DISK | {"expires": "2026-11-25"},), None, {"out-of-disk": (1, 0, 0)}, id="expired"),
        pytest.param((DISK | {"expires": "2026-11-26"},), None, {"out-of-disk": (1, 0, 1)}, id="not yet expired"),
    ],
)
def test_comments_are_those_that_a_run_would_post(
    rules: tuple[Fields, ...], config: Config | None, counts: dict[str, tuple[int, int, int]]
) -> None:
    assert count(an_issue(), *rules, config=config) == counts


@pytest.mark.parametrize(
    "issue, comments",
    [
        pytest.param(an_issue(state="closed", is_locked=True), 1, id="closed since, open when it was opened"),
        pytest.param(an_issue(association="MEMBER"), 0, id="by a member"),
        pytest.param(an_issue(author=Account(login="x[bot]", is_bot=True)), 0, id="by a bot"),
    ],
)
def test_issues_that_a_run_leaves_alone_get_no_comment(issue: Issue, comments: int) -> None:
    found = tally(issue, a_replay(DISK))

    assert (found.matched, found.comments) == (1, comments)


def test_types_and_fields_are_counted_as_the_first_rule_sets_them() -> None:
    other = GENERAL | {"type": "Task", "fields": {"Effort": 3, "Platforms": ["iOS", "Linux"]}}
    found = tally(an_issue(), a_replay(DISK | {"type": "Bug", "priority": 1}, other))

    assert found.values == {"type: Bug": 1, "Effort: 3": 1, "Platforms: iOS": 1, "Platforms: Linux": 1}
    assert [*list_effects(found)] == [
        ("labels", "io (1), needs-info (1)"),
        ("sets", "Effort: 3 (1), Platforms: Linux (1), Platforms: iOS (1), type: Bug (1)"),
    ]


def test_rules_that_hold_together_overlap_whoever_speaks() -> None:
    found = tally(an_issue(), a_replay(DISK, GENERAL | {"supersedes": ["out-of-disk"]}))

    assert found.overlaps == {("out-of-disk", "write-failed"): 1}


def test_an_issue_is_held_against_what_is_known() -> None:
    assert judge(7, found={"a", "b"}, known={"b", "c"}) == Tally(
        rules={
            "b": RuleTally(agreement=Agreement(right=1)),
            "a": RuleTally(agreement=Agreement(wrong=1, wrong_issues=(7,))),
            "c": RuleTally(agreement=Agreement(missed=1, missed_issues=(7,))),
        },
        known=1,
        recognised=1,
    )


@pytest.mark.parametrize("found, alarms", [((), 0), (("a",), 1)])
def test_a_match_on_an_issue_known_to_be_none_is_a_false_alarm(found: tuple[str, ...], alarms: int) -> None:
    judged = judge(7, found, known=())

    assert (judged.known, judged.known_none, judged.false_alarms) == (1, 1, alarms)


def test_by_labels_a_rule_is_not_missed_where_another_sets_its_labels() -> None:
    twin = DISK | {"id": "other-disk", "match": {"phrase": "the other disk is full"}, "labels": ["needs-info"]}
    replay = a_replay(DISK, twin, truth=Truth(source="labels"))

    found = tally(an_issue(labels=("needs-info",)), replay)

    assert {name: rule.agreement for name, rule in found.rules.items()} == {"out-of-disk": Agreement(right=1)}


def test_labels_judge_no_rule_that_sets_none() -> None:
    replay = a_replay(DISK | {"labels": []}, GENERAL, truth=Truth(source="labels"))

    found = tally(an_issue(labels=("io",)), replay)

    assert {name: rule.agreement for name, rule in found.rules.items()} == {
        "out-of-disk": Agreement(),
        "write-failed": Agreement(right=1),
    }


def test_an_unknown_issue_is_left_out() -> None:
    found = tally(an_issue(number=8), a_replay(DISK, truth=Truth(source="file", classes={7: frozenset()})))

    assert (found.known, found.rules["out-of-disk"].agreement) == (0, Agreement())


def test_what_other_rules_gain_and_lose_is_told_by_rule() -> None:
    assert compare(7, now={"a", "b"}, before={"b", "c"}, speaks=True, spoke=False) == Tally(
        rules={
            "a": RuleTally(change=Change(gained=1, gained_issues=(7,))),
            "c": RuleTally(change=Change(lost=1, lost_issues=(7,))),
        },
        change=Change(gained=1, gained_issues=(7,)),
    )


def test_former_rules_are_replayed_in_the_same_pass() -> None:
    narrow = DISK | {"match": {"phrase": "No space left on device (os error 29)"}}

    found = tally(an_issue(), a_replay(DISK, former=files_of(narrow)))

    assert found.rules["out-of-disk"].change == Change(gained=1, gained_issues=(7,))
    assert found.change == Change(gained=1, gained_issues=(7,))


def test_former_rules_read_issues_with_the_layouts_that_they_had() -> None:
    """A placeholder of the former pack made a section say nothing; today's pack has none."""
    rule = a_rule(match={"section": "Logs", "empty": True})
    pack = {"rules/pack.yml": yaml.safe_dump({"name": "rules", "placeholders": ["paste here"]})}
    former = (files_of(rule)[0] | pack,)

    found = tally(an_issue(body="### Logs\n\npaste here\n"), a_replay(rule, former=former))

    assert found.rules["out-of-disk"].change == Change(lost=1, lost_issues=(7,))


def line(number: int, **more: Any) -> tuple[str, str]:  # noqa: ANN401 - JSON
    issue = {"number": number, "title": "x", "body": "No space left on device", **more}
    return f"issues.jsonl:{number}", json.dumps(issue)


def test_lines_are_replayed_up_to_the_first_that_is_no_issue() -> None:
    replay = a_replay(DISK, is_per_issue=True)

    part = replay_lines([line(1), ("issues.jsonl:2", "{"), line(3)], replay)

    assert (part.tally.issues, part.each, (part.problem or "")[:16]) == (
        1,
        ('{"number": 1, "matches": [{"rule": "out-of-disk", "captures": {}}]}',),
        "issues.jsonl:2: ",
    )


def test_pull_requests_are_no_issues() -> None:
    part = replay_lines([line(1, pull_request={"url": "x"})], a_replay(DISK, is_per_issue=True))

    assert part == Part(tally=Tally(pull_requests=1))


OBSERVING = DISK | {"mode": "observe"}
LABELLING = DISK | {"mode": "label"}


@pytest.mark.parametrize(
    "issue, rules, config, raised",
    [
        pytest.param(an_issue(), (DISK,), None, {"out-of-disk": 0}, id="it comments now"),
        pytest.param(an_issue(), (OBSERVING,), None, {"out-of-disk": 1}, id="it observes"),
        pytest.param(an_issue(), (LABELLING,), None, {"out-of-disk": 1}, id="it labels"),
        pytest.param(an_issue(), (DISK,), Config(mode="label"), {"out-of-disk": 1}, id="limited by the settings"),
        pytest.param(
            an_issue(),
            (OBSERVING, GENERAL | {"mode": "observe"}),
            Config(max_sections=1),
            {"out-of-disk": 1, "write-failed": 1},
            id="each is raised alone",
        ),
        pytest.param(
            an_issue(),
            (OBSERVING, GENERAL | {"priority": 90}),
            Config(max_sections=1),
            {"out-of-disk": 0, "write-failed": 0},
            id="another takes the only section",
        ),
        pytest.param(
            an_issue(),
            (OBSERVING, GENERAL | {"supersedes": ["out-of-disk"]}),
            None,
            {"out-of-disk": 0, "write-failed": 0},
            id="superseded",
        ),
        pytest.param(an_issue(), (OBSERVING | {"expires": "2026-11-25"},), None, {"out-of-disk": 0}, id="expired"),
        pytest.param(an_issue(association="MEMBER"), (OBSERVING,), None, {"out-of-disk": 0}, id="by a member"),
    ],
)
def test_comments_if_a_rule_were_raised(
    issue: Issue, rules: tuple[Fields, ...], config: Config | None, raised: dict[str, int]
) -> None:
    found = tally(issue, a_replay(*rules, config=config)).rules

    assert {name: rule.raised for name, rule in sorted(found.items())} == raised
