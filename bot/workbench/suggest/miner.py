"""A history mined for drafts on all cores, in three passes; memory does not grow with it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.archive.jsonl import IssueArchive, Line, parse_line
from bot.archive.parallel import work_through
from bot.issue.facts import Facts
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Pack, Ruleset
from bot.rules.spec.pack import PackModel
from bot.text.error_lines import is_error
from bot.text.templates import find_words
from bot.tracker.types import Issue
from bot.workbench.backtest.replay import Files, compile_rules
from bot.workbench.suggest.clusters import Cluster
from bot.workbench.suggest.drafts import Draft, make_draft
from bot.workbench.suggest.message_counts import MessageTally, Support, find_parts, observe_issue
from bot.workbench.suggest.scoring import UNTOLD, rate_message, weigh_word
from bot.workbench.suggest.selection import (
    Wording,
    choose_drafts,
    find_candidates,
    make_lookout,
    weigh_words,
    word_candidates,
    word_each,
)
from bot.workbench.suggest.sightings import Lookout, Sightings, Watch
from bot.workbench.suggest.validation import prove_draft

Seen = TypeVar("Seen", MessageTally, Watch)


class Track(Protocol):
    """What shows how far a pass is: it gets the answers of a pass and what they count, and gives the answers."""

    def __call__(self, answers: Iterator[Seen], what: str, /) -> Iterator[Seen]:
        """The answers, one by one."""


@dataclass(frozen=True, kw_only=True)
class Quest:
    """What is mined: the files of each place of rules that are there already, and how much is wanted."""

    rules: tuple[Files, ...] = ()
    most: int = 10
    least: int = 2
    jobs: int = 1


@dataclass(frozen=True, kw_only=True)
class Find:
    """What was found: how many issues no rule matches and how many one does, and the drafts, best first."""

    unmatched: int
    matched: int
    drafts: tuple[Draft, ...]


@dataclass(frozen=True)
class CountMessages:
    """The first pass: the messages of a chunk."""

    rules: tuple[Files, ...]

    def prepare(self) -> Callable[[Sequence[Line]], MessageTally]:
        """The pass with its rules compiled."""
        ruleset = compile_rules(self.rules)

        def count(lines: Sequence[Line]) -> MessageTally:
            tally = MessageTally()
            for facts, is_matched in read_all(lines, ruleset):
                tally.add(facts, is_matched=is_matched)
            return tally

        return count


@dataclass(frozen=True)
class WatchDrafts:
    """The third pass: what the drafts find in a chunk."""

    rules: tuple[Files, ...]
    wordings: tuple[Wording, ...]
    words: Mapping[str, float]

    def prepare(self) -> Callable[[Sequence[Line]], Watch]:
        """The pass with its rules and drafts compiled."""
        ruleset = compile_rules(self.rules)
        lookout = make_lookout(self.wordings, choose_pack(ruleset), self.words)

        def watch(lines: Sequence[Line]) -> Watch:
            return look_at(read_all(lines, ruleset), lookout)

        return watch


def look_at(issues: Iterable[tuple[Facts, bool]], lookout: Lookout) -> Watch:
    """What the drafts find in these issues."""
    watch = Watch()
    for facts, is_matched in issues:
        watch.add(lookout.look(facts, is_matched=is_matched))
    return watch


def choose_pack(ruleset: Ruleset) -> Pack:
    """The pack that drafts are meant for: that of the rules that are there, where they have but one."""
    return ruleset.packs[0] if len(ruleset.packs) == 1 else Pack(PackModel(name="drafts"))


def read_all(lines: Sequence[Line], ruleset: Ruleset) -> Iterator[tuple[Facts, bool]]:
    """The issues of a chunk, pull requests left out, and whether a rule matches each."""
    for where, line in lines:
        for issue in parse_line(line, where):
            if not issue.is_pull_request:
                facts = read_facts(issue, ruleset)
                yield facts, bool(ruleset.rules) and bool(match_rules(facts, ruleset))


def mine_history(history: IssueArchive, quest: Quest, track: Track) -> Find:
    """Drafts for the messages that keep coming back in the issues that no rule matches.

    Raises SettingsError, with its place, for what is no issue.
    """
    ruleset = compile_rules(quest.rules)
    tally = _count(history, quest, track)
    clusters = find_candidates(tally, quest.most, quest.least)
    sampled = sample_issues(history, clusters, ruleset)
    wordings = word_candidates(clusters, sampled, tally, {rule.id for rule in ruleset.rules})
    watch = _watch(history, WatchDrafts(quest.rules, wordings, weigh_words(wordings, tally)), quest, track)
    drafts = choose_drafts(wordings, watch, choose_pack(ruleset), ruleset, quest.most, quest.least)
    return Find(unmatched=tally.issues, matched=tally.elsewhere, drafts=drafts)


def mine_issue(
    issue: Issue, history: IssueArchive, quest: Quest, track: Track, name: str | None = None
) -> Draft | None:
    """A draft (called `name`, where that is given) for what one issue reports, proven by it and by the history.

    None where nothing in the issue makes a sound rule. Raises SettingsError, with its place, for what is no issue.
    """
    ruleset = compile_rules(quest.rules)
    facts = read_facts(issue, ruleset)
    tally = _count(history, quest, track)
    parts = rank_parts(facts, tally)
    sampled = sample_issues(history, parts, ruleset)
    known = sampled.get(issue.number)
    wordings = word_each(parts, {**sampled, issue.number: facts}, tally, {rule.id for rule in ruleset.rules})
    work = WatchDrafts(quest.rules, wordings, weigh_words(wordings, tally))
    watch = _watch(history, work, quest, track)
    if known is None or known.issue.title != issue.title:
        watch.add(look_at([(facts, False)], make_lookout(wordings, choose_pack(ruleset), work.words)))
    return choose_draft(wordings, watch, choose_pack(ruleset), ruleset, name)


def _count(history: IssueArchive, quest: Quest, track: Track) -> MessageTally:
    tally = MessageTally()
    for counted in track(work_through(history.read_lines(), CountMessages(quest.rules), quest.jobs), "issues read"):
        tally.take(counted)
    return tally


def _watch(history: IssueArchive, work: WatchDrafts, quest: Quest, track: Track) -> Watch:
    watch = Watch()
    for found in track(work_through(history.read_lines(), work, quest.jobs), "issues looked at"):
        watch.add(found)
    return watch


def sample_issues(history: IssueArchive, clusters: Iterable[Cluster], ruleset: Ruleset) -> dict[int, Facts]:
    """The issues of the clusters' samples, by number."""
    wanted = {number for cluster in clusters for number in cluster.numbers}
    return {issue.number: read_facts(issue, ruleset) for issue in history.read_issues() if issue.number in wanted}


MOST_PARTS = 8
"""So many parts of the issue are tried, best first, until one makes a sound rule."""

_GUESSED_BITS = 6.0
_SHORT_WORD = 3
_SHORT_WORD_BITS = 1.5
_WORTH = {"title": 0.8, "body": 1.0, "logs": 1.5, "errors": 1.0}
_REPEATED = 2.0


def rank_parts(facts: Facts, tally: MessageTally) -> tuple[Cluster, ...]:
    """The parts of an issue most worth looking for, as clusters, best first.

    What other issues say too counts for it, and so does where it stands: a program's own words before a person's, but
    those before all that the title repeats. Where there is no history, long words are taken for rare ones.
    """
    found = [(_rate(part, views, facts, tally), part) for part, views in find_parts(facts).items()]
    best = sorted(found, key=lambda item: (-item[0], item[1]))[:MOST_PARTS]
    return tuple(_make_cluster(part, weight, facts, tally) for weight, part in best)


def _rate(part: str, views: Collection[str], facts: Facts, tally: MessageTally) -> float:
    bits = sum(_weigh(word, tally) for word in set(find_words(part)))
    own = observe_issue(facts.issue, is_matched=False, is_title="title" in views)
    support = tally.templates.get(part, Support()).join(own)
    place = _REPEATED if "title" in views and len(views) > 1 else max(_WORTH[view] for view in views)
    return (bits + rate_message(support, bits).weight) * place * (1.0 if is_error(part) else UNTOLD)


def _weigh(word: str, tally: MessageTally) -> float:
    """The bits of a word; nobody's word is worth no more than a rare one, or the most private would win."""
    guessed = _GUESSED_BITS if len(word) > _SHORT_WORD else _SHORT_WORD_BITS
    return min(guessed, weigh_word(word, tally.words, tally.seen)) if tally.seen else guessed


def _make_cluster(part: str, weight: float, facts: Facts, tally: MessageTally) -> Cluster:
    support = tally.templates.get(part, Support())
    return Cluster(
        template=part,
        issues=support.issues + 1,
        authors=support.author_count + 1,
        titles=support.titles,
        elsewhere=support.elsewhere,
        numbers=(facts.issue.number, *sorted(set(support.numbers[:64]) - {facts.issue.number})),
        weight=weight,
    )


def choose_draft(
    wordings: Sequence[Wording], watch: Watch, pack: Pack, others: Ruleset, name: str | None = None
) -> Draft | None:
    """The draft of the first wording that makes a sound one, called `name` where that is given."""
    for wording in wordings:
        sightings = watch.found.get(wording.name, Sightings())
        draft = make_draft(name or wording.name, wording.phrases, sightings, watch)
        if proven := prove_draft(draft, pack, others):
            return proven
    return None
