"""The text of an issue in the terminal, with its evidence highlighted and numbered where it stands."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.text import Text

from bot.output.console__cli_hanging import print_hanging
from bot.workbench.explain.excerpt import Excerpt, Line
from bot.workbench.explain.highlights import Mark, choose_mark

TINTS = ("black on yellow", "black on cyan", "black on green", "white on magenta", "white on blue", "black on white")
"""Colours of rules, as many as `bot.workbench.explain.highlights.TINTS`; numbers tell them apart without colours."""

_GUTTER = 16


def print_excerpt(excerpt: Excerpt, marks: Iterable[Mark], console: Console, *, is_whole: bool) -> None:
    """Print one text; only lines that matter, unless it is to be whole."""
    known = {mark.number: mark for mark in marks if mark.place.source == excerpt.source}
    if excerpt.source.startswith("comment"):
        console.print(Text(f"  {excerpt.source} of the author", style="bold"))
    for run in excerpt.runs:
        if run.is_shown or is_whole:
            for line in run.lines:
                _print_line(line, known, console, is_whole=is_whole)
        else:
            console.print(Text(f"{'':>{_GUTTER}}… {_count_lines(len(run.lines))}", style="dim"))


def _count_lines(count: int) -> str:
    return f"{count} {'line' if count == 1 else 'lines'} not shown (--whole)"


def _print_line(line: Line, marks: Mapping[int, Mark], console: Console, *, is_whole: bool) -> None:
    text = Text.assemble(*_assemble(line, marks, console, is_whole=is_whole))
    if not line.views:
        text.stylize("dim")
    views = "+".join(line.views) or "-"
    number = "" if line.views == ("title",) else line.number
    print_hanging(Text(f"{number:>5} {views:<{_GUTTER - 8}}  ", style="dim"), text, console)


def _assemble(
    line: Line, marks: Mapping[int, Mark], console: Console, *, is_whole: bool
) -> Iterator[tuple[str, str] | str]:
    """The line's parts: evidence in its rule's colour, or between guillemets, with its number where it ends."""
    is_bare = console.color_system is None or console.no_color
    around: list[tuple[int, ...]] = [(), *(segment.marks for segment in line.segments), ()]
    for segment, before, after in zip(line.segments, around, around[2:], strict=False):
        if is_bare:
            yield "«" * len({*segment.marks} - {*before})
        if segment.is_hidden and not is_whole:
            yield f" [… {len(segment.text)} characters …] ", "dim italic"
        else:
            inside = [marks[number] for number in segment.marks]
            yield segment.text, style_of(choose_mark(inside)) if inside else ""
        if is_bare:
            yield "»" * len({*segment.marks} - {*after})
        for number in segment.ends:
            yield f"[{number}]", "bold"


def style_of(mark: Mark) -> str:
    """Its rule's colour where the rule matches; the others are underlined."""
    return TINTS[mark.tint - 1] if mark.kind == "evidence" else "bold underline"
