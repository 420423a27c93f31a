"""Rules that become silent: people say that they do not fit, or a maintainer mutes them. A pure value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.archive.stats import Share
from bot.signals.ledger import Ledger
from bot.signals.votes import Ordered, Votes, count_votes, find_orders
from bot.text.printable import count
from bot.triage.people.settings import VoteSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A rule that only sets its labels from now on.

    By votes, until its content changes: `wrong` is the share of people who count for this and say that it is not their
    problem. Without `wrong`, a maintainer wrote `/signpost mute`, and it lasts until `/signpost unmute`.
    """

    rule: str
    content_hash: str
    wrong: Share | None = None

    @property
    def reason(self) -> str:
        """The start of a sentence that tells maintainers why."""
        if self.wrong is None:
            return "a maintainer wrote `/signpost mute`"
        return f"{self.wrong.hits} of {count(self.wrong.total, 'person', 'people')} said that it is not their problem"

    def to_json(self) -> dict[str, Any]:
        """The muted rule in the JSON format of `signpost sweep`."""
        return {
            "rule": self.rule,
            "content_hash": self.content_hash,
            "by": "votes" if self.wrong else "command",
            "wrong": self.wrong.hits if self.wrong else None,
            "people": self.wrong.total if self.wrong else None,
            "low": self.wrong.low if self.wrong else None,
        }


def judge_rules(
    ledger: Ledger, hashes: Mapping[str, str], renamed: Mapping[str, str], settings: VoteSettings
) -> tuple[Mute, ...]:
    """The rules that are muted now, as the ledger has it.

    `hashes` has the content hash of every rule, and `renamed` its present id for each former one.
    """
    votes = count_votes(ledger, settings.meanings, hashes, renamed)
    return find_muted(votes, settings, find_orders(ledger, renamed), hashes)


def find_muted(
    votes: Mapping[str, Votes],
    settings: VoteSettings,
    orders: Mapping[str, Ordered] | None = None,
    hashes: Mapping[str, str] | None = None,
) -> tuple[Mute, ...]:
    """The rules that maintainers or votes have muted, by their ids.

    By votes: those whose wrong rate is above the limit, even at the lower bound of its interval, by at least N people.
    The votes are those on the rule as it is now, so a changed rule starts afresh. `orders` are the last commands of
    maintainers (`find_orders`); `hashes` has the content hash of every rule.
    """
    found = {mute.rule: mute for mute in _find_voted(votes, settings)}
    given = orders or {}
    found |= {
        rule: Mute(rule=rule, content_hash=content_hash)
        for rule, content_hash in (hashes or {}).items()
        if rule in given and given[rule].name == "mute"
    }
    return tuple(found[rule] for rule in sorted(found))


def _find_voted(votes: Mapping[str, Votes], settings: VoteSettings) -> tuple[Mute, ...]:
    if settings.mute_above is None:
        return ()
    found = ((each, each.jury.wrong) for _, each in sorted(votes.items()))
    return tuple(
        Mute(rule=each.rule, content_hash=each.content_hash, wrong=wrong)
        for each, wrong in found
        if wrong and wrong.total >= settings.mute_from and wrong.low > settings.mute_above
    )


def explain_muted(muted: Iterable[Mute]) -> dict[str, str]:
    """The reason for each muted rule, as decisions give it."""
    return {each.rule: each.reason for each in muted}
