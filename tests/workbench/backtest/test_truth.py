import pytest

from bot.errors import SettingsError
from bot.rules.matcher import match_issue
from bot.workbench.backtest.replay import Truth, find_judged, find_known, index_labels, parse_truth
from tests.builders import a_rule, a_ruleset, an_issue


def read(*lines: str) -> Truth:
    return parse_truth((f"truth.jsonl:{number}", line) for number, line in enumerate(lines, 1))


def test_both_forms_say_which_rules_ought_to_match() -> None:
    truth = read(
        '{"number": 1, "rules": ["a", "b"], "title": "not read"}',
        '{"number": 2, "class": "a"}',
        '{"number": 3, "rules": []}',
        '{"number": 4, "class": "none"}',
        '{"number": 2, "class": "c"}',
    )

    assert truth == Truth(
        source="file",
        classes={
            1: frozenset({"a", "b"}),
            2: frozenset({"a", "c"}),
            3: frozenset(),
            4: frozenset(),
        },
    )


@pytest.mark.parametrize(
    "line, reason",
    [
        pytest.param("{", "truth.jsonl:1: invalid JSON (", id="cut off"),
        pytest.param("[" * 100_000, "truth.jsonl:1: invalid JSON (", id="nested without end"),
        pytest.param("[1]", "truth.jsonl:1: the number or the rules of the issue", id="a list"),
        pytest.param('{"number": 1}', "truth.jsonl:1: the number or the rules of the issue", id="no rules"),
        pytest.param('{"rules": []}', "truth.jsonl:1: the number or the rules of the issue", id="no number"),
        pytest.param(
            '{"number": "1", "rules": []}', "truth.jsonl:1: the number or the rules of the issue", id="a number as text"
        ),
        pytest.param(
            '{"number": 1, "rules": [1]}', "truth.jsonl:1: the number or the rules of the issue", id="a rule as number"
        ),
    ],
)
def test_a_broken_line_is_reported_with_its_place(line: str, reason: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(line)

    assert str(raised.value).startswith(reason)


RULES = a_ruleset(
    a_rule(id="disk", labels=["Disk", "bug"]),
    a_rule(id="memory", labels=["bug"]),
    a_rule(id="silent", labels=[]),
)


@pytest.mark.parametrize(
    "labels, known",
    [
        pytest.param((), set(), id="none"),
        pytest.param(("bug",), {"memory"}, id="one of two labels is not enough"),
        pytest.param(("BUG", "disk", "other"), {"disk", "memory"}, id="all, in another case"),
    ],
)
def test_labels_say_which_rules_ought_to_match(labels: tuple[str, ...], known: set[str]) -> None:
    assert find_known(Truth(source="labels"), an_issue(labels=labels), index_labels(RULES)) == frozenset(known)


def test_a_file_knows_only_the_issues_that_it_names() -> None:
    truth = Truth(source="file", classes={7: frozenset({"disk"})})

    assert [find_known(truth, an_issue(number=number), {}) for number in (7, 8)] == [frozenset({"disk"}), None]


def test_labels_judge_only_rules_that_set_some() -> None:
    assert find_judged(Truth(source="labels"), RULES) == {"disk", "memory"}
    assert find_judged(Truth(source="file"), RULES) == {"disk", "memory", "silent"}


ANSWERS = a_ruleset(
    a_rule(
        id="areas",
        match={"layout": "form"},
        labels={"from": [{"section": "Component", "map": {"Core": "area:core", "UI": "area:ui"}}]},
    )
)


@pytest.mark.parametrize(
    "answer, labels, known",
    [
        pytest.param("Core", ("Area:Core",), {"areas"}, id="the label of the answer"),
        pytest.param("Core", ("area:ui",), set(), id="the label of another answer"),
        pytest.param("Core, UI", ("area:ui",), set(), id="one of two"),
        pytest.param("Core", (), set(), id="no label"),
    ],
)
def test_labels_say_whether_the_label_of_an_answer_is_right(
    answer: str, labels: tuple[str, ...], known: set[str]
) -> None:
    issue = an_issue(body=f"### Component\n\n{answer}\n", labels=labels)
    matches = match_issue(issue, ANSWERS)

    assert find_known(Truth(source="labels"), issue, index_labels(ANSWERS), matches) == frozenset(known)
    assert find_judged(Truth(source="labels"), ANSWERS) == {"areas"}


def test_an_issue_with_a_label_of_the_map_ought_to_match() -> None:
    issue = an_issue(body="no form", labels=("area:ui",))

    assert find_known(Truth(source="labels"), issue, index_labels(ANSWERS)) == frozenset({"areas"})
