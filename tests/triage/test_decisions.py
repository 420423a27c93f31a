"""What becomes of each match, why, and which labels the matches ask for."""

from datetime import date

import pytest

from bot.rules.loader import join_rulesets
from bot.rules.matcher import match_rules, read_facts
from bot.triage.config import Config, read_config
from bot.triage.decisions import Decisions, LabelDecision, RuleDecision, decide_labels, decide_rules
from bot.triage.links import LinkDecisions
from tests.builders import Fields, a_candidate, a_link, a_rule, a_ruleset, a_target, an_issue, matches_of

TODAY = date(2026, 4, 8)
ERROR = "No space left on device"
CAPTURES: Fields = {"captures": {"version": {"first_of": [{"phrase": "built with {version:version}"}]}}}
SPEAKS = "section 1 of 1; priority 0, 1 condition matched"
IN_APP = "**Bug Description**\nplum pie is gone\n**Errors**\napple pie is gone\n**Environment Info**\n- Version: 1.2"


def decide(
    *rules: Fields, config: Config | None = None, pack: Fields | None = None, **issue: object
) -> tuple[RuleDecision, ...]:
    matches = matches_of(an_issue(**issue), *rules, pack=CAPTURES | (pack or {}))
    return decide_rules(matches, config or Config(), TODAY)


def told(decision: RuleDecision) -> tuple[object, ...]:
    """All of a decision but its match, with the rule's id."""
    named = decision.add, decision.remove, decision.fitting
    return (decision.rule, decision.effect, decision.reason, decision.lost_to, *named, decision.remark)


def expected(effect: str, reason: str, **changes: object) -> tuple[object, ...]:
    labels: Fields = {"add": ("needs-info",), "remove": (), "fitting": ("needs-info",)}
    fields: Fields = {"rule": "out-of-disk", "effect": effect, "reason": reason, "lost_to": (), **labels, "remark": ""}
    return tuple((fields | changes).values())


def decide_one(*rules: Fields, config: Config | None = None, body: str = ERROR) -> tuple[object, ...]:
    (decision,) = decide(*rules, config=config, body=body)
    return told(decision)


def test_a_match_asks_for_its_labels_and_speaks() -> None:
    assert decide_one() == expected("speaks", SPEAKS)


def test_nothing_is_decided_without_a_match() -> None:
    assert decide_rules((), Config(), TODAY) == ()


@pytest.mark.parametrize(
    "rule_mode, cap, effect, reason",
    [
        ("comment", "comment", "speaks", SPEAKS),
        ("label", "comment", "labels", "its mode is `label`"),
        ("comment", "label", "labels", "the settings limit every rule to `label`"),
        ("observe", "comment", "observes", "its mode is `observe`"),
        ("comment", "observe", "observes", "the settings limit every rule to `observe`"),
        ("label", "observe", "observes", "the settings limit every rule to `observe`"),
        ("observe", "label", "observes", "its mode is `observe`"),
        ("observe", "suggest", "observes", "its mode is `observe`"),
    ],
)
def test_a_rule_goes_as_far_as_its_mode_and_the_cap_let_it(rule_mode: str, cap: str, effect: str, reason: str) -> None:
    found = decide_one(a_rule(mode=rule_mode), config=read_config(f"mode: {cap}", "config.yml"))
    assert found == expected(effect, reason, **({"add": ()} if effect == "observes" else {}))


@pytest.mark.parametrize(
    "rule_mode, settings, reason",
    [
        ("suggest", "", "its mode is `suggest`"),
        ("comment", "mode: suggest", "the settings limit every rule to `suggest`"),
        ("label", "modes: {out-of-disk: suggest}", "the settings limit this rule to `suggest`"),
    ],
)
def test_a_rule_that_only_suggests_sets_and_removes_nothing(rule_mode: str, settings: str, reason: str) -> None:
    rule = a_rule(mode=rule_mode, labels={"add": ["needs-info"], "remove": ["invalid"]})
    config = read_config(settings, "config.yml")

    (decision,) = decide(rule, config=config)
    labels = decide_labels((decision,), LinkDecisions(), config)

    assert told(decision) == expected("suggests", reason, add=())
    assert (decision.suggest, decision.mode) == (("needs-info",), "suggest")
    assert labels == LabelDecision(suggest=("needs-info",), fitting=("needs-info",))


def test_a_general_rule_does_not_give_way_to_one_that_only_suggests() -> None:
    packs = [
        a_ruleset(a_rule(id="general"), pack={"name": "general", "fallback": True}),
        a_ruleset(a_rule(id="known", mode="suggest"), pack={"name": "known"}),
    ]
    ruleset = join_rulesets(packs)
    found = decide_rules(match_rules(read_facts(an_issue(), ruleset), ruleset), Config(), TODAY)

    assert {(each.rule, each.effect) for each in found} == {("general", "speaks"), ("known", "suggests")}


def test_a_label_that_another_rule_sets_or_removes_is_not_suggested() -> None:
    rules = decide(
        a_rule(id="a", mode="suggest", labels=["set", "removed", "free"]),
        a_rule(id="b", mode="label", labels={"add": ["SET"], "remove": ["Removed"]}),
    )

    assert decide_labels(rules, LinkDecisions(), Config()).suggest == ("free",)


@pytest.mark.parametrize(
    "settings, effect, reason",
    [
        ("modes: {out-of-disk: observe}", "observes", "the settings limit this rule to `observe`"),
        ("modes: {out-of-disk: label}", "labels", "the settings limit this rule to `label`"),
        ("modes: {read-only: observe}", "speaks", SPEAKS),
        ("{mode: observe, modes: {out-of-disk: comment}}", "observes", "the settings limit every rule to `observe`"),
    ],
)
def test_the_settings_can_limit_one_rule(settings: str, effect: str, reason: str) -> None:
    found = decide_one(a_rule(mode="comment"), config=read_config(settings, "config.yml"))
    assert found == expected(effect, reason, **({"add": ()} if effect == "observes" else {}))


EXPIRED: Fields = {
    "remark": "the guidance of `out-of-disk` expired on 2026-04-08; review it and set a new date in `expires`"
}


@pytest.mark.parametrize(
    "expires, effect, reason, changes",
    [
        ("2026-04-09", "speaks", SPEAKS, {}),
        ("2026-04-08", "labels", "its guidance expired on 2026-04-08", EXPIRED),
    ],
)
def test_expired_guidance_is_withheld_and_the_rule_still_labels(
    expires: str, effect: str, reason: str, changes: Fields
) -> None:
    assert decide_one(a_rule(expires=expires)) == expected(effect, reason, **changes)


def test_a_rule_without_a_branch_that_applies_only_labels() -> None:
    rule = a_rule(guidance={"when": {"version": ">=9"}, "tldr": "Only for version 9."})
    assert decide_one(rule) == expected("labels", "no branch of its guidance applies")


@pytest.mark.parametrize(
    "stated, add",
    [
        ("built with 1.9", ("needs-info",)),
        ("built with 2.0", ("needs-info", "regression")),
        ("built with 2.1", ("needs-info", "regression")),
        ("", ("needs-info",)),
    ],
)
def test_a_report_of_what_is_fixed_in_its_version_is_a_regression(stated: str, add: tuple[str, ...]) -> None:
    found = decide_one(a_rule(fixed_in={"version": "2.0"}), body=f"{ERROR}, {stated}")
    assert found == expected("speaks", SPEAKS, add=add, fitting=add)


def test_the_regression_label_can_be_turned_off() -> None:
    config = read_config("labels: {regression: null}", "config.yml")
    body = f"{ERROR}, built with 3.0"
    assert decide_one(a_rule(fixed_in={"version": "2.0"}), config=config, body=body) == expected("speaks", SPEAKS)


def three_rules() -> tuple[Fields, ...]:
    return (
        a_rule(id="charlie", labels=["c"], priority=0, also=["alpha", "bravo"]),
        a_rule(id="alpha", labels=["a"], priority=0, also=["bravo"]),
        a_rule(id="bravo", labels=["b"], priority=5),
    )


ORDER = {"bravo": "priority 5, 1 condition matched", "alpha": "priority 0, 1 condition matched"}
ORDER["charlie"] = ORDER["alpha"]
ONE = "a comment has at most 1 section (`max_sections`), and `bravo` ranks higher"
TWO = "a comment has at most 2 sections (`max_sections`), and `bravo` and `alpha` rank higher"


@pytest.mark.parametrize(
    "limit, waiting",
    [
        (1, {"alpha": (ONE, ("bravo",)), "charlie": (ONE, ("bravo",))}),
        (2, {"charlie": (TWO, ("bravo", "alpha"))}),
        (3, {}),
    ],
)
def test_of_many_matches_the_first_speak_and_all_label(
    limit: int, waiting: dict[str, tuple[str, tuple[str, ...]]]
) -> None:
    found = [told(each) for each in decide(*three_rules(), config=Config(max_sections=limit))]
    for place, (rule, decision) in enumerate(zip(ORDER, found, strict=True)):
        labels: Fields = {"rule": rule, "add": (rule[0],), "fitting": (rule[0],)}
        if rule in waiting:
            reason, lost_to = waiting[rule]
            assert decision == expected("labels", reason, lost_to=lost_to, **labels)
        else:
            assert decision == expected("speaks", f"section {place + 1} of {limit}; {ORDER[rule]}", **labels)


def test_the_order_of_the_files_changes_nothing() -> None:
    one, other = decide(*three_rules()), decide(*reversed(three_rules()))
    assert [told(each) for each in one] == [told(each) for each in other]


def silent(found: tuple[RuleDecision, ...]) -> tuple[object, ...]:
    """The one decision that a rule is silent."""
    (decision,) = [told(each) for each in found if each.effect == "silent"]
    return decision


def lost(rule: str, reason: str, other: str) -> tuple[object, ...]:
    return (rule, "silent", reason, (other,), (), (), (), "")


def test_a_rule_that_another_supersedes_is_silent_and_sets_nothing() -> None:
    found = decide(a_rule(id="loud", supersedes=["quiet"]), a_rule(id="quiet", priority=9))
    assert silent(found) == lost("quiet", "`loud` supersedes it", "loud")
    assert Decisions(rules=found).holding == ("loud",)


def test_a_rule_that_holds_also_holds_by_its_former_names() -> None:
    assert Decisions(rules=decide(a_rule(id="new", was=["old", "older"]))).holding == ("new", "old", "older")


def test_a_limit_in_the_settings_holds_for_a_renamed_rule_too() -> None:
    (decision,) = decide(a_rule(id="new", was=["old"]), config=Config(modes={"old": "observe"}))
    assert (decision.effect, decision.reason) == ("observes", "the settings limit this rule to `observe`")


def test_of_rules_that_supersede_each_other_the_one_in_front_speaks() -> None:
    found = decide(a_rule(id="pie", supersedes=["tart"]), a_rule(id="tart", supersedes=["pie"], priority=3))
    reason = "it and `tart` supersede each other, and `tart` ranks higher (priority 3, 1 condition matched)"
    assert silent(found) == lost("pie", reason, "tart")


def test_a_rule_that_rests_on_the_error_dump_alone_yields() -> None:
    apple = a_rule(id="apple", match={"phrase": "apple pie is gone", "in": ["errors"]})
    plum = a_rule(id="plum", match={"phrase": "plum pie is gone"})
    reason = "it matches only the error dump, while `plum` matches the report itself"
    assert silent(decide(apple, plum, body=IN_APP)) == lost("apple", reason, "plum")


def test_a_rule_that_stands_behind_another_in_its_pack_is_silent() -> None:
    found = decide(a_rule(id="a"), a_rule(id="b"), pack={"precedence": ["b", "a"]})
    assert silent(found) == lost("a", "`b` comes before it in the `precedence` of the pack", "b")


def test_a_general_rule_gives_way_to_one_that_knows_the_problem() -> None:
    general = a_ruleset(a_rule(id="general"), pack={"name": "common", "fallback": True})
    ruleset = join_rulesets([general, a_ruleset(a_rule(id="known"))])
    found = decide_rules(match_rules(read_facts(an_issue(), ruleset), ruleset), Config(), TODAY)
    reason = "its pack `common` is a fallback, and `known` is more specific"
    assert silent(found) == lost("general", reason, "known")


def test_a_label_that_one_rule_asks_for_is_not_taken_off_by_another() -> None:
    rules = (
        a_rule(id="adds", labels=["Bug"], also=["removes"]),
        a_rule(id="removes", labels={"add": ["bug"], "remove": ["BUG", "invalid"]}),
    )
    labels = decide_labels(decide(*rules), LinkDecisions(), Config())
    assert labels == LabelDecision(add=("Bug",), remove=("invalid",), fitting=("Bug",))


ASKED = LinkDecisions(asked=a_target(3))
KNOWN = LinkDecisions(candidates=(a_link(a_candidate(5, "A")),))
UNANSWERED = LinkDecisions(is_complete=False)


@pytest.mark.parametrize(
    "links, settings, add, fitting",
    [
        (LinkDecisions(), "{}", (), ()),
        (ASKED, "{}", ("duplicate",), ("duplicate",)),
        (LinkDecisions(asked=a_target(3), is_complete=False), "{}", ("duplicate",), ("duplicate",)),
        (KNOWN, "{}", (), ()),
        (KNOWN, "duplicates: {label_when: known}", ("duplicate",), ("duplicate",)),
        (UNANSWERED, "{}", (), ("duplicate",)),
        (ASKED, "duplicates: {label: again}", ("again",), ("again",)),
        (ASKED, "duplicates: {label: null}", (), ()),
        (ASKED, "mode: observe", (), ()),
    ],
)
def test_the_label_of_duplicates_is_asked_for_or_left_alone(
    links: LinkDecisions, settings: str, add: tuple[str, ...], fitting: tuple[str, ...]
) -> None:
    labels = decide_labels((), links, read_config(settings, "config.yml"))
    assert labels == LabelDecision(add=add, fitting=fitting)


@pytest.mark.parametrize("links, add", [(ASKED, ("bug", "duplicate")), (UNANSWERED, ("bug",))])
def test_the_label_of_duplicates_stays_whatever_a_rule_takes_off(links: LinkDecisions, add: tuple[str, ...]) -> None:
    rules = decide(a_rule(labels={"add": ["bug"], "remove": ["Duplicate", "invalid"]}))
    labels = decide_labels(rules, links, Config())
    assert labels == LabelDecision(add=add, remove=("invalid",), fitting=("bug", "duplicate"))
