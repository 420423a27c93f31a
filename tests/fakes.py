"""GitHub in memory: plain fields that a test sets and looks at. It needs no tests of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.errors import TrackerError
from bot.tracker.fields import FieldEntry, FieldValue, IssueField
from bot.tracker.suggestions import ClosingAnswer, ClosingSuggestion, LabelSuggestion, Suggestion, Suggestions
from bot.tracker.types import Account, Change, Comment, Folder, Issue, LinkedIssue, Links, Reaction, Release
from tests.builders import OPENED, OURSELVES, Fields


def number_label(name: str) -> int:
    """The id of a label; GitHub ignores case in labels."""
    return sum(ord(sign) * place for place, sign in enumerate(name.casefold(), 1))


@dataclass
class FakeTracker:
    """A repository with some issues, as it is now. Every write takes a minute, and leaves its trace in the history.

    `failure` is what reading links ends with. GitHub does not answer about `permissions` that are None. With an
    `absence`, it has no `suggestions`.
    """

    issues: dict[int, Issue] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    login: str | None = None
    we: Account = OURSELVES
    links: dict[int, LinkedIssue] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    failure: TrackerError | None = None
    reactions: dict[tuple[int, int], tuple[Reaction, ...]] = field(default_factory=dict)
    permissions: Mapping[str, str] | None = field(default_factory=dict)
    types: tuple[str, ...] | None = None
    fields: tuple[IssueField, ...] | None = None
    values: dict[int, FieldValue] = field(default_factory=dict)
    suggestions: list[Suggestion] = field(default_factory=list)
    absence: str = ""
    now: datetime = OPENED
    requests: int = 0

    def get_issue(self, repository: str, number: int) -> Issue:
        self.requests += 1
        if number not in self.issues:
            raise TrackerError(f"{repository}#{number} does not exist", missing=True)
        return replace(self.issues[number], comments=())

    def get_login(self) -> str | None:
        self.requests += 1
        return self.login

    def list_comments(self, issue: Issue, since: datetime | None = None) -> tuple[Comment, ...]:
        self.requests += 1
        comments = self.issues[issue.number].comments
        return tuple(comment for comment in comments if since is None or comment.created_at >= since)

    def get_comment(self, issue: Issue, comment_id: int) -> Comment | None:
        self.requests += 1
        return next((comment for comment in self.issues[issue.number].comments if comment.id == comment_id), None)

    def list_reactions(self, issue: Issue, comment_id: int, content: str = "") -> tuple[Reaction, ...]:
        self.requests += 1
        found = self.reactions.get((issue.number, comment_id), ())
        return tuple(reaction for reaction in found if content in {"", reaction.content})

    def find_permission(self, repository: str, login: str) -> str:
        self.requests += 1
        if self.permissions is None:
            raise TrackerError(f"{repository}: no answer about {login}", unanswered=True)
        return self.permissions.get(login, "none")

    def list_changes(self, issue: Issue) -> tuple[Change, ...]:
        del issue
        self.requests += 1
        return tuple(replace(change, author=None) for change in self.changes)

    def list_deletions(self, issue: Issue) -> tuple[Change, ...] | None:
        del issue
        self.requests += 1
        deletions = tuple(change for change in self.changes if change.kind == "comment_deleted")
        return deletions if all(change.author for change in deletions) else None

    def list_field_changes(self, issue: Issue) -> tuple[Change, ...] | None:
        del issue
        self.requests += 1
        return tuple(change for change in self.changes if change.field)

    def list_types(self, repository: str, wanted: Iterable[str]) -> tuple[str, ...] | None:
        del repository, wanted
        self.requests += 1
        return self.types

    def list_fields(self, repository: str, wanted: Mapping[str, FieldValue]) -> tuple[IssueField, ...] | None:
        del repository, wanted
        self.requests += 1
        return self.fields

    def list_values(self, repository: str, number: int) -> tuple[FieldEntry, ...] | None:
        del repository, number
        self.requests += 1
        names = {each.id: each.name for each in self.fields or ()}
        found = tuple(FieldEntry(id=key, name=names[key], value=value) for key, value in self.values.items())
        return None if self.fields is None else found

    def set_type(self, repository: str, number: int, name: str | None) -> bool:
        del repository
        issue = self.issues[number]
        kind = "removed" if name is None else "changed" if issue.type else "added"
        self.changes.append(Change(kind=f"issue_type_{kind}", actor=self.we, at=self.now))
        self._change(issue, type=name)
        return True

    def set_fields(self, repository: str, number: int, values: Mapping[int, FieldValue]) -> bool:
        del repository
        names = {each.id: each.name for each in self.fields or ()}
        for key in values:
            kind = f"issue_field_{'changed' if key in self.values else 'added'}"
            self.changes.append(Change(kind=kind, actor=self.we, at=self.now, field=names[key]))
        self.values |= values
        self._change(self.issues[number])
        return True

    def clear_field(self, repository: str, number: int, field: int) -> None:
        del repository
        name = next(each.name for each in self.fields or () if each.id == field)
        del self.values[field]
        self.changes.append(Change(kind="issue_field_removed", actor=self.we, at=self.now, field=name))
        self._change(self.issues[number])

    def find_labels(self, repository: str, names: Iterable[str]) -> frozenset[str]:
        del repository
        self.requests += 1
        known = {label.casefold() for label in self.labels}
        return frozenset(name for name in names if name.casefold() in known)

    def find_label_ids(self, repository: str, names: Iterable[str]) -> dict[str, int]:
        return {name: number_label(name) for name in self.find_labels(repository, names)}

    def list_suggestions(self, repository: str, number: int) -> Suggestions:
        del repository, number
        self.requests += 1
        return Suggestions(items=tuple(self.suggestions), absence=self.absence)

    def suggest_labels(self, repository: str, number: int, labels: Iterable[LabelSuggestion]) -> tuple[str, ...]:
        """As a server without suggestions does it, where it has none: it sets the labels."""
        asked = tuple(labels)
        if self.absence:
            self.add_labels(self.get_issue(repository, number), [each.name for each in asked])
            return tuple(each.name for each in asked)
        for each in asked:
            self.suggest("add_label", number_label(each.name))
        self.requests += 1
        return ()

    def suggest_closing(self, repository: str, number: int, closing: ClosingSuggestion) -> ClosingAnswer:
        del repository, number
        self.requests += 1
        if self.absence:
            return "refused"
        self.suggest("close_issue", closing.duplicate_of)
        return "pending"

    def suggest(self, action: str, target: int | None, state: str = "pending") -> None:
        number = len(self.suggestions) + 1
        self.suggestions.append(Suggestion(id=number, action=action, state=state, target=target))

    def read_folder(self, repository: str, folder: str) -> Folder:
        del repository, folder
        return Folder()

    def read_links(self, repository: str, numbers: Iterable[int]) -> Links:
        del repository
        self.requests += 1
        if self.failure:
            raise self.failure
        known = {number: self.issues[number] for number in numbers if number in self.issues}
        plain = {number: LinkedIssue(issue=issue) for number, issue in known.items()}
        return Links(
            issues={n: replace(self.links.get(n, linked), issue=linked.issue) for n, linked in plain.items()},
            releases=self.releases,
        )

    def add_labels(self, issue: Issue, labels: Iterable[str]) -> None:
        present = self.issues[issue.number].labels
        for label in labels:
            self._note("labeled", label)
            present = (*present, label)
        self._change(issue, labels=present)

    def remove_label(self, issue: Issue, label: str) -> None:
        self._note("unlabeled", label)
        self._change(issue, labels=tuple(name for name in self.issues[issue.number].labels if name != label))

    def create_label(self, repository: str, label: str) -> None:
        del repository
        self.requests += 1
        self.labels.add(label)

    def create_comment(self, issue: Issue, body: str) -> Comment:
        now = self.now + timedelta(minutes=1)
        comments = self.issues[issue.number].comments
        comment = Comment(id=100 + len(comments), author=self.we, body=body, created_at=now)
        self._change(issue, comments=(*comments, comment), comment_count=len(comments) + 1)
        return comment

    def update_comment(self, issue: Issue, comment_id: int, body: str) -> None:
        comments = self.issues[issue.number].comments
        edited = tuple(replace(comment, body=body) if comment.id == comment_id else comment for comment in comments)
        self._change(issue, comments=edited)

    def delete_comment(self, issue: Issue, comment_id: int) -> None:
        comments = tuple(comment for comment in self.issues[issue.number].comments if comment.id != comment_id)
        self._change(issue, comments=comments, comment_count=len(comments))

    def add_reaction(self, issue: Issue, comment_id: int, content: Literal["+1", "confused"]) -> None:
        """GitHub changes no date."""
        self.requests += 1
        found = self.issues[issue.number]
        changed = (
            replace(each, reactions=(*each.reactions, (content, 1))) if each.id == comment_id else each
            for each in found.comments
        )
        self.issues[issue.number] = replace(found, comments=tuple(changed))

    def close_issue(
        self, issue: Issue, reason: Literal["not_planned", "completed", "duplicate"], duplicate_of: int | None = None
    ) -> None:
        del duplicate_of
        self._change(issue, state="closed", state_reason=reason)

    def _note(self, kind: str, label: str) -> None:
        self.changes.append(Change(kind=kind, actor=self.we, at=self.now, label=label))

    def _change(self, issue: Issue, **changes: object) -> None:
        self.requests += 1
        self.now += timedelta(minutes=1)
        fields: Fields = {"updated_at": self.now} | changes
        self.issues[issue.number] = replace(self.issues[issue.number], **fields)
