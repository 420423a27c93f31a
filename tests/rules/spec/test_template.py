"""Templates of guidance: what they may hold."""

import pytest

from bot.rules.spec.template import (
    MAX_DEPTH,
    check_comment_template,
    check_template,
    is_template,
    render_template,
)

LOOP = "{% for d in duplicates %}#{{ d.number }} {% endfor %}"
NOT_ALLOWED = "is not allowed in a template; use names, `if` and `for … in duplicates`"
TOO_DEEP = f"the template has more than {MAX_DEPTH} levels of nesting; make it simpler"
NO_LOOP = "a loop must be over `duplicates`, and must not be inside another loop"


@pytest.mark.parametrize(
    "text",
    [
        "plain text with a { brace }",
        "{{ version }}",
        "{{ version|upper|default('none') }}",
        "{{ issue.number }} {{ rule.title }}",
        "{% if version %}{{ version }}{% elif workspace %}x{% else %}y{% endif %}",
        "{{ 'a' if workspace == 'true' else 'b' }}",
        "{{ 'v' ~ version }}",
        "{% if version is defined and not workspace or version is none %}x{% endif %}",
        LOOP,
        "{% for d in duplicates %}{{ d.why }}{% else %}none{% endfor %}",
        "{{ duplicates|length }}",
        "{% if follow %}#{{ follow.number }}{% endif %}",
        "{% if follow and follow.is_open %}open{% endif %}",
        "{% if version and follow %}{{ follow.number }}{% endif %}",
        "{{ follow.number if follow else '' }}",
        "{% raw %}{{ anything }}{% endraw %}",
        "{# a comment #}",
    ],
)
def test_what_a_template_may_hold(text: str) -> None:
    assert check_template(text, {"version", "workspace"}, set()) == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{ versio }}", "unknown name `versio`; did you mean `version`?"),
        ("{{ x }}", "unknown name `x`; allowed: `duplicates`, `fixed_in`, `follow`, `issue`, `rule`, `version`"),
        (
            "{{ message }}",
            (
                "`message` is free text of the reporter, which comments never repeat; "
                "give its hole a type such as `id` or `version`"
            ),
        ),
        (
            "{% if message == 'x' %}y{% endif %}",
            (
                "`message` is free text of the reporter, which comments never repeat; "
                "give its hole a type such as `id` or `version`"
            ),
        ),
        ("{{ issue }}", "`issue` has several parts; name one, such as `issue.number`"),
        ("{{ duplicates }}", "`duplicates` has several parts; name one, such as `duplicates.number`"),
        ("{{ 'x' ~ follow }}", "`follow` has several parts; name one, such as `follow.number`"),
        ("{% for d in duplicates %}{{ d }}{% endfor %}", "`d` has several parts; name one, such as `d.number`"),
        ("{{ issue.title }}", "`issue` has no `title`; allowed: `number`"),
        ("{{ version.real }}", "`version` has no `real`"),
        ("{{ issue.number.real }}", "`this` has no `real`"),
        ("{% for d in duplicates %}{{ d.title }}{% endfor %}", "`d` has no `title`"),
        ("{{ follow.number }}", "`follow` may be missing; put `{% if follow %}` around it"),
        (
            "{% if follow %}x{% else %}{{ follow.number }}{% endif %}",
            "`follow` may be missing; put `{% if follow %}` around it",
        ),
        (
            "{% if not follow %}{{ follow.number }}{% endif %}",
            "`follow` may be missing; put `{% if follow %}` around it",
        ),
        ("{{ fixed_in.version }}", "`fixed_in` may be missing; put `{% if fixed_in %}` around it"),
        (LOOP + "{{ d.number }}", "unknown name `d`"),
        ("{% for d in issue %}x{% endfor %}", NO_LOOP),
        ("{% for d in [1, 2] %}x{% endfor %}", NO_LOOP),
        ("{% for d in duplicates %}{% for e in duplicates %}x{% endfor %}{% endfor %}", NO_LOOP),
        ("{% for a, b in duplicates %}x{% endfor %}", f"`tuple` {NOT_ALLOWED}"),
        ("{{ version() }}", f"`call` {NOT_ALLOWED}"),
        ("{{ version.upper() }}", f"`call` {NOT_ALLOWED}"),
        ("{{ version['x'] }}", f"`getitem` {NOT_ALLOWED}"),
        ("{{ 7 * 7 }}", f"`mul` {NOT_ALLOWED}"),
        ("{{ 9 ** 9 }}", f"`pow` {NOT_ALLOWED}"),
        ("{{ 'a' % 1 }}", f"`mod` {NOT_ALLOWED}"),
        ("{% set x = 1 %}", f"`assign` {NOT_ALLOWED}"),
        ("{% include 'x' %}", f"`include` {NOT_ALLOWED}"),
        ("{% macro m() %}{% endmacro %}", f"`macro` {NOT_ALLOWED}"),
        ("{% filter upper %}x{% endfilter %}", f"`filterblock` {NOT_ALLOWED}"),
        ("{{ version|center(9) }}", "unknown filter `center`"),
        ("{{ version|uper }}", "unknown filter `uper`; did you mean `upper`?"),
        ("{{ version is odd }}", "unknown test `odd`; allowed: `defined`, `eq`, `ne`, `none`, `undefined`"),
        (
            "a\n{% if %}",
            "invalid template: Expected an expression, got 'end of statement block' (line 2 of the text)",
        ),
        ("{{ " + "(" * 2000 + " }}", TOO_DEEP),
        ("{{ version" + "|trim" * 30 + " }}", TOO_DEEP),
        ("{% if version %}" * 30 + "{% endif %}" * 30, TOO_DEEP),
    ],
)
def test_what_a_template_may_not_hold(text: str, expected: str) -> None:
    problems = check_template(text, {"version"}, {"message"})
    assert [problem.partition("; allowed")[0] for problem in problems][:1] == [expected.partition("; allowed")[0]]


def test_what_is_sure_needs_no_if() -> None:
    assert check_template("{{ fixed_in.version }}", (), (), ("fixed_in",)) == []


def test_every_problem_is_told_once() -> None:
    assert len(check_template("{{ a }} {{ a }} {{ 1 + 1 }}", (), ())) == 2


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


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{% for section in sections %}{{ section.title|center(9) }}{% endfor %}", None),
        ("{{ version }} {{ a }}", "unknown names in the template: a, version; use `sections`"),
        ("{{", "invalid template: unexpected 'end of template' (line 1)"),
        ("{{ " + "(" * 2000 + " }}", "the template has too many levels of nesting; make it simpler"),
    ],
)
def test_a_repositorys_own_template(text: str, expected: str | None) -> None:
    assert check_comment_template(text) == expected
