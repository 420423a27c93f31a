"""What a rule's texts may show: values that are always known where a text stands, and a comment that may leave."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from bot.rules.loader import build_ruleset
from bot.workbench.check.checker import check_rules, check_texts
from tests.builders import a_rule, a_ruleset

PACK = {
    "name": "rules",
    "captures": {
        "version": {"first_of": [{"section": "Version"}]},
        "os": {"map": {"darwin": "macos", "windows": "windows"}, "first_of": [{"section": "Platform"}]},
    },
}
BOTH = {"any": [{"phrase": "No space left on device at {port:int}"}, {"phrase": "No space left on device"}]}
HINT = "put `{{% if {0} %}}…{{% endif %}}` around it, or use `{{{{ {0}|default('…') }}}}` with a text to show instead"


def load(match: object, guidance: object, **changes: object) -> list[str]:
    """What is wrong with a rule of these parts when it is loaded."""
    rule = a_rule(match=match, guidance=guidance, **changes)
    files = {"rules/out-of-disk.yml": yaml.safe_dump(rule, sort_keys=False), "rules/pack.yml": yaml.safe_dump(PACK)}
    return [str(problem).removeprefix("rules/out-of-disk.yml:") for problem in build_ruleset(files).problems]


@pytest.mark.parametrize(
    "text, is_refused",
    [
        ("Run `netstat | findstr {{ port }}` again.", True),
        ("Run ``netstat {{ port|default('80') }}`` again.", True),
        ("{% if port %}Run `kill {{ port }}`.{% endif %}", True),
        ("Run `netstat` and look for {{ port }}, then `kill` it.", False),
        ("Port `{{ port }}` is in use.", False),
        ("Open `issue {{ issue.number }}`.", False),
    ],
)
def test_a_value_inside_code_with_other_text_is_refused(text: str, is_refused: bool) -> None:  # noqa: FBT001
    problems = load({"phrase": "port {port:int} is in use"}, {"tldr": text, "example": "netstat {{ port }}"})

    assert [problem.partition("a value is inside code")[1] != "" for problem in problems] == [True] * is_refused


@pytest.mark.parametrize(
    "match",
    [
        {"phrase": "No space left on device at {port:int}"},
        {"any": [{"phrase": "No space left at {port:int}"}, {"phrase": "Disk full at {port:int}"}]},
        {"all": [BOTH, {"phrase": "listening on {port:int}"}]},
        {"phrase": "No space left on device", "all": [{"phrase": "listening on {port:int}"}]},
        {
            "at_least": {
                "n": 2,
                "of": [{"phrase": "disk at {port:int}"}, {"phrase": "on port {port:int}"}, {"os": "macos"}],
            }
        },
        {"any": [{"phrase": "port {port:int}"}, {"phrase": "the default port is taken", "set": {"port": 80}}]},
    ],
)
def test_what_every_way_of_matching_gives_needs_no_if(match: Mapping[str, Any]) -> None:
    assert load(match, {"tldr": "Port {{ port }}.", "example": "netstat | findstr {{ port }}"}) == []


@pytest.mark.parametrize(
    "match, when",
    [
        (BOTH, '`phrase: "No space left on device"` matches without it'),
        (
            {"at_least": {"n": 1, "of": [{"phrase": "disk at {port:int}"}, {"phrase": "on the port"}]}},
            '`phrase: "on the port"` matches without it',
        ),
        ({"any": [{"phrase": "port {port:int}"}, {"os": "macos"}]}, "the rule matches without it, too"),
        (
            {"phrase": "No space left on device", "any": [{"phrase": "port {port:int}"}, {"phrase": "no ports here"}]},
            '`phrase: "no ports here"` matches without it',
        ),
    ],
)
def test_what_some_way_of_matching_leaves_out_is_an_error_at_its_place(match: Mapping[str, Any], when: str) -> None:
    said = f"`port` may be unknown here: {when}; {HINT.format('port')}"
    problems = load(match, {"tldr": "Full.", "example": "netstat | findstr {{ port }}"})
    assert [problem.partition(": ")[2] for problem in problems] == [said]
    guarded = {"tldr": "Full.", "example": "netstat{% if port %} | findstr {{ port }}{% endif %}"}
    assert load(match, guarded) == []


@pytest.mark.parametrize(
    "guidance, is_right",
    [
        ([{"tldr": "In {{ version }}."}], False),
        ([{"when": {"version": "<2"}, "tldr": "In {{ version }}."}], True),
        ([{"when": {"os": ["macos", "unknown"]}, "tldr": "On {{ os }}."}], False),
        ([{"when": {"os": ["macos", "windows"]}, "tldr": "On {{ os }}."}], True),
        ([{"when": {"version": "unknown"}, "tldr": "Old?"}, {"tldr": "In {{ version }}."}], True),
        ([{"when": {"none": [{"version": "unknown"}]}, "tldr": "In {{ version }}."}], True),
        ([{"when": {"any": [{"version": "<2"}, {"os": "macos"}]}, "tldr": "In {{ version }}."}], False),
        ([{"when": {"all": [{"version": "<2"}, {"os": "macos"}]}, "tldr": "{{ os }} {{ version }}."}], True),
        ([{"when": {"version": "<2"}, "tldr": "Old."}, {"tldr": "In {{ version }}."}], False),
    ],
)
def test_a_branch_knows_what_its_when_asks(guidance: list[dict[str, Any]], *, is_right: bool) -> None:
    assert (load({"phrase": "No space left on device"}, guidance) == []) is is_right


def test_a_capture_that_may_be_free_text_is_not_known() -> None:
    match = {"any": [{"phrase": "No space left on {port:any} of it"}, {"phrase": "No space left on {port:int}"}]}
    assert "`port` may be unknown here" in load(match, {"tldr": "{{ port }}"})[0]


def test_a_broken_condition_hides_what_would_follow_from_it() -> None:
    problems = load({"phrase": "No space left"}, [{"when": {"version": "2 to 3"}, "tldr": "{{ version }}"}])
    assert len(problems) == 1


@pytest.mark.parametrize(
    "guidance, told",
    [
        ({"steps": ["x" * 30_000] * 3}, "the comment would have"),
        ({"tldr": "{{ 'possible ' ~ 'duplicate' }}"}, "the comment would contain forbidden words"),
        (
            {"tldr": "{% if duplicates %}possible {{ 'duplicate' }}{% endif %}"},
            "the comment would contain forbidden words",
        ),
        (
            {"tldr": "{% if not port %}possible {{ 'duplicate' }}{% endif %}"},
            "the comment would contain forbidden words",
        ),
    ],
)
def test_a_comment_that_could_not_leave_is_an_error_of_its_branch(guidance: dict[str, Any], told: str) -> None:
    rule = a_rule(match=BOTH, guidance={"tldr": "Full.", **guidance})
    ruleset = a_ruleset(rule, pack={"name": "rules", "forbidden_words": ["possible duplicate"]})
    (problem,) = check_texts(ruleset.rules[0])
    assert problem.message.startswith(told)
    assert (problem.kind, problem.severity, problem.line) == ("guidance", "error", 6)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 / 0 }}",
        "{% if not port %}{{ port|length }}{% endif %}",
        "{% if duplicates %}{{ duplicates|join }}{% endif %}",
        "{% if not duplicates %}{{ duplicates[0] }}{% endif %}",
    ],
)
def test_a_text_that_fails_in_some_report_is_an_error_at_its_place(text: str) -> None:
    (rule,) = a_ruleset(a_rule(match=BOTH, guidance={"tldr": "Full.", "notes": "Nothing."})).rules
    spoilt = rule.model.guidance[0].model_copy(update={"notes": text})
    spoilt_rule = replace(rule, model=rule.model.model_copy(update={"guidance": [spoilt]}))
    (problem,) = check_texts(spoilt_rule)
    assert problem.message.startswith("the template cannot be rendered: ")
    assert problem == rule.document.problem_at(("guidance", 0, "notes"), problem.message, "guidance")


def test_a_good_rule_has_no_problems() -> None:
    guidance = [
        {"when": {"port": 80}, "tldr": "Port {{ port }}.", "example": "fuser {{ port }}/tcp"},
        {
            "tldr": "A port{% if port %}, {{ port }},{% endif %} is taken.",
            "notes": "{% for d in duplicates %}x{% endfor %}",
        },
    ]
    assert (
        check_rules(a_ruleset(a_rule(match=BOTH, guidance=guidance, fixed_in={"version": "2"}, follow=3))).errors == ()
    )
