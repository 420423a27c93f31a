"""What templates may hold: whatever passes the check can be rendered, with every value known or unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comment.templates import read_template
from bot.rules.spec.template import Echo, render_template
from bot.rules.spec.template_check import MAX_CHARACTERS, MAX_DEPTH, Names, check_comment_template, check_template

WITH_THE_LIST = (
    *("duplicates|lower", "duplicates|default('x')", "duplicates ~ 'x'", "duplicates or 'x'", "duplicates and version"),
    *(
        "duplicates if version else 'x'",
        "version == duplicates",
        "duplicates is eq('x')",
        "version|default(duplicates)",
    ),
)
WITH_AN_OBJECT = (
    *("fixed_in|upper", "fixed_in|trim|lower", "'x' ~ fixed_in", "fixed_in or 'x'", "version if version else fixed_in"),
    *("fixed_in == version", "fixed_in < '2'", "fixed_in is ne('x')", "fixed_in in 'x'", "version|default(fixed_in)"),
)
A_LIST = "`duplicates` is a list; use it only in `if`, `for` and `length`"
AN_OBJECT = "`fixed_in` has several parts; name one, such as `fixed_in.version`"
A_NUMBER = '`version` is a version, and compares with a version in quotes, such as `"2.0"`'
LOOP = "{% for d in duplicates %}#{{ d.number }} {% endfor %}"
NOT_ALLOWED = "is not allowed in a template; use names, `if` and `for`"
TOO_DEEP = f"the template has more than {MAX_DEPTH} levels of nesting; make it simpler"
UNKNOWN = (
    "may be unknown here; put `{{% if {0} %}}…{{% endif %}}` around it, "
    "or use `{{{{ {0}|default('…') }}}}` with a text to show instead"
)
NAMES = Names(
    types={"version": "version", "workspace": "choice", "limit": "int", "request": "id"},
    free_text={"message"},
    sure={"version"},
)
NO_LOOP = "a loop must be over `duplicates`, and must not be inside another loop"


@pytest.mark.parametrize(
    "text",
    [
        "plain text with a { brace }",
        "{{ version }}",
        "{{ request|upper|default('none') }}",
        "{{ request or 'none' }}",
        "{{ request|default('none')|upper }}",
        "{% if request is defined %}{{ request }}{% endif %}",
        "{% if request is not none and limit %}{{ request ~ limit }}{% endif %}",
        "{% if not request %}x{% else %}{{ request }}{% endif %}",
        "{% if not request or not limit %}x{% elif workspace %}y{{ request }}{% else %}{{ limit }}{% endif %}",
        "{% if limit > 5 %}{{ limit }}{% endif %}",
        "{{ request if request else 'x' }}",
        "{{ request == 'req_1' }}",
        "{% if workspace == true %}x{% endif %}",
        "{% if version < '2.1' %}x{% endif %}",
        "{% if '1.0' <= version < '2.1' %}x{% endif %}",
        "{% if limit >= 2000 and issue.number > 3 %}x{% endif %}",
        "{% if fixed_in and version < fixed_in.version %}x{% endif %}",
        "{% if follow is none %}x{% endif %}",
        "{% if duplicates|length > 1 %}x{% endif %}",
        "{% for d in duplicates if d.is_open %}#{{ d.number }}{{ ', ' if not loop.last }}{% endfor %}",
        "{% for d in duplicates %}{% if d.confidence > 0.5 %}x{% endif %}{% endfor %}",
        "{{ 'x' in rule.title }}",
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
    assert check_template(text, NAMES) == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{ versio }}", "unknown name `versio`; did you mean `version`?"),
        ("{{ x }}", "unknown name `x`; allowed are `duplicates`, `fixed_in`, `follow`, `issue`, `rule`, `version`"),
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
        ("{{ duplicates }}", "`duplicates` is a list; use it only in `if`, `for` and `length`"),
        ("{{ 'x' ~ follow }}", "`follow` has several parts; name one, such as `follow.number`"),
        ("{% for d in duplicates %}{{ d }}{% endfor %}", "`d` has several parts; name one, such as `d.number`"),
        ("{{ issue.title }}", "`issue` has no `title`; allowed are `number`"),
        ("{{ version.real }}", "`version` has no `real`"),
        ("{{ issue.number.real }}", "`issue.number` has no `real`"),
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
        ("{% for d in duplicates if loop.last %}x{% endfor %}", "unknown name `loop`"),
        ("{% for d in [1, 2] %}x{% endfor %}", f"`list` {NOT_ALLOWED}"),
        ("{% for d in duplicates %}{% for e in duplicates %}x{% endfor %}{% endfor %}", NO_LOOP),
        ("{% for a, b in duplicates %}x{% endfor %}", "`tuple` is not allowed in a template; loop over one name"),
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
        *((f"{{{{ {text} }}}}", A_LIST) for text in WITH_THE_LIST),
        *((f"{{{{ {text} }}}}", AN_OBJECT) for text in WITH_AN_OBJECT),
        ("{% for d in duplicates %}{{ d|lower }}{% endfor %}", "`d` has several parts; name one, such as `d.number`"),
        ("{% for d in duplicates %}{{ 'x' ~ d }}{% endfor %}", "`d` has several parts; name one, such as `d.number`"),
        ("{{ duplicates|join }}", "unknown filter `join`; a `for` goes over a list"),
        ("{{ version|first }}", "unknown filter `first`; a `for` goes over a list"),
        ("{{ version|length }}", "`length` takes a list or text, not `version` (a version)"),
        ("{{ version|trim('`') }}", "`trim` takes no arguments, without names"),
        ("{{ version|default(1, 2, 3, 4) }}", "`default` takes 0 to 2 arguments, without names"),
        ("{{ version|default(boolean=true) }}", "`default` takes 0 to 2 arguments, without names"),
        ("{{ version is eq(1, 2) }}", "`is eq` takes 1 argument"),
        ("{{ version is defined(1) }}", "`is defined` takes no arguments"),
        ("{% if version < 2 %}x{% endif %}", A_NUMBER),
        ("{% if version == 2 %}x{% endif %}", A_NUMBER),
        ("{% if version < 'two' %}x{% endif %}", "'two' is not a version; write it like 2.1.96"),
        (
            "{% if limit < '2' %}x{% endif %}",
            "`<` compares two numbers or two versions, not `limit` (a number) and a text",
        ),
        (
            "{% if request > limit %}x{% endif %}",
            "`>` compares two numbers or two versions, not `request` (a capture) and `limit` (a number)",
        ),
        (
            "{% if issue.number == '5' %}x{% endif %}",
            "`==` compares values of one kind, not `issue.number` (a number) and a text",
        ),
        ("{% if 'x' in version %}x{% endif %}", "`in` looks for a text in a text, and for nothing else"),
        ("{% if duplicates == 1 %}x{% endif %}", A_LIST),
        ("{{ request }}", "`request` " + UNKNOWN.format("request")),
        ("{{ 'netstat ' ~ request }}", "`request` " + UNKNOWN.format("request")),
        ("{{ request|upper }}", "`request` " + UNKNOWN.format("request")),
        ("{{ workspace and request }}", "`request` " + UNKNOWN.format("request")),
        ("{% if request or limit %}{{ request }}{% endif %}", "`request` " + UNKNOWN.format("request")),
        ("{% if request != 'x' %}{{ request }}{% endif %}", "`request` " + UNKNOWN.format("request")),
        ("{% if fixed_in %}{{ fixed_in.pr }}{% endif %}", "`fixed_in.pr` " + UNKNOWN.format("fixed_in.pr")),
        (
            "{% for request in duplicates %}x{% endfor %}",
            "`request` is another name already; choose a new name for the loop",
        ),
        ("x\n{{ request }}", "`request` " + UNKNOWN.format("request") + " (line 2 of the text)"),
        ("{{ " + "9" * 5000 + " }}", "invalid template: Exceeds the limit"),
        ("{% if " + "version and " * 3000 + "version %}x{% endif %}", TOO_DEEP),
        ("{{ version is odd }}", "unknown test `odd`; allowed are `defined`, `eq`, `ne`, `none`, `undefined`"),
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
    problems = check_template(text, NAMES)
    assert [_cut(problem) for problem in problems][:1] == [_cut(expected)]


def _cut(problem: str) -> str:
    return problem.partition("; allowed")[0].partition(" (4300")[0]


def test_what_is_sure_needs_no_if() -> None:
    assert check_template("{{ fixed_in.version }}", Names(sure={"fixed_in"})) == []


def test_every_problem_is_told_once() -> None:
    assert len(check_template("{{ a }} {{ a }} {{ 1 + 1 }}", Names())) == 2


VALUES = {
    "request": (None, "req_1"),
    "limit": (None, "32,000"),
    "version": ("1.9",),
    "workspace": (None, "false", "true"),
}
ATOMS = [
    *("version", "request", "limit", "workspace", "issue.number", "rule.title", "follow.number", "follow", "fixed_in"),
    *("fixed_in.version", "fixed_in.pr", "duplicates", "d", "d.number", "d.why", "d.confidence", "d.is_open"),
    *("'2.1'", "'x'", "2", "2.5", "true", "none", "loop.last"),
]
WAYS = [
    *(
        "{0}|lower",
        "{0}|trim",
        "{0}|length",
        "{0}|default({1})",
        "{0}|default",
        "{0} ~ {1}",
        "{0} and {1}",
        "{0} or {1}",
    ),
    *("not {0}", "{0} < {1}", "{0} >= {1}", "{0} == {1}", "{0} != {1}", "{0} in {1}", "{0} is none", "{0} is defined"),
    *("{0} is eq({1})", "{0} if {1} else {0}", "{0} if {1}", "{0}|first", "{0}|join({1})", "{0} < {1} <= {0}"),
]
expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.builds(lambda way, a, b: f"({way.format(a, b)})", st.sampled_from(WAYS), inner, inner),
)
texts = st.recursive(
    expressions.map(lambda it: f"{{{{ {it} }}}}"),
    lambda inner: (
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, expressions, inner, inner)
        | st.builds("{{% for d in duplicates if {} %}}{}{{% endfor %}}".format, expressions, inner)
    ),
    max_leaves=4,
)


class Part:
    """An object of which a template may show parts alone."""

    def __init__(self, **parts: object) -> None:
        self.__dict__ |= parts

    def __str__(self) -> str:
        raise AssertionError("a whole object was printed")


class Parts(list[Part]):
    __str__ = Part.__str__


@given(text=texts, data=st.data())
def test_whatever_passes_can_be_rendered_and_prints_nothing_unknown_or_whole(text: str, data: st.DataObject) -> None:
    if check_template(text, NAMES):
        return
    known = {name: Echo(data.draw(st.sampled_from(values)), NAMES.types[name]) for name, values in VALUES.items()}
    fix = Part(version=Echo("2.0", "version"), pr=Echo(data.draw(st.sampled_from([None, "5"])), "int"), state="older")
    one = Part(number=5, is_open=True, confidence=0.5, why="the same")
    values: dict[str, object] = {
        "issue": Part(number=7),
        "rule": Part(title="Full"),
        "follow": data.draw(st.sampled_from([None, Part(number=3, is_open=True)])),
        "fixed_in": data.draw(st.sampled_from([None, fix])),
        "duplicates": Parts(data.draw(st.sampled_from([[], [one], [one, one]]))),
    }
    assert "unknown" not in render_template(text, {**known, **values})


# --- a repository's own template


def test_the_shipped_template_may_be_copied() -> None:
    assert check_comment_template(read_template("comment.md.j2")) is None


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "{% for section in sections %}{{ section.steps|join(' ') }}{{ section.notes|headed('Notes') }}{% endfor %}",
            None,
        ),
        ("{% for s in sections %}{% for step in s.steps %}{{ loop.index }}{{ step }}{% endfor %}{% endfor %}", None),
        ("{% for section in sections %}{{ section.title|center(2000000000) }}{% endfor %}", "unknown filter `center`"),
        ("{{ version }} {{ a }}", "unknown name `version`; allowed are `sections`"),
        ("{{", "invalid template: unexpected 'end of template' (line 1 of the text)"),
        ("{{ " + "(" * 2000 + " }}", TOO_DEEP),
        ("{{ 10 ** (10 ** 8) }}", f"`pow` {NOT_ALLOWED}"),
        ("{% for x in range(99999999) %}x{% endfor %}", f"`call` {NOT_ALLOWED}"),
        ("{% set x = 'a' %}{{ x }}", f"`assign` {NOT_ALLOWED}"),
        ("{% macro m() %}{% endmacro %}", f"`macro` {NOT_ALLOWED}"),
        ("{{ '%s' % sections }}", f"`mod` {NOT_ALLOWED}"),
        ("{{ sections[0].tldr }}{% if sections[0].steps %}{{ sections[0].steps[0] }}{% endif %}", None),
        ("{{ sections[1].tldr }}", f"`getitem` {NOT_ALLOWED}"),
        (
            "{% for s in sections %}{{ s.steps[0] }}{% endfor %}",
            "`s.steps` may be empty; put `{% if s.steps %}` around it",
        ),
        ("{{ sections }}", "`sections` is a list; use it only in `if`, `for` and `length`"),
        ("{{ sections|join }}", "`join` takes a list of texts, not `sections` (a list)"),
        ("{% for s in sections %}{{ s.steps|join(s.steps|join) }}{% endfor %}", "`join` takes a text in quotes"),
        ("{% for s in sections %}{{ s }}{% endfor %}", "`s` has several parts; name one, such as `s.title`"),
        (
            "{% for a in sections %}{% for b in sections %}{% for c in sections %}x" + "{% endfor %}" * 3,
            "a loop must be over `sections` or a list of a section, with at most 2 levels",
        ),
        (
            "x" * (MAX_CHARACTERS + 1),
            f"the template has {MAX_CHARACTERS + 1} characters, but at most {MAX_CHARACTERS} are allowed; shorten it",
        ),
    ],
)
def test_a_repositorys_own_template(text: str, expected: str | None) -> None:
    found = check_comment_template(text)
    assert (found and _cut(found).partition("; did")[0]) == (expected and _cut(expected))
