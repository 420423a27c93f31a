"""How a repository is set up, as one value, and the checks that are made of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from bot.duplicates.canonical import describe_closing
from bot.rules.ruleset import Rule
from bot.text.printable import join_words
from bot.text.redaction import show_text
from bot.tracker.setup import (
    ActionsPolicy,
    CacheEntry,
    InteractionLimit,
    RepositoryFacts,
    TokenFacts,
    Unread,
    WorkflowState,
)
from bot.tracker.types import Links
from bot.triage.config import Sources
from bot.triage.doctor.workflows import Use, Workflow

Status = Literal["ok", "warning", "error", "unchecked"]

_MOST_SHOWN = 5
_LONGEST_NAME = 60


class Check(NamedTuple):
    """One part of the setup: what was found, and the fix in one sentence ("" if there is nothing to fix).

    An `unchecked` part could not be read; the message says why.
    """

    name: str
    status: Status
    message: str
    fix: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return self._asdict()


class Broken(NamedTuple):
    """Rules or settings that a run would refuse, and what it would say."""

    message: str


class LocalFile(NamedTuple):
    """A file on this machine that somebody named: how old it is in days, or what is wrong with it."""

    name: str
    days: int = 0
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What `signpost doctor` read of a repository. A part that could not be read says why.

    `workflows` are the files of the default branch that run Signpost; `states` are those that GitHub Actions knows.
    `labels` are the existing ones of those that the rules want; `fields` are problems with the issue types and the
    fields of rules, None without any; `sections` are the fields of the issue forms, None without forms. `suggestions`
    says why GitHub has none, "" if it does, None if nobody needs it. `conclusions` are those of the last runs, by file.
    `release` is the tag of Signpost's latest release. `index` and `ledger` are files that somebody named.
    """

    repository: str
    token: TokenFacts | Unread
    about: RepositoryFacts | Unread
    policy: ActionsPolicy | Unread
    limit: InteractionLimit | Unread | None
    workflows: tuple[Workflow, ...] | Unread
    states: tuple[WorkflowState, ...] | Unread
    conclusions: Mapping[str, str | Unread | None] = field(default_factory=dict)
    sources: Sources | Broken | Unread
    labels: frozenset[str] | Unread = frozenset()
    fields: tuple[str, ...] | Unread | None = None
    follows: Links | Unread = field(default_factory=Links)
    suggestions: str | Unread | None = None
    sections: tuple[str, ...] | Unread | None = None
    caches: tuple[CacheEntry, ...] | Unread = ()
    release: str | Unread | None = None
    index: LocalFile | None = None
    ledger: LocalFile | None = None

    @property
    def branch(self) -> str:
        """The default branch, as messages name it."""
        return "the default branch" if isinstance(self.about, Unread) else quote(self.about.default_branch)

    def list_uses(self, *commands: str) -> tuple[Use, ...]:
        """The steps that run one of these commands."""
        found = () if isinstance(self.workflows, Unread) else self.workflows
        return tuple(use for workflow in found for use in workflow.uses if use.command in commands)


def quote(name: str) -> str:
    """A name from the repository, as a message shows it: short, with hidden characters visible."""
    return f"`{show_text(name, _LONGEST_NAME)}`"


def list_names(names: Iterable[str]) -> str:
    """`a`, `b` and `c`; the number of the rest if there are many."""
    return list_first([quote(name) for name in names])


def list_first(texts: Sequence[str]) -> str:
    """The first few, and the number of the rest."""
    left = len(texts) - _MOST_SHOWN
    return join_words(texts if left < 1 else [*texts[:_MOST_SHOWN], f"{left:,} more"])


def leave_unchecked(name: str, why: Unread | str) -> Check:
    """A part that could not be read."""
    return Check(name, "unchecked", why if isinstance(why, str) else why.reason)


def list_wanted_labels(sources: Sources) -> tuple[str, ...]:
    """The labels that runs may set: those of the rules, and those of the settings."""
    rules = sources.ruleset.rules
    wanted = [label for rule in rules for label in rule.given_labels]
    config = sources.config
    if config.labels.regression and any(rule.model.fixed_in for rule in rules):
        wanted.append(config.labels.regression)
    if config.duplicates.enabled and config.duplicates.label:
        wanted.append(config.duplicates.label)
    return tuple({label.casefold(): label for label in reversed(wanted)}.values())[::-1]


def list_followed(sources: Sources) -> tuple[int, ...]:
    """The issues that rules follow."""
    follows = (rule.model.follow for rule in sources.ruleset.rules)
    return tuple(dict.fromkeys(number for number in follows if number is not None))


def describe_followed(setup: Setup, number: int) -> str:
    """`#5, which is closed`; "" for an issue that comments link, and for one that GitHub did not tell about."""
    if isinstance(setup.follows, Unread) or number in setup.follows.unread:
        return ""
    linked = setup.follows.issues.get(number)
    if linked is None:
        return f"#{number}, which does not exist or moved"
    if linked.issue.repository.casefold() != setup.repository.casefold() and linked.issue.number != number:
        return f"#{number}, which moved"
    closing = describe_closing(linked.issue)
    return f"#{number}, which is {closing}" if closing else ""


def find_missing_labels(setup: Setup) -> tuple[str, ...]:
    """The labels that runs may set, and that the repository does not have; GitHub ignores case in labels."""
    if not isinstance(setup.sources, Sources) or isinstance(setup.labels, Unread):
        return ()
    known = {label.casefold() for label in setup.labels}
    return tuple(label for label in list_wanted_labels(setup.sources) if label.casefold() not in known)


def reads_labels(rules: Iterable[Rule]) -> bool:
    """Whether a rule has a condition on the labels of an issue."""
    return any(rule.label_use.read for rule in rules)
