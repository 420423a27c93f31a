"""What a rule says, looked at before it may speak: templates, forbidden words, texts that nobody wrote. Pure."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from bot.rules.spec.document import Path
from bot.rules.spec.phrase import FREE_TEXT
from bot.rules.spec.rule import RuleModel
from bot.rules.spec.template import check_template
from bot.text.normalize import MAX_CHARACTERS, collapse

ALWAYS_FORBIDDEN = ("duplicate of #",)
"""GitHub takes a comment that starts so as a command (docs: marking issues as a duplicate)."""

_NEVER_SPEAKS = "this branch never speaks, since the one before it has no `when:`; add one there, or put that one last"
_UNWRITTEN = re.compile(r"(?im)^[\s>*_#-]*todo:")
_UNWRITTEN_ADVICE = (
    "this text starts with `TODO:`: say what the reporter should know; "
    "until somebody does, the rule loads in `mode: observe` alone"
)


def find_forbidden(text: str, words: tuple[str, ...]) -> list[str]:
    """Those of the words that the text holds, however they are cased or marked up; an empty one is none."""
    collapsed = collapse(text)
    return [word for word in words if (wanted := _collapse_word(word)).strip() and wanted in collapsed]


_collapse_word = lru_cache(collapse)


def check_guidance(
    model: RuleModel, found: Mapping[str, str], forbidden: tuple[str, ...]
) -> Iterator[tuple[Path, str]]:
    """What is wrong with a rule's texts: names they cannot see, broken templates, words that no comment may hold."""
    for index, guidance in enumerate(model.guidance[:-1]):
        if guidance.when is None:
            yield ("guidance", index + 1), _NEVER_SPEAKS
    free_text = {name for name, kind in found.items() if kind in FREE_TEXT}
    echoable = found.keys() - free_text
    texts = tuple(texts_of(model))
    held = _find_suspects([text for _, text in texts], forbidden)
    for path, text in texts:
        for problem in check_template(text, echoable, free_text, ("fixed_in",) if model.fixed_in else ()):
            yield path, problem
        for word in find_forbidden(text, held) if held else ():
            yield path, f'the words "{word}" wake other bots or are a command to GitHub; say it in other words'


def _find_suspects(texts: list[str], forbidden: tuple[str, ...]) -> tuple[str, ...]:
    """The words worth looking for: those that all texts together hold, where that is quicker to see."""
    together = "\n".join(texts)
    return forbidden if len(together) > MAX_CHARACTERS else tuple(find_forbidden(together, forbidden))


def check_written(model: RuleModel) -> Iterator[tuple[Path, str]]:
    """Texts that nobody has written yet: a draft has `TODO:` there, which must never reach a reporter."""
    for path, text in texts_of(model):
        if _UNWRITTEN.search(text):
            yield path, _UNWRITTEN_ADVICE


def texts_of(model: RuleModel) -> Iterator[tuple[Path, str]]:
    """Everything that a comment may show of a rule, and where it stands."""
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
