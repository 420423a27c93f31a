"""From the words of a rule to conditions that can be evaluated; every problem with its path in the file. Pure."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import re2

from bot.issue.facts import DEFAULT_VIEWS, VIEWS
from bot.issue.layout import LAYOUTS
from bot.rules.conditions.compound import (
    AllHold,
    AtLeastHold,
    CaptureHolds,
    Condition,
    IssueHolds,
    NoneHolds,
    Sets,
    VersionHolds,
)
from bot.rules.conditions.section import (
    CheckboxHolds,
    SectionHolds,
    SectionIsSilent,
    section_holds_link,
    section_is,
)
from bot.rules.conditions.text import CodeHolds, FrameHolds, Pattern, PhraseHolds, RegexHolds, compile_pattern
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.document import Path
from bot.rules.spec.phrase import Phrase, PhraseError, parse_phrase
from bot.rules.spec.validation import suggest
from bot.text.language import LANGUAGES
from bot.text.versions import parse_range

MAX_PROGRAM_SIZE = 1_000
"""RE2 instructions a pattern may need: 97 % of real ones stay below; more take seconds on 64 KiB of hostile text."""

_SMALLER = "use smaller repetition counts, or several conditions"
_SECTION = re.compile(r"section:\s*\S")
_ABOUT_ISSUE = ("label", "no_label", "author", "language", "layout", "body")


@dataclass
class Compiler:
    """Compiles the conditions of one rule. `problems` fills up.

    `known` are the names that captures may have, `layouts` the pack's own kinds of report.
    """

    known: Collection[str]
    layouts: Collection[str] = ()
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def compile(self, model: ConditionModel, path: Path) -> Condition:
        """The condition of a mapping: its keys side by side must all hold."""
        parts = [part for key, make in _MAKERS.items() if (part := make(self, model, (*path, key))) is not None]
        parts += [self._compare_capture(name, value, (*path, name)) for name, value in model.captures.items()]
        if not parts:
            self.problems.append((path, "this condition says nothing; give it a key such as `phrase`"))
        condition = parts[0] if len(parts) == 1 else AllHold(tuple(parts))
        if model.set:
            return Sets(condition, tuple((name, _as_text(value)) for name, value in model.set.items()))
        return condition

    def compile_phrase(self, source: str, path: Path) -> Phrase | None:
        """A phrase and its patterns, checked."""
        try:
            phrase = parse_phrase(source)
        except PhraseError as error:
            self.problems.append((path, str(error)))
            return None
        return phrase

    def compile_regex(self, source: str, path: Path) -> Pattern | None:
        """An RE2 pattern, checked for its syntax and its cost."""
        try:
            pattern = compile_pattern(source)
        except re2.error as error:
            self.problems.append((path, _explain_pattern(error)))
            return None
        if pattern.programsize > MAX_PROGRAM_SIZE:
            size = f"{pattern.programsize} steps, at most {MAX_PROGRAM_SIZE} are allowed"
            self.problems.append((path, f"the pattern is too large ({size}); {_SMALLER}"))
            return None
        if pattern.search("") is not None:
            self.problems.append(
                (
                    path,
                    "the pattern matches the empty text, so every issue; let a part of it be needed",
                )
            )
        return pattern

    def compile_all(self, models: list[ConditionModel], path: Path) -> tuple[Condition, ...]:
        """The conditions of a list."""
        return tuple(self.compile(model, (*path, index)) for index, model in enumerate(models))

    def views_of(self, model: ConditionModel, path: Path) -> tuple[str, ...]:
        """Where a text condition looks."""
        views = tuple(model.in_ or DEFAULT_VIEWS)
        for index, view in enumerate(views):
            if view not in VIEWS and not _SECTION.match(view):
                message = f"unknown view `{view}`; a form field is `section: NAME`{suggest(view, VIEWS)}"
                self.problems.append(((*path[:-1], "in", index), message))
        return views

    def _compare_capture(self, name: str, value: object, path: Path) -> Condition:
        values = value if isinstance(value, list) else [value]
        if name not in self.known:
            operators = [field.alias or key for key, field in ConditionModel.model_fields.items()]
            self.problems.append((path, f"unknown condition `{name}`{suggest(name, [*operators, *self.known])}"))
        elif not values or not all(isinstance(item, bool | int | str) for item in values):
            self.problems.append((path, f"`{name}` is compared with a value or a list of values"))
        return CaptureHolds(name, tuple(_as_text(item).casefold() for item in values))


def _explain_pattern(error: Exception) -> str:
    reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
    advice = "; put a backslash before a sign that stands for itself"
    if "perl operator" in reason or "escape" in reason:
        advice = "; RE2 has no look-around and no back-references"
    elif "too large" in reason or "repetition size" in reason:
        advice = f"; {_SMALLER}"
    return f"the pattern is not valid RE2: {reason}{advice}"


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _phrase(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    if model.phrase is None:
        return None
    views = compiler.views_of(model, path)
    phrase = compiler.compile_phrase(model.phrase, path)
    return make_phrase(phrase, views) if phrase else _NOTHING


def make_phrase(phrase: Phrase, views: tuple[str, ...]) -> PhraseHolds:
    """The condition that the phrase occurs in one of the views."""
    if not phrase.holes:
        return PhraseHolds(phrase, views)
    return PhraseHolds(
        phrase, views, compile_pattern(phrase.collapsed_pattern), compile_pattern(phrase.squeezed_pattern)
    )


def _regex(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    if model.regex is None:
        return None
    views = compiler.views_of(model, path)
    pattern = compiler.compile_regex(model.regex, path)
    return RegexHolds(model.regex, views, pattern) if pattern is not None else _NOTHING


def _section(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    if model.section is None:
        return None
    parts = (*_about_text(model, model.section), *_about_silence(model, model.section))
    if model.contains is not None:
        phrase = compiler.compile_phrase(model.contains, (*path[:-1], "contains"))
        parts = (*parts, make_phrase(phrase, (f"section: {model.section}",)) if phrase else _NOTHING)
    return parts[0] if len(parts) == 1 else AllHold(parts)


def _about_text(model: ConditionModel, name: str) -> Iterator[Condition]:
    if model.is_ is not None:
        yield SectionHolds(name, f'section: {name}, is: "{model.is_}"', section_is(model.is_))
    if model.one_of is not None:
        yield SectionHolds(name, f"section: {name}, one_of: {model.one_of}", section_is(*model.one_of))
    if model.url_host is not None:
        yield SectionHolds(name, f"section: {name}, url_host: {model.url_host}", section_holds_link(*model.url_host))
    if (expected := model.placeholder) is not None:
        wanted = f"section: {name}, placeholder: {_as_text(expected)}"
        yield SectionHolds(name, wanted, lambda facts, text: facts.is_placeholder(text) == expected)


def _about_silence(model: ConditionModel, name: str) -> Iterator[Condition]:
    if model.empty is not None:
        yield SectionIsSilent(name, "empty", model.empty)
    if model.missing is not None:
        yield SectionIsSilent(name, "missing", model.missing)


def _checkbox(_compiler: Compiler, model: ConditionModel, _path: Path) -> Condition | None:
    return CheckboxHolds(model.checkbox, model.ticked is not False) if model.checkbox is not None else None


def _version(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    if model.version is None:
        return None
    if "version" not in compiler.known:
        compiler.problems.append(
            (path, "the pack does not say where a version is stated; add `captures: {version: …}` to pack.yml")
        )
    try:
        return VersionHolds(model.version, parse_range(model.version))
    except ValueError as error:
        compiler.problems.append((path, str(error)))
        return _NOTHING


def _code(_compiler: Compiler, model: ConditionModel, _path: Path) -> Condition | None:
    return CodeHolds(tuple(model.code), (*DEFAULT_VIEWS, "errors")) if model.code is not None else None


def _frame(_compiler: Compiler, model: ConditionModel, _path: Path) -> Condition | None:
    return FrameHolds(model.frame, model.at or "any", ("body", "logs", "errors")) if model.frame is not None else None


def _about_issue(key: str) -> "Callable[[Compiler, ConditionModel, Path], Condition | None]":
    def make(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
        value = getattr(model, key)
        if value is None:
            return None
        values = (value,) if isinstance(value, str) else tuple(value)
        known = {"language": LANGUAGES, "layout": (*LAYOUTS, *compiler.layouts)}.get(key, values)
        folded = {name.casefold() for name in known}
        unknown = [name for name in values if name.casefold() not in folded]
        advice = f"; known are {', '.join(known)}"
        compiler.problems += [(path, f"unknown {key} `{name}`{suggest(name, known) or advice}") for name in unknown]
        return IssueHolds(key, values)

    return make


def _all(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    return AllHold(compiler.compile_all(model.all, path)) if model.all is not None else None


def _any(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    return AtLeastHold(1, compiler.compile_all(model.any, path)) if model.any is not None else None


def _none(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    return NoneHolds(compiler.compile_all(model.none, path)) if model.none is not None else None


def _at_least(compiler: Compiler, model: ConditionModel, path: Path) -> Condition | None:
    if model.at_least is None:
        return None
    if model.at_least.n > len(model.at_least.of):
        count = f"at least {model.at_least.n} of {len(model.at_least.of)} conditions can never hold"
        compiler.problems.append((path, f"{count}; lower `n`, or add conditions"))
    return AtLeastHold(model.at_least.n, compiler.compile_all(model.at_least.of, (*path, "of")))


_NOTHING = AtLeastHold(1, ())
_MAKERS: "dict[str, Callable[[Compiler, ConditionModel, Path], Condition | None]]" = {
    "phrase": _phrase,
    "regex": _regex,
    "section": _section,
    "checkbox": _checkbox,
    "version": _version,
    "code": _code,
    "frame": _frame,
    **{key: _about_issue(key) for key in _ABOUT_ISSUE},
    "all": _all,
    "any": _any,
    "none": _none,
    "at_least": _at_least,
}
