"""What an issue has instead of what a condition looks for: the nearest heading, the codes that it states. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

from bot.issue.facts import Facts
from bot.issue.layout import name_section
from bot.rules.conditions.compound import Condition
from bot.rules.conditions.section import CheckboxHolds, SectionHolds, SectionIsSilent
from bot.rules.conditions.text import CodeHolds, FrameHolds, PhraseHolds, RegexHolds
from bot.text.normalize import collapse

_MOST = 5
_LONGEST = 80
_AROUND = 20


def find_hint(condition: Condition, facts: Facts) -> str:
    """A sentence for the author of a condition that does not hold, "" where there is nothing to say.

    It may quote the issue; whoever shows it makes its signs harmless.
    """
    match condition:
        case SectionHolds() | SectionIsSilent():
            return _compare_sections(condition.name, facts)
        case CheckboxHolds():
            return _compare_boxes(condition.label, facts)
        case CodeHolds():
            codes = (str(stated.code) for text in facts.find_texts(condition.views) for stated in text.codes)
            return _list("codes that are stated", codes)
        case FrameHolds():
            frames = (frame for text in facts.find_texts(condition.views) for frame in text.frames[condition.at])
            return _list("frames that are there", (frame.names[0] for frame in frames))
        case PhraseHolds() | RegexHolds():
            return _explain_regex(condition, facts) or _compare_views(condition.views, facts)
        case _:
            return ""


def _list(what: str, found: Iterable[str]) -> str:
    names = list(dict.fromkeys(found))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{what}: {', '.join(name[:_LONGEST] for name in names[:_MOST])}{more}" if names else ""


def _compare_sections(name: str, facts: Facts) -> str:
    if facts.find_sections(name):
        return ""
    sections = {name_section(section.name): section.name for section in facts.layout.sections}
    near = get_close_matches(name_section(name), sections, 1, 0.6)
    if near:
        return f'the nearest is "{sections[near[0]][:_LONGEST]}"'
    return _list("sections that are there", sections.values())


def _compare_boxes(label: str, facts: Facts) -> str:
    boxes = {collapse(box.label): box.label for box in facts.layout.boxes}
    if any(collapse(label) in known for known in boxes):
        return ""
    near = get_close_matches(collapse(label), boxes, 1, 0.6)
    if near:
        return f'the nearest is "{boxes[near[0]][:_LONGEST]}"'
    return _list("boxes that are there", boxes.values())


def _compare_views(views: tuple[str, ...], facts: Facts) -> str:
    """A text condition that looks at one form field only, where the issue has no such field."""
    sections = [view.removeprefix("section:").strip() for view in views if view.startswith("section:")]
    if len(sections) != len(views) or any(facts.find_sections(name) for name in sections):
        return ""
    return f"there is no section {' or '.join(sections)}; {_compare_sections(sections[0], facts)}".rstrip("; ")


def _explain_regex(condition: PhraseHolds | RegexHolds, facts: Facts) -> str:
    """A pattern that fits the text as written, but not the collapsed form that it is compared with."""
    for text in facts.find_texts(condition.views):
        if isinstance(condition, RegexHolds) and (match := condition.pattern.search(text.raw)):
            near = collapse(text.raw[max(0, match.start() - _AROUND) : match.end() + _AROUND])
            return f'it fits the text as written, but patterns are compared with the collapsed form: "{near[:200]}"'
    return ""
