"""The checks of a template: its names, parts, filters and comparisons cannot fail when it is rendered. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bot.rules.spec.template import FAILURES, is_template, make_environment
from bot.rules.spec.template_kinds import (
    BROKEN,
    COMMENT_FILTERS,
    FILTERS,
    FLAG,
    LOOP,
    MIXED,
    NONE,
    NUMBER,
    OF_COMMENTS,
    OF_RULES,
    TESTS,
    TEXT,
    Filter,
    Kind,
    Node,
    Value,
    check_pair,
    describe_value,
    is_deeper,
    known_if,
    make_kind,
)
from bot.rules.spec.validation import suggest

MAX_DEPTH = 20
"""More would run into the limits of Python's own compiler, through which Jinja2 sends a template."""

MAX_CHARACTERS = 32_768
"""The longest comment template of a repository's own; as loops go over short lists, it bounds time and memory."""

_TOO_DEEP = f"the template has more than {MAX_DEPTH} levels of nesting; make it simpler"


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the texts of a rule may name.

    `types` are the captures that a comment may show, with their types; `free_text` those that it may not. `sure` are
    the names that are known wherever the text is shown; `gaps` says of others when they are not.
    """

    types: Mapping[str, str] = field(default_factory=dict)
    free_text: Collection[str] = ()
    sure: Collection[str] = ()
    gaps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Scope:
    """What may be used at one place; `sure` are the names known there, `takes_whole` allows objects and lists."""

    names: Mapping[str, Kind]
    report: Callable[[Node, str], None]
    filters: Mapping[str, Filter]
    loops_allowed: int
    given: Names = field(default_factory=Names)
    sure: frozenset[str] = frozenset()
    takes_whole: bool = False
    loops: int = 0

    def knowing(self, names: Iterable[str]) -> "_Scope":
        return replace(self, sure=self.sure.union(names))

    @property
    def of_value(self) -> "_Scope":
        return replace(self, takes_whole=False)

    @property
    def of_test(self) -> "_Scope":
        return replace(self, takes_whole=True)


def check_template(text: str, names: Names) -> list[str]:
    """The problems of a text of a rule. A text without problems can be rendered, with each value known or unknown.

    Only output, conditions and a loop over `duplicates` are allowed: no calls, no arithmetic, nothing that could run
    for long. Whole objects stand in `if`, `for` and `length` alone. What may be unknown stands inside an `if`.
    """
    if not is_template(text):
        return []
    captures = {name: make_kind(type_) for name, type_ in names.types.items()}
    return _check(text, _Scope({**captures, **OF_RULES}, _ignore, FILTERS, 1, names, frozenset(names.sure)))


@lru_cache(maxsize=16)
def check_comment_template(text: str) -> str | None:
    """The first problem of a repository's own comment template, or None. The texts of rules have the same checks."""
    if len(text) > MAX_CHARACTERS:
        return f"the template has {len(text)} characters, but at most {MAX_CHARACTERS} are allowed; shorten it"
    return next(iter(_check(text, _Scope(OF_COMMENTS, _ignore, COMMENT_FILTERS, 2))), None)


def _ignore(_node: Node, _message: str) -> None: ...


def _check(text: str, scope: _Scope) -> list[str]:
    from jinja2 import TemplateSyntaxError

    try:
        tree = make_environment().parse(text)
    except TemplateSyntaxError as error:
        return [f"invalid template: {error.message} (line {error.lineno} of the text)"]
    except RecursionError:
        return [_TOO_DEEP]
    except FAILURES as error:
        return [f"invalid template: {error}"]
    if is_deeper(tree, MAX_DEPTH):
        return [_TOO_DEEP]
    found = dict[str, None]()

    def report(node: Node, message: str) -> None:
        found[message if node.lineno == 1 else f"{message} (line {node.lineno} of the text)"] = None

    _infer(tree, replace(scope, report=report))
    return list(found)


def _infer(node: Node, scope: _Scope) -> Value:
    """What an expression gives; a statement gives nothing that counts."""
    kind = type(node).__name__
    infer = _NODES.get(kind)
    if infer is None:
        scope.report(node, f"`{kind.lower()}` is not allowed in a template; use names, `if` and `for`")
        return Value(BROKEN)
    value = infer(node, scope)
    if value.kind.is_whole and not scope.takes_whole:
        scope.report(node, _explain_whole(value))
        return Value(BROKEN)
    return value


def _explain_whole(value: Value) -> str:
    name = value.path or "this"
    if value.kind.item:
        return f"`{name}` is a list; use it only in `if`, `for` and `length`"
    part = next(iter(value.kind.parts))
    return f"`{name}` has several parts; name one, such as `{name}.{part}`"


def _infer_shown(node: Node, scope: _Scope) -> Value:
    """What a text will print, which must be known there."""
    value = _infer(node, scope)
    for name in sorted(value.missing):
        scope.report(node, _explain_missing(name, scope))
    return replace(value, missing=frozenset())


def _explain_missing(name: str, scope: _Scope) -> str:
    when = scope.given.gaps.get(name, "")
    because = f": {when}" if when else ""
    instead = f"or use `{{{{ {name}|default('…') }}}}` with a text to show instead"
    return f"`{name}` may be unknown here{because}; put `{{% if {name} %}}…{{% endif %}}` around it, {instead}"


# --- statements


def _read_all(nodes: Iterable[Node], scope: _Scope) -> None:
    for node in nodes:
        _infer(node, scope)


def _read_body(node: Node, scope: _Scope) -> Value:
    _read_all(node.body, scope)
    return Value(NONE)


def _read_output(node: Node, scope: _Scope) -> Value:
    for child in node.nodes:
        _infer_shown(child, scope.of_value)
    return Value(NONE)


def _read_if(node: Node, scope: _Scope) -> Value:
    """What an `if` has tested is sure inside it, and the opposite in its `else`."""
    below = scope
    for branch in (node, *node.elif_):
        _infer(branch.test, below.of_test)
        _read_all(branch.body, below.knowing(known_if(branch.test)))
        below = replace(below, sure=below.sure | known_if(branch.test, is_true=False))
    _read_all(node.else_, below)
    return Value(NONE)


def _read_for(node: Node, scope: _Scope) -> Value:
    list_ = _infer(node.iter, scope.of_test)
    name = getattr(node.target, "name", "")
    if not name:
        scope.report(node, f"`{type(node.target).__name__.lower()}` is not allowed in a template; loop over one name")
        return Value(NONE)
    if name in {*scope.names, *scope.given.free_text, "loop"}:
        scope.report(node, f"`{name}` is another name already; choose a new name for the loop")
    if (list_.kind.item is None and list_.kind is not BROKEN) or scope.loops >= scope.loops_allowed or node.recursive:
        scope.report(node, _explain_loops(scope))
    inside = {**scope.names, name: list_.kind.item or BROKEN, "loop": LOOP}
    below = replace(scope, names=inside, loops=scope.loops + 1, sure=scope.sure - {name})
    if node.test:
        before = {known: kind for known, kind in inside.items() if known != "loop"}  # which items there are is open yet
        _infer(node.test, replace(below.of_test, names=before))
        below = below.knowing(known_if(node.test))
    _read_all(node.body, below)
    _read_all(node.else_, scope)
    return Value(NONE)


def _explain_loops(scope: _Scope) -> str:
    lists = [name for name, kind in scope.names.items() if kind.item]
    if scope.loops_allowed == 1:
        return f"a loop must be over `{lists[0]}`, and must not be inside another loop"
    return f"a loop must be over `{lists[0]}` or a list of a section, with at most {scope.loops_allowed} levels"


# --- expressions


def _read_name(node: Node, scope: _Scope) -> Value:
    name = node.name
    if name in scope.given.free_text:
        advice = "give its hole a type such as `id` or `version`"
        scope.report(node, f"`{name}` is free text of the reporter, which comments never repeat; {advice}")
    elif name not in scope.names:
        scope.report(node, f"unknown name `{name}`{suggest(name, scope.names)}")
    else:
        return _value_at(name, scope.names[name], scope)
    return Value(BROKEN)


def _value_at(path: str, kind: Kind, scope: _Scope) -> Value:
    is_missing = kind.is_optional and not kind.is_whole and path not in scope.sure
    return Value(kind, path, frozenset({path}) if is_missing else frozenset())


def _read_attribute(node: Node, scope: _Scope) -> Value:
    base = _infer(node.node, scope.of_test)
    kind, name = base.kind, base.path or "this"
    if kind is BROKEN:
        return Value(BROKEN)
    if node.attr not in kind.parts:
        scope.report(node, f"`{name}` has no `{node.attr}`{suggest(node.attr, kind.parts)}")
        return Value(BROKEN)
    if kind.is_optional and name not in scope.sure:
        scope.report(node, f"`{name}` may be missing; put `{{% if {name} %}}` around it")
    return _value_at(f"{name}.{node.attr}", kind.parts[node.attr], scope)


def _read_first(node: Node, scope: _Scope) -> Value:
    """`[0]` of a list, in a repository's own template: there is always a section, of other lists an `if` knows."""
    base = _infer(node.node, scope.of_test)
    if not base.kind.item or getattr(node.arg, "value", None) != 0 or scope.loops_allowed == 1:
        scope.report(node, "`getitem` is not allowed in a template; use names, `if` and `for`")
        return Value(BROKEN)
    if base.path != "sections" and base.path not in scope.sure:
        scope.report(node, f"`{base.path}` may be empty; put `{{% if {base.path} %}}` around it")
    return Value(base.kind.item, f"{base.path}[0]")


def _read_constant(node: Node, _scope: _Scope) -> Value:
    value = node.value
    is_number = isinstance(value, int | float)
    kind = FLAG if isinstance(value, bool) else NUMBER if is_number else NONE if value is None else TEXT
    return Value(kind, constant=value)


def _read_and(node: Node, scope: _Scope) -> Value:
    left = _infer(node.left, scope)
    return _join(left, _infer(node.right, scope.knowing(known_if(node.left))))


def _read_or(node: Node, scope: _Scope) -> Value:
    """What is unknown on the left is not what comes out."""
    left = _infer(node.left, scope)
    right = _infer(node.right, scope.knowing(known_if(node.left, is_true=False)))
    return _join(replace(left, missing=frozenset()), right)


def _read_choice(node: Node, scope: _Scope) -> Value:
    _infer(node.test, scope.of_test)
    first = _infer(node.expr1, scope.knowing(known_if(node.test)))
    if node.expr2 is None:
        return _join(first, Value(TEXT))
    return _join(first, _infer(node.expr2, scope.knowing(known_if(node.test, is_true=False))))


def _join(one: Value, other: Value) -> Value:
    """What is one of the two."""
    if BROKEN in (one.kind, other.kind):
        return Value(BROKEN)
    whole = next((value for value in (one, other) if value.kind.is_whole), None)
    kind = whole.kind if whole else one.kind if one.kind.name == other.kind.name else MIXED
    return Value(kind, path=whole.path if whole else "", missing=one.missing | other.missing)


def _read_not(node: Node, scope: _Scope) -> Value:
    _infer(node.node, scope.of_test)
    return Value(FLAG)


def _read_concat(node: Node, scope: _Scope) -> Value:
    for child in node.nodes:
        _infer_shown(child, scope.of_value)
    return Value(TEXT)


def _read_compare(node: Node, scope: _Scope) -> Value:
    read = _infer_shown if any(operand.op in {"in", "notin"} for operand in node.ops) else _infer
    left = read(node.expr, scope.of_value)
    for operand in node.ops:
        right = read(operand.expr, scope.of_value)
        if problem := check_pair(operand.op, left, right):
            scope.report(node, problem)
        left = right
    return Value(FLAG)


def _read_filter(node: Node, scope: _Scope) -> Value:
    known = scope.filters.get(node.name)
    if known is None:
        advice = suggest(node.name, scope.filters)
        is_of_lists = node.name in {"join", "first", "last"}
        scope.report(node, f"unknown filter `{node.name}`{'; a `for` goes over a list' if is_of_lists else advice}")
        return Value(BROKEN)
    read = _infer if known.takes == "value" else _infer_shown
    value = read(node.node, scope.of_test if "list" in known.takes else scope.of_value)
    arguments = [_infer_shown(argument, scope.of_value) for argument in node.args]
    is_sure = _check_arguments(node, known, scope) and _check_operand(node, known, value, scope)
    if not is_sure or value.kind is BROKEN:
        return Value(BROKEN)
    if node.name == "default":
        kind = arguments[0].kind if arguments else TEXT
        return Value(value.kind if value.kind.name == kind.name else MIXED)
    return Value(NUMBER) if node.name == "length" else Value(TEXT, missing=value.missing)


def _check_arguments(node: Node, known: Filter, scope: _Scope) -> bool:
    """Constants alone, as many as the filter takes: a text that grows with each filter would have no bound."""
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not known.least <= len(node.args) <= known.most:
        number = f"{known.least} to {known.most}" if known.least < known.most else known.most or "no"
        scope.report(node, f"`{node.name}` takes {number} argument{'s' * (known.most != 1)}, without names")
        return False
    if node.name != "default" and any(not isinstance(getattr(each, "value", None), str) for each in node.args):
        scope.report(node, f"`{node.name}` takes a text in quotes")
        return False
    return True


def _check_operand(node: Node, known: Filter, value: Value, scope: _Scope) -> bool:
    kind = value.kind
    fits = {
        "value": not kind.is_whole,
        "text": kind.name == "text",
        "list or text": kind.name in {"list", "text"},
        "list of texts": kind.item is TEXT,
    }
    if kind is not BROKEN and not fits[known.takes]:
        scope.report(node, f"`{node.name}` takes a {known.takes}, not {describe_value(value)}")
        return False
    return True


def _read_test(node: Node, scope: _Scope) -> Value:
    if node.name not in TESTS:
        scope.report(node, f"unknown test `{node.name}`{suggest(node.name, TESTS)}")
        return Value(BROKEN)
    wanted = TESTS[node.name]
    value = _infer(node.node, scope.of_value if wanted else scope)
    arguments = [_infer(argument, scope.of_value) for argument in node.args]
    if node.kwargs or node.dyn_args or node.dyn_kwargs or len(arguments) != wanted:
        scope.report(node, f"`is {node.name}` takes {wanted or 'no'} argument{'s' * (wanted != 1)}")
    elif arguments and (problem := check_pair(node.name, value, arguments[0])):
        scope.report(node, problem)
    return Value(FLAG)


_NODES: Mapping[str, Callable[[Node, _Scope], Value]] = {
    "Template": _read_body,
    "Output": _read_output,
    "TemplateData": lambda _node, _scope: Value(TEXT),
    "If": _read_if,
    "For": _read_for,
    "Name": _read_name,
    "Getattr": _read_attribute,
    "Getitem": _read_first,
    "Const": _read_constant,
    "And": _read_and,
    "Or": _read_or,
    "Not": _read_not,
    "CondExpr": _read_choice,
    "Concat": _read_concat,
    "Compare": _read_compare,
    "Filter": _read_filter,
    "Test": _read_test,
}
