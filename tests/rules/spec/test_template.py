"""Templates of guidance: how they are rendered, and the values that they show."""

import operator
from collections.abc import Callable

import pytest

from bot.rules.spec.template import Echo, is_template, render_template

LOOP = "{% for d in duplicates %}#{{ d.number }} {% endfor %}"


@pytest.mark.parametrize(
    "text, expected", [("a {{ b }}", True), ("{% if %}", True), ("{# a #}", True), ("{ a }", False)]
)
def test_what_is_a_template(text: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert is_template(text) is expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{ plain }", "{ plain }"),
        ("{% if version %}v{{ version }}{% endif %}", "v2"),
        (LOOP, "#1 #2 "),
        ("<{{ version }}>", "<2>"),
    ],
)
def test_a_template_is_rendered(text: str, expected: str) -> None:
    assert render_template(text, {"version": "2", "duplicates": [{"number": 1}, {"number": 2}]}) == expected


def version(value: str | None) -> Echo:
    return Echo(value, "version")


@pytest.mark.parametrize(
    "one, order, other, holds",
    [
        (version("2.0.9"), operator.lt, "2.0.10", True),
        (version("2.1"), operator.eq, "2.1.0", True),
        (version("2.1.0-beta.1"), operator.lt, version("2.1"), True),
        (version("2.1"), operator.ge, "2.1", True),
        (version("nightly"), operator.lt, "2.1", False),
        (version("nightly"), operator.eq, "nightly", True),
        (version(None), operator.lt, "2.1", False),
        (version(None), operator.ge, "2.1", False),
        (version(None), operator.eq, version(None), False),
        (Echo("32,000", "int"), operator.gt, 9_999, True),
        (Echo("3,5", "number"), operator.lt, Echo("4", "int"), True),
        (Echo("32,000", "int"), operator.eq, 32_000, True),
        (Echo(None, "int"), operator.le, 5, False),
        (Echo("b", "id"), operator.lt, Echo("c", "id"), False),
        (Echo("windows", "choice"), operator.eq, "windows", True),
    ],
)
def test_a_value_compares_as_its_type_asks(
    one: Echo, order: Callable[[object, object], bool], other: object, *, holds: bool
) -> None:
    assert order(one, other) is holds


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{ a|default('x') }}{{ a|upper|default('y') }}{{ a or 'z' }}", "xyz"),
        ("{{ a is defined }} {{ a is undefined }} {{ a is none }} {{ b is defined }}", "False True True True"),
        ("{{ b|default('x') }} {{ b|upper }}", "`b` `B`"),
    ],
)
def test_what_becomes_of_a_value_that_is_not_known(text: str, expected: str) -> None:
    assert render_template(text, {"a": Echo(None), "b": Echo("b", "id", "`b`")}) == expected


def test_a_value_that_is_not_known_is_never_printed() -> None:
    with pytest.raises(ValueError, match="not known"):
        render_template("netstat | findstr {{ port }}", {"port": Echo(None)})
