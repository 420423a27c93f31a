"""From the keys of a rule to conditions that Signpost can evaluate; each problem has its path in the file. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.rules.conditions.compound import MESSAGE, AllHold, AtLeastHold, MoreThanCircumstance, NoneHolds, Sets
from bot.rules.conditions.issue import (
    CaptureHolds,
    CheckboxHolds,
    IssueHolds,
    VersionHolds,
    make_section,
)
from bot.rules.conditions.phrase import PhraseHolds
from bot.rules.conditions.regex import Pattern, RegexHolds, join_patterns, read_pattern
from bot.rules.conditions.text import AttachmentHolds, CodeHolds, FrameHolds, LinkHolds
from bot.rules.conditions.types import Condition, Key, format_scalar
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.document import Path

CONDITIONS: Mapping[str, Callable[[Key], Condition | None]] = {
    "phrase": PhraseHolds.make,
    "regex": RegexHolds.make,
    "attachment": AttachmentHolds.make,
    "link": LinkHolds.make,
    "section": make_section,
    "checkbox": CheckboxHolds.make,
    "version": VersionHolds.make,
    "code": CodeHolds.make,
    "frame": FrameHolds.make,
    "label": IssueHolds.make,
    "no_label": IssueHolds.make,
    "author": IssueHolds.make,
    "language": IssueHolds.make,
    "layout": IssueHolds.make,
    "body": IssueHolds.make,
    "all": AllHold.make,
    "any": AtLeastHold.make,
    "none": NoneHolds.make,
    "at_least": AtLeastHold.make_of_number,
}
"""Each key of a condition, and the function that makes the condition; it returns None if the value is invalid."""

_BROKEN = AtLeastHold(())
_ESCAPED_MESSAGE = r"\{message\}"


@dataclass
class Compiler:
    """Compiles the conditions of one rule, and adds to `problems`.

    `known` are the names of captures, each with the values that it can have (an empty list: any value). `layouts` are
    the pack's own kinds of report. `steps` are the RE2 instructions of all patterns so far.
    """

    known: Mapping[str, Collection[str]]
    layouts: Collection[str] = ()
    problems: list[tuple[Path, str]] = field(default_factory=list)
    steps: int = 0

    def compile(self, model: ConditionModel, path: Path) -> Condition:
        """The condition of a mapping: all its keys must hold."""
        parts = [make(key) or _BROKEN for key, make in self._list_keys(model, path)]
        if not parts:
            self.problems.append((path, "this condition tests nothing; add a key such as `phrase`"))
        condition = parts[0] if len(parts) == 1 else AllHold(tuple(parts))
        if model.set:
            return Sets(condition, tuple((name, format_scalar(value)) for name, value in model.set.items()))
        return condition

    def compile_match(
        self, model: ConditionModel, none: tuple[Condition, ...], circumstance: tuple[Pattern, ...] = ()
    ) -> Condition:
        """The condition of a rule; no condition of the pack's `none` may hold.

        It must recognise more than what the pack's patterns call a `circumstance`.
        """
        condition = self.compile(model, ("match",))
        guarded = AllHold((condition, NoneHolds(none))) if none else condition
        return MoreThanCircumstance.guard(guarded, circumstance) if circumstance else guarded

    def compile_circumstance(self, sources: Iterable[str], path: Path) -> tuple[Pattern, ...]:
        """The patterns of a pack's `circumstance`: those that name the message as one, and the others as one."""
        patterns = self._list_patterns((source.replace(MESSAGE, _ESCAPED_MESSAGE) for source in sources), path)
        named = [pattern for pattern in patterns if _ESCAPED_MESSAGE in pattern.pattern]
        return (*join_patterns(named), *join_patterns(pattern for pattern in patterns if pattern not in named))

    def _list_patterns(self, sources: Iterable[str], path: Path) -> list[Pattern]:
        found = (read_pattern(source, (*path, index), self) for index, source in enumerate(sources))
        return [pattern for pattern in found if pattern is not None]

    def compile_all(self, models: Iterable[ConditionModel], path: Path) -> tuple[Condition, ...]:
        """The conditions of a list."""
        return tuple(self.compile(model, (*path, index)) for index, model in enumerate(models))

    def _list_keys(self, model: ConditionModel, path: Path) -> Iterator[tuple[Key, Callable[[Key], Condition | None]]]:
        for name, make in CONDITIONS.items():
            if (value := getattr(model, name)) is not None and (name != "section" or model.tests_section):
                yield Key(name=name, value=value, model=model, path=(*path, name), scope=self), make
        for name, value in model.captures.items():
            yield Key(name=name, value=value, model=model, path=(*path, name), scope=self), CaptureHolds.make
