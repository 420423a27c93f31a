"""Rules as they are matched: compiled, checked, with the pack that they belong to. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property

from bot.errors import Problem
from bot.issue.layout import LayoutModel
from bot.rules.captures import CaptureRule
from bot.rules.conditions.types import Condition
from bot.rules.prefilter import Prefilter
from bot.rules.spec.document import Document
from bot.rules.spec.pack import ALWAYS_FORBIDDEN, PackModel
from bot.rules.spec.phrase import SHORT, Phrase
from bot.rules.spec.rule import RuleModel


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
        sought = (part.sought for part, is_unwanted in self.condition.walk() if not is_unwanted)
        return tuple(phrase.squeezed for phrase in sought if isinstance(phrase, Phrase))


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
    def longer_phrases(self) -> dict[str, list[Rule]]:
        """The squeezed phrases that are found wherever they are, each with its rules."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for text in dict.fromkeys(rule.phrases):
                if len(text) >= SHORT:
                    found.setdefault(text, []).append(rule)
        return found

    @cached_property
    def find_phrases(self) -> Callable[[str], frozenset[str]]:
        """Gives the longer phrases that a text holds; it remembers its answers.

        Each part of the text is looked up, so the time does not depend on how many phrases there are.
        """
        lengths = sorted({len(text) for text in self.longer_phrases})

        @cache
        def find(text: str) -> frozenset[str]:
            spans = ((start, start + length) for length in lengths for start in range(len(text) - length + 1))
            return frozenset(part for start, end in spans if (part := text[start:end]) in self.longer_phrases)

        return find

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
