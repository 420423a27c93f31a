"""A release on this machine: the wheel, an asset for this platform, the stamped action, and a server that has them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from bot.start import Asset, name_platform, read_lock
from release.archive import LOCK, ROOT, build_asset, name_asset, name_python, read_version
from release.stamp import read_asset, stamp
from release.trial import serve_folder
from tests.stand_ins.lock import hold_lock


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release: the folder of its action, its wheel, its asset, and the packages that the asset was built from."""

    action: Path
    wheel: Path
    asset: Asset
    file: Path
    packages: Path


def copy_packages(folder: Path) -> None:
    """What pip would install for the lock: the same versions as here, copied without a network."""
    for name, version in read_lock(LOCK).items():
        found = distribution(name)
        assert found.version == version, f"{name} {found.version} is here, and the lock has {version}; run `make test`"
        for file in found.files or ():
            source = Path(str(found.locate_file(file)))
            if ".." not in file.parts and source.suffix != ".pyc" and source.is_file():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / file)


def build_wheel(folder: Path) -> Path:
    words = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    with hold_lock("studio-page"):
        subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words], check=True, cwd="/")
    (wheel,) = folder.glob("*.whl")
    return wheel


def stamp_action(source: Path, target: Path, *assets: Asset) -> Path:
    """A copy of the action as a runner has it, with these assets; its folder."""
    ignored = shutil.ignore_patterns("frontend", "static")
    for name in ("bot", "rules", "requirements"):
        shutil.copytree(source / name, target / name, ignore=ignored)
    text = (source / "action.yml").read_text("utf-8")
    (target / "action.yml").write_text(stamp(text, assets), encoding="utf-8")
    return target


@contextmanager
def make_release(folder: Path) -> Iterator[Release]:
    """Build it in the folder, and serve it. The path of the action has spaces."""
    packages, dist = folder / "packages", folder / "dist"
    copy_packages(packages)
    wheel = build_wheel(dist)
    file = dist / name_asset(read_version(wheel), name_platform(), name_python())
    build_asset(packages, wheel, file)
    with serve_folder(dist) as url:
        asset = read_asset(file, url)
        action = stamp_action(ROOT, folder / "_actions/signpost bot/v1", asset)
        yield Release(action=action, wheel=wheel, asset=asset, file=file, packages=packages)
