"""A folder of text files in one GraphQL answer. Pure."""

from collections.abc import Iterator

from pydantic import BaseModel, Field, ValidationError

from bot.errors import TrackerError
from bot.github.graphql import Problem, describe_problems, mend_json
from bot.github.payloads import explain
from bot.tracker.types import Folder

_LEVELS = 3
_SYMBOLIC_LINK = 0o120000
_BLOB = "... on Blob { text isBinary isTruncated }"


def _write_query(levels: int) -> str:
    """The entries of a tree, nested."""
    inner = f"{_BLOB} {_write_query(levels - 1)}" if levels > 1 else _BLOB
    return f"... on Tree {{ entries {{ name type mode object {{ {inner} }} }} }}"


FOLDER_QUERY = (
    "query($owner: String!, $name: String!, $expression: String!) { repository(owner: $owner, name: $name) "
    f"{{ object(expression: $expression) {{ __typename {_write_query(_LEVELS)} }} }} }}"
)
"""Takes `owner`, `name` and `expression` ("HEAD:folder"). https://docs.github.com/en/graphql/reference/objects#tree"""


class _Object(BaseModel):
    """A Tree or a Blob; the fields of the other kind are absent."""

    kind: str = Field(default="", alias="__typename")
    entries: list["_Entry"] | None = None
    text: str | None = None
    is_binary: bool | None = Field(default=None, alias="isBinary")
    is_truncated: bool = Field(default=False, alias="isTruncated")


class _Entry(BaseModel):
    name: str
    type: str
    mode: int = 0
    object: _Object | None = None


class _Repository(BaseModel):
    object: _Object | None = None


class _Found(BaseModel):
    repository: _Repository | None = None


class _Reply(BaseModel):
    data: _Found | None = None
    errors: list[Problem] = []


def parse_folder(reply: object, folder: str, what: str) -> Folder:
    """Read the answer to `FOLDER_QUERY`; a folder that does not exist is an empty one.

    Raises `TrackerError` ("Could not `what`: …") for GraphQL's errors, which come with the status 200.
    """
    try:
        read = _Reply.model_validate(mend_json(reply))
    except ValidationError as error:
        raise TrackerError(f"Could not {what}: GitHub's answer is unexpected ({explain(error)}).") from None
    if read.errors:
        raise describe_problems(read.errors, what)
    found = read.data and read.data.repository and read.data.repository.object
    if not found:
        return Folder()
    if found.kind != "Tree":
        return Folder(problems=(f"{folder}: is not a folder",))
    walked = list(_walk(found, folder, _LEVELS))
    return Folder(
        files={path: blob.text or "" for path, blob, problem in walked if not problem},
        problems=tuple(f"{path}: {problem}" for path, _, problem in walked if problem),
    )


def _walk(tree: _Object, folder: str, levels: int) -> Iterator[tuple[str, _Object, str]]:
    """Path, content and problem of each file; what is neither file nor folder (a submodule) is left out."""
    for entry in tree.entries or []:
        path = f"{folder}/{entry.name}" if folder else entry.name
        found = entry.object or _Object()
        if entry.type == "blob":
            yield (path, found, _find_problem(entry.mode, found))
        elif entry.type == "tree" and levels > 1:
            yield from _walk(found, path, levels - 1)
        elif entry.type == "tree":
            yield (path, found, f"is deeper than {_LEVELS} levels and was not read")


def _find_problem(mode: int, blob: _Object) -> str:
    if mode == _SYMBOLIC_LINK:
        return "is a symbolic link and was not followed"
    if blob.is_binary:
        return "is not a text file"
    if blob.is_truncated or blob.text is None:
        return "is too large to be read through the API; use actions/checkout"
    return ""
