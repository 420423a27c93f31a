"""The metamorphic proof: other text beside an example must not change the rule's answer."""

import pytest

from bot.rules.ruleset import Ruleset
from bot.workbench.check.checker import check_rules
from bot.workbench.check.proof import ADDITIONS, ASKS_HOW_MUCH, Proof, join_proofs
from tests.rules.rules import make_ruleset, write_rule

FILES = "https://github.com/user-attachments/files"
FULL = "No space left on device"
LOG = ADDITIONS[0].text.replace("\n", "⏎")


def write(match: str, example: str = f'"{FULL}"', near_miss: str = "all is well here", more: str = "") -> Ruleset:
    examples = f"{more}\nexamples: {{match: [{example}], no_match: [{near_miss}]}}"
    return make_ruleset(write_rule("a", match, examples))


def find_failures(ruleset: Ruleset) -> list[str]:
    return [str(problem) for problem in check_rules(ruleset).problems if problem.kind == "metamorphic"]


@pytest.mark.parametrize(
    "match, example, near_miss",
    [
        pytest.param(f'{{phrase: "{FULL}"}}', f'"{FULL}"', '"no space left in my heart"', id="a phrase"),
        pytest.param("{regex: '^no space left on \\w+$'}", f'"{FULL}"', "no space", id="a regex for the whole text"),
        pytest.param(f'{{phrase: "{FULL}", in: [title]}}', f'{{title: "{FULL}"}}', f'"{FULL}"', id="a title"),
        pytest.param(f'{{phrase: "{FULL}", in: [logs]}}', f'"```\\n{FULL}\\n```"', f'"{FULL}"', id="a log"),
        pytest.param(
            f'{{phrase: "{FULL}", in: [section: Logs]}}', f'"### Logs\\n\\n{FULL}"', f'"{FULL}"', id="a form field"
        ),
        pytest.param(
            f'{{phrase: "{FULL}", section: Wish, empty: true}}', f'"{FULL}\\n\\n### Wish\\n"', "x", id="an empty field"
        ),
        pytest.param("{checkbox: I looked, ticked: false}", '"- [ ] I looked"', '"- [x] I looked"', id="a box"),
        pytest.param(
            "{checkbox: I looked, section: Before}",
            '"### Before\\n\\n- [x] I looked"',
            '"- [x] I looked"',
            id="its",
        ),
        pytest.param(
            "{regex: '^error \\w+:', lines: true}", '"a\\nerror ts12: x"', "an error ts12", id="a line of the text"
        ),
        pytest.param(
            "{attachment: '*.log'}", f'"[a.log]({FILES}/1/a.log)"', f'"[a.txt]({FILES}/1/a.txt)"', id="an upload"
        ),
        pytest.param("{link: 'x.org/*'}", '"see https://x.org/a"', '"`https://x.org/a`"', id="a link"),
        pytest.param("{body: empty}", "{title: a}", "{body: b}", id="nothing at all"),
        pytest.param(
            f'{{phrase: "{FULL}", language: en}}',
            f'"The build says it is so: {FULL} and that is all of it"',
            f'"Der Rechner sagt mir jeden Tag, dass es so ist: {FULL}"',
            id="a language",
        ),
        pytest.param(
            f'{{phrase: "{FULL}", version: "<2"}}', f'"Tool v1.3: {FULL}"', f'"Tool v2.3: {FULL}"', id="a version"
        ),
        pytest.param(
            f'{{phrase: "{FULL}", none: [{{regex: "^wish"}}]}}', f'"{FULL}"', f'"wish: no {FULL}"', id="a guard"
        ),
    ],
)
def test_an_example_passes_beside_any_other_text(match: str, example: str, near_miss: str) -> None:
    report = check_rules(write(match, example, near_miss))
    assert (report.problems, report.proof) == ((), Proof(2 * len(ADDITIONS)))


@pytest.mark.parametrize(
    "pattern, name",
    [
        pytest.param(r"\d\d:\d\d:\d\d", "a log", id="a time"),
        pytest.param(r"\b(info|debug)\b", "a log", id="a level"),
        pytest.param(r'\{\s?"', "JSON", id="JSON"),
        pytest.param(r"[$>] \w", "a terminal's output", id="a prompt"),
        pytest.param(r"[a-z]:\\", "a terminal's output", id="a path of Windows"),
        pytest.param("https?://", "a link", id="an address"),
    ],
)
def test_a_guard_against_signs_of_other_texts_is_found(pattern: str, name: str) -> None:
    (found,) = find_failures(write(f"{{phrase: '{FULL}', none: [{{regex: '{pattern}'}}]}}"))
    assert f"`a` does not match this example when the issue also contains {name}" in found
    assert f"because regex: {pattern} holds under `none:`" in found


def test_a_near_miss_that_another_text_completes_is_found() -> None:
    found = find_failures(write(f"{{phrase: '{FULL}', regex: '\\d:\\d'}}", f'"1:1 {FULL}"', f'"{FULL}"'))
    assert found == [
        (
            f"rules/a.yml:6:63: `a` matches this near miss when the issue also contains a log, such as `{LOG}`; "
            "put more of the message into one `phrase:`, so that other text cannot complete it"
        )
    ]


def test_another_guidance_is_found() -> None:
    more = "guidance: [{when: {none: [{phrase: 'INFO lorem'}]}, tldr: a}, {tldr: b}]"
    (found,) = find_failures(write(f"{{phrase: '{FULL}'}}", more=more))
    assert (
        "`a` uses another branch of its guidance for this example when the issue also contains a log, such as" in found
    )


def test_a_rule_that_any_text_changes_is_skipped() -> None:
    report = check_rules(write(f"{{phrase: '{FULL}', none: [{{regex: '.{{40}}'}}]}}"))
    assert (report.problems, report.proof) == ((), Proof(4, {ASKS_HOW_MUCH: 4}))


def test_an_example_that_fails_as_it_is_has_no_variants() -> None:
    assert check_rules(write(f"{{phrase: '{FULL}'}}", '"all is well"', f'"{FULL}"')).proof == Proof()


def test_proofs_are_joined() -> None:
    assert join_proofs([Proof(1, {"b": 2}), Proof(3, {"a": 1, "b": 1})]) == Proof(4, {"a": 1, "b": 3})
