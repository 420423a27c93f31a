import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.labels import MOST_ANSWERS
from bot.tracker.types import LONGEST_LABEL
from tests.builders import Fields, a_rule, an_issue, matches_of

PACK: Fields = {
    "captures": {
        "os": {
            "map": {"darwin": "macos", "win32": "windows"},
            "first_of": [{"section": "OS"}, {"phrase": "the tool runs on {os:word}"}],
        },
        "shell": {"first_of": [{"section": "Shell"}]},
    },
    "placeholders": ["Choose one"],
}
AREAS: Fields = {"Core": "area:core", "User interface": ["area:ui", "design"], "Tools, scripts": "area:tools"}
BY_MAP: Fields = {"section": "Component", "map": AREAS}
BY_PREFIX: Fields = {"section": "Component", "prefix": "area: "}


def find(source: Fields, body: str, **changes: object) -> list[tuple[str, str, bool]]:
    """The labels of a rule that matches each form, with the answers and whether their names were typed."""
    rule = a_rule(match={"layout": "form"}, labels={"from": [source]}, **changes)
    (match,) = matches_of(an_issue(body=body), rule, pack=PACK)
    assert match.labels == tuple(dict.fromkeys(label.name for label in match.answered))
    return [(label.name, label.answer, label.is_typed) for label in match.answered]


def form(answer: str, label: str = "Component") -> str:
    return f"### {label}\n\n{answer}\n\n### What happened?\n\nIt broke, Core"


CORE = ("area:core", "Core", False)
TOOLS = ("area:tools", "Tools, scripts", False)
MACOS = ("os:macos", "macos", False)
BY_OS: Fields = {"capture": "os", "prefix": "os:"}
IN_SHELL: Fields = {"capture": "shell", "prefix": "in "}
UI = [("area:ui", "User interface", False), ("design", "User interface", False)]


@pytest.mark.parametrize(
    "answer, expected",
    [
        pytest.param("Core", [CORE], id="one"),
        pytest.param("**core**", [("area:core", "core", False)], id="in bold, in another case"),
        pytest.param("User  interface", UI, id="two labels, and white space"),
        pytest.param("Core, User interface", [CORE, *UI], id="several of a drop-down"),
        pytest.param("Tools, scripts, Core", [TOOLS, CORE], id="a comma in an option"),
        pytest.param("Tools, Core", [CORE], id="a part of an option is another answer"),
        pytest.param(
            "- [x] Core\n- [ ] User interface\n- [X] Tools, scripts",
            [CORE, ("area:tools", "Tools, scripts", False)],
            id="boxes",
        ),
        pytest.param("- [ ] Core", [], id="no ticked box"),
        pytest.param("- Core\n* User interface", [CORE, *UI], id="bullets"),
        pytest.param("1. Core", [CORE], id="a numbered list"),
        pytest.param("```\nCore\n```", [CORE], id="in a fence"),
        pytest.param("Core <!-- or another one -->", [CORE], id="with a comment"),
        pytest.param("Core\nCore", [CORE], id="the same twice"),
        pytest.param("_No response_", [], id="no response"),
        pytest.param("Choose one", [], id="a placeholder"),
        pytest.param("", [], id="empty"),
        pytest.param("I think it is Core", [], id="a sentence is no option"),
    ],
)
def test_answers_of_a_field_give_the_labels_of_the_map(answer: str, expected: list[tuple[str, str, bool]]) -> None:
    assert find(BY_MAP, form(answer)) == expected


@pytest.mark.parametrize(
    "answer, expected",
    [
        pytest.param("Core, UI", [("area: Core", "Core", True), ("area: UI", "UI", True)], id="several"),
        pytest.param("`Core`", [("area: Core", "Core", True)], id="as code"),
        pytest.param("x" * LONGEST_LABEL, [], id="longer than a label may be"),
        pytest.param("Co\u202ere", [], id="a hidden character"),
        pytest.param("_No response_", [], id="no response"),
    ],
)
def test_a_prefix_makes_the_label_of_what_may_be_typed(answer: str, expected: list[tuple[str, str, bool]]) -> None:
    assert find(BY_PREFIX, form(answer)) == expected


def test_a_prefix_beside_a_map_is_for_the_other_answers() -> None:
    found = find({**BY_MAP, "prefix": "area:"}, form("Core, Docs"))

    assert found == [CORE, ("area:Docs", "Docs", True)]


def test_a_map_may_name_the_answer_that_usually_means_none() -> None:
    source = {"section": "Component", "map": {"_No response_": "needs-component"}}

    assert find(source, form("_No response_")) == [("needs-component", "_No response_", False)]


@pytest.mark.parametrize(
    "source, body, expected",
    [
        pytest.param(BY_OS, form("Darwin", "OS"), [MACOS], id="a closed set"),
        pytest.param(BY_OS, form("Plan 9", "OS"), [], id="not stated"),
        pytest.param(BY_OS, form("Darwin", "OS") + " the tool runs on win32", [MACOS], id="stated twice"),
        pytest.param(
            {"capture": "os", "map": {"macOS": "mac"}}, form("Darwin", "OS"), [("mac", "macos", False)], id="a map"
        ),
        pytest.param(IN_SHELL, form("fish", "Shell"), [("in fish", "fish", True)], id="free text"),
    ],
)
def test_the_value_of_a_capture_gives_a_label(source: Fields, body: str, expected: list[tuple[str, str, bool]]) -> None:
    assert find(source, body) == expected


def test_a_fact_that_the_rule_sets_has_only_the_values_that_it_sets() -> None:
    where = {"capture": "where"}
    rule = a_rule(
        match={"any": [{"phrase": "No space left on device", "set": {"where": "disk"}}]},
        labels={"add": ["Full"], "from": [{**where, "prefix": "full:"}, {**where, "map": {"disk": "full"}}]},
    )

    (match,) = matches_of(an_issue(body="No space left on device"), rule)

    assert match.labels == ("Full", "full:disk")
    assert [label.is_typed for label in match.answered] == [False, False]


def test_the_evidence_is_the_answer_in_its_place() -> None:
    rule = a_rule(match={"layout": "form"}, labels={"from": [BY_MAP]})
    (match,) = matches_of(an_issue(body=form("Docs, Core")), rule)

    (label,) = match.answered
    assert label.reason == "area:core, for the answer “Core” in section: Component (line 3)"
    assert label.to_json() == {"label": "area:core", "answer": "Core", "from": "section: Component", "line": 3}


def test_the_evidence_of_a_mapped_capture_is_in_the_line_of_its_answer() -> None:
    rule = a_rule(match={"layout": "form"}, labels={"from": [BY_OS]})
    (match,) = matches_of(an_issue(body=form("darwin", "OS")), rule, pack=PACK)

    assert [label.reason for label in match.answered] == ["os:macos, for the answer “macos” in capture: os (line 3)"]


@given(st.text(max_size=300))
def test_any_text_gives_few_labels_that_github_takes(text: str) -> None:
    for source in (BY_PREFIX, {**BY_MAP, "prefix": "area: "}):
        labels = find(source, form(text))

        assert len({answer for _, answer, _ in labels}) <= MOST_ANSWERS
        assert all(name.isprintable() and len(name) <= LONGEST_LABEL for name, _, _ in labels)
        assert all(name.startswith("area: ") for name, _, is_typed in labels if is_typed)
