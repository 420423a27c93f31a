"""Rules that are ready to match: compiled, checked, with their pack. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import PurePath

from bot.errors import Problem, SettingsError
from bot.issue.facts import Placeholder
from bot.issue.layout import LayoutModel
from bot.rules.captures import CaptureRule
from bot.rules.conditions.regex import Pattern
from bot.rules.conditions.types import Condition, Needle
from bot.rules.prefilter import Prefilter
from bot.rules.spec.document import Document
from bot.rules.spec.pack import ALWAYS_FORBIDDEN, PackModel
from bot.rules.spec.phrase import SHORT, Phrase
from bot.rules.spec.rule import RuleModel
from bot.rules.spec.validation import suggest

PACK_FILE = "pack.yml"
NOT_RULES = frozenset({PACK_FILE, "pack.yaml", "config.yml", "config.yaml"})
_YAML = (".yml", ".yaml")


@dataclass(frozen=True, eq=False)
class Pack:
    """A folder of rules, with the facts and words that all its rules may use.

    If a condition of `none` holds, no rule matches. `circumstance` are patterns of sentences about another problem.
    """

    model: PackModel
    captures: tuple[CaptureRule, ...] = ()
    none: tuple[Condition, ...] = ()
    document: Document | None = None
    circumstance: tuple[Pattern, ...] = ()

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
    echoable: frozenset[str]

    @cached_property
    def id(self) -> str:
        """The rule's name."""
        return self.model.id

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its id, and its former ids."""
        return (self.id, *self.model.was)

    @cached_property
    def file(self) -> str:
        """The file that it comes from."""
        return self.document.file

    @cached_property
    def needles(self) -> tuple[Needle, ...] | None:
        """The patterns of which one occurs wherever it matches; None: it may match without any."""
        return self.condition.needles

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

    @property
    def hashes(self) -> dict[str, str]:
        """The content hash of each rule, by its id."""
        return {rule.id: rule.content_hash for rule in self.rules}

    @cached_property
    def names(self) -> frozenset[str]:
        """The ids of all rules, present and former."""
        return frozenset(name for rule in self.rules for name in rule.names)

    @cached_property
    def longer_phrases(self) -> dict[str, list[Rule]]:
        """The squeezed phrases that match anywhere in a text, each with its rules."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for text in dict.fromkeys(rule.phrases):
                if len(text) >= SHORT:
                    found.setdefault(text, []).append(rule)
        return found

    @cached_property
    def find_phrases(self) -> Callable[[str], frozenset[str]]:
        """A function that gives the longer phrases in a text, and remembers its answers.

        It looks up each part of the text, so its time does not depend on the number of phrases.
        """
        lengths = sorted({len(text) for text in self.longer_phrases})

        @cache
        def find(text: str) -> frozenset[str]:
            spans = ((start, start + length) for length in lengths for start in range(len(text) - length + 1))
            return frozenset(part for start, end in spans if (part := text[start:end]) in self.longer_phrases)

        return find

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """The ids of all rules; for a rule that did not load, the name of its file."""
        broken = (PurePath(problem.file).stem for problem in self.problems)
        return frozenset([*(rule.id for rule in self.rules), *broken])

    def require_rule(self, wanted: str | None) -> None:
        """Raise SettingsError if a rule is wanted that is not among them."""
        known = sorted(rule.id for rule in self.rules)
        if wanted is not None and wanted not in known:
            advice = suggest(wanted, known) or f"; give the id of one of these {len(known)} rules"
            raise SettingsError(f"there is no rule {wanted!r}{advice}")

    @cached_property
    def successors(self) -> dict[str, Rule]:
        """The rule that took the place of each former id, by `was`."""
        return {name: rule for rule in reversed(self.rules) for name in rule.names[1:]}

    @cached_property
    def renamed(self) -> dict[str, str]:
        """The present id for each former id, by `was`; a name that a rule has now is that rule's."""
        return {name: rule.id for name, rule in self.successors.items() if name not in {each.id for each in self.rules}}

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags of all rules."""
        return frozenset(tag for rule in self.rules for tag in rule.model.tags)

    @cached_property
    def broken(self) -> frozenset[str]:
        """The files of the rules that did not load."""
        files = (PurePath(problem.file) for problem in self.problems)
        return frozenset(file.as_posix() for file in files if file.suffix in _YAML and file.name not in NOT_RULES)

    @cached_property
    def layouts(self) -> tuple[LayoutModel, ...]:
        """The packs' own kinds of report."""
        return tuple(layout for pack in self.packs for layout in pack.layouts)

    @cached_property
    def placeholders(self) -> frozenset[Placeholder]:
        """Answers that count as no answer, of all packs."""
        return frozenset(
            Placeholder(each.text, each.section) for pack in self.packs for each in pack.model.placeholders
        )

    @cached_property
    def forbidden_words(self) -> tuple[str, ...]:
        """Words that no comment may contain, of all packs."""
        return (*ALWAYS_FORBIDDEN, *(word for pack in self.packs for word in pack.model.forbidden_words))
