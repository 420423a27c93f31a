"""What is wrong with the names in a pack.yml and with former ids."""

import pytest

from bot.workbench.check.checker import check_rules
from tests.rules.rules import make_ruleset, write_rule

PACK = "name: rules\n"
KINDS = ("former-id", "unknown-tag", "unknown-rule", "guidance", "schema")
TOOL = "{title: Doctor, url: 'https://example.com/doctor', why: Checks the installation, tags: [%s]}"


def problems(pack: str = "", one: str = "", two: str = "") -> list[str]:
    files = (write_rule("apple", "{phrase: an apple here}", one), write_rule("pear", "{phrase: one pear here}", two))
    ruleset = make_ruleset(*files, pack=PACK + pack)
    found = check_rules(ruleset).problems
    return [f"{each.severity} {each.kind} {each}" for each in found if each.kind in KINDS]


@pytest.mark.parametrize(
    "pack, one, two, expected",
    [
        pytest.param("", "was: [quince]\ntags: [fruit, red]", "", [], id="a former id and tags"),
        pytest.param(
            "",
            "was: [pear]",
            "",
            [
                (
                    "error former-id rules/apple.yml:5:7: `pear` is the id of a rule, so it cannot be a former id; "
                    "remove it here, or remove that rule"
                )
            ],
            id="a former id that a rule has",
        ),
        pytest.param(
            "",
            "was: [apple]",
            "",
            [
                (
                    "error former-id rules/apple.yml:5:7: `apple` is the id of a rule, so it cannot be a former id; "
                    "remove it here, or remove that rule"
                )
            ],
            id="its own id",
        ),
        pytest.param(
            "",
            "was: [quince]",
            "was: [plum, quince]",
            [
                (
                    "error former-id rules/pear.yml:5:13: `apple` has the former id `quince` too; "
                    "remove it from one of the two rules"
                )
            ],
            id="a former id of two rules",
        ),
        pytest.param(f"tools: [{TOOL % 'fruit'}]", "tags: [fruit]", "", [], id="a tool"),
        pytest.param(
            f"tools: [{TOOL % 'fruit, friut, metal'}]",
            "tags: [fruit]",
            "",
            [
                "warning unknown-tag rules/pack.yml:2:104: no rule has the tag `friut`; did you mean `fruit`?",
                "warning unknown-tag rules/pack.yml:2:111: no rule has the tag `metal`; allowed: `fruit`",
            ],
            id="tags of a tool that no rule has",
        ),
        pytest.param(
            "tools:\n- {title: 'Duplicate of #5', url: 'https://example.com', why: It helps, tags: [fruit]}",
            "tags: [fruit]",
            "",
            [
                (
                    'error guidance rules/pack.yml:3:4: the words "duplicate of #" trigger other bots or are a '
                    "command to GitHub; use other words"
                )
            ],
            id="a tool with the words of a command",
        ),
        pytest.param(
            "removed: [{id: quince, why: It rotted.}, {id: plum, why: Two kinds., split_into: [apple, pear]}]",
            "",
            "",
            [],
            id="former rules",
        ),
        pytest.param(
            "removed: [{id: plum, why: Two kinds., split_into: [apple, sloe]}]",
            "",
            "",
            [
                (
                    "error unknown-rule rules/pack.yml:2:59: unknown rule `sloe` in `split_into:`; "
                    "correct the name or remove it"
                )
            ],
            id="a rule that was split into an unknown one",
        ),
        pytest.param(
            "removed:\n- {id: pear, why: a}\n- {id: quince, why: a}\n- {id: plum, why: a}\n- {id: plum, why: b}",
            "was: [quince]",
            "",
            [
                (
                    "error former-id rules/pack.yml:3:4: `pear` is the id of a rule; "
                    "remove it from `removed:`, or remove that rule"
                ),
                (
                    "error former-id rules/pack.yml:4:4: `quince` is a former id of `apple`, so its page leads there; "
                    "remove one of the two"
                ),
                "error former-id rules/pack.yml:6:4: `plum` is in the list twice; remove one of the two",
            ],
            id="former rules that cannot have a page",
        ),
    ],
)
def test_names_lead_to_one_place(pack: str, one: str, two: str, expected: list[str]) -> None:
    assert problems(pack, one, two) == expected


@pytest.mark.parametrize(
    "pack, one, expected",
    [
        (
            "",
            "tags: [Usage Limit]",
            "error schema rules/apple.yml:5:8: an item of `tags` cannot be `Usage Limit`;",
        ),
        ("", "tags: [a, a]", "error schema rules/apple.yml:5:1: the list has `a` twice; remove one of the two"),
        ("", "was: [../x]", "error schema rules/apple.yml:5:7: an item of `was` cannot be `../x`; it must match"),
        ("tools: [{title: a, url: 'http://a.example', why: b, tags: [c]}]", "", "error schema rules/pack.yml:2:"),
        ("tools: [{title: a, url: 'https://a.example', why: b, tags: []}]", "", "error schema rules/pack.yml:2:"),
        ("removed: [{id: a}]", "", "error schema rules/pack.yml:2:11: `why` is missing; add it"),
    ],
)
def test_values_have_their_form(pack: str, one: str, expected: str) -> None:
    (found,) = problems(pack, one)
    assert found.startswith(expected), found


def test_a_rule_that_did_not_load_may_have_any_tag() -> None:
    assert problems(f"tools: [{TOOL % 'fruit'}]", "tags: [x", "") == []
