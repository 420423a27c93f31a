"""Markdown cut between its sections, so that what is left still reads as it was meant. Pure."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"[ \t>]*(?P<run>`{3,}|~{3,})")
_DETAILS = re.compile(r"<(?P<close>/?)details\b", re.IGNORECASE)
_HEADING = re.compile(r"#{1,6} ")


def cut_sections(markdown: str, room: int, note: str, measure: Callable[[str], int] = len) -> str:
    """The text, if it is at most `room` long; else its first sections that are, and the note.

    It is cut before a heading, or else before a paragraph; never inside `<details>` or code.
    `measure` gives the length of a text: characters, or bytes. If not even the first paragraph fits, the note is left.
    """
    if measure(markdown) <= room:
        return markdown
    end = f"\n\n{note}\n"
    left = room - measure(end)

    def measure_until(place: tuple[int, bool]) -> int:
        return measure(markdown[: place[0]].rstrip())

    places = list(_list_places(markdown))
    fitting = places[: bisect_right(places, left, key=measure_until)]
    headings = [place for place, is_heading in fitting if is_heading]
    best = max(headings or [place for place, _ in fitting], default=0)
    return f"{markdown[:best].rstrip()}{end}" if markdown[:best].strip() else f"{note}\n"


def measure_bytes(text: str) -> int:
    """The length in UTF-8; half a pair of surrogates counts as a question mark."""
    return len(text.encode("utf-8", "replace"))


def _list_places(markdown: str) -> Iterator[tuple[int, bool]]:
    """Where a paragraph begins outside `<details>` and code, after an empty line; and whether it is a heading."""
    place, depth, fence, is_after_gap = 0, 0, "", False
    for line in markdown.splitlines(keepends=True):
        run = _FENCE.match(line)
        if not (fence or depth) and is_after_gap and line.strip():
            yield place, _HEADING.match(line) is not None
        if fence:
            is_end = run and run["run"].startswith(fence) and not line.strip(" \t>\r\n").strip(fence[0])
            fence = "" if is_end else fence
        elif run:
            fence = run["run"]
        else:
            depth = max(0, depth + sum(-1 if tag["close"] else 1 for tag in _DETAILS.finditer(line)))
        is_after_gap = not line.strip()
        place += len(line)
