"""The hidden line that identifies our comment and stores our state. Pure."""

import json
import re
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.duplicates.candidates import Tier
from bot.issue.own_words import MARKER_START, REPORT_WORDS, has_our_words, is_ours
from bot.tracker.fields import FieldValue
from bot.tracker.types import Comment

VERSION = 1

Kind = Literal["guidance", "report", "surge", "muted", "problems"]
"""`guidance`: known problems and earlier reports, for the reporter; `report`: an issue report, for maintainers.

There is at most one comment of each kind on an issue. The others are notices, which are issues of their own: `surge`
tracks an incident, `muted` lists the rules that only set labels, `problems` those of rules and settings.
"""

NOTICES: frozenset[Kind] = frozenset({"surge", "muted", "problems"})

_REPORT_MARKER = re.compile(rf'{MARKER_START}\d{{1,4}} \{{[^\n]*"kind":"report"')
_MARKER = re.compile(rf"{MARKER_START}(?P<version>\d{{1,4}}) (?P<state>\{{[^\n]{{0,60000}}\}}) -->")


class Past(BaseModel):
    """Guidance that our comment gave and gives no more: its content hash, and from when to when (Unix seconds).

    `since` is 0 if it was there from the start. `is_refused` if a person said that it does not fit.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    hash: str
    since: int = 0
    until: int = 0
    is_refused: bool = False


class Promise(BaseModel):
    """What our comment promises about closing: as what, and for which report.

    `target` is the canonical issue of a duplicate, 0 for none. `since` is when a closing was announced first (Unix
    seconds): what people do after that keeps the issue open. `report` is the hash of the title and the text as they
    were then. A promise that `is_silent` is not in the text: a person is to decide, and the summary says so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: Literal["not_planned", "duplicate"] = "not_planned"
    target: int = 0
    since: int = 0
    report: str = ""
    is_silent: bool = False


class Marker(BaseModel):
    """What our comment remembers: the rules that spoke with their content hash, the labels asked for, the links given.

    `links` are the issues to follow, `earlier` the earlier reports, each with its tier. `dropped` are labels that it
    asked for earlier, but not any more. `fields` are the values of issue fields that rules asked for, with the issue
    type under ""; one that they asked for earlier, but not any more, is "". `text` is the hash of the visible text as
    we wrote it, which shows a human's edit. A comment that `is_superseded` gives way to another one of ours, and is
    never changed again.
    `since` is when the guidance of a rule was first given (Unix seconds), if that was not from the start; `branches`
    is the branch that applies, if not the first; `stated` is the version in the report. `past` is former guidance.
    `heard` are the answers “wrong” that came before it was written (see `bot.triage.people.refusals`). `closes` is the
    promised time of closing (Unix seconds), `promise` what was promised with it, and `is_kept_open` if a sign of life
    cancelled that for ever. Of a report, `asked` is the id of the comment that asked for it.
    Of a notice, `keys` are what it is about (the first one names it), and `started` and `ended` are Unix seconds;
    `fix` is the version that its rule named as fixed when it was opened, and `former` the notice of the last time.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    issue: int
    kind: Kind = "guidance"
    asked: int = 0
    rules: dict[str, str] = Field(default_factory=dict)
    labels: list[str] = Field(default_factory=list)
    links: list[int] = Field(default_factory=list)
    earlier: dict[int, Tier] = Field(default_factory=dict)
    dropped: list[str] = Field(default_factory=list)
    fields: dict[str, FieldValue] = Field(default_factory=dict)
    text: str = ""
    is_withdrawn: bool = False
    is_superseded: bool = False
    since: dict[str, int] = Field(default_factory=dict)
    branches: dict[str, int] = Field(default_factory=dict)
    stated: str = ""
    past: dict[str, Past] = Field(default_factory=dict)
    heard: list[str] = Field(default_factory=list)
    closes: int = 0
    promise: Promise | None = None
    is_kept_open: bool = False
    keys: list[str] = Field(default_factory=list)
    started: int = 0
    ended: int = 0
    fix: str = ""
    former: int = 0
    version: int = VERSION

    @property
    def is_newer(self) -> bool:
        """Whether a newer Signpost wrote it, whose state we cannot read."""
        return self.version > VERSION

    @property
    def refused(self) -> frozenset[str]:
        """The rules whose guidance a person has refused here."""
        return frozenset(rule for rule, past in self.past.items() if past.is_refused)


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
    return f"{visible}\n\n{MARKER_START}{VERSION} {safe} -->"


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
    return hash_text(read_visible(comment.body)) == marker.text


def read_visible(body: str) -> str:
    """The text before the marker."""
    return "\n".join(_lines_of(body)[:-1]).strip()


def find_own_comments(
    comments: Iterable[Comment], logins: Collection[str], issue: int, kind: Kind = "guidance"
) -> tuple[OwnComment, ...]:
    """Our comments of one kind on the issue: by one of our logins, with our marker. Of several, the first one stays.

    A marker in another author's comment means nothing, because anyone can paste one. If somebody cut, moved or removed
    the marker of our comment, it is still ours, and counts as edited. The oldest comment comes first. Three kinds come
    last: comments of another issue (they came with a transfer), hidden ones, and those with only our words.
    """
    ours = {login.casefold() for login in logins}
    found = [own for each in comments if each.author.login.casefold() in ours if (own := _claim(each, issue))]
    return tuple(sorted((own for own in found if own.marker.kind == kind), key=lambda own: _rank(own, issue)))


def _rank(own: OwnComment, issue: int) -> tuple[bool, bool, bool, int]:
    comment, marker = own
    return (MARKER_START not in comment.body, comment.is_minimized, marker.issue != issue, comment.id)


def is_certainly_ours(comment: Comment) -> bool:
    """Whether a comment by one of our logins has our marker, and not only our words.

    A bot's marker also counts in the middle of the text. A person may quote one there.
    """
    return read_marker(comment.body) is not None or (comment.author.is_bot and MARKER_START in comment.body)


def _claim(comment: Comment, issue: int) -> OwnComment | None:
    """The comment, if it is ours. One of another issue must be word for word ours; its numbers mean nothing here."""
    marker = _recall(comment.body, issue)
    if marker is None or marker.is_superseded:
        return None
    if marker.issue == issue:
        return OwnComment(comment, marker)
    moved = marker.model_copy(update={"rules": {}, "links": [], "earlier": {}})
    return OwnComment(comment, moved) if is_as_written(comment, marker) else None


def _recall(body: str, issue: int) -> Marker | None:
    """The marker of our own comment; a broken one remembers its kind, and only a hash that no text has.

    A report may quote guidance, but guidance quotes no report.
    """
    if _is_report(body):
        return read_marker(body) or Marker(issue=issue, kind="report")
    return read_marker(body) or (Marker(issue=issue) if has_our_words(body) else None)


def _is_report(body: str) -> bool:
    return REPORT_WORDS in body.lower() or _REPORT_MARKER.search(body) is not None


def find_kind(body: str) -> Kind | None:
    """The kind of a comment that Signpost wrote, under any login; None for one that somebody else wrote."""
    if marker := read_marker(body):
        return marker.kind
    kind: Kind = "report" if _is_report(body) else "guidance"
    return kind if is_ours(body) else None


def find_foreign_twin(
    comments: Iterable[Comment], logins: Collection[str], issue: int, kind: Kind = "guidance"
) -> Comment | None:
    """A bot's comment with our marker, but another login: most likely our login is not the one that we assume."""
    ours = {login.casefold() for login in logins}
    for comment in comments:
        is_other_bot = comment.author.is_bot and comment.author.login.casefold() not in ours
        marker = read_marker(comment.body) if is_other_bot else None
        if marker and (marker.issue, marker.kind) == (issue, kind):
            return None if marker.is_superseded else comment
    return None
