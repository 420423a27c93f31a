"""Problems of a rule that its model cannot find: names, templates, forbidden words, unwritten texts. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache, partial

from bot.rules.conditions.types import Condition as Compiled
from bot.rules.ruleset import Rule
from bot.rules.spec.condition import Condition, list_captures, walk_models
from bot.rules.spec.document import Path
from bot.rules.spec.pack import (
    ALWAYS_FORBIDDEN,
    CAPTURE_NAMES,
    TEMPLATE_NAMES,
    find_forbidden,
    is_capture_name,
)
from bot.rules.spec.phrase import FREE_TEXT
from bot.rules.spec.template_check import Names, check_template
from bot.text.normalize import MAX_CHARACTERS

_NEVER_SPEAKS = (
    "no comment ever shows this branch, because the branch before it has no `when:`; "
    "add `when:` to that branch, or move it to the end"
)
FORBIDDEN_WORDS = 'the words "{}" trigger other bots or are a command to GitHub; use other words'
_UNWRITTEN = re.compile(r"(?im)^[\s>*_#-]*todo:")
_UNWRITTEN_ADVICE = (
    "this text starts with `TODO:`; write what the reporter should know. "
    "Until then, the rule loads only in `mode: observe`"
)


_VALUE, _STATEMENT = re.compile(r"\{\{-?\s*(\w*).*?\}\}", re.DOTALL), re.compile(r"\{%.*?%\}", re.DOTALL)
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_VALUE_IN_CODE = (
    "a value is inside code with other text, but Signpost writes values as code itself; "
    "end the code before the value, or move the command to `example:`"
)


def check_rule(rule: Rule, *, is_broken: bool = False) -> Iterator[tuple[Path, str, str]]:
    """Each problem of a rule: its place, a sentence, and its kind.

    Where a condition of the rule `is_broken`, nothing says which captures are known.
    """
    by_kind = {
        "name": (*_check_names(rule), *_check_capture_names(rule.model.match, rule.types)),
        "condition": rule.label_problems,
        "guidance": (
            *_check_guidance(rule, is_broken=is_broken),
            *_check_asks(rule),
            *(check_written(rule) if rule.model.mode != "observe" else ()),
        ),
    }
    for kind, problems in by_kind.items():
        yield from ((path, message, kind) for path, message in problems)


def _check_names(rule: Rule) -> Iterator[tuple[Path, str]]:
    model = rule.model
    stem = rule.file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    if model.id != stem:
        advice = f"rename the file to {model.id}.yml, or change the id to `{stem}`"
        yield ("id",), f"the id `{model.id}` is not the name of the file; {advice}"
    if model.id in model.supersedes or model.id in model.also:
        yield ("supersedes",), f"the rule names itself in `supersedes:` or `also:`; remove `{model.id}` there"


def _check_capture_names(model: Condition, names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    for name in names:
        if name in TEMPLATE_NAMES:
            yield ("match",), f"`{name}` cannot be the name of a capture, because templates use it; choose another name"
    for _, condition in walk_models(model):
        for name in condition.set or {}:
            if not is_capture_name(name):
                yield ("match",), f"`set` cannot set `{name}`; {CAPTURE_NAMES}"


def _check_guidance(rule: Rule, *, is_broken: bool) -> Iterator[tuple[Path, str]]:
    """What is wrong with a rule's texts: names they cannot see, broken templates, words that no comment may hold."""
    for index, guidance in enumerate(rule.model.guidance[:-1]):
        if guidance.when is None:
            yield ("guidance", index + 1), _NEVER_SPEAKS
    texts = tuple(texts_of(rule))
    find_names = lru_cache(partial(_find_names, rule, is_broken=is_broken))
    held = _find_suspects([text for _, text in texts], (*ALWAYS_FORBIDDEN, *rule.pack.model.forbidden_words))
    for path, text in texts:
        branch = path[1] if path[0] == "guidance" else None
        for problem in check_template(text, find_names(branch)) if "{" in text else ():
            yield path, problem
        if path[-1] != "example" and _holds_value_in_code(text, rule.types):
            yield path, _VALUE_IN_CODE
        for word in find_forbidden(text, held) if held else ():
            yield path, FORBIDDEN_WORDS.format(word)


def _holds_value_in_code(text: str, captures: Collection[str]) -> bool:
    """Whether a code span has a capture and other text: the backticks around the value would end the span."""
    if "{{" not in text or "`" not in text:
        return False
    plain = _VALUE.sub(lambda found: "\0" if found[1] in captures else "", _STATEMENT.sub("", text))
    return any("\0" in span[2] and span[2].strip() != "\0" for span in _CODE_SPAN.finditer(plain))


def _find_names(rule: Rule, branch: int | None, *, is_broken: bool) -> Names:
    """What the texts of a branch (or of the whole rule) may name, and which of it is always known there."""
    known = rule.echoable if is_broken else find_known(rule, branch)
    fixed = rule.model.fixed_in
    fix = [f"fixed_in.{name}" for name in ("version", "pr") if fixed and getattr(fixed, name)]
    return Names(
        types={name: type_ for name, type_ in rule.types.items() if name in rule.echoable},
        free_text=rule.types.keys() - rule.echoable,
        sure={*known, *fix, *(["fixed_in"] if fixed else ())},
        gaps={name: _explain_gap(name, rule.condition) for name in rule.echoable},
    )


def find_known(rule: Rule, branch: int | None) -> frozenset[str]:
    """The captures that are known wherever a branch (or the rule) speaks; one that may be free text is none of them."""
    stated = [*rule.pack.types.items(), *list_captures(rule.model.match)]
    mixed = {name for name, type_ in stated if type_ in FREE_TEXT}
    sure = find_sure(rule.condition)
    for index, when in enumerate(rule.branches[: 0 if branch is None else branch + 1]):
        sure |= find_sure(when, holds=index == branch, captures=False) if when else frozenset()
    return sure - mixed


def find_sure(condition: Compiled, *, holds: bool = True, captures: bool = True) -> frozenset[str]:
    """The captures that are known wherever a condition holds (or does not); without `captures` those it tests alone."""
    own = set(condition.captured if holds and captures else ())
    if (settled := condition.settled) and settled[1] == holds:
        own.add(settled[0])
    children = condition.children
    least = len(children) if condition.least is None or condition.negates else condition.least
    needed = least if holds else len(children) - least + 1  # so many children are certainly as `state` says
    state, captures = holds != condition.negates, captures and not condition.negates
    found = Counter(name for child in children for name in find_sure(child, holds=state, captures=captures))
    return frozenset(own).union(name for name, count in found.items() if len(children) - count < needed)


def _explain_gap(name: str, condition: Compiled) -> str:
    """When a capture is unknown although the rule matches."""
    giving = [part for part, is_unwanted in condition.walk() if name in part.captured and not is_unwanted]
    if not giving:
        return "a report may not state it"
    other = next((part for part in _find_ways(condition) if name not in find_sure(part)), None)
    wanted = getattr(other, "wanted", "")
    return f"`{wanted}` matches without it" if wanted else "the rule matches without it, too"


def _find_ways(condition: Compiled) -> Iterator[Compiled]:
    """The single conditions of the first place where some of several are enough."""
    if condition.least is not None and len(condition.children) > condition.least:
        yield from condition.children
        return
    for child in condition.children if not condition.negates else ():
        yield from _find_ways(child)


def _find_suspects(texts: list[str], forbidden: tuple[str, ...]) -> tuple[str, ...]:
    """The words worth looking for: those that all texts together hold, where that is quicker to see."""
    together = "\n".join(texts)
    return forbidden if len(together) > MAX_CHARACTERS else tuple(find_forbidden(together, forbidden))


def _check_asks(rule: Rule) -> Iterator[tuple[Path, str]]:
    """What is wrong with each `ask`."""
    for index, guidance in enumerate(rule.model.guidance):
        for place, name in enumerate(guidance.ask):
            path: Path = ("guidance", index, "ask", place)
            if problem := rule.pack.model.check_ask(name, rule.types):
                yield path, problem
            elif name in guidance.ask[:place]:
                yield path, f"the list has `{name}` twice; remove one of the two"


def check_written(rule: Rule) -> Iterator[tuple[Path, str]]:
    """Texts that are not written yet: they start with `TODO:`, which must never reach a reporter."""
    for path, text in texts_of(rule):
        if _UNWRITTEN.search(text):
            yield path, _UNWRITTEN_ADVICE


def texts_of(rule: Rule) -> Iterator[tuple[Path, str]]:
    """Every text of a rule that a comment may show, with its path."""
    yield ("title",), rule.model.title
    for index, guidance in enumerate(rule.model.guidance):
        path: Path = ("guidance", index)
        for key in ("tldr", "example", "notes", "recommendation"):
            if text := getattr(guidance, key):
                yield (*path, key), text
        for number, step in enumerate(guidance.steps):
            yield (*path, "steps", number), step
    for number, resource in enumerate(rule.model.resources):
        yield ("resources", number), resource.title
