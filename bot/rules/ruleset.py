"""Rules that are ready to match: compiled, checked, with their pack. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import PurePath

from bot.errors import Problem, SettingsError
from bot.issue.facts import Placeholder
from bot.issue.layout import LayoutModel
from bot.rules.captures import CaptureRule, list_values
from bot.rules.conditions.regex import Pattern
from bot.rules.conditions.types import Condition, Needle
from bot.rules.labels import LabelSource, LabelUse, find_use, list_closed_values, make_sources
from bot.rules.prefilter import Prefilter
from bot.rules.spec.condition import list_captures, list_sets
from bot.rules.spec.document import Document, Path, cut_name
from bot.rules.spec.pack import ALWAYS_FORBIDDEN, PackModel
from bot.rules.spec.phrase import FREE_TEXT, SHORT, Phrase
from bot.rules.spec.rule import RuleModel
from bot.rules.spec.validation import suggest
from bot.text.normalize import collapse
from bot.tracker.fields import FieldValue
from bot.tracker.types import unique

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
    def types(self) -> dict[str, str]:
        """The types of its captures, by name."""
        return {capture.name: capture.values.type for capture in self.captures}

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

    `branches` are the conditions of its guidance, None for a branch that always applies. `steps` are the RE2
    instructions of its patterns.
    """

    model: RuleModel
    pack: Pack
    condition: Condition
    branches: tuple[Condition | None, ...]
    document: Document
    content_hash: str
    steps: int = 0

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
    def capture_values(self) -> dict[str, tuple[str, ...]]:
        """The captures that it may use, each with the values that it can have; an empty tuple: any value."""
        sets = tuple(list_sets(self.model.match))
        known = {**dict.fromkeys(self.types, ()), **list_values(self.pack.captures, sets)}
        return list_closed_values(known, list_captures(self.model.match), sets, self.pack.types)

    @cached_property
    def label_sources(self) -> tuple[LabelSource, ...]:
        """The fields and captures whose answers give labels."""
        return make_sources(self.model.labels, self.capture_values) if self.model.labels.from_ else ()

    @property
    def label_problems(self) -> Iterator[tuple[Path, str]]:
        """Captures of these that do not exist, and values that they cannot have: a path in the file, and a sentence."""
        for index, source in enumerate(self.model.labels.from_):
            path: Path = ("labels", "from", index)
            if source.capture is not None and source.capture not in self.capture_values:
                known = suggest(source.capture, self.capture_values)
                advice = known or "; define it under `captures` in pack.yml, or use `section`"
                yield (*path, "capture"), f"unknown capture `{cut_name(source.capture)}`{advice}"
            allowed = self.capture_values.get(source.capture or "", ())
            for key in source.map or {} if allowed else ():
                if collapse(key) not in map(collapse, allowed):
                    advice = suggest(key, allowed)
                    yield (*path, "map", key), f"`{source.capture}` cannot be `{cut_name(key)}`{advice}"

    @property
    def given_labels(self) -> tuple[str, ...]:
        """The labels that it may set, as it writes them: those that it always adds, and those of its maps."""
        return unique(name for _, name in self.model.labels.list_given())

    @cached_property
    def label_use(self) -> LabelUse:
        """The labels that it reads, sets and removes."""
        conditions = (self.condition, *(branch for branch in self.branches if branch))
        return find_use(self.given_labels, self.model.labels.remove, self.label_sources, conditions)

    @cached_property
    def values(self) -> tuple[tuple[str, FieldValue], ...]:
        """The issue type, under `TYPE`, and the issue fields that it asks for."""
        return tuple(self.model.list_values())

    @cached_property
    def types(self) -> dict[str, str]:
        """The types of its captures and of those of its pack, by name."""
        return self.pack.types | dict(list_captures(self.model.match))

    @cached_property
    def echoable(self) -> frozenset[str]:
        """The captures that its comment may show."""
        return frozenset(name for name, kind in self.types.items() if kind not in FREE_TEXT)

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
