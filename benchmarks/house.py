"""The shape of the house in figures, held to its limits: `python -m benchmarks.house`; `make lint` runs it.

With --root it measures another checkout, and with --list it names the modules behind each figure.

- Fan-out: how many modules of ours a module imports, wherever in it. A module that imports many must be read with many.
- One importer: modules that one other module imports. Such a module usually belongs to its importer; a command, a
  presentation and a set of queries do not. At most 18 % of the modules, as it was when the packages were made
  (30 of 165): a fixed number would forbid new commands.
- Complexity is one, and one more for each branch (McCabe, A complexity measure, IEEE Transactions on Software
  Engineering SE-2 (1976), 308-320).
"""

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOOSE = {"bot", "bot.__main__", "bot.errors", "bot.start"}
"""Modules that may lie at the root of `bot/`."""
UNBOUNDED = {"bot.cli"}
"""One module a command: this folder may hold more."""
MOST_SINGLE = 0.18
"""The largest share of modules with one importer."""

_BRANCHES = (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.BoolOp, ast.IfExp, ast.comprehension, ast.match_case)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MOST_LISTED = 20


@dataclass(frozen=True)
class Figure:
    """One figure, the limit that it must not exceed (None: no limit), and what makes it so high, the worst first."""

    name: str
    value: int
    limit: int | None = None
    worst: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True)
class Module:
    """A module: its name, its lines, its syntax tree, and the modules of ours that it imports."""

    name: str
    lines: int
    tree: ast.Module
    imports: frozenset[str]


def read_modules(root: Path) -> tuple[Module, ...]:
    """The modules of `bot/`; a package's `__init__` counts where it holds more than its docstring.

    That of `bot` itself does not: it holds the version.
    """
    files = {_name_module(path.relative_to(root)): path for path in sorted((root / "bot").rglob("*.py"))}
    del files["bot"]
    modules = []
    for name, path in files.items():
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        if path.name != "__init__.py" or len(tree.body) > 1:
            modules.append(Module(name, text.count("\n"), tree, frozenset(_find_imports(tree, files)) - {name}))
    return tuple(modules)


def _name_module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _find_imports(tree: ast.Module, ours: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in ours)
        elif isinstance(node, ast.ImportFrom) and node.module in ours:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in ours else str(node.module) for name in names)


def measure_house(modules: tuple[Module, ...]) -> tuple[Figure, ...]:
    """All figures, with their limits."""
    return (*_measure_rooms(modules), *_measure_imports(modules), *_measure_functions(modules))


def _measure_rooms(modules: tuple[Module, ...]) -> Iterator[Figure]:
    folders = Counter(module.name.rpartition(".")[0] for module in modules)
    bounded = {folder: count for folder, count in folders.items() if folder not in {*UNBOUNDED, "bot"}}
    lines = Counter[str]()
    for module in modules:
        lines[".".join(module.name.split(".")[:2])] += module.lines
    packages = {name: count for name, count in lines.items() if name in _list_packages(modules)}
    loose = [name for name in lines if name not in {*LOOSE, *packages}]
    yield Figure("modules", len(modules))
    yield Figure("lines", sum(module.lines for module in modules))
    yield Figure("packages", len(packages), 15)
    yield Figure("lines of the largest package", max(packages.values()), 9_000, _rank(packages))
    yield Figure("modules of the fullest folder", max(bounded.values()), 12, _rank(bounded))
    yield Figure("loose modules", len(loose), 0, tuple(loose))
    lengths = {module.name: module.lines for module in modules}
    yield Figure("lines of the longest module", max(lengths.values()), 400, _rank(lengths))


def _list_packages(modules: tuple[Module, ...]) -> set[str]:
    return {".".join(module.name.split(".")[:2]) for module in modules if module.name.count(".") > 1}


def _measure_imports(modules: tuple[Module, ...]) -> Iterator[Figure]:
    fan_out = {module.name: len(module.imports) for module in modules}
    importers = Counter(name for module in modules for name in module.imports)
    single = sorted(module.name for module in modules if importers[module.name] == 1)
    yield Figure("fan-out, median", _find_quantile(fan_out.values(), 0.5))
    yield Figure("fan-out, 90th percentile", _find_quantile(fan_out.values(), 0.9), 8, _rank(fan_out))
    yield Figure("modules with one importer", len(single), round(MOST_SINGLE * len(modules)), tuple(single))


def _measure_functions(modules: tuple[Module, ...]) -> Iterator[Figure]:
    lengths, branches = dict[str, int](), dict[str, int]()
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, _FUNCTIONS):
                name = f"{module.name}:{node.lineno} {node.name}"
                lengths[name] = (node.end_lineno or node.lineno) - node.lineno + 1
                branches[name] = 1 + sum(isinstance(child, _BRANCHES) for child in ast.walk(node))
    yield Figure("functions", len(lengths))
    yield Figure("lines of a function, median", _find_quantile(lengths.values(), 0.5))
    yield Figure("lines of a function, 90th percentile", _find_quantile(lengths.values(), 0.9), 15)
    yield Figure("lines of the longest function", max(lengths.values()), 35, _rank(lengths))
    yield Figure("complexity, 90th percentile", _find_quantile(branches.values(), 0.9), 8)
    yield Figure("complexity of the most complex function", max(branches.values()), 16, _rank(branches))


def _find_quantile(values: Iterable[int], share: float) -> int:
    """The smallest value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _rank(values: Mapping[str, int]) -> tuple[str, ...]:
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return tuple(f"{value:>5}  {name}" for name, value in ordered)


def main() -> int:
    """Print the figures; 1 where one exceeds its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER", help="the checkout (default: this one)")
    parser.add_argument("--list", action="store_true", help="name the modules and functions behind each figure")
    arguments = parser.parse_args()
    figures = measure_house(read_modules(arguments.root))
    for figure in figures:
        limit = "" if figure.limit is None else f"  at most {figure.limit}{'' if figure.is_kept else ': exceeded'}"
        print(f"{figure.value:>7,}  {figure.name}{limit}")
        if arguments.list or not figure.is_kept:
            print(*(f"           {line}" for line in figure.worst[:_MOST_LISTED]), sep="\n")
    return 0 if all(figure.is_kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
