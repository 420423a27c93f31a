"""Templates of guidance: a small, safe part of Jinja2, checked when the rule is loaded. Pure."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.rules.document import suggest

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FIXED_NAMES = ("issue", "rule", "duplicates", "follow", "fixed_in")
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
    "Template Output TemplateData Name Const Getattr If CondExpr For Compare Operand And Or Not Filter Test Concat List Tuple".split()
)


@cache
def make_environment() -> "ImmutableSandboxedEnvironment":
    """Jinja2 with its sandbox, strict about undefined names. Imported late: most texts hold no template."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )  # noqa: S701 (the output is Markdown; values are quoted where they are made)


def is_template(text: str) -> bool:
    """Whether the text has anything for Jinja2 to do."""
    return "{{" in text or "{%" in text or "{#" in text


def check_template(text: str, captures: Collection[str], free_text: Collection[str]) -> list[str]:
    """What is wrong with a template; `captures` may be echoed, `free_text` names captures that may not.

    Only output, conditions and a loop over `duplicates` are allowed: no calls, no arithmetic, nothing that could run for long.
    """
    if not is_template(text):
        return []
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = make_environment().parse(text)
    except TemplateSyntaxError as error:
        return [f"the template is not valid: {error.message} (line {error.lineno} of the text)"]
    loop_names = {node.target.name for node in tree.find_all(nodes.For) if isinstance(node.target, nodes.Name)}
    known = {*captures, *FIXED_NAMES, *loop_names}
    return [problem for node in _walk(tree) if (problem := _check_node(node, known, free_text, loop_names))]


def _walk(node: Any) -> Any:  # noqa: ANN401 (Jinja2's node types are not known before it is imported)
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _check_node(
    node: Any, known: Collection[str], free_text: Collection[str], loop_names: Collection[str]
) -> str | None:  # noqa: ANN401
    kind = type(node).__name__
    if kind not in _ALLOWED_NODES:
        return f"`{kind.lower()}` is not allowed in a template; use names, `if` and `for … in duplicates`"
    if kind == "Name":
        return _check_name(node.name, known, free_text)
    if kind == "For" and getattr(node.iter, "name", None) != "duplicates":
        return "a loop can only go over `duplicates`"
    if kind == "Getattr":
        return _check_attribute(node, loop_names)
    if kind == "Filter" and node.name not in _FILTERS:
        return f"unknown filter `{node.name}`{suggest(node.name, _FILTERS)}"
    if kind == "Test" and node.name not in _TESTS:
        return f"unknown test `{node.name}`{suggest(node.name, _TESTS)}"
    return None


def _check_name(name: str, known: Collection[str], free_text: Collection[str]) -> str | None:
    if name in free_text:
        return f"`{name}` is free text of the reporter, which is never repeated; give its hole a type such as `id` or `version`"
    return None if name in known else f"unknown name `{name}`{suggest(name, known)}"


def _check_attribute(node: Any, loop_names: Collection[str]) -> str | None:  # noqa: ANN401
    name = getattr(node.node, "name", None)
    allowed = _DUPLICATE_ATTRIBUTES if name in loop_names else ATTRIBUTES.get(str(name), ())
    return None if node.attr in allowed else f"`{name}` has no `{node.attr}`{suggest(node.attr, allowed)}"


def render_template(text: str, values: Mapping[str, object]) -> str:
    """The text with its values; raises jinja2.TemplateError only where `check_template` has found problems."""
    return make_environment().from_string(text).render(values) if is_template(text) else text


def check_comment_template(text: str) -> str | None:
    """What is wrong with a repository's own comment template, which may use all of Jinja2's sandbox; None if nothing is."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        tree = make_environment().parse(text)
    except TemplateSyntaxError as error:
        return f"the template is not valid: {error.message} (line {error.lineno})"
    unknown = sorted(meta.find_undeclared_variables(tree) - {"sections"})
    return f"unknown names in the template: {', '.join(unknown)}; it is given `sections`" if unknown else None
