"""The links of a text, and the uploads in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.links import find_links, find_uploads
from tests.comment.hostile_text import hostile

FILES = "https://github.com/user-attachments/files/12"
ASSETS = "https://github.com/user-attachments/assets/1f-2e"


@pytest.mark.parametrize(
    "text, links",
    [
        pytest.param("see https://e.com/a.", [("https://e.com/a", "", "https://e.com/a")], id="in prose"),
        pytest.param("[a b](https://e.com/a.)", [("https://e.com/a.", "a b", "[a b](https://e.com/a.)")], id="inline"),
        pytest.param(
            '![p](<https://e.com/a> "t") x', [("https://e.com/a", "p", '![p](<https://e.com/a> "t")')], id="an image"
        ),
        pytest.param("<https://e.com/a>", [("https://e.com/a", "", "https://e.com/a")], id="an autolink"),
        pytest.param(
            "[x][1]\n\n[1]: https://e.com/a 't'", [("https://e.com/a", "", "https://e.com/a")], id="reference"
        ),
        pytest.param("www.e.com/a, x", [("http://www.e.com/a", "", "www.e.com/a")], id="without a scheme"),
        pytest.param("(https://e.com/a_(b))", [("https://e.com/a_(b)", "", "https://e.com/a_(b)")], id="brackets"),
        pytest.param(
            '<a href="https://e.com/?a=1&amp;b=2">x</a>',
            [("https://e.com/?a=1&b=2", "", "https://e.com/?a=1&amp;b=2")],
            id="HTML",
        ),
        pytest.param(
            "<img width=1 alt='a \"b\"' src=https://e.com/i>",
            [("https://e.com/i", 'a "b"', "https://e.com/i")],
            id="the name of a picture",
        ),
        pytest.param(
            "[![i](https://e.com/i)](https://e.com/t)",
            [("https://e.com/i", "i", "![i](https://e.com/i)"), ("https://e.com/t", "", "https://e.com/t")],
            id="a picture as the text of a link",
        ),
        pytest.param("[a](#top) [b](docs/x.md) a@e.com e.com", [], id="no address"),
        pytest.param("`https://e.com` <code>https://e.com</code> <!-- https://e.com -->", [], id="in code"),
        pytest.param("```\nhttps://e.com\n```\n~~~\nhttps://e.com", [], id="in fences"),
        pytest.param("> https://e.com", [("https://e.com", "", "https://e.com")], id="in a quote"),
    ],
)
def test_links_are_read_in_every_spelling(text: str, links: list[tuple[str, str, str]]) -> None:
    found = [(link.target, link.text, text[link.span.start : link.span.end]) for link in find_links(text)]
    assert found == links


@pytest.mark.parametrize(
    "text, names",
    [
        pytest.param(f"[my app.log]({FILES}/my.app.log)", [("my.app.log", "my app.log")], id="a file"),
        pytest.param(f"{FILES}/a%20b.log", [("a b.log",)], id="a bare address"),
        pytest.param(f"![Screenshot 1.png]({ASSETS})", [("Screenshot 1.png",)], id="an image"),
        pytest.param(f'<img width="1" alt="crash.png" src="{ASSETS}" />', [("crash.png",)], id="an image in HTML"),
        pytest.param(f"{ASSETS}\n\n<video src='{ASSETS}'></video>", [(), ()], id="videos have no name"),
        pytest.param("[a.zip](https://github.com/o/r/files/12/a.zip)", [("a.zip",)], id="an older file"),
        pytest.param("![a](https://github.com/o/r/assets/12/1f-2e)", [("a",)], id="an older image"),
        pytest.param(
            "![a](https://user-images.githubusercontent.com/1/2-3f.png)", [("2-3f.png", "a")], id="a still older one"
        ),
        pytest.param(
            "![a](https://private-user-images.githubusercontent.com/1/2.png?jwt=x)",
            [("2.png", "a")],
            id="private",
        ),
        pytest.param("[a.log](https://ghe.example:8443/o/r/files/7/a.log)", [("a.log",)], id="of an Enterprise Server"),
        pytest.param("![a](https://media.ghe.example/user/7/files/1f-2e)", [("a",)], id="its images"),
        pytest.param(
            "[a](https://github.com/o/r/blob/main/files/1/a.log) [b](https://e.com/a.log)", [], id="other links"
        ),
        pytest.param(f"> [a.log]({FILES}/a.log)\n\n`{FILES}/b.log`\n```\n{FILES}/c.log\n```", [], id="quotes and code"),
    ],
)
def test_uploads_have_the_names_that_github_kept(text: str, names: list[tuple[str, ...]]) -> None:
    uploads = find_uploads(text)
    assert [(upload.names, upload.is_finished) for upload in uploads] == [(each, True) for each in names]


@pytest.mark.parametrize(
    "text, names",
    [
        ("[Uploading app.log…]()", ["app.log"]),
        ("![Uploading a [1].png...]()", ["a [1].png"]),
        ('<!-- Uploading "big dump.zip"... -->', ["big dump.zip"]),
        ('<!-- Failed to upload "a.mp4" -->\n<!-- Failed to upload "b.mp4" -->', ["a.mp4", "b.mp4"]),
        ("[Uploading app.log…](https://e.com)", []),
        ("```\n[Uploading app.log…]()\n```\n`[Uploading b.log…]()`", []),
        ("Uploading app.log… failed", []),
    ],
)
def test_an_upload_that_did_not_finish_is_known_by_what_the_editor_left(text: str, names: list[str]) -> None:
    assert [(upload.names, upload.is_finished) for upload in find_uploads(text)] == [((name,), False) for name in names]


@given(hostile, st.integers(0, 9))
def test_places_are_those_of_the_original(text: str, start: int) -> None:
    for link in find_links(text, start):
        written = text[link.span.start - start : link.span.end - start]
        assert link.target.removeprefix("http://").replace("&amp;", "&") in f"http://{written}".replace("&amp;", "&")
    for upload in find_uploads(text):
        assert 0 <= upload.span.start < upload.span.end <= len(text)
