from bot.workbench.backtest.replay import tally_issue
from bot.workbench.backtest.tally import (
    PatternTally,
    Sighting,
    Tally,
    describe_pattern,
    find_least_typical,
    find_most_typical,
    merge_tallies,
    see_match,
)
from tests.builders import a_rule, an_issue, matches_of

ERROR = "No space left on device"
FENCED = f"```\n{ERROR}\n```"


def test_a_pattern_says_what_held_and_where() -> None:
    (match,) = matches_of(an_issue(title=ERROR, body=FENCED))

    assert describe_pattern(match) == 'phrase: "No space left on device" in title'


def test_a_pattern_without_text_says_what_held() -> None:
    rule = a_rule(match={"body": "empty"})
    (match,) = matches_of(an_issue(body=""), rule)

    assert describe_pattern(match) == "body: empty (no evidence in a text)"


def test_focus_is_the_share_of_the_text_that_is_evidence() -> None:
    (match,) = matches_of(an_issue(number=4, title="x", body=ERROR))

    assert see_match(match, an_issue(number=4, title="x", body=ERROR)) == Sighting(0.9583, 4, "x", ERROR)


def test_what_several_conditions_rest_on_counts_once() -> None:
    rule = a_rule(match={"all": [{"phrase": ERROR}, {"phrase": "space left on device"}, {"regex": "no space"}]})
    issue = an_issue(title="x", body=ERROR)
    (match,) = matches_of(issue, rule)

    assert see_match(match, issue).focus == 0.9583


def a_tally(number: int, body: str) -> Tally:
    issue = an_issue(number=number, title="It stopped", body=body)
    return tally_issue(issue, matches_of(issue), ())


def test_the_rarest_pattern_with_the_lowest_focus_is_the_least_typical() -> None:
    logs = [a_tally(number, FENCED + "\nand so on" * number) for number in range(1, 4)]
    prose = a_tally(9, f"I saw {ERROR} once, long ago, on another machine.")

    patterns = merge_tallies([*logs, prose]).rules["out-of-disk"].patterns

    most, least = find_most_typical(patterns), find_least_typical(patterns)
    assert [(typical.sighting.number, typical.share) for typical in most] == [
        (1, 0.75),
        (2, 0.75),
        (3, 0.75),
        (9, 0.25),
    ]
    assert [typical.sighting.number for typical in least] == [9, 3, 2, 1]


def test_at_most_ten_are_shown() -> None:
    seen = tuple(Sighting(0.5, number, "", "") for number in range(10))
    patterns = {"a": PatternTally(30, seen, seen), "b": PatternTally(20, seen, seen)}

    assert (len(find_most_typical(patterns)), len(find_least_typical(patterns))) == (10, 10)
