"""What may be written at a place; `|` marks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import VIEWS
from bot.rules.spec.phrase import HOLE_TYPES
from bot.rules.spec.rule import RuleModel
from bot.workbench.editor.completion import complete, describe
from bot.workbench.editor.json_schema import make_schema
from bot.workbench.editor.vocabulary import Vocabulary

NAME = "Claude Code Version"
WORDS = Vocabulary(
    schema=make_schema(RuleModel, "rule"),
    captures={"os": ("linux", "windows"), "version": ()},
    rules={"rate-limit": "Too many requests"},
    sections=("Claude Code Version", "What's wrong: now?"),
    labels=("area:cost", "bug"),
    tags=("disk", "windows"),
    echoable=("limit", "version"),
    stem="out-of-disk",
    today="2026-11-25",
)


def options_of(text: str) -> dict[str, str]:
    """What may be written, and what is then put there."""
    index = text.index("|")
    return {option.label: option.insert for option in complete(text.replace("|", "", 1), index, WORDS).options}


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("ti|", {"title": "title: "}, id="a key with a text"),
        pytest.param("id: a\nma|", {"match": "match:\n  "}, id="a key with a mapping"),
        pytest.param("match:\n  a|", {"any": "any:\n    - ", "at_least": "at_least:\n    "}, id="a list of conditions"),
        pytest.param("match: {ph|", {"phrase": "phrase: ", "all": "all: ["}, id="in braces"),
        pytest.param("match:\n  any:\n    - o|", {"os": "os: "}, id="a capture of the pack is a key"),
        pytest.param("mode: |", {"observe": "observe", "label": "label", "comment": "comment"}, id="an enumeration"),
        pytest.param("match: {author: [|", {"OWNER": "OWNER", "NONE": "NONE"}, id="an enumeration in a list"),
        pytest.param("match: {ticked: |", {"true": "true", "false": "false"}, id="a truth"),
        pytest.param("supersedes: [|", {"rate-limit": "rate-limit"}, id="another rule"),
        pytest.param("guidance:\n  ask: [|", {"os": "os", "version": "version"}, id="a capture to ask for"),
        pytest.param("also:\n  - |", {"rate-limit": "rate-limit"}, id="another rule, as an item"),
        pytest.param("match: {os: |", {"linux": "linux", "windows": "windows", "unknown": "unknown"}, id="a capture"),
        pytest.param("match: {phrase: a, in: [|", {view: view for view in VIEWS}, id="a view"),
        pytest.param(
            "match:\n  section: |",
            {"Claude Code Version": "Claude Code Version", "What's wrong: now?": '"What\'s wrong: now?"'},
            id="a section of the history, quoted where YAML needs it",
        ),
        pytest.param("labels: [|", {"area:cost": "area:cost", "bug": "bug"}, id="a label in past issues"),
        pytest.param(
            "labels:\n  from:\n    - section: C|", {"Claude Code Version": "Claude Code Version"}, id="a field"
        ),
        pytest.param("labels:\n  from:\n    - capture: |", {"os": "os"}, id="a capture that gives labels"),
        pytest.param("labels: {from: [{map: {Core: |", {"area:cost": "area:cost"}, id="the label of an answer"),
        pytest.param("labels:\n  from:\n    - |", {"section": "section: ", "prefix": "prefix: "}, id="keys of `from`"),
        pytest.param("tags: [|", {"disk": "disk", "windows": "windows"}, id="a tag of other rules"),
        pytest.param("id: |", {"out-of-disk": "out-of-disk"}, id="the file's name"),
        pytest.param("reviewed: |", {"2026-11-25": "2026-11-25"}, id="today"),
        pytest.param('match: {phrase: "at most {n:|', {kind: kind for kind in HOLE_TYPES}, id="the type of a hole"),
        pytest.param(
            'guidance:\n  tldr: "the limit is {{ |',
            {"limit": "limit", "issue.number": "issue.number", "rule.title": "rule.title"},
            id="a name in a template",
        ),
    ],
)
def test_what_fits_is_offered(text: str, expected: dict[str, str]) -> None:
    assert expected.items() <= options_of(text).items()


@pytest.mark.parametrize(
    "text, absent",
    [
        pytest.param("id: a\n|", "id", id="a key that is there already"),
        pytest.param("match: {phrase: a, |", "phrase", id="the same in braces"),
        pytest.param("guidance:\n  |", "phrase", id="a key of another mapping"),
        pytest.param("|", "os", id="a capture outside a condition"),
    ],
)
def test_what_does_not_fit_is_not_offered(text: str, absent: str) -> None:
    assert absent not in options_of(text)


def test_everything_that_the_language_has_is_offered_with_help() -> None:
    found = complete("", 0, WORDS).options

    assert {option.label for option in found} == {field.alias or name for name, field in RuleModel.model_fields.items()}
    assert [option.label for option in found if not option.help] == []


def test_an_option_replaces_what_was_typed_counted_as_javascript_does() -> None:
    text = 'title: "🚧"\nmod'

    assert complete(text, 15, WORDS).start == 12


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(
            "mode|: label", "The actions that the rule may take: observe < suggest < label < comment.", id="a key"
        ),
        pytest.param(
            "match:\n  any:\n    - phra|se: a",
            "Text that the issue contains. Line breaks, escapes",
            id="inside a list",
        ),
        pytest.param("match: {os|: linux}", "The capture `os` of the pack", id="a capture"),
        pytest.param("mode: lab|el", "", id="a value"),
        pytest.param("nonsen|se: 1", "", id="no key of ours"),
    ],
)
def test_a_key_is_explained(text: str, expected: str) -> None:
    found = describe(text.replace("|", ""), text.index("|"), WORDS)

    assert found.startswith(expected)
    assert bool(found) == bool(expected)


PIECES = [*"ab:-[]{}'\"|#, \n", "match", "any", "phrase", "in", "guidance", "🚧", "\n  ", "- "]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.integers(0, 60))
def test_half_written_text_is_completed_without_a_crash(text: str, units: int) -> None:
    found = complete(text, units, WORDS)

    assert found.start <= units
    assert isinstance(describe(text, units, WORDS), str)
