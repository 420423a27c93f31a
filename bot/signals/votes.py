"""Votes: what reactions say about the guidance of each rule, counted for people, not for clicks. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.archive.stats import Opinion, Share, measure_share, name_week
from bot.signals.ledger import GivenComment, Guidance, Ledger, Vote, from_seconds
from bot.triage.people.incidents import is_incident
from bot.triage.people.settings import MEANINGS, Meaning

WORKS: Meaning = "works"
WRONG: Meaning = "not-my-problem"
STATEMENTS: tuple[Meaning, ...] = (
    WORKS,
    "easy-fix",
    "time-saver",
    "blocking",
    "common",
    "flaky",
    "reproducible",
)
WRITERS = frozenset({"admin", "maintain", "write"})
"""Permissions whose holders decide for the repository.
https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
"""


class Cast(NamedTuple):
    """What one person says about one guidance: all the meanings, and which of “works” and “wrong” came last.

    `at` is the time of that verdict, or of the last vote if there is no verdict (Unix seconds).
    """

    comment: int
    login: str
    is_author: bool
    meanings: frozenset[Meaning]
    verdict: Meaning | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The people who voted, once for each comment: how many said what, and how many of them said anything."""

    counts: Mapping[str, int] = field(default_factory=dict)
    voters: int = 0

    @property
    def verdicts(self) -> int:
        """The voters who say that it worked, or that it is not their problem; other reactions judge nothing."""
        return self.counts.get(WORKS, 0) + self.counts.get(WRONG, 0)

    @property
    def solved(self) -> Share | None:
        """The share of verdicts that say that the guidance worked; None without a verdict."""
        return measure_share(self.counts.get(WORKS, 0), self.verdicts)

    @property
    def wrong(self) -> Share | None:
        """The share of verdicts that say that it is not their problem; None without a verdict."""
        return measure_share(self.counts.get(WRONG, 0), self.verdicts)


NO_VOTES = Tally()
NOT_RENAMED: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The votes on the guidance of one rule, as it is now.

    `authors` opened the issue, `others` did not. `all` are both. `jury` are the people who count for muting, each once
    for the whole rule: authors of the issues, and people with write access, since a maintainer has unmuted it.
    `comments` gave the guidance, `refused` of them had it taken back. `weeks` has the voters of each ISO week.
    """

    rule: str
    content_hash: str
    all: Tally = NO_VOTES
    authors: Tally = NO_VOTES
    others: Tally = NO_VOTES
    jury: Tally = NO_VOTES
    comments: int = 0
    refused: int = 0
    weeks: Mapping[str, Tally] = field(default_factory=dict)


def count_votes(
    ledger: Ledger,
    meanings: Mapping[str, Meaning] = MEANINGS,
    hashes: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] = NOT_RENAMED,
) -> Mapping[str, Votes]:
    """The votes by the id of the rule, for the guidance with the content hash that `hashes` gives for it.

    A rule without a hash there is left out; without `hashes`, the guidance that was given last counts. Bots never
    count. Several reactions of one person to one comment are one voter; of “works” and “wrong” the last one counts, and
    “wrong” if both came in the same second. `/signpost wrong` is a vote, too. `renamed` is that of `find_orders`.
    """
    wanted = hashes if hashes is not None else _find_last_hashes(ledger.comments)
    given: dict[tuple[str, str], list[tuple[GivenComment, Guidance]]] = {}
    for comment in ledger.comments:
        for each in comment.guidance:
            given.setdefault((each.rule, each.content_hash), []).append((comment, each))
    authors = {issue.number: issue.author.casefold() for issue in ledger.issues}
    orders = {rule: at for rule, (name, at) in find_orders(ledger, renamed).items() if name == "unmute"}
    ballots = _Ballots(_group_votes(ledger), authors, _find_writers(ledger.permissions), meanings, orders)
    rules = sorted({rule for rule, _ in given} & wanted.keys())
    return {rule: _count_rule(rule, wanted[rule], given.get((rule, wanted[rule]), []), ballots) for rule in rules}


class Ordered(NamedTuple):
    """The last `mute` or `unmute` of a rule, and when it was given (Unix seconds)."""

    name: str
    at: int


def find_orders(ledger: Ledger, renamed: Mapping[str, str] = NOT_RENAMED) -> dict[str, Ordered]:
    """What maintainers want of each rule, by its id; the last command counts, under any name of the rule.

    `renamed` has the present id for each former id (`Ruleset.renamed`).
    """
    said = sorted(ledger.replies, key=lambda reply: (reply.at, reply.id))
    return {
        renamed.get(order.rule, order.rule): Ordered(order.name, reply.at) for reply in said for order in reply.orders
    }


def _find_last_hashes(comments: Iterable[GivenComment]) -> dict[str, str]:
    given = sorted(
        (each.since, comment.id, each.rule, each.content_hash)
        for comment in comments
        for each in comment.guidance
        if not is_incident(each.rule)
    )
    return {rule: content_hash for _, _, rule, content_hash in given}


class _Said(NamedTuple):
    """One vote, or one refusal in words (`content` is None)."""

    login: str
    content: str | None
    at: int


def _group_votes(ledger: Ledger) -> Mapping[int, list[_Said]]:
    """All that people say about each comment."""
    found: dict[int, list[_Said]] = {}
    for vote in ledger.votes:
        if not vote.is_bot:
            found.setdefault(vote.comment, []).append(_Said(vote.login.casefold(), vote.content, vote.at))
    ours: dict[int, list[int]] = {}
    for comment in ledger.comments:
        ours.setdefault(comment.issue, []).append(comment.id)
    for reply in ledger.replies:
        for comment_id in ours.get(reply.issue, ()) if reply.refuses and reply.role != "bot" else ():
            found.setdefault(comment_id, []).append(_Said(reply.login.casefold(), None, reply.at))
    return found


class _Ballots(NamedTuple):
    """All that was said, and by whom."""

    said: Mapping[int, list[_Said]]
    authors: Mapping[int, str]
    writers: frozenset[str]
    meanings: Mapping[str, Meaning]
    unmuted: Mapping[str, int]

    def read(self, comment: GivenComment, guidance: Guidance) -> Iterator[Cast]:
        """What each person says about a guidance, while it was given."""
        said = [one for one in self.said.get(comment.id, ()) if guidance.covers(one.at)]
        return _read_casts(comment.id, self.authors.get(comment.issue, ""), said, self.meanings)


def _count_rule(
    rule: str, content_hash: str, given: Sequence[tuple[GivenComment, Guidance]], ballots: _Ballots
) -> Votes:
    cast = [each for comment, guidance in given for each in ballots.read(comment, guidance)]
    start = ballots.unmuted.get(rule, 0)
    return Votes(
        rule=rule,
        content_hash=content_hash,
        all=count_casts(cast),
        authors=count_casts([each for each in cast if each.is_author]),
        others=count_casts([each for each in cast if not each.is_author]),
        jury=count_casts(_choose_jury([each for each in cast if each.at > start], ballots.writers)),
        comments=len({comment.id for comment, _ in given}),
        refused=sum(guidance.is_refused for _, guidance in given),
        weeks=_count_weeks(cast),
    )


def _read_casts(comment: int, author: str, said: Iterable[_Said], meanings: Mapping[str, Meaning]) -> Iterator[Cast]:
    """What each person says about a comment whose issue is by `author`."""
    by_login: dict[str, list[tuple[int, bool, Meaning]]] = {}
    for login, content, at in said:
        meaning = meanings.get(content, "nothing") if content is not None else WRONG
        if meaning != "nothing":
            by_login.setdefault(login, []).append((at, meaning == WRONG, meaning))
    for login, found in sorted(by_login.items()):
        verdicts = sorted(each for each in found if each[2] in {WORKS, WRONG})
        verdict = verdicts[-1][2] if verdicts else None
        others = frozenset(meaning for *_, meaning in found) - {WORKS, WRONG}
        said_all = others | ({verdict} if verdict else frozenset())
        yield Cast(comment, login, login == author, said_all, verdict, max(verdicts or found)[0])


def count_casts(casts: Collection[Cast]) -> Tally:
    """How many of those people said what."""
    counts = Counter(meaning for each in casts for meaning in each.meanings)
    return Tally(counts=dict(sorted(counts.items())), voters=len(casts)) if casts else NO_VOTES


def _choose_jury(casts: Iterable[Cast], writers: Collection[str]) -> list[Cast]:
    """The last verdict of each person who counts for muting; other votes say nothing about right and wrong."""
    last: dict[str, Cast] = {}
    for each in sorted(casts, key=lambda each: (each.at, each.verdict == WRONG, each.comment)):
        if each.verdict and (each.is_author or each.login in writers):
            last[each.login] = each
    return [each._replace(meanings=frozenset({each.verdict})) for each in last.values() if each.verdict]


def _find_writers(permissions: Mapping[str, str]) -> frozenset[str]:
    return frozenset(login.casefold() for login, permission in permissions.items() if permission in WRITERS)


def _count_weeks(casts: Iterable[Cast]) -> dict[str, Tally]:
    weeks: dict[str, list[Cast]] = {}
    for each in casts:
        weeks.setdefault(name_week(from_seconds(each.at)), []).append(each)
    return {week: count_casts(found) for week, found in sorted(weeks.items())}


def tabulate_votes(votes: Votes) -> dict[str, tuple[int, int | None]]:
    """How many voters agree with each statement, and how many disagree, for a table.

    Only “works” can be denied, by “not my problem”; for the others the second number is None.
    """
    counts = votes.all.counts
    return {name: (counts.get(name, 0), counts.get(WRONG, 0) if name == WORKS else None) for name in STATEMENTS}


def summarize_votes(votes: Mapping[str, Votes]) -> dict[str, Opinion]:
    """The opinion on the guidance of each rule that has a comment."""
    return {
        rule: Opinion(each.all.voters, each.all.solved, each.all.wrong, tabulate_votes(each))
        for rule, each in votes.items()
    }


_ASKED_FOR = 7 * 24 * 60 * 60
"""Seconds that a permission counts for; people get other roles."""


def find_unasked(ledger: Ledger, meanings: Mapping[str, Meaning], now: int = 0) -> tuple[str, ...]:
    """The people whose permission decides and is not known now: they gave commands, or voted on muting.

    It is asked for again after seven days, and after a later vote or command. `now` is in Unix seconds.

    The votes are those on somebody else's issue, and few: only rules that somebody called wrong can become muted.
    """
    authors = {issue.number: issue.author.casefold() for issue in ledger.issues}
    issues = {comment.id: comment.issue for comment in ledger.comments}
    doubted = {each.comment for each in ledger.votes if meanings.get(each.content) == WRONG}
    rules = {each.rule for comment in ledger.comments if comment.id in doubted for each in comment.guidance}
    rules |= {each.rule for each in ledger.withdrawals}
    asked = {comment.id for comment in ledger.comments if any(each.rule in rules for each in comment.guidance)}
    deeds = [(vote.login, vote.at) for vote in ledger.votes if _decides(vote, asked, authors, issues, meanings)]
    deeds += [(reply.login, reply.at) for reply in ledger.replies if reply.depends]
    fresh = _list_known(ledger, now)
    return tuple(sorted({login for login, at in deeds if at > fresh.get(login.casefold(), -1)}))


def _list_known(ledger: Ledger, now: int) -> dict[str, int]:
    """Until when each permission is known, by lower-case login."""
    known = {login.casefold() for login in ledger.permissions}
    return {login: at for login, at in ledger.asked.items() if login in known and now - at < _ASKED_FOR}


def _decides(
    vote: Vote,
    comments: Collection[int],
    authors: Mapping[int, str],
    issues: Mapping[int, int],
    meanings: Mapping[str, Meaning],
) -> bool:
    is_verdict = meanings.get(vote.content) in {WORKS, WRONG}
    is_authors = vote.login.casefold() == authors.get(issues.get(vote.comment, 0), "")
    return is_verdict and vote.comment in comments and not vote.is_bot and not is_authors
