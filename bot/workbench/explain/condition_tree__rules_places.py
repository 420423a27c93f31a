"""Where in its file a condition stands, so that an explanation can name the line to change. Pure."""

from collections.abc import Iterator

from bot.rules.conditions.compound import CaptureHolds, Condition, IssueHolds, VersionHolds
from bot.rules.conditions.section import CheckboxHolds, SectionHolds, SectionIsSilent
from bot.rules.conditions.text import CodeHolds, FrameHolds, PhraseHolds, RegexHolds
from bot.rules.spec.document import Document, Path


def find_place(condition: Condition, document: Document | None) -> str:
    """`file:line` of the condition's key in a rule's `match` or a pack's `none`; "" where it is not the only such."""
    if document is None:
        return ""
    keys, written = _describe(condition)
    paths = (path for path in _list_paths(document) if path[-1] in keys and _fits(path, written, document))
    lines = {document.places[path][0] for path in paths}
    return f"{document.file}:{lines.pop()}" if len(lines) == 1 else ""


def _list_paths(document: Document) -> Iterator[Path]:
    return (path for path in document.places if path and path[0] in {"match", "none"})


def _describe(condition: Condition) -> tuple[tuple[str, ...], str | None]:
    """The keys that such a condition is written with, and their value; None where any value will do."""
    match condition:
        case PhraseHolds():
            return ("phrase", "contains"), condition.phrase.source
        case RegexHolds() | VersionHolds():
            return ("regex", "version"), condition.source
        case SectionHolds() | SectionIsSilent():
            return ("section",), condition.name
        case CheckboxHolds():
            return ("checkbox",), condition.label
        case FrameHolds():
            return ("frame",), condition.pattern
        case _:
            return _describe_by_key(condition), None


def _describe_by_key(condition: Condition) -> tuple[str, ...]:
    match condition:
        case CaptureHolds():
            return (condition.name,)
        case IssueHolds():
            return (condition.key,)
        case CodeHolds():
            return ("code",)
        case _:
            return ()


def _fits(path: Path, written: str | None, document: Document) -> bool:
    if written is None:
        return True
    value = document.value
    for step in path:
        value = value[step]
    return str(value) == written
