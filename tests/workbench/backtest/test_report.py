"""What a tally means: rates, shares, order, and what deserves a look."""

from datetime import date
from typing import Any

import pytest

from bot.archive.stats import measure_share
from bot.workbench.backtest.report import Comparison, Overlap, Report, Setting, make_report
from bot.workbench.backtest.tally import Agreement, Change, RuleTally, Tally, WeekTally
from tests.builders import Fields, a_rule, a_ruleset

RULES = a_ruleset(a_rule(id="a", also=["b"]), a_rule(id="b"), a_rule(id="c", expires="2026-01-01"), a_rule(id="d"))
WEEKS = {"2026-W01": WeekTally(8, 3, 2), "2026-W04": WeekTally(2, 1, 1)}


def report_on(truth: str = "", revision: str = "", **tally: Any) -> Report:  # noqa: ANN401 - fields of a Tally
    fields: Fields = {"issues": 10, "matched": 4, "comments": 3, "weeks": WEEKS}
    setting = Setting(name="x", today=date(2026, 11, 25), truth=truth, revision=revision)
    return make_report(Tally(**(fields | tally)), RULES, setting)


def test_weeks_without_issues_count_too() -> None:
    report = report_on(rules={"b": RuleTally(matches=4, comments=3, weeks={"2026-W04": 4})})

    assert report.weeks == ("2026-W01", "2026-W02", "2026-W03", "2026-W04")
    assert report.by_week == (WeekTally(8, 3, 2), WeekTally(), WeekTally(), WeekTally(2, 1, 1))
    assert (report.comments_a_week, report.rules[0].comments_a_week, report.rules[0].weeks) == (
        0.75,
        0.75,
        (0, 0, 0, 4),
    )


def test_rules_with_the_most_matches_come_first() -> None:
    rules = {"d": RuleTally(matches=1), "c": RuleTally(silenced=2), "b": RuleTally(matches=1)}

    assert [rule.id for rule in report_on(rules=rules).rules] == ["b", "d", "c", "a"]


def test_pairs_that_nobody_declared_come_first() -> None:
    overlaps = {("a", "b"): 9, ("c", "d"): 2, ("b", "d"): 3}

    assert report_on(overlaps=overlaps).overlaps == (
        Overlap(first="b", second="d", issues=3),
        Overlap(first="c", second="d", issues=2),
        Overlap(first="a", second="b", issues=9, declared="also"),
    )


def test_precision_is_of_matches_and_recall_of_issues() -> None:
    rules = {
        "a": RuleTally(matches=3, agreement=Agreement(right=2, wrong=1)),
        "b": RuleTally(matches=2, agreement=Agreement(right=2, missed=4)),
        "unknown": RuleTally(agreement=Agreement(missed=5)),
    }

    report = report_on(truth="file", rules=rules, known=9, known_none=2, recognised=3, false_alarms=1)

    assert report.truth
    assert (report.truth.precision, report.truth.recall) == (measure_share(4, 5), measure_share(3, 7))
    assert report.truth.uncovered == (("unknown", 5),)
    by_rule = {rule.id: (rule.precision, rule.recall) for rule in report.rules}
    assert by_rule["a"] == (measure_share(2, 3), measure_share(2, 2))
    assert by_rule["b"] == (measure_share(2, 2), measure_share(2, 6))


def test_a_comparison_starts_with_what_changed_most() -> None:
    small, large = Change(gained=1, gained_issues=(1,)), Change(lost=3, lost_issues=(3, 2, 1))
    rules = {"a": RuleTally(change=small), "b": RuleTally(), "gone": RuleTally(change=large)}

    assert report_on(revision="v1", rules=rules, change=small).comparison == Comparison(
        revision="v1", comments=small, rules=(("gone", large), ("a", small))
    )


@pytest.mark.parametrize(
    "tally, note",
    [
        pytest.param({"pull_requests": 2}, "The backtest skipped 2 pull requests.", id="pull requests"),
        pytest.param({"undated": 3}, "3 issues have no date and are in no week.", id="no dates"),
        pytest.param(
            {"rules": {"a": RuleTally(matches=4)}},
            "a matches 40% of all issues; check that it is meant to be this broad.",
            id="too broad",
        ),
        pytest.param(
            {"rules": {"a": RuleTally(silenced=4)}},
            "a never spoke: other rules superseded each of its matches (4).",
            id="never heard",
        ),
        pytest.param({}, "c expired on 2026-01-01: it sets labels, but no comment shows its guidance.", id="expired"),
        pytest.param({}, "4 of 4 rules matched nothing: a, b, c, d", id="silent"),
        pytest.param(
            {"overlaps": {("b", "d"): 3}},
            (
                "1 pair of rules matches the same issues; add `supersedes`, `also` or `precedence` "
                "to say which rule speaks: b and d (3)"
            ),
            id="undeclared",
        ),
        pytest.param(
            {"rules": {"a": RuleTally(matches=1, agreement=Agreement(right=1, wrong=30, wrong_issues=(9, 8, 7, 6)))}},
            "1 rule is wrong in more than 10 % of matches: a (look at #9, #8, #7)",
            id="often wrong",
        ),
    ],
)
def test_what_deserves_a_look_is_noted(tally: Fields, note: str) -> None:
    assert note in report_on(truth="file", **tally).notes
