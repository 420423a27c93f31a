"""New issues as incidents see them: when, by whom, and about what. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from bot.insights.surge import BASELINE, WEEK
from bot.rules.captures import find_captures
from bot.rules.matcher import match_issue, read_facts
from bot.rules.ruleset import Ruleset
from bot.signals.incidents.messages import find_messages
from bot.text.versions import find_plain_version
from bot.tracker.types import Issue

PAST = timedelta(days=BASELINE + 2 * WEEK)
"""How long arrivals are kept: the twelve weeks of the statistic, the week after them, and one more."""

RULE = "rule:"
"""What the key of a rule begins with."""


class Arrival(NamedTuple):
    """A new issue as incidents see it. `at` is in Unix seconds.

    `keys` are what it is about: `rule:ID` for each rule that matches, `message:HASH` for each error message.
    `version` is the product's version that it states, "" if it states none. `said` are the messages as people saw
    them, in the order of their keys: text of a stranger, without private data.
    """

    issue: int
    at: int
    person: str
    keys: tuple[str, ...] = ()
    version: str = ""
    said: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that match it."""
        return tuple(key.removeprefix(RULE) for key in self.keys if key.startswith(RULE))

    @property
    def messages(self) -> dict[str, str]:
        """Its messages by their keys."""
        return dict(zip(list_messages(self.keys), self.said, strict=False))


def list_messages(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys of messages among these keys."""
    return tuple(key for key in keys if not key.startswith(RULE))


def make_arrival(issue: Issue, ruleset: Ruleset) -> Arrival:
    """An issue as incidents see it; matches are remembered, so that nobody who asks for them, too, does it twice."""
    matches, facts = match_issue(issue, ruleset), read_facts(issue, ruleset)
    rules = sorted(f"{RULE}{match.rule.id}" for match in matches if match.superseded_by is None)
    packs = () if matches else ruleset.packs
    captures = [*(match.captures for match in matches), *(find_captures(pack.captures, facts) for pack in packs)]
    messages = find_messages(facts)
    return Arrival(
        issue=issue.number,
        at=int(issue.created_at.timestamp()),
        person=issue.author.login,
        keys=(*rules, *messages),
        version=find_plain_version(each["version"].value for each in captures if "version" in each),
        said=tuple(messages.values()),
    )
