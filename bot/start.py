"""Starts Signpost in the Action, with the standard library alone: `python -I -S bot/start.py`.

It fetches the asset of this release for this platform and Python, compares its SHA-256 with the one in `action.yml`,
unpacks it into a new folder of the runner and runs the command in this process. Without such an asset, or without a way
to it, pip installs the packages by their hashes, and the code is that of the Action itself. An asset with another hash
is refused. The workspace is never on the path of imports.

Python 3.8 can read this file, and then prints which version Signpost needs.
"""

from __future__ import annotations

import os
import platform
import re
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator, Mapping, NamedTuple  # noqa: UP035 (Python 3.8)

TABLE = "SIGNPOST_ASSETS"
"""The variable with the released assets, one a line: platform, Python, URL, SHA-256 (action.yml)."""

LARGEST = 64 * 1024 * 1024
"""Bytes of an asset, as it is downloaded."""

LARGEST_UNPACKED = 512 * 1024 * 1024
PATIENCE = 20
"""Seconds without an answer of the server."""

LONGEST = 90
"""Seconds for one download, however many bytes arrive."""

PAUSES = (1, 3)
"""Seconds before the second and the third attempt."""

_FINAL = (403, 404, 407, 410)
"""The answers that do not change a moment later."""

EXTRAS = {"site": "requirements/site.txt"}
"""What a command needs beyond the asset: a lock, by the command."""

LEAN = "requirements/action.txt"
PIP = (
    *("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--no-deps"),
    *("--require-hashes", "--only-binary=:all:", "--no-compile"),
)
PIP_SETTINGS = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
"""Replaces what a runner may have set for other installations; `--target` fails with it."""

PIP_ADVICE = (
    "see whether this runner can reach github.com or a package index, or add the step `actions/setup-python` with "
    "`python-version: '3.13'` before this one"
)
OLDEST = (3, 11)
_GLIBC = (2, 28)
"""The oldest C library of Linux that the wheels take (manylinux_2_28)."""

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_NAME = re.compile(r"(?:[\w+-][\w.+-]*/)*[\w+-][\w.+-]*", re.ASCII)
"""The name of a file in an asset: a path below its folder, in which no part begins with a dot."""

_SECRET = re.compile("TOKEN|SECRET|PASSWORD|^INPUT_|_KEY$", re.IGNORECASE)


class StartError(Exception):
    """Signpost cannot start; the message says what is wrong, and what to do."""


class UnreachableError(Exception):
    """The asset could not be fetched this time; its packages can still come from pip."""


class Asset(NamedTuple):
    """A released asset: for which platform and Python it is, where it is, and its SHA-256 in hexadecimal digits."""

    platform: str
    python: str
    url: str
    sha256: str


def parse_assets(table: str) -> tuple[Asset, ...]:
    """The assets of a table. Raises StartError for a line that is not one."""
    assets = []
    for line in table.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) != len(Asset._fields) or not re.fullmatch("[0-9a-f]{64}", words[-1]):
            raise StartError(f"the table of assets in action.yml has the broken line `{line.strip()}`; use a release")
        assets.append(Asset(*words))
    return tuple(assets)


def name_platform() -> str:
    """This platform, as assets are named: `linux-x86_64`. Others have no asset, such as musl, PyPy and 32 bits."""
    system = _SYSTEMS.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = _MACHINES.get(machine, machine)
    is_usual = sys.implementation.name == "cpython" and "free-threading" not in sys.version and sys.maxsize > 1 << 32
    is_old = system == "linux" and _read_glibc() < _GLIBC
    return f"{system}-{machine}" if is_usual and not is_old else f"{system}-{machine}-unusual"


def _read_glibc() -> tuple[int, ...]:
    """The version of the C library, (0,) where it is another one."""
    try:
        stated = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        stated = ""
    return tuple(map(int, re.findall(r"\d+", stated))) or (0,)


def choose_asset(assets: tuple[Asset, ...], system: str, version: str) -> Asset | None:
    """The asset for a platform and a Python (`3.13`); None if the release has none."""
    return next((each for each in assets if (each.platform, each.python) == (system, version)), None)


def fetch(url: str, pauses: tuple[float, ...] = PAUSES, longest: float = LONGEST) -> bytes:
    """The bytes at an address; the proxies of the environment are used, and no token is sent.

    `pauses` and `longest` are in seconds: before each further attempt, and for one download. Raises UnreachableError
    after the last attempt, or at once if the server has no such file.
    """
    from http.client import HTTPException

    if not url.startswith(("https://", "http://")):
        raise StartError(f"the address {url} in action.yml must begin with https://; use a release")
    for pause in (*pauses, None):
        try:
            return _fetch_once(url, longest)
        except (OSError, ValueError, HTTPException) as error:
            if pause is None or getattr(error, "code", None) in _FINAL:
                raise UnreachableError(f"{url}: {error}") from error
            time.sleep(pause)
    raise AssertionError


def _fetch_once(url: str, longest: float) -> bytes:
    from urllib.request import Request, urlopen  # slow; a checkout needs no download

    request = Request(url, headers={"User-Agent": "signpost"})  # noqa: S310 (the caller checks the scheme)
    with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        announced = int(answer.headers.get("Content-Length") or -1)
        parts = _read_parts(lambda: answer.read1(1 << 18), url, longest)  # `read` waits until all these bytes are there
        data = b"".join(parts)
    if len(data) < announced:
        raise OSError(f"only {len(data):,} of {announced:,} bytes arrived")
    return data


def _read_parts(read: Callable[[], bytes], url: str, longest: float) -> Iterator[bytes]:
    start, size = time.monotonic(), 0
    for part in iter(read, b""):
        yield part
        size += len(part)
        if size > LARGEST:
            raise StartError(f"{url} has more than {LARGEST:,} bytes, the limit of an asset; use another release")
        if time.monotonic() - start > longest:
            raise TimeoutError(f"not complete after {longest} s")


def verify(data: bytes, asset: Asset) -> None:
    """Raise StartError if this is not the asset that the release was made with."""
    import hashlib  # a checkout needs none

    found = hashlib.sha256(data).hexdigest()
    if found != asset.sha256:
        raise StartError(
            f"refused to run {asset.url}: its SHA-256 is {found}, and this release was made with {asset.sha256}; "
            "run the job again, and if this stays so, report it as a security problem"
        )


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of an asset into a folder. Raises StartError for a link, or a name that leads elsewhere."""
    from io import BytesIO
    from zipfile import ZipFile  # slow; a checkout needs none

    made: set[str] = set()
    with ZipFile(BytesIO(data)) as archive:
        members = archive.infolist()
        _check_members([(each.filename, each.file_size, each.external_attr >> 16) for each in members])
        for each in members:
            home, _, name = f"{folder}/{each.filename}".rpartition("/")
            if home not in made:
                os.makedirs(home, exist_ok=True)  # noqa: PTH103 (pathlib takes longer than the writing)
                made.add(home)
            content = archive.read(each)
            with open(f"{home}/{name}", "xb", buffering=0) as file:  # noqa: PTH123
                if file.write(content) < len(content):  # a full disk takes a part, and says nothing
                    raise OSError(f"only a part of {each.filename} could be written")


def _check_members(members: list[tuple[str, int, int]]) -> None:
    """Raise StartError for a file that no release has. `members`: name, size in bytes, and mode of Unix."""
    for name, _, mode in members:
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or not _NAME.fullmatch(name):
            raise StartError(f"the asset contains {name!r}, not a plain file below its folder; use another release")
    if sum(size for _, size, _ in members) > LARGEST_UNPACKED:
        raise StartError(f"the asset unpacks to more than {LARGEST_UNPACKED:,} bytes, its limit; use another release")


def make_folder() -> Path:
    """A new folder that nobody else writes to; the runner empties the one around it after each job."""
    return Path(tempfile.mkdtemp(prefix="signpost-", dir=os.environ.get("RUNNER_TEMP") or None))


def read_lock(path: Path) -> dict[str, str]:
    """The versions of a lock, by package."""
    return dict(re.findall(r"^([\w.-]+)==([\w.+!-]+)", path.read_text("utf-8"), re.MULTILINE))


def has_packages(locks: list[Path]) -> bool:
    """Whether this Python has exactly what the locks say."""
    import site  # slow; an asset needs none
    from importlib import metadata

    site.main()  # `-S` left out the folders of installed packages
    try:
        return all(metadata.version(name) == version for lock in locks for name, version in read_lock(lock).items())
    except metadata.PackageNotFoundError:
        return False


def install(locks: list[Path], folder: Path) -> None:
    """Let pip install the packages of locks by their hashes, without our secrets. Raises StartError."""
    import subprocess  # slow; an asset needs none

    words = [*PIP, f"--target={folder}", *(f"--requirement={lock}" for lock in locks)]
    known = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    known.update(PIP_SETTINGS)
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-I", *words], cwd=folder, env=known, stdin=none, stdout=pipe, stderr=pipe, check=False
    )
    if done.returncode:
        shown = " ".join(done.stderr.decode("utf-8", "replace").split())[-600:]
        raise StartError(
            f"pip could not install Signpost's packages for Python {platform.python_version()}: {shown}; {PIP_ADVICE}"
        )


def find_code(environment: Mapping[str, str]) -> Iterator[Path]:
    """The folders that the command is imported from. Raises StartError."""
    home, command = Path(__file__).resolve().parents[1], environment.get("INPUT_COMMAND", "").strip()
    assets = parse_assets(environment.get(TABLE, ""))
    locks = [home / EXTRAS[command]] if command in EXTRAS else []
    try:
        yield _fetch_asset(assets)
    except UnreachableError as error:
        if assets:
            print_command("notice", f"{error}; Signpost runs its source with packages from pip, which takes longer")
        locks.insert(0, home / LEAN)
        yield home
    if locks and not has_packages(locks):
        folder = make_folder()
        install(locks, folder)
        yield folder


def _fetch_asset(assets: tuple[Asset, ...]) -> Path:
    version = "{}.{}".format(*sys.version_info[:2])
    asset = choose_asset(assets, name_platform(), version)
    if asset is None:
        raise UnreachableError(f"this release has no asset for {name_platform()} with Python {version}")
    data = fetch(asset.url)
    verify(data, asset)
    folder = make_folder()
    unpack(data, folder)
    return folder


def is_red(environment: Mapping[str, str]) -> bool:
    """Whether an error makes the run red; for an event of an issue, only if `fail-on` says so.

    GitHub sends mail about a red run to the author of the issue, who cannot correct it. Maintainers start the others.
    """
    command = environment.get("INPUT_COMMAND", "").strip() or "run"
    return command not in ("run", "report") or environment.get("INPUT_FAIL_ON", "").strip() in ("", "error")


def print_command(level: str, message: str) -> None:
    """Print a workflow command (actions/toolkit: packages/core/src/command.ts)."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=Signpost::{escaped}", flush=True)


def check_python() -> None:
    """Raise StartError for a Python that Signpost cannot run with."""
    if sys.version_info < OLDEST:
        wanted, found = ".".join(map(str, OLDEST)), platform.python_version()
        raise StartError(
            f"Signpost needs Python {wanted} or newer, and this runner has Python {found}; add the step "
            "`actions/setup-python` with `python-version: '3.13'` before this one"
        )


def main() -> None:
    """Find the code, and run the command that the inputs name; leave with its exit code."""
    try:
        check_python()
        sys.path[:0] = map(str, find_code(os.environ))
        import runpy  # an error needs none

        runpy.run_module("bot.cli.action", run_name="__main__")
    except StartError as error:
        print_command("error", str(error))
    except OSError as error:
        print_command("error", f"Signpost cannot start: {error}; see whether the disk of the runner is full")
    except Exception as error:  # noqa: BLE001 (a red run is mailed to the reporter)
        print_command("error", f"internal error in Signpost ({type(error).__name__}: {error}); please report it")
    sys.exit(2 if is_red(os.environ) else 0)


if __name__ == "__main__":
    main()
