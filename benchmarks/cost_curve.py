"""The costs of an index drawn against its number of issues, as SVG that is light or dark as its reader is. Pure."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.costs import Cost, Spread

PAPER, INK, GRID = "#ffffff", "#1f2328", "#d1d9e0"
OURS, PROCESS, FTS = "#0969da", "#6e7781", "#bc4c00"
_DARK = {PAPER: "#0d1117", INK: "#f0f6fc", GRID: "#3d444d", OURS: "#58a6ff", PROCESS: "#9198a1", FTS: "#f0883e"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small, and in the reader's own font
    "svg.hashsalt": "signpost",  # the same file from the same figures
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_MARGINS = {"left": 0.04, "right": 0.89, "top": 0.79, "bottom": 0.15, "wspace": 0.82}
_APART = 0.085
_ROOM = 1.5


@dataclass(frozen=True)
class Curve:
    """One method: its figure at each number of issues, and how it is called at its end."""

    name: str
    colour: str
    spreads: Sequence[Spread]


@dataclass(frozen=True)
class Panel:
    """One cost of all methods; `note` says in what it is counted."""

    title: str
    note: str
    curves: Sequence[Curve]


def draw_costs(costs: Sequence[Cost]) -> str:
    """Three panels, both axes logarithmic; a line is a median, the band above it ends at the 95th percentile."""
    panels = list_panels(costs)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.2, 3.5), facecolor=PAPER)
        grid = figure.add_gridspec(1, len(panels), width_ratios=[1.25, 1, 1], **_MARGINS)
        for place, panel in enumerate(panels):
            _draw_panel(figure.add_subplot(grid[0, place]), panel, [cost.issues for cost in costs])
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata=_NOTHING, facecolor=PAPER)
    return _add_dark_colours(file.getvalue())


def list_panels(costs: Sequence[Cost]) -> list[Panel]:
    """The costs that are drawn: a query, the build, the file."""
    query = [
        Curve("FTS5", FTS, [cost.fts_query.wall for cost in costs]),
        Curve("new process", PROCESS, [cost.new_process.wall for cost in costs]),
        Curve("Signpost", OURS, [cost.query.wall for cost in costs]),
    ]
    return [
        Panel("One query", "ms; line: median, band: to the 95th percentile", query),
        Panel("Building the index", "seconds", _compare([(cost.built, cost.fts_built) for cost in costs])),
        Panel("Its file", "MB", _compare([(cost.size, cost.fts_size) for cost in costs])),
    ]


def _compare(figures: Sequence[tuple[float, float]]) -> list[Curve]:
    ours, theirs = zip(*figures, strict=True)
    return [_make_plain("Signpost", OURS, ours), _make_plain("FTS5", FTS, theirs)]


def _make_plain(name: str, colour: str, figures: Sequence[float]) -> Curve:
    return Curve(name, colour, [Spread(figure, figure) for figure in figures])


def _draw_panel(axes: Axes, panel: Panel, counts: Sequence[int]) -> None:
    for curve in panel.curves:
        medians, highs = zip(*curve.spreads, strict=True)
        axes.fill_between(counts, medians, highs, color=curve.colour, alpha=0.18, linewidth=0)
        axes.plot(counts, medians, color=curve.colour, linewidth=2, marker="o", markersize=4)
    _draw_frame(axes, panel, counts)
    _name_curves(axes, panel, counts[-1])


def _draw_frame(axes: Axes, panel: Panel, counts: Sequence[int]) -> None:
    axes.set(xscale="log", yscale="log", facecolor=PAPER)
    axes.set_title(panel.title, loc="left", fontsize=12, fontweight="bold", color=INK, pad=26)
    axes.text(0, 1.055, panel.note, color=INK, transform=axes.transAxes)
    axes.set_xlabel("issues", color=INK)
    figures = [figure for curve in panel.curves for spread in curve.spreads for figure in spread]
    axes.set_ylim(min(figures) / _ROOM, max(figures) * _ROOM)
    axes.set_xticks(counts, [_shorten(count) for count in counts])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0)
    for spine in axes.spines.values():
        spine.set_color(GRID)


def _shorten(count: int) -> str:
    thousands, rest = divmod(count, 1_000)
    return f"{count:,}" if rest else f"{thousands}k"


def _name_curves(axes: Axes, panel: Panel, last: int) -> None:
    """Names and last figures at the ends of the lines, moved apart where these meet."""
    ends = [(curve.spreads[-1].median, curve) for curve in panel.curves]
    ordered = sorted(ends, key=lambda end: end[0])
    to_share = axes.transAxes.inverted()
    shares = [float(to_share.transform(axes.transData.transform((last, figure)))[1]) for figure, _ in ordered]
    for (figure, curve), share in zip(ordered, move_apart(shares), strict=True):
        text = f"{curve.name} {figure:.2g}" if figure < 1 else f"{curve.name} {figure:.0f}"
        axes.text(1.03, share, text, color=curve.colour, transform=axes.transAxes, va="center", fontweight="bold")


def move_apart(places: Sequence[float], least: float = _APART) -> list[float]:
    """Ascending places, each at least so far above the one before it."""
    return list(_move_up(places, least))


def _move_up(places: Sequence[float], least: float) -> Iterator[float]:
    before = -1.0
    for place in places:
        before = max(place, before + least)
        yield before


def _add_dark_colours(svg: str) -> str:
    rules = "".join(
        f'[style*="{name}: {light}"] {{ {name}: {dark} !important }}\n'
        for light, dark in _DARK.items()
        for name in ("fill", "stroke")
    )
    style = f"<style>\n@media (prefers-color-scheme: dark) {{\n{rules}}}\n</style>\n"
    return svg.replace("<defs>", f"{style}<defs>", 1)
