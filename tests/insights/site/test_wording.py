"""Rules in plain words."""

import pytest
import yaml

from bot.insights.site.wording import Clause, describe_match, describe_when, title_problem
from bot.rules.spec.condition import Condition
from tests.insights.site.sites import make_rule


@pytest.mark.parametrize(
    "match, title, expected",
    [
        ({"phrase": "No space left on device"}, "The disk is full", ("No space left on device", "The disk is full")),
        ({"phrase": "over {n:int} of {what:any} at {u:url}"}, "Full", ("over <number> of … at <URL>", "Full")),
        ({"any": [{"regex": "full"}, {"phrase": "Disk is full now"}]}, "Full", ("Disk is full now", "Full")),
        ({"all": [{"phrase": "Disk is full now"}, {"phrase": "no more room"}]}, "Full", ("Disk is full now", "Full")),
        ({"phrase": "out of extra usage. Add"}, "Full", ("You're out of extra usage. Add more at the shop", "Full")),
        ({"phrase": "party apps now draw"}, "Full", ("Third-party apps now draw from it", "Full")),
        (
            {"phrase": "but is not found at"},
            "Full",
            ("It runs, but is not found at …", "Full"),
        ),
        ({"phrase": "would be spawned alone"}, "Full", ("", "Full")),
        ({"phrase": "a wording without an example"}, "Full", ("", "Full")),
        ({"phrase": "disk full"}, "Full", ("", "Full")),
        ({"regex": "disk (is )?full"}, "Full", ("", "Full")),
        ({"phrase": "x" * 101}, "Full", ("", "Full")),
        (
            {"phrase": "Over {n:int} MB"},
            "Over {{ n }} MB{% if n %} a day{% endif %}",
            ("Over <number> MB", "Over … MB a day"),
        ),
    ],
    ids=[
        *(
            "phrase",
            "holes",
            "first of any",
            "first of all",
            "JSON",
            "inside a word",
            "before a value",
            "after a value",
        ),
        *("no example", "short", "regex", "long", "template"),
    ],
)
def test_a_problem_has_the_message_that_people_see(match: object, title: str, expected: tuple[str, str]) -> None:
    lines = (
        "over 3 of a at https://example.com/b",
        'API Error: 400 {"message":"You\'re out of extra usage. Add more at the shop."}',
        "Third-party apps now draw from it, not from your plan.",
        "- It runs, but is not found at /home/octocat/bin",
        "Agent 'reviewer' would be spawned alone",
    )
    examples = {"match": ["\n".join(lines)], "no_match": ["well"]}
    assert title_problem(make_rule(match, title=title, examples=examples)) == expected


@pytest.mark.parametrize(
    "match, clause",
    [
        pytest.param(
            {"phrase": "No space left on device", "in": ["title"]},
            Clause(
                kind="message", text="No space left on device", source="No space left on device", where="in the title"
            ),
            id="phrase",
        ),
        pytest.param(
            {"regex": "no (space|room) left"},
            Clause(kind="pattern", text="no (space|room) left", examples=("There is no room left: name@example.com",)),
            id="pattern with a masked example",
        ),
        pytest.param(
            {"any": [{"phrase": "No space left"}, {"any": [{"phrase": "disk is full now"}, {"os": "macos"}]}]},
            Clause(
                kind="any",
                parts=(
                    Clause(kind="message", text="No space left", source="No space left"),
                    Clause(kind="message", text="disk is full now", source="disk is full now"),
                    Clause(kind="fact", text="Your system is macOS."),
                ),
            ),
            id="nested any",
        ),
        pytest.param(
            {"phrase": "No space left", "none": [{"section": "Idea", "empty": False}]},
            Clause(
                kind="all",
                parts=(
                    Clause(kind="message", text="No space left", source="No space left"),
                    Clause(kind="none", parts=(Clause(kind="fact", text="The field “Idea” has an answer."),)),
                ),
            ),
            id="none",
        ),
        pytest.param(
            {"at_least": {"n": 1, "of": [{"code": [137, 9]}, {"body": "empty"}]}},
            Clause(
                kind="some",
                text="At least 1 of these hold:",
                parts=(
                    Clause(kind="fact", text="It ends with the code 137 or 9."),
                    Clause(kind="fact", text="The report has no text."),
                ),
            ),
            id="at least",
        ),
    ],
)
def test_a_rule_says_how_it_recognises_the_problem(match: object, clause: Clause) -> None:
    examples = {"match": ["fine\nThere is no room left: john@corp.example"], "no_match": ["well"]}
    assert describe_match(make_rule(match, examples=examples)) == clause


WHENS = """
- {when: {version: "<2.1"}, say: your version is older than 2.1}
- {when: {version: ">=1.2, <1.5"}, say: your version is 1.2 or newer and older than 1.5}
- {when: {version: unknown}, say: your report states no version}
- {when: {os: [windows, wsl]}, say: your system is Windows or WSL}
- {when: {os: unknown}, say: your report states no system}
- {when: {quick: true}, say: "you see “No space left on device”"}
- {when: {request_id: unknown}, say: "the report does not state: request id"}
- {when: {plan: pro}, say: "in the report, plan is “pro”"}
- {when: {phrase: disk full}, say: "you see “disk full”"}
- {when: {any: [{phrase: disk full}, {phrase: no room}]}, say: "you see “disk full” or “no room”"}
- {when: {none: [{phrase: disk full}, {phrase: no room}]}, say: "you do not see “disk full” or “no room”"}
- {when: {none: [{os: linux}]}, say: it does not hold that your system is Linux}
- {when: {version: "<2", os: linux}, say: your version is older than 2 and your system is Linux}
- {when: {section: Logs, missing: true}, say: the field “Logs” is missing}
- {when: {section: Logs, is: none}, say: the field “Logs” is “none”}
- {when: {section: Logs, one_of: [a, b]}, say: the field “Logs” is “a” or “b”}
- {when: {section: Logs, contains: panic}, say: the field “Logs” contains “panic”}
- {when: {section: Logs, placeholder: true}, say: the field “Logs” still has the example text}
- {when: {section: Logs, url_host: example.com}, say: the field “Logs” links to example.com}
- {when: {checkbox: I searched}, say: the box “I searched” is ticked}
- {when: {checkbox: I searched, ticked: false}, say: the box “I searched” is not ticked}
- {when: {checkbox: I searched, section: Checks}, say: the box “I searched” in the field “Checks” is ticked}
- {when: {attachment: [a.log, b]}, say: the report has a file with the name `a.log` or `b`}
- when: {attachment: ["*.log", unfinished]}
  say: the report has a file with the name `*.log` or an upload that did not finish
- {when: {attachment: unfinished}, say: the report has an upload that did not finish}
- {when: {link: [a.org/*, b.org]}, say: the report links to `a.org/*` or `b.org`}
- {when: {frame: main, at: top}, say: the stack trace has `main` at the top}
- {when: {label: bug}, say: the issue has the label “bug”}
- {when: {no_label: [bug, crash]}, say: the issue does not have the label “bug” or “crash”}
- {when: {author: [FIRST_TIMER]}, say: GitHub lists the author as first timer}
- {when: {language: fr}, say: the report is written in “fr”}
- {when: {layout: form}, say: the report has the form “form”}
"""


def test_the_conditions_of_branches_are_the_ends_of_sentences() -> None:
    rule = make_rule(
        {"any": [{"phrase": "No space left on device", "set": {"quick": True}}, {"phrase": "no room here"}]}
    )
    rows = yaml.safe_load(WHENS)
    said = [describe_when(Condition.model_validate(row["when"]), rule) for row in rows]
    assert said == [row["say"] for row in rows]
