"""Warnings about rules that work but deserve a look: each with its reason and what to do. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import re2

from bot.errors import Problem
from bot.rules.conditions.regex import Lost, find_lost
from bot.rules.ruleset import Pack, Rule
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.condition import walk_models
from bot.rules.spec.document import Document, Path, cut_name
from bot.rules.spec.pack import PackModel
from bot.rules.spec.phrase import PhraseError, parse_phrase
from bot.text.printable import count

LONGEST_WITHOUT_REVIEW = 365
"""Days after which a maintainer should review the advice again."""

TOO_SHORT = 6
"""A phrase with fewer letters, digits and signs than this is a word that many issues have."""

TOO_COMMON = 0.05
"""A condition that holds in a larger share of all issues describes the repository more than a problem."""

FEW_ISSUES = 40
"""An archive of fewer issues says nothing about how common something is: two would be 5 % of it."""


Place = tuple[str, Path]
"""An alternative of a rule: the rule's id, and the place in its file."""


@dataclass(frozen=True, kw_only=True)
class Frequencies:
    """In how many of `total` past issues each alternative holds."""

    total: int
    counts: Mapping[Place, int]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of a check. Without `today` it does not judge age, without `frequencies` not how common texts are."""

    today: date | None = None
    frequencies: Frequencies | None = None
    proves_variants: bool = True


@dataclass(frozen=True, slots=True)
class Alternative:
    """A condition that is enough to make its rule match, and its place."""

    path: Path
    model: ConditionModel


def lint_rule(rule: Rule, terms: Terms) -> Iterator[Problem]:
    """The warnings about one rule."""
    found = (
        *_find_unliteral(rule),
        *_find_dead(rule),
        *_find_short(rule, terms),
        *_find_common(rule, terms),
        *_find_old(rule, terms.today),
        *_find_unfounded(rule),
    )
    yield from _report(rule.document, found)


Finding = tuple[Path, str, str]
"""The place, the sentence and the kind of a warning."""

_NO_LITERAL = (
    "this pattern requires no text of 3 letters or more, so Signpost tries it on every issue; "
    "add a word that every match contains, or add `phrase:` to the condition"
)
_TOO_SHORT = "write more of the message, or combine it with another condition under `all:`"
_TOO_COMMON = "too many for one problem; write more of the message, or add another condition"


def list_alternatives(model: ConditionModel, path: Path = ("match",)) -> Iterator[Alternative]:
    """The conditions that are each enough for a match: the branches of `any:`, also nested, or else the whole."""
    branches = model.any if model.any and _says(model) == {"any"} else None
    if branches is None and model.all and len(model.all) == 1 and _says(model) == {"all"}:
        yield from list_alternatives(model.all[0], (*path, "all", 0))
        return
    if branches is None:
        yield Alternative(path, model)
        return
    for index, child in enumerate(branches):
        yield from list_alternatives(child, (*path, "any", index))


def _says(model: ConditionModel) -> set[str]:
    """The keys that must hold; `none` and `set` narrow or tell, but do not tell what to look for."""
    return set(model.model_fields_set) - {"none", "set", "in_", "at", "lines"} | set(model.model_extra or ())


@lru_cache(maxsize=4096)
def has_literal(pattern: str) -> bool:
    """Whether every match contains some text (three letters or more) that RE2's prefilter can search for."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    single: Any = re2.Filter()
    single.Add(pattern, options)
    single.Compile()
    return not single.Match("\0", potential=True)


def _find_unliteral(rule: Rule) -> Iterator[Finding]:
    """A pattern for titles alone is left in peace: they are short."""
    needed = {needle.pattern for needle in rule.condition.needles or ()}
    for path, model in walk_models(rule.model.match, ("match",)):
        regex = model.regex
        if regex and regex in needed and model.in_ != ["title"] and not has_literal(regex):
            yield (*path, "regex"), _NO_LITERAL, "no-literal"


def _find_dead(rule: Rule) -> Iterator[Finding]:
    """Patterns with text that never occurs: in the rule's condition, below its `none`, and in each `when`."""
    yield from _find_dead_in(("match",), rule.model.match)
    for index, guidance in enumerate(rule.model.guidance):
        if guidance.when:
            yield from _find_dead_in(("guidance", index, "when"), guidance.when)


def _find_dead_in(start: Path, condition: ConditionModel) -> Iterator[Finding]:
    for path, model in walk_models(condition, start, with_none=True):
        if model.regex:
            yield from _judge_pattern((*path, "regex"), model.regex, sees_lines=model.lines is True)


def _judge_pattern(path: Path, source: str, *, sees_lines: bool = False) -> Iterator[Finding]:
    return ((path, _explain_lost(lost, sees_lines=sees_lines), "dead-pattern") for lost in find_lost(source))


def lint_packs(packs: Iterable[Pack]) -> Iterator[Problem]:
    """The warnings about the patterns of packs."""
    for pack in packs:
        yield from _report(pack.document, _find_dead_of_pack(pack.model))


def _find_dead_of_pack(model: PackModel) -> Iterator[Finding]:
    for index, condition in enumerate(model.none):
        yield from _find_dead_in(("none", index), condition)
    for index, pattern in enumerate(model.circumstance):
        yield from _judge_pattern(("circumstance", index), pattern)
    for number, request in enumerate(model.feature_requests):
        for key in ("titles", "unless_titles"):
            for index, title in enumerate(getattr(request, key)):
                yield from _judge_pattern(("feature_requests", number, key, index), title)
    for name, capture in model.captures.items():
        for index, source in enumerate(capture.first_of):
            yield from _judge_pattern(("captures", name, "first_of", index, "regex"), source.regex or "")


def _report(document: Document | None, found: Iterable[Finding]) -> Iterator[Problem]:
    if document:
        yield from (document.problem_at(path, message, kind, "warning") for path, message, kind in found)


_NAMES = {"`": "a backtick", "  ": "two spaces in a row", " ": "a space at its start or end"}


def _quote(pattern: str) -> str:
    cut = cut_name(pattern)
    return f'"{cut}"' if "`" in cut else f"`{cut}`"


def _explain_lost(lost: Lost, *, sees_lines: bool) -> str:
    signs = " and ".join(_NAMES.get(sign) or _quote(sign) for sign in lost.signs)
    what = f"{_quote(lost.written)} never matches, because the text that Signpost searches never has {signs}"
    if any(r"](" in sign.replace("\\", "") for sign in lost.signs):
        return f"{what}: a link has only its text there; search for that text, or test the target with `link:`"
    instead = f"write {_quote(lost.instead)}" if lost.instead else "leave it out"
    if any(sign in part for part in lost.signs for sign in (r"\n", r"\r", "\n")):
        other = "write a condition for each line" if sees_lines else "add `lines: true` for `^` and `$` at line ends"
        return f"{what}; {other}" if sees_lines else f"{what}; {instead}, or {other}"
    return f"{what}; {instead}"


def _find_short(rule: Rule, terms: Terms) -> Iterator[Finding]:
    if terms.frequencies and terms.frequencies.total >= FEW_ISSUES:
        return  # counting says more than length
    for alternative in list_alternatives(rule.model.match):
        phrase = alternative.model.phrase
        if phrase is None or _says(alternative.model) != {"phrase"}:
            continue
        length = _measure(phrase)
        if length < TOO_SHORT:
            short = f"a text of {count(length, 'character')} occurs in many issues by chance"
            message = f"`{phrase}` alone makes the rule match, but {short}; {_TOO_SHORT}"
            yield (*alternative.path, "phrase"), message, "too-short"


def _measure(phrase: str) -> int:
    try:
        return len(parse_phrase(phrase).squeezed)
    except PhraseError:
        return TOO_SHORT


def _find_common(rule: Rule, terms: Terms) -> Iterator[Finding]:
    known = terms.frequencies
    if known is None or known.total < FEW_ISSUES:
        return
    for alternative in list_alternatives(rule.model.match):
        held = known.counts.get((rule.id, alternative.path), 0)
        if held > known.total * TOO_COMMON:
            share = f"{held} of {count(known.total, 'past issue')} ({held / known.total:.0%})"
            message = f"this condition holds in {share}, {_TOO_COMMON}"
            yield _point_at(alternative), message, "too-common"


def _point_at(alternative: Alternative) -> Path:
    key = next((key for key in ("phrase", "regex") if getattr(alternative.model, key)), None)
    return (*alternative.path, key) if key else alternative.path


def _find_old(rule: Rule, today: date | None) -> Iterator[Finding]:
    model = rule.model
    if model.mode != "comment" or not model.guidance:
        return
    if model.reviewed is None:
        message = "`reviewed:` is missing; add the date of the last review, for example `reviewed: 2026-11-29`"
        yield ("guidance",), message, "unreviewed"
    if today is None:
        return
    if model.reviewed and (today - model.reviewed).days > LONGEST_WITHOUT_REVIEW:
        message = f"the last review was on {model.reviewed}, more than a year ago; review the advice and set a new date"
        yield ("reviewed",), message, "unreviewed"
    if model.reviewed and model.reviewed > today:
        yield ("reviewed",), f"{model.reviewed} is in the future; write the date of the last review", "unreviewed"
    if model.expires and model.expires <= today:
        message = (
            f"the advice expired on {model.expires}, so the rule sets labels but no longer comments; "
            "review it and set a later date, or remove `expires:`"
        )
        yield ("expires",), message, "expired"


def _find_unfounded(rule: Rule) -> Iterator[Finding]:
    model = rule.model
    if model.mode != "comment" or model.resources:
        return
    for index, guidance in enumerate(model.guidance):
        if not (guidance.source or "").strip() or (guidance.source or "").startswith("TODO:"):
            message = "the advice has no source; add `source:` with a page, an issue or a name"
            yield ("guidance", index, "tldr"), message, "no-source"
