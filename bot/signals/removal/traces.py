"""What Signpost left in a repository, and what of it may go: nothing that a person has changed. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from bot.comment.marker import NOTICES, Marker, hash_text, is_as_written, is_certainly_ours, read_marker, read_visible
from bot.github.payloads import ListedComment
from bot.rules.ruleset import Rule
from bot.tracker.fields import TYPE
from bot.tracker.types import Account, Change, Comment, Issue
from bot.triage.config import Config
from bot.triage.snapshot import OUR_LOGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What tells ours from what others made: our logins, and labels with their prefixes and types, all in lower case.

    The login of a workflow is shared with other workflows, so a label or type counts only if Signpost may have set it.
    `token` is the login of the token: a person's own, who only looks here, or the one under which Signpost ran.
    """

    logins: frozenset[str]
    token: str = ""
    labels: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def is_us(self, account: Account) -> bool:
        """Whether an account is ours."""
        return account.login.casefold() in self.logins

    def confirm(self, comments: Iterable[ListedComment]) -> "Ours":
        """The same, with the login of the token if Signpost has written a comment under it."""
        by_token = (each.comment for each in comments if each.comment.author.login.casefold() == self.token)
        is_us = any((marker := read_marker(each.body)) and is_as_written(each, marker) for each in by_token)
        return replace(self, logins=self.logins | {self.token}) if is_us else self

    def may_set(self, label: str) -> bool:
        """Whether rules or settings ask for that label."""
        folded = label.casefold()
        return folded in self.labels or any(folded.startswith(prefix) for prefix in self.prefixes)

    def may_type(self, issue: Issue) -> bool:
        """Whether rules ask for the type of the issue."""
        return (issue.type or "").casefold() in self.types

    def may_concern(self, issue: Issue) -> bool:
        """Whether an issue without a comment of ours may have something of ours."""
        return (
            any(map(self.may_set, issue.labels))
            or self.may_type(issue)
            or (self.is_us(issue.author) and read_marker(issue.body) is not None)
        )


def make_ours(rules: Sequence[Rule], config: Config, login: str | None) -> Ours:
    """What these rules and settings make ours; `login` is that of the token, None for the token of a workflow.

    A person who removes Signpost has set labels of their own, so that login counts only once it is confirmed. The label
    for duplicates counts only if a comment of ours remembers it, because other workflows often set it as well.
    """
    logins = (config.identity.login or OUR_LOGIN, *config.identity.also)
    uses, typed = [rule.label_use for rule in rules], [rule.model.type for rule in rules]
    named = (config.labels.regression, *(name for use in uses for name in use.given))
    prefixes = (*config.labels.prefix_owned, *(prefix for use in uses for prefix in use.prefixes))
    return Ours(
        logins=frozenset(name.casefold() for name in logins),
        token=(login or "").casefold(),
        labels=frozenset(name.casefold() for name in named if name),
        types=frozenset(name.casefold() for name in typed if name),
        prefixes=tuple(prefix.casefold() for prefix in prefixes),
    )


class Trace(NamedTuple):
    """An issue with what may be ours: comments with our marker, labels, and its type if it `has_type`.

    It has a `notice` if we opened the issue ourselves.
    """

    issue: Issue
    comments: tuple[tuple[Comment, Marker], ...] = ()
    labels: tuple[str, ...] = ()
    notice: Marker | None = None
    has_type: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What goes from one issue, and why other things of ours stay there. Our own issue is closed if it `closes`."""

    issue: Issue
    labels: tuple[str, ...] = ()
    type: str | None = None
    comments: tuple[Comment, ...] = ()
    closes: bool = False
    kept: tuple[str, ...] = ()

    @property
    def writes(self) -> int:
        """How many changes that takes."""
        return len(self.labels) + bool(self.type) + len(self.comments) + self.closes

    def describe(self) -> str:
        """``#7: remove `area:disk`; delete comment 5``, for people."""
        parts = (
            f"remove {', '.join(f'`{label}`' for label in self.labels)}" if self.labels else "",
            f"take back the type `{self.type}`" if self.type else "",
            *(f"delete comment {comment.id}" for comment in self.comments),
            "close the issue, which Signpost opened itself" if self.closes else "",
        )
        return f"#{self.issue.number}: {'; '.join(part for part in parts if part)}"

    def to_json(self) -> dict[str, Any]:
        """The removal in the JSON format of `signpost uninstall`."""
        return {
            "issue": self.issue.number,
            "labels": list(self.labels),
            "type": self.type,
            "comments": [comment.id for comment in self.comments],
            "closes": self.closes,
            "kept": list(self.kept),
        }


def find_traces(issues: Iterable[Issue], comments: Iterable[ListedComment], ours: Ours) -> tuple[Trace, ...]:
    """The issues that may have something of ours. A comment without our marker is not ours.

    Issues without a comment of ours come first: comments may be what shows that a label is ours.
    """
    found = dict[int, list[tuple[Comment, Marker]]]()
    for comment, _, number, is_pull_request in comments:
        if ours.is_us(comment.author) and not is_pull_request and (marker := _recall(comment, number)):
            found.setdefault(number, []).append((comment, marker))
    known = {issue.number: issue for issue in issues if not issue.is_pull_request}
    traces = (_make_trace(known[number], tuple(found.get(number, ())), ours) for number in sorted(known))
    shown = (trace for trace in traces if trace.comments or trace.labels or trace.notice or trace.has_type)
    return tuple(sorted(shown, key=lambda trace: bool(trace.comments)))


def _recall(comment: Comment, number: int) -> Marker | None:
    """What our comment remembers. Where somebody wrote below the marker it counts as edited: no text has that hash."""
    return read_marker(comment.body) or (Marker(issue=number) if is_certainly_ours(comment) else None)


def _make_trace(issue: Issue, comments: tuple[tuple[Comment, Marker], ...], ours: Ours) -> Trace:
    asked = _list_remembered(comments)
    labels = tuple(label for label in issue.labels if ours.may_set(label) or label.casefold() in asked)
    marker = read_marker(issue.body) if ours.is_us(issue.author) else None
    is_notice = marker is not None and marker.kind in NOTICES and issue.state == "open"
    remembered = {str(marker.fields.get(TYPE)).casefold() for _, marker in comments}
    has_type = ours.may_type(issue) or (issue.type is not None and issue.type.casefold() in remembered)
    return Trace(issue, comments, labels, marker if is_notice else None, has_type)


def decide_removal(trace: Trace, changes: Sequence[Change], ours: Ours) -> Removal:
    """What goes: comments and issues that are word for word ours, and labels and the type that only we have set.

    `changes` are GitHub's events of the issue, oldest first; the last one about a label decides, and so does the last
    one about the type. The guidance comment comes last, because it remembers both.
    """
    labels, doubtful = _sort_labels(trace, _find_last_setter(changes), ours)
    going, edited = _sort_comments(trace.comments)
    kept = (*doubtful, *edited)
    typed = [change for change in changes if change.kind.startswith("issue_type_")] if trace.has_type else []
    is_typed = bool(typed) and typed[-1].actor.is_bot and ours.is_us(typed[-1].actor)
    type_ = trace.issue.type if is_typed else None
    removal = Removal(issue=trace.issue, labels=labels, type=type_, comments=going, kept=kept)
    return replace(removal, **_decide_notice(trace, kept))


def _sort_labels(
    trace: Trace, last: Mapping[str, Account | None], ours: Ours
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels that go, and why others stay: the owner of a person's account also sets labels by hand."""
    remembered = _list_remembered(trace.comments)
    going, kept = list[str](), list[str]()
    for label in trace.labels:
        by = last.get(label.casefold())
        if by is None or not ours.is_us(by):
            continue
        if by.is_bot or label.casefold() in remembered:
            going.append(label)
        else:
            kept.append(f"{by.login} may have set the label `{label}` by hand; it stays")
    return tuple(going), tuple(kept)


def _list_remembered(comments: Iterable[tuple[Comment, Marker]]) -> frozenset[str]:
    """The labels that our comments say we asked for, in lower case."""
    return frozenset(label.casefold() for _, marker in comments for label in (*marker.labels, *marker.dropped))


def _sort_comments(own: Iterable[tuple[Comment, Marker]]) -> tuple[tuple[Comment, ...], tuple[str, ...]]:
    """The comments that go, in their order, and why the others stay."""
    going, kept = list[tuple[bool, int, Comment]](), list[str]()
    for comment, marker in own:
        if is_as_written(comment, marker) and not marker.is_newer:
            going.append((marker.kind == "guidance", comment.id, comment))
        else:
            kept.append(_explain_kept(comment, marker))
    return tuple(comment for *_, comment in sorted(going, key=lambda each: each[:2])), tuple(kept)


def _find_last_setter(changes: Iterable[Change]) -> Mapping[str, Account | None]:
    """Who set each label last, by its name in lower case; None if somebody has removed it since."""
    last = dict[str, Account | None]()
    for change in changes:
        if change.label and change.kind in {"labeled", "unlabeled"}:
            last[change.label.casefold()] = change.actor if change.kind == "labeled" else None
    return last


def _decide_notice(trace: Trace, kept: tuple[str, ...]) -> dict[str, Any]:
    if trace.notice is None:
        return {}
    if hash_text(read_visible(trace.issue.body)) == trace.notice.text:
        return {"closes": True}
    return {"kept": (*kept, "somebody edited the text of this issue, which Signpost opened; it stays open")}


def _explain_kept(comment: Comment, marker: Marker) -> str:
    why = "a newer version of Signpost wrote" if marker.is_newer else "somebody edited"
    return f"{why} comment {comment.id}; it stays"


def list_kept(removals: Iterable[Removal]) -> Iterator[str]:
    """What stays on which issue, a line each."""
    return (f"#{each.issue.number}: {reason}" for each in removals for reason in each.kept)
