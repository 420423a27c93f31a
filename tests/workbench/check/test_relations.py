"""Rules that match each other's examples, and rules that look for the same."""

import pytest

from bot.rules.ruleset import Ruleset
from bot.workbench.check.checker import check_rule, check_rules
from bot.workbench.check.relations import UNDECLARED, Overlap, Settlement, find_near_duplicates
from bot.workbench.check.terminal import format_overlaps
from tests.rules.rules import PACK, make_ruleset, write_rule, write_speaker

WIDE = "{phrase: left on device}"
NARROW = "{phrase: No space left on device}"
FULL = "examples: {match: [No space left on device, x no space left on device], no_match: [x]}"
PART = "examples: {match: [left on device, he left on device 3], no_match: [x]}"


@pytest.mark.parametrize(
    "narrow, wide, declared",
    [
        pytest.param("", "", None, id="nobody said it"),
        pytest.param("supersedes: [wide]", "", "supersedes", id="the one whose example it is speaks"),
        pytest.param("", "supersedes: [narrow]", "superseded", id="the other one speaks"),
        pytest.param("also: [wide]", "", "also", id="both speak"),
        pytest.param("", "also: [narrow]", "also", id="both speak, says the other"),
    ],
)
def test_the_matrix_of_overlaps(narrow: str, wide: str, declared: Settlement | None) -> None:
    files = (write_speaker("narrow", NARROW, f"{narrow}\n{FULL}"), write_speaker("wide", WIDE, f"{wide}\n{PART}"))
    report = check_rules(make_ruleset(*files))
    assert report.overlaps == (Overlap("narrow", "wide", (1, 2), declared),)
    assert [problem.kind for problem in report.errors] == (["overlap"] * 2 if declared is None else [])


@pytest.mark.parametrize(
    "modes, words, declared",
    [
        pytest.param(("comment", "label"), "", "no comment", id="one only labels"),
        pytest.param(("observe", "comment"), "", "no comment", id="one only observes"),
        pytest.param(("label", "label"), "", "no comment", id="both only label"),
        pytest.param(("label", "label"), "supersedes: [wide]", "supersedes", id="it is silent all the same"),
        pytest.param(("label", "label"), "also: [wide]", "also", id="a word that it does not need"),
    ],
)
def test_rules_of_which_one_does_not_comment_may_match_together(
    modes: tuple[str, str], words: str, declared: Settlement
) -> None:
    text = "guidance: {tldr: Look there., source: a page}\nreviewed: 2026-11-01\n"
    files = (
        write_rule("narrow", NARROW, f"{words}\n{text}{FULL}", modes[0]),
        write_rule("wide", WIDE, f"{text}{PART}", modes[1]),
    )
    report = check_rules(make_ruleset(*files))
    assert (report.overlaps, report.problems) == ((Overlap("narrow", "wide", (1, 2), declared),), ())


@pytest.mark.parametrize("words, declared", [("", "allowed"), ("supersedes: [wide]", "supersedes")])
def test_a_pack_allows_its_rules_to_match_together(words: str, declared: Settlement) -> None:
    files = (write_speaker("narrow", NARROW, f"{words}\n{FULL}"), write_speaker("wide", WIDE, PART))
    report = check_rules(make_ruleset(*files, pack=f"{PACK}overlap: allowed"))
    assert (report.overlaps, report.problems) == ((Overlap("narrow", "wide", (1, 2), declared),), ())


@pytest.mark.parametrize("mode", ["label", "comment"])
def test_rules_that_look_for_the_very_same_are_named_where_they_may_match_together(mode: str) -> None:
    more = "guidance: {tldr: Look there., source: a page}\nreviewed: 2026-11-01"
    files = [write_rule(name, NARROW, f"{FULL}\n{more}", mode) for name in ("a", "b")]
    report = check_rules(make_ruleset(*files, pack=f"{PACK}overlap: allowed"))
    assert [(problem.file, problem.kind) for problem in report.problems] == [("rules/b.yml", "near-duplicate")]


@pytest.mark.parametrize(
    "one, other, expected",
    [
        pytest.param(
            f"{NARROW[:-1]}, label: x}}",
            f"{NARROW[:-1]}, label: y}}",
            [
                (
                    "rules/b.yml:4:1: `a` has the same phrases; merge the two rules, "
                    "or add `supersedes:` or `also:` to one of them"
                )
            ],
            id="the same phrases",
        ),
        pytest.param(
            "{phrase: 'write failed: No  SPACE left on device', label: x}",
            f"{NARROW[:-1]}, label: y}}",
            [
                (
                    "rules/a.yml:4:1: `b` has phrases that are parts of this rule's phrases; merge the two rules, "
                    "or add `supersedes:` or `also:` to one of them"
                )
            ],
            id="parts of its phrases",
        ),
        pytest.param(
            "{any: [{phrase: No space left on device}, {phrase: the disk is full}], label: x}",
            f"{NARROW[:-1]}, label: y}}",
            [
                (
                    "rules/b.yml:4:1: `a` has phrases that are parts of this rule's phrases; merge the two rules, "
                    "or add `supersedes:` or `also:` to one of them"
                )
            ],
            id="one of its phrases",
        ),
        pytest.param("{phrase: device, label: x}", f"{NARROW[:-1]}, label: y}}", [], id="a short part is chance"),
        pytest.param("{phrase: another thing entirely}", NARROW, [], id="nothing in common"),
    ],
)
def test_rules_that_look_for_the_same(one: str, other: str, expected: list[str]) -> None:
    examples = "examples: {{match: [{{body: '{}', labels: [{}]}}], no_match: [x]}}"
    texts = {"a": "write failed: no space left on device: another thing entirely", "b": "no space left on device"}
    files = [
        write_speaker(name, match, examples.format(texts[name], label))
        for name, match, label in (("a", one, "x"), ("b", other, "y"))
    ]
    found = [str(p) for p in check_rules(make_ruleset(*files)).problems if p.kind == "near-duplicate"]
    assert found == expected


def test_a_changed_rule_is_tried_instead_of_the_one_that_the_set_has() -> None:
    ruleset = make_ruleset(write_rule("a", NARROW, FULL), write_rule("b", WIDE, f"also: [a]\n{PART}"))
    (changed,) = make_ruleset(write_rule("a", "{phrase: No space left at all}", FULL)).rules
    assert [problem.kind for problem in check_rule(changed, ruleset).errors] == ["example-missed"] * 2


def make_alike(rules: int, examples: int) -> Ruleset:
    """Rules that all match each other's examples."""
    phrases = [f"cannot open the device number {n}" for n in range(examples)]
    match = f"{{any: [{', '.join(f'{{phrase: {text}}}' for text in phrases)}]}}"
    proven = f"examples: {{match: [{', '.join(phrases)}], no_match: [x]}}"
    return make_ruleset(*(write_speaker(f"r{n:02}", match, proven) for n in range(rules)))


def test_of_many_rules_that_match_the_same_ten_are_named_and_the_rest_is_summed_up() -> None:
    ruleset = make_alike(14, 8)
    report = check_rule(ruleset.rules[0], ruleset)
    named, rest = [f"r{n:02}" for n in range(1, 11)], ["r11", "r12", "r13"]
    assert report.overlaps == (
        *(Overlap("r00", other, (1, 2), None, is_cut=True) for other in named),
        *(Overlap("r00", other, (1,), None, is_cut=True) for other in rest),
    )
    columns = [20] * 11 + [53] * 10
    many = "3 other rules match examples of this rule too, the first of them `r11`"
    each = [f"`{other}` matches this example too" for other in named]
    assert [(problem.column, problem.message) for problem in report.problems] == [
        (column, f"{what}; {UNDECLARED}") for column, what in zip(columns, [many, *each, *each], strict=True)
    ]
    assert [" ".join(line.split()) for line in format_overlaps(report.overlaps)] == [
        *(f"r00 examples 1, 2, and perhaps more also matches {other} NOT DECLARED" for other in named),
        "r00 also matches 3 more rules NOT DECLARED",
    ]


def test_a_rule_that_matches_five_examples_is_not_tried_on_the_rest() -> None:
    ruleset = make_alike(3, 8)
    report = check_rule(ruleset.rules[0], ruleset)
    assert report.overlaps == tuple(
        Overlap("r00", other, (1, 2, 3, 4, 5), None, is_cut=True) for other in ("r01", "r02")
    )
    assert len(report.problems) == 10


def test_near_duplicates_among_many_rules_are_found_in_parts_of_phrases() -> None:
    ruleset = make_ruleset(
        write_speaker(
            "a", "{phrase: cannot open the device}", "examples: {match: [cannot open the device], no_match: [x]}"
        ),
        write_speaker("b", "{any: [{phrase: cannot open the device}, {phrase: broken pipe here}]}"),
    )
    near = [(rule.id, other.id, same) for rule in ruleset.rules for other, same in find_near_duplicates(rule, ruleset)]
    assert near == [("a", "b", False)]
    assert [*find_near_duplicates(ruleset.rules[0], ruleset, {"b"})] == []
