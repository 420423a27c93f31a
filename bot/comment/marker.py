"""The hidden line that identifies our comment and stores our state. Pure."""

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.duplicates.candidates import Tier
from bot.tracker.types import Comment

VERSION = 1
_START = "<!-- signpost:v"
_OUR_WORDS = "posted automatically by signpost"
_MARKER = re.compile(rf"{_START}(?P<version>\d{{1,4}}) (?P<state>\{{[^\n]{{0,60000}}\}}) -->")


class Marker(BaseModel):
    """What our comment remembers: the rules that spoke with their content hash, the labels asked for, the links given.

    `links` are the issues to follow, `earlier` the earlier reports, each with its tier. `dropped` are labels that it
    asked for earlier, but not any more. `text` is the hash of the visible text as we wrote it, which shows a human's
    edit.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    issue: int
    rules: dict[str, str] = Field(default_factory=dict)
    labels: list[str] = Field(default_factory=list)
    links: list[int] = Field(default_factory=list)
    earlier: dict[int, Tier] = Field(default_factory=dict)
    dropped: list[str] = Field(default_factory=list)
    text: str = ""
    is_withdrawn: bool = False
    version: int = VERSION

    @property
    def is_newer(self) -> bool:
        """Whether a newer Signpost wrote it, whose state we cannot read."""
        return self.version > VERSION


class OwnComment(NamedTuple):
    """Our comment on an issue, and what it remembers."""

    comment: Comment
    marker: Marker


def sign_comment(text: str, marker: Marker) -> str:
    """The comment's body: the visible text, and the marker on its last line."""
    signed = marker.model_copy(update={"text": hash_text(text)})
    state = json.dumps(signed.model_dump(exclude={"version"}, exclude_defaults=True), separators=(",", ":"))
    # `--` and `>` could end the HTML comment early; as JSON escapes they cannot.
    safe = state.replace("--", "-\\u002d").replace(">", "\\u003e").replace("<", "\\u003c")
    visible = "\n".join(_lines_of(text))
    return f"{visible}\n\n{_START}{VERSION} {safe} -->"


def hash_text(text: str) -> str:
    """A hash of a comment's visible text, independent of the line ends that GitHub stores."""
    return sha256("\n".join(line.rstrip() for line in _lines_of(text)).encode("utf-8", "replace")).hexdigest()[:16]


def _lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")


def read_marker(body: str) -> Marker | None:
    """The marker of a comment's body, if it has one; only the last line counts, where we write it."""
    match = _MARKER.fullmatch(_lines_of(body)[-1].strip())
    if not match:
        return None
    try:
        marker = Marker.model_validate_json(match["state"])
    except ValidationError:
        return None
    return marker.model_copy(update={"version": int(match["version"])})


def is_as_written(comment: Comment, marker: Marker) -> bool:
    """Whether the visible text is still the one that we wrote."""
    return hash_text("\n".join(_lines_of(comment.body)[:-1])) == marker.text


def find_own_comment(comments: Iterable[Comment], login: str, issue: int) -> OwnComment | None:
    """Our comment on the issue: by our login and with our marker. Of two, the older one.

    A marker in another author's comment means nothing, because anyone can paste one. If somebody cut, moved or removed
    the marker of our comment, it is still ours, and counts as edited.
    """
    for comment in comments:
        is_ours = comment.author.login.lower() == login.lower()
        if is_ours and (marker := _recall(comment.body, issue)) and marker.issue == issue:
            return OwnComment(comment, marker)
    return None


def _recall(body: str, issue: int) -> Marker | None:
    """The marker of our own comment; a broken one remembers only a hash that no text has."""
    is_ours = _START in body or _OUR_WORDS in body.lower()
    return read_marker(body) or (Marker(issue=issue) if is_ours else None)


def find_foreign_twin(comments: Iterable[Comment], login: str, issue: int) -> Comment | None:
    """A bot's comment with our marker, but another login: most likely our login is not the one that we assume."""
    for comment in comments:
        is_other_bot = comment.author.is_bot and comment.author.login.lower() != login.lower()
        if is_other_bot and (marker := read_marker(comment.body)) and marker.issue == issue:
            return comment
    return None
