"""Templates of guidance: a small, safe part of Jinja2, checked when the rule is loaded. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.rules.spec.pack import TEMPLATE_NAMES
from bot.rules.spec.validation import suggest

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FIXED_NAMES = TEMPLATE_NAMES
ATTRIBUTES = {
    "issue": ("number",),
    "rule": ("title",),
    "follow": ("number", "is_open"),
    "fixed_in": ("version", "pr", "state"),
    "duplicates": (),
}
_DUPLICATE_ATTRIBUTES = ("number", "is_open", "confidence", "why")
_FILTERS = ("default", "join", "length", "first", "last", "lower", "upper", "trim")
_TESTS = ("defined", "undefined", "none", "eq", "ne")
_ALLOWED_NODES = frozenset(
    (
        *("Template", "Output", "TemplateData", "Name", "Const", "Getattr", "If", "CondExpr", "For", "Compare"),
        *("Operand", "And", "Or", "Not", "Filter", "Test", "Concat"),
    )
)
Node = Any  # a node of Jinja2's syntax tree; the types are not known before it is imported
_MAY_BE_NONE = ("follow", "fixed_in")
MAX_DEPTH = 20
"""More would run into the limits of Python's own compiler, through which Jinja2 sends a template."""

_TOO_DEEP = f"the template has more than {MAX_DEPTH} levels of nesting; make it simpler"


@cache
def make_environment() -> "ImmutableSandboxedEnvironment":
    """Jinja2 with its sandbox, strict about undefined names. Imported late: most texts are not templates.

    It does not escape HTML: the output is Markdown, and the code that makes the values quotes them.
    """
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


def is_template(text: str) -> bool:
    """Whether the text has syntax of Jinja2."""
    return "{{" in text or "{%" in text or "{#" in text


@dataclass(frozen=True, slots=True)
class _Scope:
    """What may be used at one place of a template; `sure` are the names that are known not to be none there."""

    known: frozenset[str]
    free_text: frozenset[str]
    sure: frozenset[str]
    loop: str = ""
    depth: int = 0


def check_template(
    text: str, captures: Collection[str], free_text: Collection[str], sure: Collection[str] = ()
) -> list[str]:
    """The problems of a template; it may show `captures`, but not the captures in `free_text`.

    A template may have output, conditions and a loop over `duplicates`: no calls, no arithmetic, nothing that could
    run for long. `follow` and `fixed_in` may be missing, so they must be inside an `if`, unless they are in `sure`.
    """
    if not is_template(text):
        return []
    from jinja2 import TemplateSyntaxError

    try:
        tree = make_environment().parse(text)
    except TemplateSyntaxError as error:
        return [f"invalid template: {error.message} (line {error.lineno} of the text)"]
    except RecursionError:
        return [_TOO_DEEP]
    scope = _Scope(frozenset({*captures, *FIXED_NAMES}), frozenset(free_text), frozenset(sure))
    return list(dict.fromkeys(_find_problems(tree, scope)))


def _find_problems(node: Node, scope: _Scope) -> Iterator[str]:
    if scope.depth > MAX_DEPTH:
        yield _TOO_DEEP
        return
    if problem := _check_node(node, scope):
        yield problem
    if type(node).__name__ in _ALLOWED_NODES:
        for child in node.iter_child_nodes():
            yield from _find_problems(child, _scope_of(child, node, scope))


def _scope_of(child: Node, parent: Node, scope: _Scope) -> _Scope:
    """A loop's name is known inside the loop; what an `if` has tested is sure inside it."""
    deeper = replace(scope, depth=scope.depth + 1)
    kind = type(parent).__name__
    if kind == "For" and child is not parent.iter and all(child is not node for node in parent.else_):
        loop = getattr(parent.target, "name", "")
        return replace(deeper, known=scope.known | {loop}, loop=loop)
    if (kind == "If" and any(child is node for node in parent.body)) or (kind == "CondExpr" and child is parent.expr1):
        return replace(deeper, sure=scope.sure | _names_tested(parent.test))
    if kind == "And" and child is parent.right:
        return replace(deeper, sure=scope.sure | _names_tested(parent.left))
    return deeper


def _names_tested(test: Node) -> frozenset[str]:
    if type(test).__name__ == "And":
        return _names_tested(test.left) | _names_tested(test.right)
    return frozenset({test.name}) if type(test).__name__ == "Name" else frozenset()


def _check_node(node: Node, scope: _Scope) -> str | None:
    kind = type(node).__name__
    if kind not in _ALLOWED_NODES:
        return f"`{kind.lower()}` is not allowed in a template; use names, `if` and `for … in duplicates`"
    check = _CHECKS.get(kind)
    return check(node, scope) if check else None


def _check_name(node: Node, scope: _Scope) -> str | None:
    name = node.name
    if name in scope.free_text:
        advice = "give its hole a type such as `id` or `version`"
        return f"`{name}` is free text of the reporter, which comments never repeat; {advice}"
    return None if name in scope.known else f"unknown name `{name}`{suggest(name, scope.known)}"


def _check_loop(node: Node, scope: _Scope) -> str | None:
    if getattr(node.iter, "name", None) != "duplicates" or scope.loop:
        return "a loop must be over `duplicates`, and must not be inside another loop"
    return None


def _check_attribute(node: Node, scope: _Scope) -> str | None:
    name = getattr(node.node, "name", "")
    if name and name not in scope.known:
        return None  # said where the name is checked
    allowed = _DUPLICATE_ATTRIBUTES if name and name == scope.loop else ATTRIBUTES.get(name, ())
    if node.attr not in allowed:
        return f"`{name or 'this'}` has no `{node.attr}`{suggest(node.attr, allowed)}"
    if name in _MAY_BE_NONE and name not in scope.sure:
        return f"`{name}` may be missing; put `{{% if {name} %}}` around it"
    return None


def _check_filter(node: Node, _scope: _Scope) -> str | None:
    return None if node.name in _FILTERS else f"unknown filter `{node.name}`{suggest(node.name, _FILTERS)}"


def _check_test(node: Node, _scope: _Scope) -> str | None:
    return None if node.name in _TESTS else f"unknown test `{node.name}`{suggest(node.name, _TESTS)}"


def _check_output(node: Node, scope: _Scope) -> str | None:
    names = [getattr(child, "name", "") for child in node.nodes if type(child).__name__ == "Name"]
    whole = next((name for name in names if name in FIXED_NAMES or (name and name == scope.loop)), None)
    return f"`{whole}` has several parts; name one, such as `{whole}.number`" if whole else None


_CHECKS: "Mapping[str, Callable[[Node, _Scope], str | None]]" = {
    "Name": _check_name,
    "For": _check_loop,
    "Getattr": _check_attribute,
    "Filter": _check_filter,
    "Test": _check_test,
    "Output": _check_output,
    "Concat": _check_output,
}


def render_template(text: str, values: Mapping[str, object]) -> str:
    """The text with its values; raises jinja2.TemplateError only where `check_template` has found problems."""
    return make_environment().from_string(text).render(values) if is_template(text) else text


def check_comment_template(text: str) -> str | None:
    """The problem of a repository's own comment template, which may use all of Jinja2's sandbox, or None."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        tree = make_environment().parse(text)
    except TemplateSyntaxError as error:
        return f"invalid template: {error.message} (line {error.lineno})"
    except RecursionError:
        return "the template has too many levels of nesting; make it simpler"
    unknown = sorted(meta.find_undeclared_variables(tree) - {"sections"})
    return f"unknown names in the template: {', '.join(unknown)}; use `sections`" if unknown else None
