"""From the text of a rule file or a pack.yml to a rule or a pack, or to all its problems. Pure."""

from hashlib import sha256

from bot.errors import Problem
from bot.rules.captures import compile_captures, list_values
from bot.rules.compiler import Compiler
from bot.rules.conditions.issue import FeatureRequested
from bot.rules.conditions.types import Condition
from bot.rules.ruleset import Pack, Rule
from bot.rules.spec.condition import list_captures, list_sets
from bot.rules.spec.document import Document, read_document
from bot.rules.spec.pack import PackModel
from bot.rules.spec.rule import RuleModel
from bot.rules.spec.validation import validate


def compile_pack(document: Document, name: str) -> tuple[Pack, list[Problem]]:
    """The pack of a `pack.yml`; an invalid file counts as a pack that defines nothing."""
    model, problems = validate(document, PackModel)
    if model is None:
        return Pack(PackModel(name=name)), list(problems)
    compiler = Compiler(known={}, layouts=tuple(model.layouts))
    captures = compile_captures(model.captures, compiler, model.product)
    compiler.known = list_values(captures)
    none = compiler.compile_all(model.none, ("none",))
    requests = (
        FeatureRequested.make_of_model(request, ("feature_requests", index), compiler)
        for index, request in enumerate(model.feature_requests)
    )
    none = (*none, *requests)
    circumstance = compiler.compile_circumstance(model.circumstance, ("circumstance",))
    found = [document.problem_at(path, message, "condition") for path, message in compiler.problems]
    return Pack(model, captures, none, document, circumstance), found


def compile_rule(text: str, file: str, pack: Pack, *, is_checked: bool = False) -> tuple[Rule | None, list[Problem]]:
    """The rule of a file, or None and all its problems.

    If it `is_checked`, its texts are not checked again, which takes as long as half of all the rest.
    """
    document = read_document(text, file)
    model, problems = validate(document, RuleModel)
    if model is None:
        return None, list(problems)
    condition, branches, compiler = _compile_conditions(model, pack)
    digest = sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    rule = Rule(model, pack, condition, branches, document, digest, compiler.steps)
    found = [(*problem, "condition") for problem in compiler.problems]
    if not is_checked:
        from bot.rules.checks import check_rule  # noqa: PLC0415 (a shipped pack needs none)

        found += check_rule(rule, is_broken=bool(compiler.problems))
    if found:
        return None, [document.problem_at(*problem) for problem in dict.fromkeys(found)]
    return rule, []


def _compile_conditions(model: RuleModel, pack: Pack) -> tuple[Condition, tuple[Condition | None, ...], Compiler]:
    """When the rule matches, when each branch of its guidance applies, and the compiler with the problems of both."""
    compiler = Compiler(known=list_values(pack.captures), layouts=tuple(pack.model.layouts))
    condition = compiler.compile_match(model.match, pack.none, pack.circumstance)
    named = dict.fromkeys(pack.types | dict(list_captures(model.match)), ())
    compiler.known = {**named, **list_values(pack.captures, list_sets(model.match))}
    branches = tuple(
        compiler.compile(guidance.when, ("guidance", index, "when")) if guidance.when else None
        for index, guidance in enumerate(model.guidance)
    )
    return condition, branches, compiler
