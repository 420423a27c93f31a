"""An explanation in the terminal: the facts, the issue with its evidence, then the rules."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.rule import Rule as Divider
from rich.text import Text

from bot.output.console import print_hanging
from bot.workbench.explain.condition_tree import Node
from bot.workbench.explain.explainer import ExplainedRule, IssueExplanation, reveal_all
from bot.workbench.explain.formats import (
    cut_end,
    cut_middle,
    format_branch,
    format_capture,
    format_counts,
    format_effect,
    format_failure,
    format_highlight,
    format_near,
    format_node,
    format_place,
    format_seen,
    format_skip,
    format_title,
)
from bot.workbench.explain.highlights import Excerpt, Highlight, Line, Place, choose_highlight
from bot.workbench.explain.near_miss import NearMiss
from bot.workbench.explain.overview import CaptureSummary, Overview, SectionSummary

_MOST_SECTIONS = 16
_BEFORE = 28
_STATES = {
    "speaks": "bold green",
    "labels": "bold cyan",
    "suggests": "bold cyan",
    "observes": "bold blue",
    "silent": "bold yellow",
    "refused": "bold yellow",
}


def print_explanation(explanation: IssueExplanation, console: Console, *, is_whole: bool, wanted: str | None) -> None:
    """Print the whole explanation; `wanted` is the rule of `--rule`."""
    shown = reveal_all(explanation)
    _print_heading(shown, console)
    _print_overview(shown.overview, console)
    _divide("the issue", console)
    for excerpt in shown.excerpts:
        print_excerpt(excerpt, shown.highlights, console, is_whole=is_whole)
    _print_legend(shown.highlights, console)
    for rule in shown.rules:
        if rule.is_shown and rule.matches:
            known = () if wanted else shown.overview.captures
            _print_match(rule, [capture for capture in rule.captures if capture not in known], console)
    if shown.near and wanted is None:
        _divide("most similar rules that do not match", console)
    for rule in shown.near:
        _print_near(rule, console, is_whole=wanted is not None)
    _print_counts(shown, console, wanted)


def _divide(title: str, console: Console) -> None:
    console.print()
    console.print(Divider(Text(title, style="bold"), align="left", style="dim"))


def _print_heading(explanation: IssueExplanation, console: Console) -> None:
    console.print(
        Text.assemble((f"{format_title(explanation)}  ", "bold cyan"), (explanation.title or "without a title", "bold"))
    )
    if explanation.url:
        console.print(Text(f"{explanation.url}, by {explanation.author}", style="dim"))
    if skip := format_skip(explanation):
        console.print(Text(skip, style="yellow"))


def _print_row(name: str, value: Text | str, console: Console) -> None:
    print_hanging(Text(f"  {name:<10}", style="dim"), Text.assemble(value), console)


def _print_rows(name: str, values: Iterable[Text | str], console: Console) -> None:
    for index, value in enumerate(values):
        _print_row("" if index else name, value, console)


def _print_overview(overview: Overview, console: Console) -> None:
    _divide("what Signpost sees", console)
    body = f", body {' and '.join(overview.body)}" if overview.body else ""
    views = ", ".join(f"{view.name} {view.characters}" for view in overview.views if view.characters)
    _print_row("layout", f"{overview.layout}{body}", console)
    _print_row("language", overview.language or "unknown", console)
    _print_row("author", overview.association, console)
    _print_row("labels", ", ".join(overview.labels) or "none", console)
    _print_row("views", f"{views} (characters)" if views else "nothing to read", console)
    _print_rows("captures", map(_format_capture, overview.captures), console)
    _print_rows("sections", _format_sections(overview.sections), console)
    boxes = (f"[{'x' if box.is_ticked else ' '}] {cut_end(box.label, 70)} (line {box.line})" for box in overview.boxes)
    _print_rows("boxes", boxes, console)


def _format_capture(capture: CaptureSummary) -> Text:
    return Text.assemble((capture.name, "bold"), f" = {capture.value}", (f"  ({format_capture(capture)})", "dim"))


def _format_sections(sections: tuple[SectionSummary, ...]) -> Iterator[Text]:
    fields = [section for section in sections if section.place == "field"]
    for section in fields[:_MOST_SECTIONS]:
        state = Text(cut_end(section.answer)) if section.is_answered else Text("no answer", style="yellow")
        where = f"  (line {section.line}, {' and '.join(section.views) or 'no view'})"
        yield Text.assemble((cut_end(section.name, 40), "bold"), ": ", state, (where, "dim"))
    if rest := len(fields[_MOST_SECTIONS:]):
        yield Text(f"and {rest} more", style="dim")
    if lines := [cut_end(section.name, 20) for section in sections if section.place == "prose"]:
        more = f" and {len(lines) - 5} more" if len(lines[5:]) else ""
        yield Text(f"`Key: value` lines in prose, trusted least: {', '.join(lines[:5])}{more}", style="dim")


def _print_legend(highlights: Iterable[Highlight], console: Console) -> None:
    for index, highlight in enumerate(highlights):
        if index == 0:
            console.print()
        label = Text.assemble("  ", (f"[{highlight.number}]", style_of(highlight)), " ", (highlight.rule, "bold"), "  ")
        print_hanging(label, Text(format_highlight(highlight), style="dim"), console, " " * 8)


def _print_match(rule: ExplainedRule, captures: Iterable[CaptureSummary], console: Console) -> None:
    """`captures` are those of the rule that were not shown yet."""
    _divide_rule(rule, console)
    decision = rule.decision
    if decision:
        _print_row(decision.effect, decision.reason, console)
    for name, value in _list_effects(rule):
        if value:
            _print_row(name, value, console)
    _print_rows("answers", (label.reason for label in rule.answered), console)
    branches = (Text(format_branch(branch), style="" if branch.speaks else "dim") for branch in rule.branches)
    _print_rows("guidance", branches, console)
    _print_rows("captures", map(_format_capture, captures), console)
    console.print()
    _print_tree(rule.tree, console)


def _list_effects(rule: ExplainedRule) -> Iterator[tuple[str, str]]:
    decision = rule.decision
    signs = {"+": decision.add, "-": decision.remove, "suggests ": decision.suggest} if decision else {}
    labels = [f"{sign}{name}" for sign, names in signs.items() for name in names]
    yield "silences", ", ".join(rule.silences)
    yield "labels", ", ".join(labels)
    yield "sets", str(decision.fields) if decision else ""
    yield "fix", rule.fix


def _divide_rule(rule: ExplainedRule, console: Console) -> None:
    state = _STATES[rule.decision.effect] if rule.decision else "bold red"
    console.print()
    title = Text.assemble((rule.id, "bold"), " ", (format_effect(rule), state))
    console.print(Divider(title, align="left", style="dim"))
    console.print(Text(f"  {cut_end(rule.title, 100)}  ({rule.file})", style="dim"), soft_wrap=True)


def _print_near(rule: ExplainedRule, console: Console, *, is_whole: bool) -> None:
    if is_whole:
        _divide_rule(rule, console)
    else:
        console.print(Text.assemble((rule.id, "bold"), (f"  {cut_end(rule.title, 70)}", "dim")))
    console.print(Text.assemble("  ", (f"{rule.similarity:.0%} similar", "bold"), f", {format_failure(rule)}:"))
    if (node := rule.tree.decisive) and not is_whole:
        print_hanging(Text("  "), _label(node), console)
        for line in _format_details(node):
            print_hanging(Text("    "), line, console)
    if is_whole:
        _print_rows("captures", map(_format_capture, rule.captures), console)
        console.print()
        _print_tree(rule.tree, console)
    console.print()


def _format_details(node: Node) -> Iterator[Text]:
    """Where a condition shows, and how nearly it holds."""
    for place in node.places:
        yield _quote(place, node)
    if node.near:
        yield Text(format_near(node.near), style="italic")
        yield from _compare(node.near, node.near_place)


def _compare(near: NearMiss, place: Place | None) -> Iterator[Text]:
    """Phrase and issue, one above the other, with a bar on both sides of what they have in common."""
    rows = ((near.wanted, "rule "), (near.found, "issue"))
    longest = max(len(parts.before[-_BEFORE:]) for parts, _ in rows)
    for parts, name in rows:
        before, after = parts.before[-_BEFORE:], parts.after[:_BEFORE]
        yield Text.assemble(
            *((f"{name}  ", "dim"), (f"{before:>{longest}}", "red"), "|"),
            *((cut_middle(parts.common), "bold green"), "|", (after, "red")),
        )
    number = f"[{place.number}] " if place and place.number else ""
    yield Text(f"       {number}{format_place(near)}", style="dim")


def _print_tree(node: Node, console: Console, lead: str = "  ", following: str = "  ") -> None:
    """The node and all below it, each line behind the branches that lead to it."""
    below = following + ("│   " if node.children else "    ")
    print_hanging(Text(lead, style="dim"), _label(node), console, below)
    for detail in _format_details(node) if not node.is_moot else ():
        print_hanging(Text(below, style="dim"), detail, console, below)
    for index, child in enumerate(node.children):
        is_last = index + 1 == len(node.children)
        _print_tree(
            child, console, following + ("└── " if is_last else "├── "), following + ("    " if is_last else "│   ")
        )


def _label(node: Node) -> Text:
    sign = ("✓ ", "green") if node.is_fine else ("- ", "dim") if node.is_moot else ("✗ ", "red")
    label = Text.assemble(sign, (format_node(node), "dim" if node.is_moot else ""))
    if node.is_decisive:
        label.append("  <- failed here", style="bold red")
        label.append(f" {node.file_place}" if node.file_place else "", style="red")
    if (seen := format_seen(node)) and not node.is_moot:
        label.append(f"  ({seen})", style="dim")
    return label


def _quote(place: Place, node: Node) -> Text:
    """A place on its line, with what was found in reverse."""
    number = f"[{place.number}] " if place.number else ""
    style = "reverse" if node.holds else "underline"
    return Text.assemble((f"{number}{format_place(place)}: ", "dim"), place.before, (place.text, style), place.after)


def _print_counts(explanation: IssueExplanation, console: Console, wanted: str | None) -> None:
    hidden = sum(not rule.is_shown for rule in explanation.rules)
    none_near = "" if explanation.near or not hidden else "; no other rule is similar"
    more = "; --rule ID shows any other rule" if hidden else ""
    if not explanation.near:
        console.print()
    console.print(f"{format_counts(explanation)}{'' if wanted else none_near + more}.")


_STYLES = ("black on yellow", "black on cyan", "black on green", "white on magenta", "white on blue", "black on white")
"""A colour for each of the tints of highlights; without colours, the numbers distinguish rules."""

_GUTTER = 16


def print_excerpt(excerpt: Excerpt, highlights: Iterable[Highlight], console: Console, *, is_whole: bool) -> None:
    """Print one text: all its lines if `is_whole`, otherwise only the lines that matter."""
    known = {item.number: item for item in highlights if item.place.source == excerpt.source}
    if excerpt.source.startswith("comment"):
        console.print(Text(f"  {excerpt.source} of the author", style="bold"))
    for run in excerpt.runs:
        if run.is_shown or is_whole:
            for line in run.lines:
                _print_line(line, known, console, is_whole=is_whole)
        else:
            count = f"{len(run.lines)} {'line' if len(run.lines) == 1 else 'lines'}"
            console.print(Text(f"{'':>{_GUTTER}}… {count} not shown (--whole)", style="dim"))


def _print_line(line: Line, highlights: Mapping[int, Highlight], console: Console, *, is_whole: bool) -> None:
    text = Text.assemble(*_assemble(line, highlights, console, is_whole=is_whole))
    if not line.views:
        text.stylize("dim")
    views = "+".join(line.views) or "-"
    number = "" if line.views == ("title",) else line.number
    print_hanging(Text(f"{number:>5} {views:<{_GUTTER - 8}}  ", style="dim"), text, console)


def _assemble(
    line: Line, highlights: Mapping[int, Highlight], console: Console, *, is_whole: bool
) -> Iterator[tuple[str, str] | str]:
    """The line's parts: evidence in its rule's colour, or between guillemets, with its number where it ends."""
    is_bare = console.color_system is None or console.no_color
    around: list[tuple[int, ...]] = [(), *(segment.numbers for segment in line.segments), ()]
    for segment, before, after in zip(line.segments, around, around[2:], strict=False):
        if is_bare:
            yield "«" * len({*segment.numbers} - {*before})
        if segment.is_hidden and not is_whole:
            yield f" [… {len(segment.text)} characters …] ", "dim italic"
        else:
            inside = [highlights[number] for number in segment.numbers]
            yield segment.text, style_of(choose_highlight(inside)) if inside else ""
        if is_bare:
            yield "»" * len({*segment.numbers} - {*after})
        for number in segment.ends:
            yield f"[{number}]", "bold"


def style_of(highlight: Highlight) -> str:
    """The colour of its rule if the rule matches; an underline otherwise."""
    return _STYLES[highlight.tint - 1] if highlight.kind == "evidence" else "bold underline"
