"""Stack frames of several languages."""

from typing import Literal

import pytest

from bot.text.stack_frames import MAX_FRAMES, Frame, find_frames

PYTHON = (
    "Traceback (most recent call last):\n"
    '  File "/usr/src/homeassistant/core.py", line 10, in run\n    x()\n'
    '  File "/config/custom_components/hacs/sensor.py", line 3, in update\n    y()\n'
    "ValueError: no\n"
)
NODE = "Error: no\n    at async Object.load (/app/node_modules/next/dist/a.js:926:2412)\n    at file.js:1:2\n"
JAVA = "java.lang.X\n\tat com.example.Main.run(Main.java:10)\n"
CSHARP = "   at Foo.Bar.Baz(String a) in C:\\src\\Baz.cs:line 12\n"
RUST = (
    "   0: rustc_middle::ty::fold\n             at /rustc/abc/compiler/rustc_middle/src/ty.rs:10:5\n"
    "   1: 0x55 - core::panic\n"
)
GO = "main.(*T).run(0x1, 0x2)\n\t/go/src/app/main.go:10 +0x1d\n"


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(
            PYTHON,
            [
                ("update", "/config/custom_components/hacs/sensor.py", "config.custom_components.hacs.sensor"),
                ("run", "/usr/src/homeassistant/core.py", "usr.src.homeassistant.core"),
            ],
            id="python",
        ),
        pytest.param('File "a.py", line 1', [("a.py", "a")], id="python, no function"),
        pytest.param(
            NODE,
            [
                ("Object.load", "/app/node_modules/next/dist/a.js", "app.node_modules.next.dist.a"),
                ("file.js", "file"),
            ],
            id="node",
        ),
        pytest.param(JAVA, [("com.example.Main.run", "Main.java", "Main")], id="java"),
        pytest.param(CSHARP, [("Foo.Bar.Baz", "C:/src/Baz.cs", "C:.src.Baz")], id="c#"),
        pytest.param(
            RUST,
            [
                (
                    "rustc_middle::ty::fold",
                    "/rustc/abc/compiler/rustc_middle/src/ty.rs",
                    "rustc.abc.compiler.rustc_middle.src.ty",
                ),
                ("core::panic",),
            ],
            id="rust",
        ),
        pytest.param(GO, [("main.(*T).run", "/go/src/app/main.go", "go.src.app.main")], id="go"),
        pytest.param(
            GO.replace("\n", "\r\n"), [("main.(*T).run", "/go/src/app/main.go", "go.src.app.main")], id="CRLF"
        ),
        pytest.param("I was at home (yesterday) again", [], id="prose"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_frames_are_found_the_innermost_first(text: str, expected: list[tuple[str, ...]]) -> None:
    assert [tuple(dict.fromkeys(name for name in frame.names if name)) for frame in find_frames(text)] == expected


@pytest.mark.parametrize(
    "at, expected", [("top", ["update", "Object.load"]), ("any", ["update", "run", "Object.load", "file.js"])]
)
def test_the_innermost_frame_of_each_trace(at: Literal["top", "any"], expected: list[str]) -> None:
    assert [frame.names[0] for frame in find_frames(PYTHON + NODE, at)] == expected


def test_a_frame_knows_its_place() -> None:
    (frame,) = find_frames(JAVA)
    assert JAVA[frame.start : frame.end] == "\tat com.example.Main.run(Main.java:10)"


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("custom_components.*", True),
        ("custom_components/*", True),
        ("sensor.py", True),
        ("sensor", True),
        ("*hacs*", True),
        ("components.*", False),
        ("hacs", False),
        ("Sensor", False),
    ],
)
def test_patterns_of_frames(pattern: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    frame = Frame(("/config/custom_components/hacs/sensor.py", "config.custom_components.hacs.sensor"), 0, 1)
    assert frame.matches(pattern) is expected


def test_more_frames_than_anybody_reads_are_left_out() -> None:
    assert len(find_frames("  at a.b(c.js:1:1)\n" * (MAX_FRAMES + 5))) == MAX_FRAMES
