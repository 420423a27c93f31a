"""Builds the source distribution, and from it the wheel: `python -m release.build dist/assets`.

Both have what a checkout has not: the studio's page (`make studio`) and the stored form of the packs.
"""

import argparse
import subprocess
import sys
import tarfile
from pathlib import Path
from shutil import copyfile, copytree
from tempfile import TemporaryDirectory

from bot import __version__
from release.notes import make_links_absolute

ROOT = Path(__file__).parents[1]
NAME = f"signpost_bot-{__version__}"
PAGE = Path("bot/workbench/studio/static")


class ReleaseError(Exception):
    """A step of the release failed; the message says which, and what to do."""


def build_distributions(out: Path, root: Path = ROOT) -> tuple[Path, Path]:
    """Write both distributions of a checkout into a folder; returns the source distribution and the wheel.

    The wheel is built from the source distribution, so that both install the same files. The same checkout gives the
    same bytes (https://hatch.pypa.io/latest/config/build/#reproducible-builds).
    """
    if not (root / PAGE / "index.html").is_file():
        raise ReleaseError(f"the studio's page is missing: {PAGE}/index.html; run `make studio`")
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        source = copy_source(root, Path(folder, "source"))
        _run_python(["-m", "bot.rules.stored", "rules"], source)
        _build(source, "sdist", out)
        packed = out / f"{NAME}.tar.gz"
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
        _build(Path(folder, NAME), "wheel", out)
    return packed, out / f"{NAME}-py3-none-any.whl"


def copy_source(root: Path, target: Path) -> Path:
    """Copy what git knows of a checkout or would add to it, and the studio's page, into a new folder."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            copyfile(root / name, target / name)
    copytree(root / PAGE, target / PAGE, dirs_exist_ok=True)
    readme = target / "README.md"  # PyPI shows it, and resolves no relative link
    readme.write_text(make_links_absolute(readme.read_text("utf-8"), f"v{__version__}"), "utf-8", newline="\n")
    return target


def _build(source: Path, kind: str, out: Path) -> None:
    _run_python(["-m", "hatchling", "build", "--target", kind, "--directory", str(out.resolve())], source)


def _run_python(words: list[str], folder: Path) -> None:
    """Raises ReleaseError with the end of what Python prints as an error."""
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"`python {' '.join(words)}` failed with exit code {done.returncode}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder for both files")
    try:
        print(*build_distributions(parser.parse_args().out), sep="\n")
    except ReleaseError as error:
        sys.exit(f"release: {error}")
