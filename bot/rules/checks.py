"""Problems of a rule that its model cannot find: names, templates, forbidden words, unwritten texts. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from bot.rules.spec.condition import Condition, walk_models
from bot.rules.spec.document import Path
from bot.rules.spec.pack import CAPTURE_NAMES, TEMPLATE_NAMES, is_capture_name
from bot.rules.spec.phrase import FREE_TEXT
from bot.rules.spec.rule import RuleModel
from bot.rules.spec.template import check_template
from bot.text.normalize import MAX_CHARACTERS, collapse
from bot.text.versions import parse_version

_NEVER_SPEAKS = (
    "no comment ever shows this branch, because the branch before it has no `when:`; "
    "add `when:` to that branch, or move it to the end"
)
_UNWRITTEN = re.compile(r"(?im)^[\s>*_#-]*todo:")
_UNWRITTEN_ADVICE = (
    "this text starts with `TODO:`; write what the reporter should know. "
    "Until then, the rule loads only in `mode: observe`"
)


def check_rule_model(
    model: RuleModel, file: str, types: Mapping[str, str], forbidden: tuple[str, ...]
) -> Iterator[tuple[Path, str, str]]:
    """Each problem: its place, a sentence, and its kind. `types` are the types of the rule's captures, by name."""
    by_kind = {
        "name": (*_check_names(model, file), *_check_capture_names(model.match, types)),
        "guidance": (
            *_check_guidance(model, types, forbidden),
            *(check_written(model) if model.mode != "observe" else ()),
        ),
    }
    for kind, problems in by_kind.items():
        yield from ((path, message, kind) for path, message in problems)


def _check_names(model: RuleModel, file: str) -> Iterator[tuple[Path, str]]:
    stem = file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    if model.id != stem:
        advice = f"rename the file to {model.id}.yml, or change the id to `{stem}`"
        yield ("id",), f"the id `{model.id}` is not the name of the file; {advice}"
    if model.fixed_in:
        try:
            parse_version(model.fixed_in.version)
        except ValueError as error:
            yield ("fixed_in", "version"), str(error)
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


def find_forbidden(text: str, words: tuple[str, ...]) -> list[str]:
    """The words that the text contains, in any case or markup; an empty word never counts."""
    collapsed = collapse(text)
    return [word for word in words if (wanted := _collapse_word(word)).strip() and wanted in collapsed]


_collapse_word = lru_cache(collapse)


def _check_guidance(
    model: RuleModel, found: Mapping[str, str], forbidden: tuple[str, ...]
) -> Iterator[tuple[Path, str]]:
    """What is wrong with a rule's texts: names they cannot see, broken templates, words that no comment may hold."""
    for index, guidance in enumerate(model.guidance[:-1]):
        if guidance.when is None:
            yield ("guidance", index + 1), _NEVER_SPEAKS
    echoable = list_echoable(found)
    free_text = found.keys() - echoable
    texts = tuple(texts_of(model))
    held = _find_suspects([text for _, text in texts], forbidden)
    for path, text in texts:
        for problem in check_template(text, echoable, free_text, ("fixed_in",) if model.fixed_in else ()):
            yield path, problem
        for word in find_forbidden(text, held) if held else ():
            yield path, f'the words "{word}" trigger other bots or are a command to GitHub; use other words'


def list_echoable(found: Mapping[str, str]) -> frozenset[str]:
    """The names of the captures that a comment may show; `found` has the type of each by name."""
    return frozenset(name for name, kind in found.items() if kind not in FREE_TEXT)


def _find_suspects(texts: list[str], forbidden: tuple[str, ...]) -> tuple[str, ...]:
    """The words worth looking for: those that all texts together hold, where that is quicker to see."""
    together = "\n".join(texts)
    return forbidden if len(together) > MAX_CHARACTERS else tuple(find_forbidden(together, forbidden))


def check_written(model: RuleModel) -> Iterator[tuple[Path, str]]:
    """Texts that are not written yet: they start with `TODO:`, which must never reach a reporter."""
    for path, text in texts_of(model):
        if _UNWRITTEN.search(text):
            yield path, _UNWRITTEN_ADVICE


def texts_of(model: RuleModel) -> Iterator[tuple[Path, str]]:
    """Every text of a rule that a comment may show, with its path."""
    yield ("title",), model.title
    for index, guidance in enumerate(model.guidance):
        path: Path = ("guidance", index)
        for key in ("tldr", "example", "notes", "recommendation"):
            if text := getattr(guidance, key):
                yield (*path, key), text
        for number, step in enumerate(guidance.steps):
            yield (*path, "steps", number), step
    for number, resource in enumerate(model.resources):
        yield ("resources", number), resource.title
