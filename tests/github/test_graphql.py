"""A folder out of one GraphQL answer."""

import pytest

from bot.errors import TrackerError
from bot.github.fields import CHANGES_QUERY
from bot.github.graphql import DELETIONS_QUERY, parse_deletions, parse_folder
from bot.tracker.types import Account, Change, Folder
from tests.stand_ins.github_json import START, Json, Value
from tests.stand_ins.graphql import find_query_errors

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
            Folder(problems=("rules/a.yml: is not a text file; save it as UTF-8, or remove it",)),
            id="a binary file",
        ),
        pytest.param(
            reply(entry(isTruncated=True)),
            Folder(problems=("rules/a.yml: is too large for the API; use actions/checkout",)),
            id="a truncated file",
        ),
        pytest.param(
            reply(entry(mode=0o120000, text="../../etc/passwd")),
            Folder(
                problems=(
                    (
                        "rules/a.yml: is a symbolic link, which Signpost does not follow; "
                        "replace it with a copy of the file"
                    ),
                )
            ),
            id="a symbolic link",
        ),
        pytest.param(
            reply({"name": "sub", "type": "commit", "mode": 57344, "object": None}), Folder(), id="a submodule"
        ),
        pytest.param(
            {"data": {"repository": {"object": {"__typename": "Blob"}}}},
            Folder(problems=("rules: is not a folder; make it one, with a file for each rule",)),
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
        ("NOT_FOUND", True, "the token has no access to it"),
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


def test_githubs_own_schema_understands_the_queries_for_deletions_and_changes_of_fields() -> None:
    assert find_query_errors([DELETIONS_QUERY, CHANGES_QUERY]) == [[], []]


def deletions(*nodes: Json | None, total: int | None = None, errors: Value = None) -> Json:
    found = {"totalCount": len(nodes) if total is None else total, "nodes": list(nodes)}
    return {"data": {"repository": {"issue": {"timelineItems": found}}}, **({"errors": errors} if errors else {})}


def deletion(actor: Json | None, author: Json | None) -> Json:
    return {"createdAt": "2026-04-08T09:00:00Z", "actor": actor, "deletedCommentAuthor": author}


JANE: Json = {"__typename": "User", "login": "jane"}
ACTIONS: Json = {"__typename": "Bot", "login": "github-actions"}
OURSELVES = Account(login="github-actions[bot]", is_bot=True)


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param(deletions(), (), id="none"),
        pytest.param(
            deletions(deletion(JANE, ACTIONS), deletion(None, None)),
            (
                Change(kind="comment_deleted", actor=Account(login="jane"), at=START, author=OURSELVES),
                Change(kind="comment_deleted", actor=Account(login="ghost"), at=START, author=Account(login="ghost")),
            ),
            id="of a bot, and of a deleted account",
        ),
        pytest.param(deletions(deletion(JANE, JANE), total=101), None, id="more than it gives"),
        pytest.param({"errors": [{"message": "Field 'deletedCommentAuthor' doesn't exist"}]}, None, id="too old"),
        pytest.param(
            {"data": {"repository": None}, "errors": [{"type": "FORBIDDEN", "message": "No"}]}, None, id="forbidden"
        ),
    ],
)
def test_a_reply_says_whose_comments_were_deleted(given: Json, expected: tuple[Change, ...] | None) -> None:
    assert parse_deletions(given, "read it") == expected


@pytest.mark.parametrize(
    "given",
    [
        {"data": {"repository": {"issue": None}}, "errors": [{"type": "NOT_FOUND", "message": "No issue"}]},
        {"errors": [{"message": "Something went wrong while executing your query."}]},
        deletions(errors=[{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]),
        deletions({"createdAt": 7.5e99}),
        {"data": {"repository": {"issue": {"timelineItems": 7}}}},
        {"data": {"repository": 7}},
        [],
    ],
)
def test_a_reply_that_tells_nothing_of_deletions_is_an_error(given: Json) -> None:
    with pytest.raises(TrackerError, match="Could not read it"):
        parse_deletions(given, "read it")
