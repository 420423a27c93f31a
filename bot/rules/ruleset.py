"""Rules that are ready to match: compiled, checked, with their pack. Pure."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

from bot.errors import Problem
from bot.issue.layout import LayoutModel
from bot.rules.captures import CaptureRule
from bot.rules.conditions.types import Condition
from bot.rules.prefilter import Prefilter
from bot.rules.spec.document import Document
from bot.rules.spec.pack import ALWAYS_FORBIDDEN, PackModel
from bot.rules.spec.phrase import SHORT, Phrase
from bot.rules.spec.rule import RuleModel

PACK_FILE = "pack.yml"
NOT_RULES = frozenset({PACK_FILE, "pack.yaml", "config.yml", "config.yaml"})
_YAML = (".yml", ".yaml")


@dataclass(frozen=True, eq=False)
class Pack:
    """A folder of rules, with the facts and words that all its rules may use."""

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
        """The kinds of report that the pack adds to the built-in ones."""
        return tuple(
            LayoutModel(name=name, headings=layout.headings, sections=tuple(layout.sections.items()))
            for name, layout in self.model.layouts.items()
        )


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule, ready to be matched.

    `branches` are the conditions of its guidance, None for a branch that always applies; `echoable` are the captures
    that its comment may show.
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
        """The file that it comes from."""
        return self.document.file

    @cached_property
    def supersedes(self) -> tuple[str, ...]:
        """The rules that are silent if this rule also matches: its own list, and the later rules of `precedence`."""
        order = self.pack.model.precedence
        behind = order[order.index(self.id) + 1 :] if self.id in order else ()
        return (*self.model.supersedes, *(name for name in behind if name not in self.model.also))

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The squeezed texts of the phrases that may make it match, without their holes."""
        sought = (part.sought for part, is_unwanted in self.condition.walk() if not is_unwanted)
        return tuple(phrase.squeezed for phrase in sought if isinstance(phrase, Phrase))


@dataclass(frozen=True)
class Ruleset:
    """All rules of a run, and the problems of the rules that did not load."""

    rules: tuple[Rule, ...] = ()
    packs: tuple[Pack, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @cached_property
    def prefilter(self) -> "Prefilter[Rule]":
        """Finds the rules that an issue may match."""
        return Prefilter(self.rules)

    @cached_property
    def longer_phrases(self) -> tuple[tuple[str, Rule], ...]:
        """The squeezed phrases that match anywhere in a text, each with its rule."""
        return tuple((text, rule) for rule in self.rules for text in dict.fromkeys(rule.phrases) if len(text) >= SHORT)

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """The ids of all rules; for a rule that did not load, the name of its file."""
        broken = (PurePath(problem.file).stem for problem in self.problems)
        return frozenset([*(rule.id for rule in self.rules), *broken])

    @cached_property
    def broken(self) -> frozenset[str]:
        """The files of the rules that did not load."""
        files = (PurePath(problem.file) for problem in self.problems)
        return frozenset(str(file) for file in files if file.suffix in _YAML and file.name not in NOT_RULES)

    @cached_property
    def layouts(self) -> tuple[LayoutModel, ...]:
        """The packs' own kinds of report."""
        return tuple(layout for pack in self.packs for layout in pack.layouts)

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """Answers that count as no answer, of all packs."""
        return frozenset(text for pack in self.packs for text in pack.model.placeholders)

    @cached_property
    def forbidden_words(self) -> tuple[str, ...]:
        """Words that no comment may contain, of all packs."""
        return (*ALWAYS_FORBIDDEN, *(word for pack in self.packs for word in pack.model.forbidden_words))
