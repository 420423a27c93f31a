"""Rules as they are matched: compiled, checked, with the pack that they belong to. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from bot.errors import Problem
from bot.issue.layout import LayoutModel
from bot.rules.captures import CaptureRule, compile_captures
from bot.rules.compiler import Compiler
from bot.rules.conditions.compound import AllHold, Condition, NoneHolds
from bot.rules.guidance import ALWAYS_FORBIDDEN, check_guidance, check_written
from bot.rules.prefilter import Prefilter
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.document import Document, Path, read_document
from bot.rules.spec.pack import CAPTURE_NAMES, TEMPLATE_NAMES, PackModel, is_capture_name
from bot.rules.spec.phrase import FREE_TEXT, SHORT, PhraseError, parse_phrase
from bot.rules.spec.rule import Guidance, RuleModel
from bot.rules.spec.validation import validate
from bot.text.versions import parse_version

_NAMED_GROUP = re.compile(r"(?<!\\)\(\?P?<(?P<name>\w+)>")


@dataclass(frozen=True, eq=False)
class Pack:
    """A folder of rules: what all its rules may use."""

    model: PackModel
    captures: tuple[CaptureRule, ...] = ()
    none: tuple[Condition, ...] = ()
    document: Document | None = None

    @property
    def name(self) -> str:
        """The pack's name."""
        return self.model.name

    @property
    def layouts(self) -> tuple[LayoutModel, ...]:
        """The kinds of report that the pack knows beside the built-in ones."""
        return tuple(
            LayoutModel(name=name, headings=layout.headings, sections=tuple(layout.sections.items()))
            for name, layout in self.model.layouts.items()
        )


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule, ready to be matched.

    `branches` are the conditions of its guidance, None where a branch always speaks; `echoable` the captures that it
    may show.
    """

    model: RuleModel
    pack: Pack
    condition: Condition
    branches: tuple[Condition | None, ...]
    document: Document
    content_hash: str
    echoable: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The rule's name."""
        return self.model.id

    @property
    def file(self) -> str:
        """Where it was read from."""
        return self.document.file

    @cached_property
    def supersedes(self) -> tuple[str, ...]:
        """Rules that are silent when this one matches too: its own list, and those behind it in the pack's order."""
        order = self.pack.model.precedence
        behind = order[order.index(self.id) + 1 :] if self.id in order else ()
        return (*self.model.supersedes, *(name for name in behind if name not in self.model.also))

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The squeezed texts of the phrases that may make it match, without their holes."""
        sources = (source for model in _walk(self.model.match) for source in (model.phrase, model.contains) if source)
        return tuple(parse_phrase(source).squeezed for source in sources)


@dataclass(frozen=True)
class Ruleset:
    """All rules of a run, and everything that was wrong with those that are not among them."""

    rules: tuple[Rule, ...] = ()
    packs: tuple[Pack, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @cached_property
    def prefilter(self) -> "Prefilter[Rule]":
        """What finds the rules that an issue may match."""
        return Prefilter(self.rules)

    @cached_property
    def longer_phrases(self) -> tuple[tuple[str, Rule], ...]:
        """The squeezed phrases that are found wherever they stand, each with its rule."""
        return tuple((text, rule) for rule in self.rules for text in dict.fromkeys(rule.phrases) if len(text) >= SHORT)

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """The names of all rules, of those that did not load too, as far as their files tell."""
        broken = (problem.file.rpartition("/")[2].rpartition(".")[0] for problem in self.problems)
        return frozenset([*(rule.id for rule in self.rules), *broken])

    @cached_property
    def layouts(self) -> tuple[LayoutModel, ...]:
        """The packs' own kinds of report."""
        return tuple(layout for pack in self.packs for layout in pack.layouts)

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """Answers that count as none, of all packs."""
        return frozenset(text for pack in self.packs for text in pack.model.placeholders)

    @cached_property
    def forbidden_words(self) -> tuple[str, ...]:
        """Words that no comment may hold, of all packs."""
        return (*ALWAYS_FORBIDDEN, *(word for pack in self.packs for word in pack.model.forbidden_words))


def compile_pack(document: Document, name: str) -> tuple[Pack, list[Problem]]:
    """The pack of a `pack.yml`; a broken one counts as a pack that defines nothing."""
    model, problems = validate(document, PackModel)
    if model is None:
        return Pack(PackModel(name=name)), list(problems)
    compiler = Compiler(known=())
    captures = compile_captures(model.captures, compiler)
    compiler = Compiler(
        known=tuple(capture.name for capture in captures), layouts=tuple(model.layouts), problems=compiler.problems
    )
    none = compiler.compile_all(model.none, ("none",))
    found = [document.problem_at(path, message, "condition") for path, message in compiler.problems]
    return Pack(model, captures, none, document), found


def compile_rule(text: str, file: str, pack: Pack) -> tuple[Rule | None, list[Problem]]:
    """The rule of a file, or None and everything that is wrong with it."""
    document = read_document(text, file)
    model, problems = validate(document, RuleModel)
    if model is None:
        return None, list(problems)
    found = {capture.name: capture.type for capture in pack.captures}
    found |= dict(_captures_of(model.match))
    compiler = Compiler(known=tuple(capture.name for capture in pack.captures), layouts=tuple(pack.model.layouts))
    condition = compiler.compile(model.match, ("match",))
    if pack.none:
        condition = AllHold((condition, NoneHolds(pack.none)))
    compiler.known = tuple(found)
    branches = tuple(_compile_branch(compiler, guidance, index) for index, guidance in enumerate(model.guidance))
    by_kind = {
        "condition": compiler.problems,
        "name": [*_check_names(model, file), *_check_capture_names(model.match, tuple(found))],
        "guidance": check_guidance(model, found, (*ALWAYS_FORBIDDEN, *pack.model.forbidden_words)),
        "unwritten-guidance": check_written(model) if model.mode != "observe" else (),
    }
    broken = [document.problem_at(*problem, kind) for kind, all_ in by_kind.items() for problem in dict.fromkeys(all_)]
    if broken:
        return None, broken
    digest = sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return Rule(
        model,
        pack,
        condition,
        branches,
        document,
        digest,
        frozenset(n for n, kind in found.items() if kind not in FREE_TEXT),
    ), []


def _compile_branch(compiler: Compiler, guidance: Guidance, index: int) -> Condition | None:
    return compiler.compile(guidance.when, ("guidance", index, "when")) if guidance.when else None


def _captures_of(model: ConditionModel) -> Iterator[tuple[str, str]]:
    """Names and types of what a condition captures: holes, named groups (free text), and what it sets."""
    for condition in _walk(model):
        for phrase in filter(None, (condition.phrase, condition.contains)):
            yield from _holes_of(phrase)
        if condition.regex:
            yield from ((match["name"], "any") for match in _NAMED_GROUP.finditer(condition.regex))
        yield from ((name, "choice") for name in condition.set or {})


def _walk(model: ConditionModel) -> Iterator[ConditionModel]:
    """The condition and those inside it whose captures it has; what must not hold captures nothing."""
    yield model
    for child in (*(model.all or ()), *(model.any or ()), *(model.at_least.of if model.at_least else ())):
        yield from _walk(child)


def _holes_of(phrase: str) -> list[tuple[str, str]]:
    try:
        return [(hole.name, hole.type) for hole in parse_phrase(phrase).holes]
    except PhraseError:
        return []  # reported where the phrase is compiled


def _check_names(model: RuleModel, file: str) -> Iterator[tuple[Path, str]]:
    stem = file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    if model.id != stem:
        yield ("id",), f"the id `{model.id}` is not the file's name; call the file {model.id}.yml, or the rule `{stem}`"
    if model.fixed_in:
        try:
            parse_version(model.fixed_in.version)
        except ValueError as error:
            yield ("fixed_in", "version"), str(error)
    if model.id in model.supersedes or model.id in model.also:
        yield ("supersedes",), "a rule cannot supersede or accompany itself"


def _check_capture_names(model: ConditionModel, names: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for name in names:
        if name in TEMPLATE_NAMES:
            yield ("match",), f"`{name}` cannot be a capture's name, since templates use it; call it something else"
    for condition in _walk(model):
        for name in condition.set or {}:
            if not is_capture_name(name):
                yield ("match",), f"`set` cannot set `{name}`; {CAPTURE_NAMES}"
