"""Build the assets that the Action starts from: `python -m release.archive --wheel WHEEL --out FOLDER`.

An asset is a zip with the packages of requirements/action.txt and the wheel, for one platform and the Python that
builds it: it has bytecode without sources, which no other Python can read. The same wheel and the same lock give the
same bytes.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements/action.txt"
_MANYLINUX = (28, 27, 26, 24, 17, 12, 5)
_OLD_NAMES = ("manylinux2014", "manylinux2010", "manylinux1")
"""The former names of 2_17, 2_12 and 2_5. https://peps.python.org/pep-0600/"""


def _list_linux(machine: str) -> tuple[str, ...]:
    return (*(f"manylinux_2_{minor}_{machine}" for minor in _MANYLINUX), *(f"{name}_{machine}" for name in _OLD_NAMES))


PLATFORMS = {
    "linux-x86_64": _list_linux("x86_64"),
    "linux-aarch64": _list_linux("aarch64"),
    "macos-aarch64": ("macosx_13_0_arm64",),
    "macos-x86_64": ("macosx_13_0_x86_64",),
    "windows-x86_64": ("win_amd64",),
}
"""The tags of wheels that each platform takes, for pip. `name_platform` of bot/start.py gives these names."""

LEFT_OUT = (
    *("bin/*", "*.dist-info/*", "*/__pycache__/*", "*.pyi", "*.c", "*.h", "*.pxd", "*/py.typed"),
    *("cffi/*", "pydantic/v1/*", "pydantic/mypy.py", "*/tests/*"),
    *("bot/workbench/studio/*", "bot/README.md"),
)
"""What no command of the Action imports. Of cffi, PyNaCl needs only the compiled part, which is a module of its own."""

_LICENCES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
THIRD_PARTY = "THIRD-PARTY.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can state."""

_COMPILE = """\
import py_compile, sys
for line in sys.stdin.read().splitlines():
    source, _, name = line.partition("\\t")
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(source, source + "c", dfile=name, doraise=True, optimize=0, invalidation_mode=mode)
"""


def name_asset(version: str, system: str, python: str) -> str:
    """The file name of an asset: `signpost-1.2.0-linux-x86_64-3.13.zip`."""
    return f"signpost-{version}-{system}-{python}.zip"


def read_version(wheel: Path) -> str:
    """The version that the name of a wheel states: its second part (PEP 427)."""
    return wheel.name.split("-")[1]


def download_packages(system: str, folder: Path) -> None:
    """Install the packages of the lock for a platform into a folder, by their hashes. Raises CalledProcessError."""
    words = ["--disable-pip-version-check", "install", "--quiet", "--no-deps", "--require-hashes", "--no-compile"]
    words += ["--only-binary=:all:", f"--target={folder}", f"--requirement={LOCK}", "--implementation=cp"]
    words += [f"--python-version={name_python()}", *(f"--platform={tag}" for tag in PLATFORMS[system])]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)


def name_python() -> str:
    """The running Python, as assets name it: `3.13`."""
    return "{}.{}".format(*sys.version_info[:2])


def build_asset(packages: Path, wheel: Path, out: Path) -> None:
    """Write the asset of installed packages and our wheel. Raises SettingsError for a broken pack."""
    from bot.rules import stored  # noqa: PLC0415 (help needs no rules)

    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        _copy(packages, stage)
        with ZipFile(wheel) as archive:
            archive.extractall(stage)
        (stage / THIRD_PARTY).write_text("\n".join(_read_licences(packages)), "utf-8")
        stored.main([str(stage / "bot/packs")])
        _remove_rest(stage)
        _compile(stage)
        _write_zip(stage, out)


def _copy(packages: Path, stage: Path) -> None:
    shutil.copytree(packages, stage, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


def _read_licences(packages: Path) -> Iterator[str]:
    """The licence of each package; its sources are what the lock names."""
    for folder in sorted(packages.glob("*.dist-info")):
        yield f"{folder.name.removesuffix('.dist-info').replace('-', ' ')}\n{'=' * 72}"
        files = sorted({path for name in _LICENCES for path in folder.rglob(name) if path.is_file()})
        yield from (path.read_text("utf-8", "replace") for path in files)


def _remove_rest(stage: Path) -> None:
    for path in [*stage.rglob("*")]:
        name = path.relative_to(stage).as_posix()
        if path.is_file() and any(fnmatchcase(name, pattern) for pattern in LEFT_OUT):
            path.unlink()


def _compile(stage: Path) -> None:
    """Replace each source by its bytecode, in one process that has done nothing else: then it is the same each time."""
    sources = sorted(stage.rglob("*.py"))
    lines = [f"{path}\t{path.relative_to(stage).as_posix()}" for path in sources]
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _COMPILE]
    subprocess.run(command, check=True, text=True, encoding="utf-8", input="\n".join(lines))
    for path in sources:
        path.unlink()


def _write_zip(stage: Path, out: Path) -> None:
    with ZipFile(out, "w") as archive:
        for path in sorted(each for each in stage.rglob("*") if each.is_file()):
            entry = ZipInfo(path.relative_to(stage).as_posix(), _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED, 6)


def build_assets(wheel: Path, out: Path, systems: Iterable[str]) -> Iterator[Path]:
    """The assets for these platforms and the running Python, in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for system in systems:
        with tempfile.TemporaryDirectory() as folder:
            download_packages(system, Path(folder))
            path = out / name_asset(read_version(wheel), system, name_python())
            build_asset(Path(folder), wheel, path)
            yield path


def main() -> None:
    """Build the assets, and print their paths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, required=True, metavar="FILE", help="the wheel of this release")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the assets go")
    parser.add_argument("--platform", action="append", choices=PLATFORMS, help="may be repeated (default: all)")
    found = parser.parse_args()
    for path in build_assets(found.wheel, found.out, found.platform or PLATFORMS):
        print(path)


if __name__ == "__main__":
    main()
