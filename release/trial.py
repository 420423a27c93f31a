"""Tries what a release consists of as a user would: `python -m release.trial wheel FILE`.

`asset FOLDER` starts the action from the asset for this platform and Python, and `image REFERENCE` from the image.
`server REFERENCE` starts the image of the server.

Each trial starts from nothing but the file, in a folder outside the checkout. It raises TrialError at the first
surprise.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.cookiejar import CookieJar
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePath, PurePosixPath
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.request import HTTPCookieProcessor, build_opener

from bot import __version__
from bot.start import TABLE, name_platform
from release.archive import name_asset, name_python
from release.stamp import read_asset

ROOT = Path(__file__).parents[1]
CASE = ROOT / "tests/cases/extra-usage-400"
RULE = "extra-usage-400"
"""The rule of `pack:claude-code` that recognises the recorded issue."""

_REPLAY = ("--event-name", "issues", "--rules", "pack:claude-code", "--dry-run", "--format", "json")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*")
_SECONDS = 900
_WAIT_FOR_SERVER = """
import time, urllib.request
for _ in range(120):
    try:
        urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=5)
        break
    except OSError:
        time.sleep(0.5)
else:
    raise SystemExit("the server is not ready after a minute")
"""


class TrialError(Exception):
    """An artefact did not do what its user expects; the message says what was run and what came of it."""


def try_wheel(wheel: Path) -> None:
    """Install a wheel from the lock with hashes, then run the command, then add the studio and open its page."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:  # Windows keeps open files of a studio that just ended
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        install = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        run_program([*install, "--require-hashes", "--requirement", str(ROOT / "requirements/run.txt")], folder)
        run_program([*install, "--no-deps", str(wheel.resolve())], folder)
        try_command([str(programs / "signpost")], folder)
        run_program([*install, f"{wheel.resolve()}[studio]"], folder)
        try_studio([str(programs / "signpost")], folder)


def try_command(command: Sequence[str], folder: Path) -> None:
    """Ask a command for its version, let it prove a pack, and give it a recorded issue."""
    version = run_program([*command, "--version"], folder).strip()
    if version != __version__:
        raise TrialError(f"{command[-1]} --version printed {version!r}, not {__version__!r}")
    run_program([*command, "check", "pack:common"], folder)
    event = copyfile(CASE / "event.json", folder / "event.json")
    expect_match(run_program([*command, "run", "--event", str(event), *_REPLAY], folder))


def expect_match(printed: str) -> None:
    """Check the JSON of a dry run: the rule matched, and a comment is planned."""
    try:
        found = json.loads(printed)
    except ValueError as error:
        raise TrialError(f"a dry run printed no JSON: {printed[:500]!r}") from error
    matches = [each["rule"] for each in found.get("matches", [])]
    actions = [each["action"] for each in found.get("plan", [])]
    if matches != [RULE] or "create_comment" not in actions:
        raise TrialError(f"a dry run must match {RULE} and plan a comment; it matched {matches} and planned {actions}")


def try_studio(command: Sequence[str], folder: Path) -> None:
    """Start the studio on a rule, and open the page at the address that it prints."""
    (folder / "rules").mkdir()  # the studio reads all rules around the one that it opens
    rule = copyfile(ROOT / "rules/common/empty-body.yml", folder / "rules/empty-body.yml")
    started = [*command, "studio", str(rule), "--no-browser"]
    with subprocess.Popen(started, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as studio:
        try:
            lines = (line.decode("utf-8", "replace") for line in studio.stdout or ())  # it ends when the studio does
            address = next(filter(None, map(_ADDRESS.search, lines)), None)
            if address is None:
                raise TrialError(f"the studio stopped with exit code {studio.wait()} and printed no address")
            opener = build_opener(HTTPCookieProcessor(CookieJar()))
            with opener.open(address[0], timeout=_SECONDS) as answer:
                page = answer.read().decode()
        finally:
            studio.terminate()
    if "studio.js" not in page:
        raise TrialError(f"the studio's page does not load its script: {page[:500]!r}")


def try_asset(folder: Path) -> None:
    """Start the action as its step does, from the asset for this platform and Python, which a local server has."""
    with serve_folder(folder) as address, TemporaryDirectory() as name:
        home = Path(name)
        (home / "bot").mkdir()
        start = copyfile(ROOT / "bot/start.py", home / "bot/start.py")
        path = folder / name_asset(__version__, name_platform(), name_python())
        if not path.is_file():
            raise TrialError(f"{path} is missing: this platform and Python have no asset")
        asset = " ".join(read_asset(path, address))
        settings = make_environment(str(CASE / "event.json"), home / "outputs")
        dashless = {key.replace("-", "_"): value for key, value in settings.items()}
        command = [sys.executable, "-I", "-S", "-X", "utf8", str(start)]
        printed = run_program(command, home, {TABLE: asset, "RUNNER_TEMP": name, **dashless})
        if "::notice" in printed:
            raise TrialError(f"the action did not start from its asset: {printed[:1000]}")
        expect_output((home / "outputs").read_text("utf-8"))


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on this machine; gives the address."""
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and prints no line for each."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def try_image(reference: str, engine: str = "docker") -> None:
    """Run an image as the runner does, with inputs and a file for outputs, but without a network."""
    with TemporaryDirectory() as name:
        settings = make_environment("/case/event.json", PurePosixPath("/out/outputs"))
        words = [word for each in settings.items() for word in ("--env", "=".join(each))]
        mounted = ["--volume", f"{CASE}:/case:ro", "--volume", f"{name}:/out", "--workdir", "/case"]
        run_program([engine, "run", "--rm", "--network", "none", "--read-only", *words, *mounted, reference], ROOT)
        expect_output(Path(name, "outputs").read_text("utf-8"))


def try_server(reference: str, engine: str = "docker") -> None:
    """Start the image of the server without a network: it listens, is healthy, and stops when it is asked to.

    Without GitHub it accepts deliveries all the same.
    """
    name = f"signpost-trial-{os.getpid()}"
    run_program([engine, "run", "--detach", "--name", name, *_make_server_options(), reference], ROOT)
    try:
        run_program([engine, "exec", name, "python", "-c", _WAIT_FOR_SERVER], ROOT)
        run_program([engine, "exec", name, "signpost", "serve", "status"], ROOT)
        run_program([engine, "stop", "--time", "25", name], ROOT)
        code = run_program([engine, "inspect", "--format", "{{.State.ExitCode}}", name], ROOT).strip()
        if code != "0":
            raise TrialError(f"the server must end with 0 after SIGTERM, not {code}")
    finally:
        run_program([engine, "rm", "--force", name], ROOT)


def _make_server_options() -> list[str]:
    """A container as docs/server.md recommends it: not root, nothing to write but /data, no capability."""
    key = run_program(["openssl", "genrsa", "-traditional", "2048"], ROOT)
    given = {"APP_ID": "1", "PRIVATE_KEY": key.replace("\n", "\\n"), "WEBHOOK_SECRET": "trial"}
    words = [word for name, value in given.items() for word in ("--env", f"SIGNPOST_{name}={value}")]
    data = ("--tmpfs", "/data:uid=10001,mode=0700")
    return ["--network", "none", "--read-only", "--cap-drop", "ALL", *data, *words]


def make_environment(event: str, outputs: PurePath) -> dict[str, str]:
    """What the runner gives an action for the recorded issue; inputs are named as for an image."""
    inputs = {"INPUT_RULES": "pack:claude-code", "INPUT_DRY-RUN": "true", "INPUT_GITHUB-TOKEN": ""}
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "issues", "GITHUB_EVENT_PATH": event}
    return {**inputs, **runner, "GITHUB_OUTPUT": str(outputs)}


def expect_output(outputs: str) -> None:
    """Check the step's outputs, as the runner reads them: the rule is among those that matched."""
    if f'["{RULE}"]' not in outputs.splitlines():
        raise TrialError(f"the output matched-rules must be the rule {RULE}; the outputs are {outputs[:500]!r}")


def run_program(command: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None) -> str:
    """What a program prints; raises TrialError if it fails or takes longer than a quarter of an hour."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GH_", "INPUT_"))}
    environment = {**given, **(settings or {})}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrialError(f"`{' '.join(command)}` did not finish: {error}") from error
    if done.returncode:
        told = f"{done.stdout[-1000:]}{done.stderr[-1000:]}".strip()
        raise TrialError(f"`{' '.join(command)}` failed with exit code {done.returncode}: {told}")
    return done.stdout


def main() -> None:
    """Try one artefact."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    trials: dict[str, Callable[[str], None]] = {
        "wheel": lambda name: try_wheel(Path(name)),
        "asset": lambda name: try_asset(Path(name)),
        "image": try_image,
        "server": try_server,
    }
    parser.add_argument("kind", choices=trials)
    parser.add_argument("artefact", help="a file, a folder of assets, or the reference of an image")
    arguments = parser.parse_args()
    try:
        trials[arguments.kind](arguments.artefact)
    except TrialError as error:
        sys.exit(f"release: {error}")
    print(f"{arguments.artefact} does what its user expects")


if __name__ == "__main__":
    main()
