"""Imports run one way, pure modules neither read nor write, and a cold start stays light."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "bot").rglob("*.py"))
}
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}


@dataclass(frozen=True)
class Package:
    """A package of `bot/`, or a module that is one by itself. A pure one decides: it neither reads nor writes.

    `exceptions` names the modules within it for which the opposite holds, each with the reason.
    """

    name: str
    is_pure: bool = False
    exceptions: Mapping[str, str] = field(default_factory=dict)


def pure(name: str, exceptions: Mapping[str, str] | None = None) -> Package:
    return Package(name, is_pure=True, exceptions=exceptions or {})


def impure(name: str, exceptions: Mapping[str, str] | None = None) -> Package:
    return Package(name, exceptions=exceptions or {})


# From the bottom to the top, a row a package. A module may import modules of the rows above
# its own, and of its own package.
LAYERS: tuple[Package, ...] = (
    pure("bot.errors"),
    pure("bot.tracker"),
    pure("bot.text"),
    impure(
        "bot.output", {"bot.output.charts": "makes numbers of numbers", "bot.output.findings": "makes text of values"}
    ),
    pure("bot.issue"),
    impure(
        "bot.github",
        {
            "bot.github.graph.answer": "gets answers as values",
            "bot.github.graph.edges": "makes values of values",
            "bot.github.graph.query": "makes queries",
            "bot.github.graphql": "makes queries, gets answers as values",
            "bot.github.queries.issues": "makes queries, gets answers as values",
            "bot.github.queries.links": "makes queries, gets answers as values",
            "bot.github.payloads": "gets the JSON as a value",
            "bot.github.responses": "gets answers as values",
            "bot.github.webhook_event": "gets the payload as a value",
        },
    ),
    impure("bot.archive", {"bot.archive.graph": "gets issues as values", "bot.archive.stats": "counts values"}),
    pure(
        "bot.rules",
        {
            "bot.rules.loader": "reads the files of a maintainer",
            "bot.rules.stored": "reads and writes shipped packs",
        },
    ),
    pure(
        "bot.duplicates",
        {
            "bot.duplicates.evaluation": "reads an archive, shows progress, prints",
            "bot.duplicates.finder": "queries the index or GitHub",
            "bot.duplicates.index.builder": "builds the index",
            "bot.duplicates.index.file": "opens the index",
            "bot.duplicates.index.reader": "reads the index",
            "bot.duplicates.index.search": "queries the index",
            "bot.duplicates.index.terminal": "prints",
            "bot.duplicates.index.writer": "writes the index",
            "bot.duplicates.search.model": "reads its own file",
        },
    ),
    pure("bot.comment", {"bot.comment.templates": "reads its own files"}),
    pure(
        "bot.triage",
        {
            "bot.triage.apply": "writes to GitHub",
            "bot.triage.run": "reads, decides and writes",
            "bot.triage.snapshot": "reads from GitHub",
            "bot.triage.sources": "reads the files of a maintainer",
        },
    ),
    pure(
        "bot.workbench",
        {
            "bot.workbench.archive_passes": "reads an archive, shows progress",
            "bot.workbench.backtest.replay": "reads an archive, shows progress",
            "bot.workbench.backtest.terminal": "prints",
            "bot.workbench.check.terminal": "prints",
            "bot.workbench.check.trial": "starts processes, reads an archive, asks GitHub",
            "bot.workbench.explain.terminal": "prints",
            "bot.workbench.suggest.miner": "reads an archive",
            "bot.workbench.studio.files": "reads and writes the rule, reads the built page",
            "bot.workbench.studio.frontend": "builds the page",
            "bot.workbench.studio.guard": "makes a secret",
            "bot.workbench.studio.server": "serves the page",
            "bot.workbench.studio.session": "runs a thread",
        },
    ),
    pure(
        "bot.insights",
        {
            "bot.insights.graph.discovery": "reads from GitHub, shows progress",
            "bot.insights.graph.journal": "keeps what was read until the graph is complete",
            "bot.insights.report.event": "reads from GitHub, decides and writes, queries the index, prints",
            "bot.insights.report.similar": "queries the index",
            "bot.insights.site.sightings": "reads an archive, keeps what it counted, shows progress",
            "bot.insights.site.writer": "writes the pages, starts Pagefind, shows progress",
            "bot.insights.week.sightings": "reads an archive, shows progress",
        },
    ),
    pure(
        "bot.signals",
        {
            "bot.signals.file": "opens the ledger",
            "bot.signals.notices.desk": "reads from GitHub and writes to it",
            "bot.signals.reading": "reads from GitHub",
            "bot.signals.removal.remover": "reads from GitHub and writes to it",
            "bot.signals.store": "reads and writes the ledger",
            "bot.signals.sweep": "reads, decides and writes",
        },
    ),
    impure("bot.server"),
    impure("bot.cli"),
    impure("bot.__main__"),
    impure("bot.start"),
)
LAYER_OF = {package.name: number for number, package in enumerate(LAYERS)}
PACKAGES = {package.name: package for package in LAYERS}

READS_OR_WRITES = (
    *("fileinput", "glob", "importlib.resources", "io", "os", "pathlib", "pkgutil", "shutil", "sqlite3", "tempfile"),
    *("jinja2.FileSystemLoader", "jinja2.PackageLoader"),
    *("github", "http", "requests", "socket", "ssl", "urllib.request", "urllib3"),
    *("asyncio", "multiprocessing", "signal", "subprocess", "sys", "threading"),
)
DIFFERS_BETWEEN_RUNS = ("getpass", "locale", "logging", "platform", "random", "secrets", "time", "uuid", "warnings")
HARMLESS = ("http.HTTPStatus", "io.BytesIO", "io.StringIO", "pathlib.PurePath", "pathlib.PurePosixPath")
IMPURE_CALLS = {"breakpoint", "input", "now", "open", "print", "read_text", "today", "utcnow", "write_text"}

HEAVY = (
    *("Stemmer", "asyncio", "bot.duplicates.search.ranker", "github", "multiprocessing", "numpy"),
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


def find_innermost(module: str, names: Iterable[str]) -> str | None:
    """The longest of the names that is the module or a package around it."""
    return max((name for name in names if is_inside(module, (name,))), key=len, default=None)


def layer_of(module: str) -> int:
    """The number of its layer; a module without one is above all others."""
    name = find_innermost(module, LAYER_OF)
    return LAYER_OF[name] if name else len(LAYERS)


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def is_pure(module: str) -> bool:
    name = find_innermost(module, PACKAGES)
    if name is None:
        return False
    package = PACKAGES[name]
    return package.is_pure != (find_innermost(module, package.exceptions) is not None)


def expect_none(offenders: Iterable[str]) -> None:
    """Fail with all of them, one a line."""
    found = list(offenders)
    assert not found, "\n".join(["", *found])


def loaded_by(statement: str, *arguments: str) -> list[str]:
    """The heavy modules that a fresh interpreter has loaded after a statement."""
    tell = f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    code = f"import atexit, sys\natexit.register(lambda: {tell})\n{statement}"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded: list[str] = ast.literal_eval(done.stderr.splitlines()[-1])
    return loaded


def test_every_module_has_a_layer() -> None:
    expect_none(module for module in MODULES if module != "bot" and layer_of(module) == len(LAYERS))


def test_every_package_and_every_exception_exists() -> None:
    named = {*PACKAGES, *(module for package in PACKAGES.values() for module in package.exceptions)}
    expect_none(sorted(named - MODULES.keys() - {"bot.workbench.studio.frontend"}))


def test_imports_run_one_way() -> None:
    expect_none(
        f"{module} imports {name}, which is in no lower layer"
        for module in MODULES
        for name in sorted(set(own_imports(module)))
        if package_of(name) != package_of(module) and name != "bot" and layer_of(name) >= layer_of(module)
    )


def test_only_the_transport_imports_pygithub() -> None:
    importing = (module for module in MODULES if any(is_inside(name, ("github",)) for name in imports(module)))
    expect_none(module for module in importing if module != "bot.github.transport")


def test_only_commands_and_the_server_know_the_adapter() -> None:
    """An App is the adapter, too, with a token of its own for each installation."""
    importing = (module for module in MODULES if "bot.github.client" in own_imports(module))
    expect_none(module for module in importing if not is_inside(module, ("bot.cli", "bot.github.app", "bot.server")))


def test_a_pure_module_imports_nothing_that_reads_writes_or_varies() -> None:
    forbidden = (*READS_OR_WRITES, *DIFFERS_BETWEEN_RUNS)
    expect_none(
        f"{module} imports {name}"
        for module in filter(is_pure, MODULES)
        for name in sorted(set(imports(module)))
        if is_inside(name, forbidden) and name not in HARMLESS
    )


def test_a_pure_module_calls_nothing_that_reads_writes_or_varies() -> None:
    expect_none(
        f"{module} calls {name}"
        for module in filter(is_pure, MODULES)
        for name in sorted(IMPURE_CALLS & set(calls(module)))
    )


def test_the_command_starts_without_heavy_modules() -> None:
    assert loaded_by("import bot.cli") == []


def test_a_dry_run_needs_no_heavy_modules() -> None:
    statement = "from bot.cli import main\nmain(sys.argv[1:])"
    event = "tests/cases/extra-usage-400/event.json"
    arguments = ("run", "--event", event, "--event-name", "issues", "--rules", "rules/claude-code", "--dry-run")
    assert loaded_by(statement, *arguments) == []


def test_the_map_names_each_package_of_the_bot() -> None:
    """`bot/README.md` has one row a package, in the order in which the layers allow imports."""
    page = (ROOT / "bot" / "README.md").read_text("utf-8")
    table = page.partition("| package |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([\w/.]+)` \|", table, re.MULTILINE)
    assert [name.removesuffix("/").removesuffix(".py") for name in named] == [
        package.name.removeprefix("bot.") for package in LAYERS if package.name != "bot.__main__"
    ]


def test_the_map_names_only_places_that_exist() -> None:
    page = (ROOT / "bot" / "README.md").read_text("utf-8")
    places = set(re.findall(r"`((?:[\w-]+/)+(?:\w+\.py)?|\w+/(?:\w+/)*\w+\.py)`", page))
    roots = (ROOT, ROOT / "bot", *(path for path in (ROOT / "bot").iterdir() if path.is_dir()))
    assert sorted(place for place in places if not any((root / place).exists() for root in roots)) == []
