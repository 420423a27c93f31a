import pytest

from bot.comment.marker import Marker
from bot.rules.labels import LabelUse
from bot.rules.matcher import match_issue
from bot.rules.spec.condition import Mode
from bot.tracker.types import Change
from bot.triage.actions import Action, AddLabels, CreateLabels, RemoveLabels
from bot.triage.config import Config, DuplicateSettings, LabelSettings
from bot.triage.decisions import Heard, decide_labels, decide_rules
from bot.triage.links import LinkDecisions
from bot.triage.people.labels import Contested, find_contested, restore_labels
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, Fields, a_change, a_rule, after, touched
from tests.triage.plans import plan_of, sources_of

BODY = "No space left on device\n\n### Component\n\n{}\n"
BY_MAP: Fields = {"section": "Component", "map": {"Core": "area:core", "UI": ["area:ui", "design"]}}
BY_PREFIX: Fields = {"section": "Component", "prefix": "area:"}


def flip(kind: str, actor: object, label: str, minutes: float = 2) -> Change:
    return a_change(kind, actor, after(minutes=minutes), label=label)  # type: ignore[arg-type]


OURS = flip("labeled", OURSELVES, "area:core")
GONE = flip("unlabeled", OURSELVES, "area:core", 3)
TAKEN = flip("unlabeled", HUMAN, "area:core", 3)
BACK = flip("labeled", HUMAN, "area:core", 4)
TEMPLATE = flip("labeled", REPORTER, "area:core", 0)


def plan(source: Fields, answer: str, *labels: str, history: object = ()) -> tuple[Action, ...]:
    rule = a_rule(mode="label", labels={"from": [source]})
    issue = touched(body=BODY.format(answer), labels=labels)
    return plan_of(issue, rule, history=history).actions


@pytest.mark.parametrize("source", [BY_MAP, BY_PREFIX])
@pytest.mark.parametrize(
    "history, actions",
    [
        pytest.param((OURS,), (RemoveLabels(("area:core",)),), id="ours"),
        pytest.param((TEMPLATE,), (), id="of a template"),
        pytest.param((flip("labeled", OTHER_BOT, "area:core"),), (), id="of another bot"),
        pytest.param((OURS, TAKEN, BACK), (), id="of a person"),
        pytest.param((flip("labeled", OURSELVES, "Area:Core"),), (RemoveLabels(("area:core",)),), id="in another case"),
        pytest.param((flip("labeled", OURSELVES, "other"),), (), id="of somebody unknown"),
    ],
)  # fmt: skip
def test_the_label_of_another_answer_goes_if_we_set_it(
    source: Fields, history: tuple[Change, ...], actions: tuple[Action, ...]
) -> None:
    assert plan(source, "_No response_", "area:core", "bug", history=history) == actions


def test_a_new_answer_takes_the_place_of_the_former_one() -> None:
    found = plan(BY_MAP, "UI", "area:core", history=(OURS,))

    assert found == (AddLabels(("area:ui", "design")), RemoveLabels(("area:core",)))


@pytest.mark.parametrize(
    "history, actions",
    [
        pytest.param((OURS, GONE), (AddLabels(("area:core",)),), id="we removed it when the answer changed"),
        pytest.param((OURS, TAKEN), (), id="a person took it off"),
        pytest.param((OURS, GONE, BACK, flip("unlabeled", HUMAN, "area:core", 5)), (), id="a person had the last word"),
    ],
)
def test_a_former_answer_that_comes_back_gets_its_label_again(
    history: tuple[Change, ...], actions: tuple[Action, ...]
) -> None:
    assert plan(BY_MAP, "Core", history=history) == actions


def test_a_label_that_another_rule_asks_for_stays() -> None:
    rules = (a_rule(mode="label", labels={"from": [BY_MAP]}), a_rule(id="other", mode="label", labels=["Area:Core"]))
    issue = touched(body=BODY.format("UI"), labels=("area:core", "area:ui", "design"))

    assert plan_of(issue, *rules, history=(OURS,)).actions == ()


def test_a_label_of_typed_text_is_never_created() -> None:
    rule = a_rule(mode="label", labels={"from": [{**BY_MAP, "prefix": "area:"}]})
    found = plan_of(
        touched(body=BODY.format("Core, `x`")),
        rule,
        config=Config(labels=LabelSettings(create=True)),
        existing_labels=frozenset(),
    )

    assert found.actions == (CreateLabels(("area:core",)), AddLabels(("area:core",)))
    (remark,) = found.remarks
    assert remark.startswith("the answer `x` of `section: Component` asks for the label `area:x`, which does not exist")


def test_our_comment_remembers_no_label_that_only_a_reporter_made_up() -> None:
    rule = a_rule(labels={"from": [BY_PREFIX]})
    found = plan_of(touched(body=BODY.format("known, made up")), rule, existing_labels=frozenset({"area:known"}))

    add, comment = found.actions
    assert add == AddLabels(("area:known",))
    assert '"labels":["area:known"]' in str(comment)
    assert "made up" not in str(comment)


@pytest.mark.parametrize(
    "uses, expected",
    [
        pytest.param([LabelUse(given=("a",), removed=("b",))], Contested(), id="no rule reads labels"),
        pytest.param([LabelUse(read=("x",), given=("a",))], Contested(), id="no rule sets what one reads"),
        pytest.param([LabelUse(read=("a", "b")), LabelUse(given=("a",))], Contested(frozenset({"a"})), id="set"),
        pytest.param([LabelUse(read=("b",), removed=("b",))], Contested(removed=frozenset({"b"})), id="removed"),
        pytest.param([LabelUse(read=("os:x",), prefixes=("os:",))], Contested(frozenset({"os:x"})), id="a prefix"),
        pytest.param([LabelUse(read=("dup",))], Contested(frozenset({"dup"})), id="the label for duplicates"),
        pytest.param([LabelUse(read=("old",))], Contested(frozenset({"old"})), id="one that our comment remembers"),
        pytest.param([LabelUse(read=("own:x",))], Contested(*[frozenset({"own:x"})] * 2), id="a prefix of ours"),
    ],
)
def test_contested_labels_are_those_that_rules_read_and_we_may_change(
    uses: list[LabelUse], expected: Contested
) -> None:
    config = Config(labels=LabelSettings(prefix_owned=["Own:"]), duplicates=DuplicateSettings(label="Dup"))

    assert find_contested(uses, config, Marker(issue=7, dropped=["Old"]).dropped) == expected


def test_the_history_is_needed_only_where_a_contested_label_may_be_ours() -> None:
    set_, removed = Contested(frozenset({"a"})), Contested(removed=frozenset({"b"}))

    assert [set_.are_changed(labels) for labels in ((), ("other",), ("A",))] == [False, False, True]
    assert [each.are_changed(()) for each in (Contested(), removed)] == [False, True]


@pytest.mark.parametrize(
    "labels, history, restored",
    [
        pytest.param(("Area:Core", "bug"), (OURS,), ("bug",), id="ours"),
        pytest.param(("area:core",), (TEMPLATE,), ("area:core",), id="of a template"),
        pytest.param(("area:core",), (OURS, TAKEN, BACK), ("area:core",), id="of a person, after ours"),
        pytest.param(("area:core",), (), ("area:core",), id="of somebody unknown"),
        pytest.param((), (TEMPLATE, GONE), ("area:core",), id="removed by us"),
        pytest.param((), (GONE,), ("area:core",), id="removed by us, before the history began"),
        pytest.param((), (OURS, GONE), (), id="set and removed by us"),
        pytest.param((), (OURS, TAKEN), (), id="taken off by a person"),
    ],
)
def test_matching_sees_the_labels_as_others_left_them(
    labels: tuple[str, ...], history: tuple[Change, ...], restored: tuple[str, ...]
) -> None:
    contested = Contested(frozenset({"area:core"}), frozenset({"area:core"}))

    assert restore_labels(labels, contested, history, lambda login: login == OURSELVES.login) == restored


def test_other_labels_are_seen_as_they_are() -> None:
    assert restore_labels(("area:core",), Contested(), (OURS,), lambda _: True) == ("area:core",)


@pytest.mark.parametrize("mode", ["observe", "suggest"])
@pytest.mark.parametrize("refused", [frozenset[str](), frozenset({"out-of-disk"})], ids=["held", "refused"])
def test_a_mode_below_label_removes_no_label_that_our_login_set(mode: Mode, refused: frozenset[str]) -> None:
    """Other workflows share our login, and GitHub may apply a suggestion in our name."""
    issue = touched(body=BODY.format("Core"), labels=("area:ui", "crash"))
    rule = a_rule(id="out-of-disk", labels={"from": [BY_MAP], "add": ["crash"]})
    for own, limit in ((mode, "comment"), ("comment", mode)):
        sources = sources_of({**rule, "mode": own}, config=Config.model_validate({"mode": limit}))
        matches = match_issue(issue, sources.ruleset)
        rules = decide_rules(matches, sources.config, after().date(), Heard(refused=refused))

        decision = decide_labels(rules, LinkDecisions(), sources.config, issue.labels)

        assert (len(rules), decision.refused, decision.replaced, decision.remove) == (1, (), (), ())
