"""The longest part of a phrase that an issue does say, and where the two part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import DEFAULT_VIEWS, extract_facts
from bot.rules.compiler import Compiler
from bot.rules.conditions.phrase import make_phrase
from bot.rules.conditions.regex import RegexHolds, compile_pattern
from bot.rules.spec.phrase import PhraseError, parse_phrase
from bot.text.normalize import MAX_CHARACTERS
from bot.workbench.explain.near_miss import NearMiss, Parts, find_near_miss, read_whole_body
from tests.issue.issues import make_issue

DISK = "No space left on device"
IN_APP = "**Bug Description**\nx\n**Errors**\nno space left on device\n**Environment Info**\nx"


def find(phrase: str, body: str) -> NearMiss | None:
    facts = extract_facts(make_issue(body))
    return find_near_miss(
        make_phrase(parse_phrase(phrase), DEFAULT_VIEWS, (), Compiler({})), facts, read_whole_body(facts)
    )


@pytest.mark.parametrize(
    "phrase, body, wanted, found",
    [
        pytest.param(
            "out of extra usage. Add more",
            "x\n\nyou're out of extra\nusage. Ask your admin",
            Parts("", "out of extra usage.", " Add more"),
            Parts("x\n\nyou're ", "out of extra\nusage.", " Ask your admin"),
            id="it stops here, whatever the wrap; a letter that both go on with is chance",
        ),
        pytest.param(
            "The build has failed with status",
            "Build has failed with state",
            Parts("The ", "build has failed with stat", "us"),
            Parts("", "Build has failed with stat", "e"),
            id="it begins here, and stops inside a word",
        ),
        pytest.param(
            "exceeded the {limit:int} output token maximum",
            "it exceeded the 32,000 output token max",
            Parts("", "exceeded the {limit:int} output token max", "imum"),
            Parts("it ", "exceeded the 32,000 output token max", ""),
            id="over a hole",
        ),
        pytest.param(
            "exceeded the {limit:int} output token maximum",
            "it exceeded the whole output token maximum",
            Parts("exceeded the {limit:int} ", "output token maximum", ""),
            Parts("it exceeded the whole ", "output token maximum", ""),
            id="the value does not fit the hole",
        ),
        pytest.param(
            "request id {id:id} {{code {n:int}}",
            "Request ID abc-1 {code x}",
            Parts("", "request id {id:id} {code", " {n:int}}"),
            Parts("", "Request ID abc-1 {code", " x}"),
            id="a literal brace",
        ),
        pytest.param(
            "the “quoted” name is wrong",
            "The 'quoted' name was wrong",
            Parts("", "the “quoted” name", " is wrong"),
            Parts("", "The 'quoted' name", " was wrong"),
            id="other quotes",
        ),
    ],
)
def test_phrase_and_issue_part_somewhere(phrase: str, body: str, wanted: Parts, found: Parts) -> None:
    near = find(phrase, body)

    assert near is not None
    assert (near.kind, near.wanted, near.found) == ("partial", wanted, found)


@pytest.mark.parametrize(
    "phrase, body, kind, view, line",
    [
        pytest.param(DISK, IN_APP, "elsewhere", "errors", 4, id="in a view that is not read"),
        pytest.param(DISK, f"x\n<!-- {DISK} -->", "unread", "no view", 2, id="in an HTML comment"),
        pytest.param(DISK, "No space left\n\n```\non device\n```", "across", "body and logs", 1, id="across two views"),
        pytest.param(DISK, "### No space left on device\n\nx", "unread", "no view", 1, id="in a form's label"),
        pytest.param("ENOSPC", "x\n\nXENOSPCY", "inside_word", "body", 3, id="inside a longer word"),
        pytest.param(DISK, "y\n\nno space left on drive C", "partial", "body", 3, id="a part"),
    ],
)
def test_a_near_miss_says_what_is_amiss_and_where(phrase: str, body: str, kind: str, view: str, line: int) -> None:
    near = find(phrase, body)

    assert near is not None
    assert (near.kind, near.view, near.line) == (kind, view, line)


@pytest.mark.parametrize(
    "phrase, body",
    [
        pytest.param(DISK, "", id="an empty issue"),
        pytest.param(DISK, "it went onto the shelf", id="chance letters"),
        pytest.param(DISK, "device", id="too little of it"),
        pytest.param("ENOSPC", "ENOENT", id="half of a short word"),
        pytest.param("x" * 601, "x" * 599, id="a phrase that is too long to compare"),
    ],
)
def test_chance_is_no_near_miss(phrase: str, body: str) -> None:
    assert find(phrase, body) is None


def test_a_pattern_in_another_view_is_found() -> None:
    facts = extract_facts(make_issue(IN_APP))
    condition = RegexHolds(r"no space \w+ on", DEFAULT_VIEWS, compile_pattern(r"no space \w+ on"))

    near = find_near_miss(condition, facts, read_whole_body(facts))

    assert near is not None
    assert (near.kind, near.view, near.found.common) == ("elsewhere", "errors", "no space left on")


@pytest.mark.parametrize(
    "pattern, body, wanted, found",
    [
        pytest.param(
            r"\bapi error\W{0,3}5(0[0-9]|29)\b",
            "An API Error: 404",
            Parts("", r"\bapi error\W{0,3}", r"5(0[0-9]|29)\b"),
            Parts("An ", "API Error: ", "404"),
            id="it begins so",
        ),
        pytest.param(
            r"limit is reached|you('ve| have) hit your (\w+ )?limit",
            "You have hit your weekly maximum",
            Parts("limit is reached|", r"you('ve| have) hit your (\w+ )?", "limit"),
            Parts("", "You have hit your weekly ", "maximum"),
            id="one of its alternatives does",
        ),
    ],
)
def test_a_pattern_stops_matching_somewhere(pattern: str, body: str, wanted: Parts, found: Parts) -> None:
    facts = extract_facts(make_issue(body))
    condition = RegexHolds(pattern, DEFAULT_VIEWS, compile_pattern(pattern))

    near = find_near_miss(condition, facts, read_whole_body(facts))

    assert near is not None
    assert (near.kind, near.wanted, near.found) == ("partial", wanted, found)


@pytest.mark.parametrize(
    "pattern", [r"(a|b)+ c\d", r"\b\w+ \w+ is never said here", "plum (pie|tart) is gone", r"\Qa b(\E and"]
)
def test_a_pattern_that_hardly_begins_is_not_near(pattern: str) -> None:
    facts = extract_facts(make_issue("a b and p"))
    condition = RegexHolds(pattern, DEFAULT_VIEWS, compile_pattern(pattern))

    assert find_near_miss(condition, facts, read_whole_body(facts)) is None


def test_a_long_issue_and_a_long_phrase_are_compared() -> None:
    phrase = "exceeded the {limit:int} output token maximum of {model:id}, " + "and so on " * 40
    near = find(phrase, ("exceeded the 32000 output tok " * MAX_CHARACTERS)[:MAX_CHARACTERS])

    assert near is None


@given(
    st.text("ab{: }'\"-.", min_size=12, max_size=40),
    st.text("ab{: }'\"-.\n", max_size=60),
    st.integers(0, 40),
)
def test_what_is_in_common_is_in_both(literal: str, noise: str, cut: int) -> None:
    try:
        phrase = f"{literal.replace('{', '{{')} {{n:int}} {literal.replace('{', '{{')}"
        near = find(phrase, f"{noise}{literal[:cut]} 7 {literal[cut:]}")
    except PhraseError:
        return
    if near and near.kind == "partial":
        assert "".join(near.wanted).replace("{n:int}", "") == phrase.replace("{{", "{").replace("{n:int}", "")
        assert near.wanted.common.strip()
        assert near.found.common.strip()
        assert 0 < near.share <= 1


@pytest.mark.parametrize(
    "pattern, wanted, found",
    [
        (r"^error ts\d+: cannot$", Parts("", r"^error ts\d+: ", "cannot$"), "Error TS12: "),
        (r"an error\W+error ts", Parts("", "an error", r"\W+error ts"), "an error"),
    ],
)
def test_a_pattern_that_sees_lines_begins_in_one(pattern: str, wanted: Parts, found: str) -> None:
    facts = extract_facts(make_issue("There is an error\nError TS12: no"))
    condition = RegexHolds(pattern, DEFAULT_VIEWS, compile_pattern(pattern, lines=True), sees_lines=True)

    near = find_near_miss(condition, facts, read_whole_body(facts))

    assert near is not None
    assert (near.wanted, near.found.common) == (wanted, found)
