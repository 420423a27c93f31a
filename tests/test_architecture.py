"""Imports run one way, deciding modules neither read nor write, and a cold start stays light."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "bot").rglob("*.py"))
}
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}

# From the ground up: a module may import what stands in a lower row, and its own package.
ROWS = (
    ("bot.errors", "bot.github.tracker"),
    ("bot.issue", "bot.github"),
    ("bot.rules", "bot.duplicates"),
    ("bot.config",),
    ("bot.comment", "bot.findings"),
    ("bot.wish", "bot.sources", "bot.showing"),
    ("bot.actions", "bot.state", "bot.skip"),
    ("bot.labelling",),
    ("bot.plan",),
    ("bot.explanation",),
    ("bot.history",),
    ("bot.page",),
    ("bot.apply", "bot.judging"),
    ("bot.linking", "bot.reading", "bot.earlier_summary"),
    ("bot.report",),
    ("bot.run",),
    ("bot.server", "bot.studio"),
    ("bot.cli",),
    ("bot.__main__",),
)
PURE = (
    *(
        "bot.issue",
        "bot.rules",
        "bot.duplicates",
        "bot.config",
        "bot.comment",
        "bot.findings",
        "bot.page",
        "bot.wish",
        "bot.sources",
        "bot.showing",
        "bot.explanation",
        "bot.actions",
        "bot.state",
        "bot.labelling",
        "bot.plan",
        "bot.judging",
        "bot.skip",
        "bot.history",
        "bot.report",
        "bot.earlier_summary",
    ),
    *("bot.studio.positions", "bot.studio.outline", "bot.studio.completion", "bot.studio.vocabulary"),
    *(
        "bot.studio.corpus",
        "bot.studio.workbench",
        "bot.studio.counting",
        "bot.studio.inspection",
        "bot.studio.answers",
    ),
    *("bot.errors", "bot.github.tracker", "bot.github.event", "bot.github.payload", "bot.github.offline"),
)
NOT_PURE = (
    "bot.rules.loading",  # reads the files of a maintainer
    "bot.comment.templates",  # reads its own files
    "bot.duplicates.index_file",  # opens the index
    "bot.duplicates.index_reading",  # reads it
    "bot.duplicates.index_search",  # asks it
    "bot.duplicates.index_writing",  # writes it
    "bot.duplicates.model_file",  # reads its own file
    "bot.history.cores",  # asks the system
    "bot.history.issues",  # reads the files of a maintainer
    "bot.history.store",  # keeps what was downloaded
    "bot.history.workers",  # starts processes
    "bot.page.rendering",  # reads its own templates
)

READS_OR_WRITES = (
    *("fileinput", "glob", "importlib.resources", "io", "os", "pathlib", "pkgutil", "shutil", "sqlite3", "tempfile"),
    *("jinja2.FileSystemLoader", "jinja2.PackageLoader"),
    *("github", "http", "requests", "socket", "ssl", "urllib.request", "urllib3"),
    *("asyncio", "multiprocessing", "signal", "subprocess", "sys", "threading"),
)
DIFFERS_BETWEEN_RUNS = ("getpass", "locale", "logging", "platform", "random", "secrets", "time", "uuid", "warnings")
HARMLESS = ("io.BytesIO", "io.StringIO", "pathlib.PurePath", "pathlib.PurePosixPath")
IMPURE_CALLS = {"breakpoint", "input", "now", "open", "print", "read_text", "today", "utcnow", "write_text"}

VAGUE = {"base", "common", "context", "data", "handler", "helper", "manager", "misc", "processor", "service", "util"}
HEAVY = (
    *("Stemmer", "asyncio", "bot.duplicates.search", "github", "multiprocessing", "numpy"),
    *("requests", "rich", "sqlite3", "starlette", "uvicorn"),
)


def is_inside(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def imports(module: str) -> Iterator[str]:
    """What a module imports, wherever in it: `a.b` for both `import a.b` and `from a import b`."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module: str) -> Iterator[str]:
    """Those of them that are modules of ours."""
    for name in imports(module):
        if is_inside(name, ("bot",)):
            yield name if name in MODULES else name.rpartition(".")[0]


def calls(module: str) -> Iterator[str]:
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def row_of(module: str) -> int:
    return next((number for number, row in enumerate(ROWS) if is_inside(module, row)), len(ROWS))


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def loaded_by(statement: str, *arguments: str) -> list[str]:
    """The heavy modules that a fresh interpreter has loaded after a statement."""
    tell = f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    code = f"import atexit, sys\natexit.register(lambda: {tell})\n{statement}"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded: list[str] = ast.literal_eval(done.stderr.splitlines()[-1])
    return loaded


pure_modules = pytest.mark.parametrize(
    "module", [module for module in MODULES if is_inside(module, PURE) and not is_inside(module, NOT_PURE)]
)
all_modules = pytest.mark.parametrize("module", MODULES)


@all_modules
def test_a_module_has_its_row(module: str) -> None:
    assert module == "bot" or row_of(module) < len(ROWS)


@all_modules
def test_imports_run_one_way(module: str) -> None:
    against = {
        name
        for name in own_imports(module)
        if package_of(name) != package_of(module) and name != "bot" and row_of(name) >= row_of(module)
    }
    assert against == set()


@all_modules
def test_only_the_adapter_imports_pygithub(module: str) -> None:
    assert module == "bot.github.api" or not any(is_inside(name, ("github",)) for name in imports(module))


@all_modules
def test_only_commands_and_the_server_know_the_adapter(module: str) -> None:
    assert is_inside(module, ("bot.cli", "bot.server")) or "bot.github.api" not in own_imports(module)


@pure_modules
def test_a_module_that_decides_imports_nothing_that_reads_writes_or_varies(module: str) -> None:
    impure = (*READS_OR_WRITES, *DIFFERS_BETWEEN_RUNS)
    assert {name for name in imports(module) if is_inside(name, impure) and name not in HARMLESS} == set()


@pure_modules
def test_a_module_that_decides_calls_nothing_that_reads_writes_or_varies(module: str) -> None:
    assert IMPURE_CALLS & set(calls(module)) == set()


@all_modules
def test_a_name_says_what_is_inside(module: str) -> None:
    words = {word.removesuffix("s") for part in module.split(".") for word in part.split("_")}
    assert VAGUE & words == set()


def test_the_command_starts_without_heavy_modules() -> None:
    assert loaded_by("import bot.cli") == []


def test_a_dry_run_needs_no_heavy_modules() -> None:
    statement = "from bot.cli import main\nmain(sys.argv[1:])"
    event = "tests/cases/extra-usage-400/event.json"
    arguments = ("run", "--event", event, "--event-name", "issues", "--rules", "rules/claude-code", "--dry-run")
    assert loaded_by(statement, *arguments) == []
