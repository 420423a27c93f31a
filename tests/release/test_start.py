"""The start of the Action: which asset it takes, how it fetches and unpacks it, and what it refuses."""

import ast
import hashlib
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from zipfile import ZipFile, ZipInfo

import pytest

from bot.cli.action import list_commands
from bot.github.actions_runner import Settings
from bot.start import (
    Asset,
    StartError,
    UnreachableError,
    choose_asset,
    fetch,
    is_red,
    name_platform,
    parse_assets,
    unpack,
    verify,
)
from release.archive import PLATFORMS, ROOT
from release.stamp import stamp

SHA = "0123456789abcdef" * 4
LINUX = Asset("linux-x86_64", "3.13", "https://example.com/a.zip", SHA)
OLDER = LINUX._replace(python="3.11")
MAC = LINUX._replace(platform="macos-aarch64")
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")


def test_an_old_python_can_read_the_start() -> None:
    ast.parse((ROOT / "bot/start.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_the_start_needs_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / "bot/start.py").read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names = plain | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == set()


def test_the_asset_of_this_platform_and_python_is_taken() -> None:
    assets = (MAC, OLDER, LINUX)
    chosen = [choose_asset(assets, *each) for each in (("linux-x86_64", "3.13"), ("linux-x86_64", "3.12"))]
    assert chosen == [LINUX, None]
    assert name_platform().removesuffix("-unusual") in PLATFORMS


@pytest.mark.parametrize("table", ["linux-x86_64 3.13 https://example.com/a.zip", f"a b c {SHA[:-1]}", "x"])
def test_a_broken_table_is_refused(table: str) -> None:
    with pytest.raises(StartError, match="has the broken line"):
        parse_assets(f"\n{table}\n")


@pytest.mark.parametrize("assets", [(), (LINUX,), (LINUX, MAC, OLDER)])
def test_a_stamped_action_is_valid_and_says_its_assets(tmp_path: Path, assets: tuple[Asset, ...]) -> None:
    stamped = stamp(ACTION, assets)
    path = tmp_path / "action.yml"
    path.write_text(stamped, encoding="utf-8")
    words = [
        str(Path(sys.executable).parent / "check-jsonschema"),
        "--builtin-schema",
        "vendor.github-actions",
        str(path),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    table = stamped.partition("SIGNPOST_ASSETS:")[2].partition("#")[0].strip().lstrip("|").replace('""', "")
    assert (done.returncode, set(parse_assets(table))) == (0, set(assets)), done.stdout
    assert stamp(stamped, ()) == ACTION


@contextmanager
def answer_with(*answers: tuple[int, bytes, int]) -> Iterator[str]:
    """A server that gives these answers in turn: status, body, and the length that it announces."""
    left = [*answers]

    class Answerer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, length = left.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answerer) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/a.zip"
        server.shutdown()


@pytest.mark.slow
def test_a_download_is_tried_three_times() -> None:
    with answer_with((503, b"", 0), (200, b"ha", 4), (200, b"whole", 5)) as url:
        assert fetch(url) == b"whole"


def test_a_file_that_is_not_there_is_not_asked_for_again() -> None:
    with answer_with((404, b"", 0)) as url, pytest.raises(UnreachableError, match="404"):
        fetch(url)


@contextmanager
def drip(pause: float) -> Iterator[str]:
    """A server that sends one byte after the other, with a pause in seconds, until nobody reads them any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError), server.accept()[0] as reader:
                reader.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while True:
                    reader.sendall(b"x")
                    time.sleep(pause)

        Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.zip"


def test_a_download_that_never_ends_is_given_up() -> None:
    with drip(0.02) as url, pytest.raises(UnreachableError, match=r"not complete after 0\.1 s"):
        fetch(url, (), 0.1)


@pytest.mark.parametrize(
    "fact", ["sys.maxsize = 2**31 - 1", "sys.implementation.name = 'pypy'", "sys.version += ' free-threading'"]
)
def test_a_python_that_cannot_load_the_asset_has_none(fact: str) -> None:
    words = [sys.executable, "-c", f"import sys; {fact}; from bot.start import name_platform; print(name_platform())"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("-unusual\n")


def test_only_the_web_is_asked() -> None:
    with pytest.raises(StartError, match="must begin with https://"):
        fetch("file:///etc/passwd")


def test_only_the_bytes_of_the_release_are_taken() -> None:
    data = b"an asset"
    verify(data, LINUX._replace(sha256=hashlib.sha256(data).hexdigest()))
    with pytest.raises(StartError, match=f"its SHA-256 is [0-9a-f]{{64}}, and this release was made with {SHA}"):
        verify(data, LINUX)


def make_zip(*members: tuple[str, int]) -> bytes:
    """A zip with these files, by name and mode of Unix."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, mode in members:
            entry = ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, b"text")
    return made.getvalue()


def test_an_asset_is_unpacked_below_its_folder(tmp_path: Path) -> None:
    unpack(make_zip(("a/b/c.pyc", 0o100644), ("d.cpython-313-x86_64-linux-gnu.so", 0), ("a/__init__.pyc", 0)), tmp_path)

    files = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.*")}
    assert files == {"a/b/c.pyc": "text", "d.cpython-313-x86_64-linux-gnu.so": "text", "a/__init__.pyc": "text"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for files")
def test_a_file_that_is_written_in_part_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(make_zip(("a.py", 0)))
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2, 2)); from pathlib import Path; "
        "from bot.start import unpack; unpack(Path('a.zip').read_bytes(), Path('out'))"
    )
    words = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "OSError: only a part of a.py could be written")


@pytest.mark.parametrize(
    "name, mode",
    [
        ("../a.py", 0),
        ("a/../../b.py", 0),
        ("/a.py", 0),
        ("C:/a.py", 0),
        ("a\\..\\b.py", 0),
        ("a//b.py", 0),
        (".a/b.py", 0),
        ("a/b.py\n", 0),
        ("é.py", 0),
        ("a/", stat.S_IFDIR | 0o755),
        ("a.py", stat.S_IFLNK | 0o777),
        ("a.py", stat.S_IFIFO | 0o644),
    ],
)
def test_an_asset_with_anything_else_is_refused_as_a_whole(tmp_path: Path, name: str, mode: int) -> None:
    with pytest.raises(StartError, match="not a plain file"):
        unpack(make_zip(("good.py", 0o100644), (name, mode)), tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "inputs, expected",
    [
        ({}, True),
        ({"INPUT_FAIL_ON": "error"}, True),
        ({"INPUT_FAIL_ON": "never"}, False),
        ({"INPUT_COMMAND": "report", "INPUT_FAIL_ON": "never"}, False),
        ({"INPUT_COMMAND": "check", "INPUT_FAIL_ON": "never"}, True),
    ],
)
def test_a_run_for_a_reporter_is_red_only_on_request(inputs: dict[str, str], *, expected: bool) -> None:
    assert is_red(inputs) == expected


REPO = {"GITHUB_REPOSITORY": "octo/widget"}


@pytest.mark.parametrize(
    "inputs, commands",
    [
        ({}, ["run"]),
        ({"command": "run", "rules": "pack:rust"}, ["run"]),
        ({"command": "report"}, ["run"]),
        ({"command": "check"}, ["check --format github"]),
        ({"command": "check", "rules": "a\npack:rust"}, ["check a pack:rust --format github"]),
        (
            {"command": "index"},
            [
                "index update --index .signpost/issues.index --repo octo/widget --cache .signpost",
                "index calibrate --index .signpost/issues.index",
            ],
        ),
        ({"command": "sweep"}, ["sweep --ledger .signpost/ledger.sqlite"]),
        (
            {"command": "sweep", "ledger": "l", "rules": "a b", "index": "i", "config": "c", "dry-run": "true"},
            ["sweep --ledger l --rules a b --config c --index i --dry-run"],
        ),
        ({"command": "site"}, ["site --out public --repo octo/widget --cache .signpost"]),
        (
            {"command": "site", "out": "docs", "base-url": "https://example.com/", "rules": "a", "ledger": "l"},
            [
                "site --out docs --repo octo/widget --cache .signpost --rules a --ledger l --base-url https://example.com/"
            ],
        ),
    ],
)
def test_the_inputs_name_the_commands(inputs: dict[str, str], commands: list[str]) -> None:
    settings = Settings.from_environment(REPO | {f"INPUT_{name.upper()}": value for name, value in inputs.items()})
    assert [" ".join(words) for words in list_commands(settings)] == commands
