import pytest
import yaml

from bot.errors import SettingsError
from bot.rules.loader import build_ruleset
from bot.triage.config import read_config
from tests.builders import Fields, a_rule

OF_TEMPLATE = (
    "the label `area: {{ component }}` is a template, but names of labels are used as they are; "
    'for a label per answer, write `labels: {from: [{section: Component, prefix: "area: "}]}`'
)
NO_LABEL = (
    "without `map` or `prefix`, reporters could type the name of any label; "
    'add a map, or a prefix such as `prefix: "area:"`'
)
TWO_PLACES = "an item of `from` needs `section` or `capture`, not both; use two items"
TWICE = "of `map` are the same answer; remove one of the two"
TOO_LONG = "is too long; at most 50 characters are allowed"
TEMPLATE = "area: {{ component }}"
PACK = yaml.safe_dump(
    {"name": "rules", "captures": {"os": {"map": {"darwin": "macos"}, "first_of": [{"section": "OS"}]}}}
)


def find_problems(labels: object, **changes: object) -> list[str]:
    rule = {"labels": labels, **a_rule(labels=None, **changes)}
    files = {"rules/out-of-disk.yml": yaml.safe_dump(rule, sort_keys=False), "rules/pack.yml": PACK}
    return [f"{each.line}:{each.column}: {each.message}" for each in build_ruleset(files).problems]


@pytest.mark.parametrize(
    "source, expected",
    [
        ({"section": "Component"}, f"3:5: {NO_LABEL}"),
        ({"prefix": "os:"}, "3:5: an item of `from` needs `section` or `capture`, for example `section: Component`"),
        ({"section": "OS", "capture": "os", "prefix": "os:"}, f"4:5: {TWO_PLACES}"),
        ({"capture": "oss", "prefix": "os:"}, "3:5: unknown capture `oss`; did you mean `os`?"),
        ({"capture": "os", "map": {"mcos": "os:mac"}}, "5:7: `os` cannot be `mcos`; did you mean `macos`?"),
        ({"section": "OS", "map": {"Mac": "a", "mac": "b"}}, f"3:5: `Mac` and `mac` {TWICE}"),
        ({"section": "OS", "map": {"**": "a"}}, "3:5: the key '**' of `map` has no text to compare with; remove it"),
        ({"section": "OS", "map": {"Mac": None}}, "5:7: `Mac` is empty; fill it in, or remove it"),
        ({"section": "OS", "map": {"Mac": []}}, "5:7: `Mac` needs at least 1 item"),
        ({"section": "OS", "map": {"Mac": "x" * 51}}, f"5:7: `Mac` {TOO_LONG}"),
        ({"section": "OS", "map": {"Mac": TEMPLATE}}, f"5:7: {OF_TEMPLATE}"),
        ({"section": "OS", "prefix": TEMPLATE}, f"4:5: {OF_TEMPLATE}"),
        ({"sections": "OS", "prefix": "os:"}, "3:5: unknown key `sections`; did you mean `section`?"),
    ],
)
def test_a_wrong_item_is_an_error_at_its_place(source: Fields, expected: str) -> None:
    assert expected in find_problems({"from": [source]})


@pytest.mark.parametrize(
    "key, home", [("from", "labels"), ("phrase", "match"), ("after", "close"), ("no_match", "examples")]
)
def test_a_key_in_the_wrong_place_is_an_error_that_names_its_place(key: str, home: str) -> None:
    problems = find_problems(["bug"], **{key: ["x"]})

    assert [each.partition(": ")[2] for each in problems] == [f"unknown key `{key}`; it belongs below `{home}`"]


@pytest.mark.parametrize("labels", [["bug", {"section": "OS", "prefix": "os:"}], {"capture": "os", "map": {"a": "b"}}])
def test_an_answer_beside_labels_is_an_error_that_names_from(labels: object) -> None:
    message = (
        "1:1: a label per answer goes below `from`; write `labels: {add: [...], from: [...]}`, "
        'for example `from: [{section: Component, prefix: "area:"}]`'
    )

    assert find_problems(labels) == [message]


@pytest.mark.parametrize(
    "labels, expected",
    [
        ([TEMPLATE], f"2:3: {OF_TEMPLATE}"),
        ({"add": ["bug", TEMPLATE]}, f"4:5: {OF_TEMPLATE}"),
        ({"remove": [TEMPLATE]}, f"3:5: {OF_TEMPLATE}"),
    ],
)
def test_a_template_as_a_label_is_an_error_that_names_what_to_use(labels: object, expected: str) -> None:
    assert find_problems(labels) == [expected]


@pytest.mark.parametrize("key", ["label", "no_label"])
def test_a_condition_about_a_template_is_an_error_too(key: str) -> None:
    match = {"phrase": "No space left on device", key: ["bug", TEMPLATE]}

    assert [each.partition(": ")[2] for each in find_problems([], match=match)] == [OF_TEMPLATE]


@pytest.mark.parametrize(
    "settings",
    [
        f"duplicates: {{label: '{TEMPLATE}'}}",
        f"labels: {{regression: '{TEMPLATE}'}}",
        f"skip: {{labels: ['{TEMPLATE}']}}",
    ],
)
def test_a_template_as_a_label_of_the_settings_is_an_error(settings: str) -> None:
    with pytest.raises(SettingsError, match="is a template"):
        read_config(settings, "config.yml")
