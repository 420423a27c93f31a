"""An archive mined for drafts on all cores, in three passes; memory does not grow with it."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.tracker.types import Issue
from bot.workbench.archive_passes import Chunk, Files, RuledArchive, compile_rules, read_matched
from bot.workbench.suggest.clusters import find_clusters, list_numbers, rank_parts
from bot.workbench.suggest.drafts import Draft, choose_pack, make_draft
from bot.workbench.suggest.message_counts import MessageTally
from bot.workbench.suggest.selection import choose_drafts, make_lookout, watch_drafts
from bot.workbench.suggest.validation import prove_draft
from bot.workbench.suggest.wordings import weigh_words, word_candidates, word_each

CANDIDATES = 4
"""So many candidates are drafted for each rule that is asked for: some turn out to be the same problem, or unsound."""


@dataclass(frozen=True, kw_only=True)
class Quest:
    """How many drafts are wanted at most, and for how many issues at least."""

    most: int = 10
    least: int = 2


@dataclass(frozen=True, kw_only=True)
class Find:
    """What was found: how many issues no rule matches and how many one does, and the drafts, best first."""

    unmatched: int
    matched: int
    drafts: tuple[Draft, ...]


@dataclass(frozen=True)
class CountMessages:
    """A pass over an archive: the messages of a chunk."""

    rules: tuple[Files, ...]

    def prepare(self) -> Callable[[Chunk], MessageTally]:
        """The pass with its rules compiled."""
        ruleset = compile_rules(self.rules)

        def count(lines: Chunk) -> MessageTally:
            tally = MessageTally()
            for facts, is_matched in read_matched(lines, ruleset):
                tally.add(facts, is_matched=is_matched)
            return tally

        return count


def mine_archive(archive: RuledArchive, quest: Quest) -> Find:
    """Drafts for the messages that keep coming back in the issues that no rule matches.

    Raises SettingsError, with its place, for what is no issue.
    """
    tally = _count_messages(archive)
    clusters = find_clusters(tally, CANDIDATES * quest.most, quest.least)
    sampled = archive.read_sample(list_numbers(clusters))
    wordings = word_candidates(clusters, sampled, tally, archive.ids)
    watch = watch_drafts(archive, wordings, weigh_words(wordings, tally))
    drafts = choose_drafts(wordings, watch, archive.ruleset, quest.most, quest.least)
    return Find(unmatched=tally.issues, matched=tally.elsewhere, drafts=drafts)


def mine_issue(issue: Issue, archive: RuledArchive, name: str | None = None) -> Draft | None:
    """A draft (called `name`, where that is given) for what one issue reports, proven by it and by the archive.

    None where nothing in the issue makes a sound rule. Raises SettingsError, with its place, for what is no issue.
    """
    facts = archive.read_facts(issue)
    tally = _count_messages(archive)
    parts = rank_parts(facts, tally)
    sampled = archive.read_sample(list_numbers(parts))
    known = sampled.get(issue.number)
    wordings = word_each(parts, {**sampled, issue.number: facts}, tally, archive.ids)
    words = weigh_words(wordings, tally)
    watch = watch_drafts(archive, wordings, words)
    if known is None or known.issue.title != issue.title:
        watch.add(make_lookout(wordings, archive.ruleset, words).look(facts, is_matched=False))
    pack = choose_pack(archive.ruleset)
    drafts = (make_draft(name or one.name, one.phrases, watch.find(one.name), watch) for one in wordings)
    proven = (prove_draft(draft, pack, archive.ruleset) for draft in drafts)
    return next((draft for draft in proven if draft), None)


def _count_messages(archive: RuledArchive) -> MessageTally:
    tally = MessageTally()
    for counted in archive.run_pass(CountMessages(archive.rules), "issues read"):
        tally.take(counted)
    return tally
