"""What an issue has instead of what a condition looks for: the nearest heading or box, or a list of all. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

from bot.issue.facts import Facts
from bot.issue.layout import name_section
from bot.text.normalize import collapse

_MOST = 5
_LONGEST = 80


def list_found(what: str, found: Iterable[str]) -> str:
    """The first five of what is there, each once; "" where there is nothing."""
    names = list(dict.fromkeys(found))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{what}: {', '.join(name[:_LONGEST] for name in names[:_MOST])}{more}" if names else ""


def compare_sections(name: str, facts: Facts) -> str:
    """The heading nearest to a section's name, "" where the issue has that section."""
    if facts.find_sections(name):
        return ""
    sections = {name_section(section.name): section.name for section in facts.layout.sections}
    return _find_nearest(name_section(name), sections) or list_found("sections that are there", sections.values())


def compare_boxes(label: str, facts: Facts) -> str:
    """The box nearest to a label, "" where the issue has one of that label."""
    boxes = {collapse(box.label): box.label for box in facts.layout.boxes}
    if any(collapse(label) in known for known in boxes):
        return ""
    return _find_nearest(collapse(label), boxes) or list_found("boxes that are there", boxes.values())


def _find_nearest(wanted: str, known: dict[str, str]) -> str:
    near = get_close_matches(wanted, known, 1, 0.6)
    return f'the nearest is "{known[near[0]][:_LONGEST]}"' if near else ""
