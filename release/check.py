"""Builds and tries a whole release here, and publishes nothing: `make release-check`.

It leaves dist/assets (what the page of the release offers), dist/commit (the files that the tagged commit changes) and
dist/notes.md. An asset for another platform is built, and the workflow tries it. What this machine cannot build or try
otherwise is skipped; with STRICT=1, that is an error.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bot.start import name_platform
from release.archive import PLATFORMS, build_assets
from release.build import ReleaseError, build_distributions
from release.publish import DIST, NO_DIGEST, ROOT, PublishError, assemble, list_commands_of
from release.trial import TrialError, run_program, try_asset, try_image, try_server, try_wheel

ASSETS = DIST / "assets"
SKIPPED, FAILED, PASSED, BUILT = "skipped", "failed", "passed", "built"


class Row(NamedTuple):
    """One artefact: what became of it (skipped, failed, passed or only built), and why or what was tried."""

    name: str
    outcome: str
    reason: str
    size: int = 0
    sha256: str = ""


def check_files() -> Iterator[Row]:
    """Build the distributions and the assets, try each, and give its row.

    Raises the error of a script where nothing can follow.
    """
    shutil.rmtree(DIST, ignore_errors=True)
    source, wheel = build_distributions(ASSETS)
    yield measure(source, PASSED, "the wheel is built from it")
    yield measure(wheel, *try_to(lambda: try_wheel(wheel), "installed by hash; command, dry run, studio"))
    for path in build_assets(wheel, ASSETS, PLATFORMS):
        if name_platform() in path.name:
            yield measure(path, *try_to(lambda: try_asset(ASSETS), "the action started from it"))
        else:
            yield measure(path, BUILT, "for another platform, where the workflow tries it")


def try_to(trial: Callable[[], None], tried: str) -> tuple[str, str]:
    """The outcome of a trial, and why."""
    try:
        trial()
    except TrialError as error:
        return FAILED, str(error)
    return PASSED, tried


def measure(path: Path, outcome: str, reason: str) -> Row:
    """The row of a file."""
    data = path.read_bytes()
    return Row(path.relative_to(DIST).as_posix(), outcome, reason, len(data), hashlib.sha256(data).hexdigest())


def check_image() -> Row:
    """Build the images and try them, with what this machine has: Docker, Podman or buildah (the action's alone)."""
    engine = next(filter(answers, ("docker", "podman")), None)
    if engine:
        return Row("image", *try_to(partial(_try_built, engine), f"built and run by {engine}, without a network"))
    if not answers("buildah"):
        return Row("image", SKIPPED, "Docker, Podman and buildah are missing here; the workflow builds it")
    return Row("image", *try_to(_build_with_buildah, "built and run by buildah; see release/image.sh"))


def _try_built(engine: str) -> None:
    run_program([engine, "build", "--quiet", "--tag", "signpost", "."], ROOT)
    try_image("signpost", engine)
    run_program([engine, "build", "--quiet", "--target", "server", "--tag", "signpost-server", "."], ROOT)
    try_server("signpost-server", engine)


def _build_with_buildah() -> None:
    run_program(["bash", "release/image.sh"], ROOT)


def answers(program: str) -> bool:
    """Whether a container program is here and works; the one of Docker may lack its engine."""
    found = shutil.which(program)
    return found is not None and not subprocess.run([found, "info"], check=False, capture_output=True).returncode


def find_exit_code(rows: list[Row], *, is_strict: bool) -> int:
    """1 if an artefact failed, or if one was skipped although none may be."""
    bad = {FAILED, SKIPPED} if is_strict else {FAILED}
    return int(any(row.outcome in bad for row in rows))


def format_row(row: Row) -> str:
    """A line of the table: outcome, size in kB, the start of the hash, name and reason."""
    size = f"{row.size / 1000:,.0f} kB" if row.size else ""
    return f"{row.outcome:<8}{size:>11}  {row.sha256[:12]:<12}  {row.name}: {row.reason}"


def show(rows: Iterable[Row]) -> list[Row]:
    """Print each row as soon as it is there; returns all."""
    shown = []
    for row in rows:
        print(format_row(row), flush=True)
        shown.append(row)
    return shown


def main() -> int:
    """Print the table and how the release would be published; returns the exit code."""
    try:
        rows = show(check_files())
        made = assemble(NO_DIGEST)
        rows += show(measure(path, BUILT, f"for commit {made.commit[:12]}") for path in made[1:])
        rows += show([check_image()])
    except (ReleaseError, PublishError, subprocess.CalledProcessError, ValueError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print("\nThe workflow would then run:")
    for command in list_commands_of(made):
        print("$", *command)
    return find_exit_code(rows, is_strict=os.environ.get("STRICT", "") not in ("", "0"))


if __name__ == "__main__":
    sys.exit(main())
