"""What comes of each match, and which rule it lost to."""

from datetime import date

import pytest

from bot.rules.loader import join_rulesets
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.triage.config import Config
from bot.triage.decisions import Standing, choose_wish, judge_match
from tests.issue.issues import make_issue
from tests.rules.rules import PACK, make_ruleset, write_rule

TODAY = date(2026, 1, 1)
SAYS = "guidance: {tldr: Eat it.}"
IN_APP = "**Bug Description**\nplum pie is gone\n**Errors**\napple pie is gone\n**Environment Info**\n- Version: 1.2"


def judge(body: str, config: Config, *rules: str, pack: str = PACK) -> dict[str, Standing]:
    return judge_all(body, config, make_ruleset(*rules, pack=pack))


def judge_all(body: str, config: Config, ruleset: Ruleset) -> dict[str, Standing]:
    assert ruleset.problems == ()
    matches = match_rules(read_facts(make_issue(body), ruleset), ruleset)
    wish = choose_wish(matches, config, TODAY)
    found = {match.rule.id: judge_match(match, matches, wish, config, TODAY) for match in matches}
    assert [name for name, standing in found.items() if standing.kind == "speaks"] == [
        match.rule.id for match in wish.speaking
    ]
    return found


def rule(name: str, more: str = SAYS, mode: str = "comment", match: str = "{phrase: apple pie is gone}") -> str:
    return write_rule(name, match, more, mode)


@pytest.mark.parametrize(
    "more, mode, config, standing",
    [
        pytest.param(
            SAYS,
            "comment",
            Config(),
            Standing("speaks", "section 1 of 1; priority 0, 1 condition held"),
            id="speaks",
        ),
        pytest.param(SAYS, "observe", Config(), Standing("observes", "its mode is `observe`"), id="observes"),
        pytest.param("", "label", Config(), Standing("labels", "its mode is `label`"), id="labels"),
        pytest.param(
            SAYS,
            "comment",
            Config(mode="label"),
            Standing("labels", "the settings cap every rule at `label`"),
            id="the settings say less",
        ),
        pytest.param(
            "guidance: [{when: {os: windows}, tldr: Eat it.}]",
            "comment",
            Config(),
            Standing("labels", "no branch of its guidance applies"),
            id="no branch",
        ),
        pytest.param(
            SAYS + "\nexpires: 2025-12-31",
            "comment",
            Config(),
            Standing("labels", "its guidance expired on 2025-12-31"),
            id="expired",
        ),
    ],
)
def test_a_rule_alone_stands_by_its_mode_and_its_guidance(
    more: str, mode: str, config: Config, standing: Standing
) -> None:
    assert judge("apple pie is gone", config, rule("pie", more, mode)) == {"pie": standing}


def test_a_rule_that_another_supersedes_is_silent() -> None:
    found = judge("apple pie is gone", Config(), rule("pie"), rule("tart", SAYS + "\nsupersedes: [pie]"))

    assert found["pie"] == Standing("silent", "`tart` supersedes it", ("tart",))


def test_of_rules_that_supersede_each_other_the_one_in_front_speaks() -> None:
    rules = rule("pie", SAYS + "\nsupersedes: [tart]"), rule("tart", SAYS + "\nsupersedes: [pie]\npriority: 3")
    found = judge("apple pie is gone", Config(), *rules)

    reason = "it and `tart` supersede each other, and `tart` stands in front (priority 3, 1 condition held)"
    assert found["pie"] == Standing("silent", reason, ("tart",))


def test_a_rule_that_rests_on_the_error_dump_alone_yields() -> None:
    apple = rule("apple", match="{phrase: apple pie is gone, in: [errors]}")
    found = judge(IN_APP, Config(), apple, rule("plum", match="{phrase: plum pie is gone}"))

    reason = "it rests on the error dump alone, while `plum` rests on what the report itself says"
    assert found["apple"] == Standing("silent", reason, ("plum",))


def test_only_so_many_rules_speak_as_the_settings_say() -> None:
    also = SAYS + "\nalso: [a, b, c]"
    rules = [rule(name, also.replace(f"{name}, ", "").replace(f", {name}]", "]")) for name in "abc"]

    found = judge("apple pie is gone", Config(max_sections=2), *rules)
    (alone,) = [judge("apple pie is gone", Config(max_sections=1), *rules)["c"]]

    reason = "a comment has at most 2 sections (`max_sections`), and `a` and `b` stand in front of it"
    assert found["b"] == Standing("speaks", "section 2 of 2; priority 0, 1 condition held")
    assert found["c"] == Standing("labels", reason, ("a", "b"))
    assert alone.reason.endswith("at most 1 section (`max_sections`), and `a` stands in front of it")


def test_a_rule_that_stands_behind_another_in_its_pack_is_silent() -> None:
    found = judge("apple pie is gone", Config(), rule("a"), rule("b"), pack=f"{PACK}precedence: [b, a]\n")

    assert found["a"] == Standing("silent", "`b` stands before it in the `precedence` of the pack", ("b",))


def test_a_general_rule_gives_way_to_one_that_knows_the_problem() -> None:
    general = make_ruleset(rule("general"), pack="name: common\nfallback: true\n")
    found = judge_all("apple pie is gone", Config(), join_rulesets([general, make_ruleset(rule("known"))]))

    reason = "its pack `common` is a fallback, and `known` knows the problem"
    assert found["general"] == Standing("silent", reason, ("known",))
