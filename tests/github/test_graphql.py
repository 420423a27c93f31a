"""A folder out of one GraphQL answer."""

import pytest

from bot.errors import TrackerError
from bot.github.graphql import parse_folder
from bot.tracker.types import Folder
from tests.stand_ins.github_json import Json

BLOB: Json = {"text": "id: a\n", "isBinary": False, "isTruncated": False}


def reply(*entries: Json) -> Json:
    return {"data": {"repository": {"object": {"__typename": "Tree", "entries": list(entries)}}}}


def entry(name: str = "a.yml", mode: int = 0o100644, **blob: object) -> Json:
    return {"name": name, "type": "blob", "mode": mode, "object": {**BLOB, **blob}}


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param(reply(), Folder(), id="empty"),
        pytest.param({"data": {"repository": {"object": None}}}, Folder(), id="not there"),
        pytest.param({"data": {"repository": None}}, Folder(), id="no repository, and no error"),
        pytest.param(reply(entry()), Folder(files={"rules/a.yml": "id: a\n"}), id="a file"),
        pytest.param(reply(entry(text="\ud800")), Folder(files={"rules/a.yml": "\ufffd"}), id="a lone surrogate"),
        pytest.param(
            reply(entry(text=None, isBinary=True)),
            Folder(problems=("rules/a.yml: is not a text file",)),
            id="a binary file",
        ),
        pytest.param(
            reply(entry(isTruncated=True)),
            Folder(problems=("rules/a.yml: is too large for the API; use actions/checkout",)),
            id="a truncated file",
        ),
        pytest.param(
            reply(entry(mode=0o120000, text="../../etc/passwd")),
            Folder(problems=("rules/a.yml: is a symbolic link and was not followed",)),
            id="a symbolic link",
        ),
        pytest.param(
            reply({"name": "sub", "type": "commit", "mode": 57344, "object": None}), Folder(), id="a submodule"
        ),
        pytest.param(
            {"data": {"repository": {"object": {"__typename": "Blob"}}}},
            Folder(problems=("rules: is not a folder",)),
            id="a file where the folder should be",
        ),
    ],
)
def test_a_reply_becomes_files_and_problems(given: Json, expected: Folder) -> None:
    assert parse_folder(given, "rules", "read rules of octo/widget") == expected


def test_the_whole_repository_has_no_folder_before_its_paths() -> None:
    assert parse_folder(reply(entry()), "", "read it").files == {"a.yml": "id: a\n"}


@pytest.mark.parametrize(
    "kind, missing, advice",
    [
        ("NOT_FOUND", True, "the token may not see it"),
        ("FORBIDDEN", False, "permissions: contents: read"),
        ("RATE_LIMITED", False, "in an hour"),
        ("SOMETHING_ELSE", False, "GitHub answered: no"),
    ],
)
def test_graphqls_errors_come_with_the_status_200(kind: str, missing: bool, advice: str) -> None:  # noqa: FBT001
    with pytest.raises(TrackerError, match=advice) as caught:
        parse_folder({"data": None, "errors": [{"type": kind, "message": "no"}]}, "rules", "read rules")

    assert caught.value.missing is missing


@pytest.mark.parametrize("given", [None, [], 7, "x", {"data": 7}, {"errors": "x"}, reply({"name": 7})])
def test_a_reply_of_another_shape_is_refused(given: object) -> None:
    with pytest.raises(TrackerError, match="unexpected"):
        parse_folder(given, "rules", "read rules")
