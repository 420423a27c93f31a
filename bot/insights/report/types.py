"""The issue-graph report as one value, which Markdown, HTML and JSON show. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.comment.section import Section
from bot.insights.graph.findings import Evidence, Finding
from bot.insights.graph.types import Fix, Graph
from bot.insights.sentence import Sentence
from bot.rules.tools import ToolChoice
from bot.tracker.graph import Address, Node, Unread

Role = Literal["reporter", "maintainer", "contributor", "bot", "other"]
"""How somebody takes part in an issue, by GitHub's `author_association`; a report names no logins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of one issue.

    `age` is the time until the issue was closed, or until now; None if its date is unknown. The times to the first
    answers begin when the issue was opened. They are None if there is no answer, or if older comments were not read
    (`is_whole` is false). `comments`, `participants` and `is_open` are None if the source does not state them. If all
    comments were read, the participants are counted there instead. `answers` counts the comments that were read, by
    role.
    """

    comments: int | None
    participants: int | None
    reactions: Mapping[str, int]
    timeline: Mapping[str, int]
    age: timedelta | None
    is_open: bool | None
    first_answer: timedelta | None
    first_maintainer_answer: timedelta | None
    answers: Mapping[Role, int]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage:
    """An error message of a report, as text of a stranger; `status` (0: none) and `type` are those of an API.

    `message` is the message as such, without what its program puts around it; `line` is the whole line. `times` counts
    how often the report has it.
    """

    message: str
    line: str
    status: int = 0
    type: str = ""
    place: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a report states; all of it text of a stranger. `request_ids` are whole, and shown masked."""

    errors: tuple[ErrorMessage, ...] = ()
    versions: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProblem:
    """A rule that matches, with its evidence as (view, line, text).

    `effect` is what a run of Signpost does with the match, and `reason` why. `guidance` are the texts that a comment
    would have for this report; None if no branch applies or the rule is silent. `follow` is the issue to follow.
    """

    rule: str
    title: str
    effect: str
    reason: str
    branch: int | None
    evidence: tuple[tuple[str, int, str], ...]
    captures: Mapping[str, str] = field(default_factory=dict)
    guidance: Section | None = None
    follow: Address | None = None
    fixed_in: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A telling answer of the thread: an excerpt of at most 300 characters, and why it was chosen."""

    excerpt: str
    role: Role
    at: datetime
    url: str
    reactions: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A similar issue from an index, with the features that say why, each with its value in words."""

    address: Address
    title: str
    state: str
    score: float
    tier: str
    why: str
    features: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An open question: a stable code, and a sentence."""

    code: str
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A node that is linked to a seed, directly or through others; `relations` are in words, the strongest first.

    `evidence` has the relations for which GitHub states a date or a page. `is_named_by_reporter` is true if the body of
    a seed names the node.
    """

    address: Address
    node: Node | None
    unread: Unread | None
    relations: tuple[Sentence, ...]
    distance: int
    evidence: tuple[Evidence, ...] = ()
    is_named_by_reporter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedReport:
    """All that the report says of one issue. `node` is None if it could not be read (`unread` says why).

    `canonical` is the issue that it duplicates in the end, itself if it is none. `summary` are three sentences: the
    state, the cause or rule, and the fix.
    """

    address: Address
    node: Node | None
    unread: Unread | None
    canonical: Address
    summary: tuple[Sentence, ...]
    figures: Figures | None = None
    found: Found = field(default_factory=Found)
    problems: tuple[KnownProblem, ...] = ()
    questions: tuple[Question, ...] = ()
    answers: tuple[Answer, ...] = ()
    fix: Fix | None = None
    similar: tuple[Similar, ...] = ()

    @property
    def url(self) -> str:
        """Its page, "" if it is unknown."""
        return self.node.issue.url if self.node else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference to an earlier report, in a sentence."""

    code: Literal["new-link", "gone-link", "new-relation", "gone-relation", "state", "new-finding", "gone-finding"]
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed since an earlier report of `at`, where both were read completely.

    `remarks` say what could not be compared, and why.
    """

    at: str
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What a report shows that neither graph nor rules have; `similar` is by seed, `command` repeats the report."""

    similar: Mapping[Address, tuple[Similar, ...]] = field(default_factory=dict)
    command: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of one issue or several. `home` is the repository whose issues are written `#12`.

    `unseen` are nodes that are known only by their address. `automated` counts the mentions by bots alone, which the
    table leaves out. `command` repeats the report. `is_whole`: request ids are not masked.
    """

    home: str
    server: str
    seeds: tuple[SeedReport, ...]
    graph: Graph
    findings: tuple[Finding, ...]
    linked: tuple[Linked, ...]
    automated: int
    tools: tuple[ToolChoice, ...] = ()
    comparison: Comparison | None = None
    command: str = ""
    is_whole: bool = False

    @property
    def unseen(self) -> tuple[Unread, ...]:
        """The nodes that were not read, in order."""
        return tuple(unread for _, unread in sorted(self.graph.unread.items()))
