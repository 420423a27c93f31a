"""What the fake GitHub remembers, and what people do to it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.stand_ins.github_json import (
    Person,
    StoredComment,
    StoredField,
    StoredIssue,
    StoredRepository,
    Value,
    moment,
    type_json,
)
from tests.stand_ins.github_setup import StoredSetup

BOT = Person(login="github-actions[bot]", kind="Bot", knows_itself=False)
MAINTAINER = Person(login="maintainer")
REPORTER = Person(login="reporter", can_write=False)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came in; `path` is below the API's own address, still quoted."""

    number: int
    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Value = None

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; `body` is JSON, or text that is sent as it is."""

    status: int = 200
    body: Value = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        if self.body is None:
            return ""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


class State:
    """Repositories, people by their tokens, and what is gone.

    `moved` are repositories (old name: status and new name); `gone` are issues: where they were transferred to, or None
    where they were deleted. A server that is not `knows_duplicates` is too old for `stateReason(enableDuplicate: …)`.
    GraphQL gives `most_at_once` issues, and has no time for more; where it `counts_places`, its cursors are numbers.
    A search that `searches_partly` has no time for all issues.
    Lists of comments do not show the last `lag` things that happened. Some tokens see no cross-references in timelines:
    `shows_references` is false then.
    Some servers list no issue by the login of an App: `lists_by_creator` is false then.
    One that `drops_types` ignores the type in a PATCH, as GitHub does for a token without push access. One without
    `takes_fields` refuses values of issue fields.
    A server that does not know suggestions (`suggestions` "unknown") ignores their keys, and sets labels at once; where
    they are "automatic", the repository applies them at once.
    `roles` are those of people by their logins in lower case. `setups` are the settings of repositories, by name.
    `extensions` are asked for the answer to a request first, such as Apps (`github_app.py`).
    `scopes` are those of classic tokens; `rate` has the limit, the requests that are left, and when it starts again.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.tokens: dict[str, Person] = {"ghs_bot": BOT, "ghp_maintainer": MAINTAINER, "ghp_reporter": REPORTER}
        self.repositories: dict[str, StoredRepository] = {}
        self.moved: dict[str, tuple[int, str]] = {}
        self.gone: dict[tuple[str, int], tuple[str, int] | None] = {}
        self.has_graphql = True
        self.knows_duplicates = True
        self.most_at_once = 100
        self.counts_places = False
        self.searches_by_sense = True
        self.searches_partly = False
        self.shows_references = True
        self.finds_alike = False
        self.lists_by_creator = True
        self.drops_types = False
        self.takes_fields = True
        self.lag = 0
        self.suggestions: Literal["on", "automatic", "unknown"] = "on"
        self.roles: dict[str, str] = {}
        self.setups: dict[str, StoredSetup] = {}
        self.scopes: dict[str, str] = {"ghp_maintainer": "repo, workflow", "ghp_reporter": "public_repo"}
        self.rate = (5000, 4990, 4102444800)
        self.extensions: list[Callable[[Request, str], Reply | None]] = []
        self._clock = 0

    def tick(self) -> int:
        """A number that no other thing has, which is also the second at which it happened."""
        self._clock += 1
        return self._clock

    def wait_until(self, second: int) -> None:
        """Let time pass, up to so many seconds after the start; nothing happens meanwhile."""
        self._clock = max(self._clock, second)

    def shows(self, comment: StoredComment) -> bool:
        """Whether a list shows it by now."""
        return comment.created_at <= moment(self._clock - self.lag)

    def add_repository(self, name: str = "octo/widget", labels: tuple[str, ...] = ()) -> StoredRepository:
        return self.repositories.setdefault(name, StoredRepository(name=name, labels=list(labels)))

    def set_up(self, name: str = "octo/widget") -> StoredSetup:
        """The settings of a repository, which may be changed."""
        return self.setups.setdefault(name, StoredSetup())

    def add_issue(self, title: str = "It breaks", body: str | None = "", **known: Value) -> StoredIssue:
        """Open an issue in `repository` (octo/widget), by `author` (a reporter), with any field of StoredIssue."""
        repository = self.add_repository(known.pop("repository", "octo/widget"))
        number = known.pop("number", len(repository.issues) + 1)
        count = self.tick()
        stated = {"id": 1000 + count, "author": REPORTER, "created_at": moment(count), "home": repository.name, **known}
        issue = StoredIssue(number=number, title=title, body=body, **stated)
        repository.issues[number] = issue
        repository.labels += [label for label in issue.labels if label not in repository.labels]
        return issue

    def add_comment(self, issue: StoredIssue, body: str, author: Person = REPORTER) -> StoredComment:
        count = self.tick()
        comment = StoredComment(id=5000 + count, author=author, body=body, created_at=moment(count))
        issue.comments.append(comment)
        return comment

    def delete_comment(self, issue: StoredIssue, comment: StoredComment, actor: Person = MAINTAINER) -> None:
        issue.comments.remove(comment)
        self.note(issue, "comment_deleted", actor, deleted_author=comment.author)

    def set_label(self, repository: StoredRepository, issue: StoredIssue, name: str, actor: Person) -> None:
        """Set a label; GitHub creates one that it does not know, and compares without regard to case."""
        known = {label.casefold(): label for label in repository.labels}
        label = known.get(name.casefold())
        if label is None:
            label = name
            repository.labels.append(label)
        if label not in issue.labels:
            issue.labels.append(label)
            self.note(issue, "labeled", actor, label={"name": label, "color": "ededed"})

    def unset_label(self, issue: StoredIssue, name: str, actor: Person = MAINTAINER) -> bool:
        label = next((label for label in issue.labels if label.casefold() == name.casefold()), None)
        if label is None:
            return False
        issue.labels.remove(label)
        self.note(issue, "unlabeled", actor, label={"name": label, "color": "ededed"})
        return True

    def set_type(self, issue: StoredIssue, name: str | None, actor: Person = MAINTAINER) -> None:
        """Set the type, or remove it; setting the same one again leaves no trace."""
        former, issue.type = issue.type, name
        named = {"prev_issue_type": type_json(former)} if former else {}
        named |= {"issue_type": type_json(name)} if name else {}
        kind = "removed" if name is None else "changed" if former else "added"
        if former != name:
            self.note(issue, f"issue_type_{kind}", actor, **named)

    def set_field(self, issue: StoredIssue, stored: StoredField, value: Value, actor: Person = MAINTAINER) -> None:
        """Set a value, or remove it (None)."""
        former = issue.values.pop(stored.id, None)
        if value is not None:
            issue.values[stored.id] = value
        kind = "removed" if value is None else "changed" if former is not None else "added"
        if former != value:
            self.note(issue, f"issue_field_{kind}", actor, field=stored.name)

    def rename(self, issue: StoredIssue, title: str, actor: Person = MAINTAINER) -> None:
        self.note(issue, "renamed", actor, rename={"from": issue.title, "to": title})
        issue.title = title

    def edit_body(self, issue: StoredIssue, body: str) -> None:
        """Edit the text; GitHub keeps no entry of that in the issue's history."""
        issue.body = body
        issue.edited_at = moment(self.tick())

    def mark_duplicate(self, issue: StoredIssue, canonical: StoredIssue, actor: Person = MAINTAINER) -> None:
        """Close an issue as a duplicate; the mark stands in the history of both."""
        issue.state, issue.state_reason, issue.duplicate_of = "closed", "duplicate", canonical.id
        self.note(issue, "marked_as_duplicate", actor)
        self.note(issue, "closed", actor, about={"canonical": canonical})
        issue.closed_at = issue.changes[-1]["created_at"]

    def unmark_duplicate(self, issue: StoredIssue, actor: Person = MAINTAINER) -> None:
        """Take the mark back; the issue stays closed."""
        issue.duplicate_of = None
        self.note(issue, "unmarked_as_duplicate", actor)

    def react(self, to: StoredComment | StoredIssue, content: str, person: Person = REPORTER) -> None:
        """React, once; GitHub neither tells anybody nor changes any date."""
        if not any((each.login, kind) == (person.login, content) for each, kind, _ in to.reactions):
            to.reactions.append((person, content, moment(self.tick())))

    def take_back(self, to: StoredComment | StoredIssue, content: str, person: Person = REPORTER) -> None:
        to.reactions[:] = [each for each in to.reactions if (each[0].login, each[1]) != (person.login, content)]

    def assign(self, issue: StoredIssue, person: Person = MAINTAINER) -> None:
        issue.assignees.append(person)
        self.note(issue, "assigned", person)

    def set_milestone(self, issue: StoredIssue, title: str, actor: Person = MAINTAINER) -> None:
        issue.milestone = title
        self.note(issue, "milestoned", actor)

    def pin(self, issue: StoredIssue, actor: Person = MAINTAINER) -> None:
        issue.is_pinned = True
        self.note(issue, "pinned", actor)

    def set_state(self, issue: StoredIssue, state: str, reason: str | None = None, actor: Person = MAINTAINER) -> None:
        issue.state, issue.state_reason = state, reason
        self.note(issue, "closed" if state == "closed" else "reopened", actor)
        issue.closed_at = issue.changes[-1]["created_at"]

    def find_permission(self, login: str) -> str:
        """The role that was given; otherwise of those with a token the right that it gives, and of all others, what a
        public repository gives everybody.
        """
        if (role := self.roles.get(login.casefold())) is not None:
            return role
        known = {person.login.casefold(): person for person in self.tokens.values()}
        person = known.get(login.casefold())
        return "write" if person and person.can_write else "read"

    def note(self, issue: StoredIssue, kind: str, actor: Person, **more: Value) -> None:
        """Put an entry into the issue's own history."""
        count = self.tick()
        issue.changes.append({"id": 9000 + count, "event": kind, "actor": actor, "created_at": moment(count), **more})
