"""Mines an archive for drafts on all cores, in three passes; memory does not grow with the archive."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.issue.facts import Facts
from bot.rules.loader import join_rulesets
from bot.rules.matcher import match_rules, read_facts
from bot.rules.reader import compile_rule
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.rules.spec.rule import Example
from bot.text.templates import collapse_line, find_words
from bot.tracker.types import Issue
from bot.workbench.archive_passes import Chunk, Files, RuledArchive, compile_rules, read_matched
from bot.workbench.check.checker import check_rule
from bot.workbench.check.examples import make_example_issue
from bot.workbench.suggest.clusters import (
    NO_FAILURE,
    Candidate,
    choose_diverse,
    find_clusters,
    list_numbers,
    rank_parts,
    rate_message,
)
from bot.workbench.suggest.drafts import Draft, choose_pack, make_draft, trim_draft, without, write_draft
from bot.workbench.suggest.message_counts import MessageTally, find_lines, mix_number
from bot.workbench.suggest.phrases import find_phrase_words
from bot.workbench.suggest.sightings import Shown, Sightings, Watch, read_labels, see_issue, trim_text
from bot.workbench.suggest.wordings import Wording, weigh_words, word_candidates, word_each

CANDIDATES = 4
"""The number of drafts for each requested rule: some are the same problem, or do not pass their examples."""


@dataclass(frozen=True, kw_only=True)
class Find:
    """The result: the number of issues that no rule matches, the number that some rule matches, and the best drafts."""

    unmatched: int
    matched: int
    drafts: tuple[Draft, ...]


@dataclass(frozen=True)
class CountMessages:
    """A pass over an archive: the messages of a chunk."""

    rules: tuple[Files, ...]

    def prepare(self) -> Callable[[Chunk], MessageTally]:
        """The pass with its rules compiled."""
        return partial(_count_chunk, ruleset=compile_rules(self.rules))


def _count_chunk(lines: Chunk, ruleset: Ruleset) -> MessageTally:
    tally = MessageTally()
    for facts, is_matched in read_matched(lines, ruleset):
        tally.add(facts, is_matched=is_matched)
    return tally


def mine_archive(archive: RuledArchive, most: int = 10, least: int = 2) -> Find:
    """At most `most` drafts, for messages that recur in at least `least` issues that no rule matches.

    Raises SettingsError, with the place, for a line that is not an issue.
    """
    tally = _count_messages(archive)
    clusters = find_clusters(tally, CANDIDATES * most, least)
    sampled = archive.read_sample(list_numbers(clusters))
    wordings = word_candidates(clusters, sampled, tally, archive.ids)
    watch = watch_drafts(archive, wordings, weigh_words(wordings, tally))
    drafts = choose_drafts(wordings, watch, archive.ruleset, most, least)
    return Find(unmatched=tally.issues, matched=tally.elsewhere, drafts=drafts)


def mine_issue(issue: Issue, archive: RuledArchive, name: str | None = None) -> Draft | None:
    """A draft (with the id `name`, if given) for the problem of one issue, proven by the issue and by the archive.

    None if no part of the issue makes a valid rule. Raises SettingsError, with the place, for a line that is not an
    issue.
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


_NEAR = 0.35
"""The share of a phrase's words, by weight, from which on a line is a near miss."""


@dataclass(frozen=True)
class Lookout:
    """The drafts to search for, as rules, and the words that identify their near misses (`phrase_words`)."""

    ruleset: Ruleset
    phrase_words: Mapping[str, Mapping[str, float]]

    def look(self, facts: Facts, *, is_matched: bool) -> Watch:
        """The sightings of one issue; `is_matched`: whether an existing rule matches it."""
        matches = match_rules(facts, self.ruleset)
        named = self._compare(collapse_line(facts.issue.title)) if matches else {}
        found = {
            match.rule.id: see_issue(facts.issue, match.evidence, named.get(match.rule.id, 0.0), is_matched=is_matched)
            for match in matches
        }
        for name, shown in self._find_near(facts, found.keys()):
            found[name] = Sightings(near=(shown,))
        labels = read_labels(facts.issue)
        return Watch(found, int(labels is not None), dict.fromkeys(labels or [], 1), 1)

    def _find_near(self, facts: Facts, matched: Iterable[str]) -> Iterator[tuple[str, Shown]]:
        """For each draft that does not match the issue, the line that comes nearest, where one is near."""
        best: dict[str, tuple[float, str]] = {}
        for line, _ in find_lines(facts):
            for name, share in self._compare(line.collapsed).items():
                if share >= _NEAR and share > best.get(name, (0.0, ""))[0]:
                    best[name] = (share, line.text)
        for name, (share, raw) in best.items():
            if name not in matched and (text := trim_text(raw, 0, 0)):
                yield name, Shown((-round(share, 2), mix_number(facts.issue.number)), facts.issue.number, text)

    def _compare(self, collapsed: str) -> dict[str, float]:
        shares: dict[str, float] = {}
        for word in set(find_words(collapsed)):
            for name, share in self.phrase_words.get(word, {}).items():
                shares[name] = shares.get(name, 0.0) + share
        return shares


def index_words(phrases: Mapping[str, str], bits: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """For each word, the drafts whose phrase has it, with its share of the phrase's weight."""
    index: dict[str, dict[str, float]] = {}
    for name, phrase in phrases.items():
        weights = {word: bits.get(word, 0.0) for word in find_phrase_words(phrase)}
        total = sum(weights.values()) or 1.0
        for word, weight in weights.items():
            index.setdefault(word, {})[name] = weight / total
    return index


@dataclass(frozen=True)
class WatchDrafts:
    """A pass over an archive: the sightings of the drafts in a chunk."""

    rules: tuple[Files, ...]
    wordings: tuple[Wording, ...]
    words: Mapping[str, float]

    def prepare(self) -> Callable[[Chunk], Watch]:
        """The pass with its rules and drafts compiled."""
        ruleset = compile_rules(self.rules)
        return partial(_watch_chunk, ruleset=ruleset, lookout=make_lookout(self.wordings, ruleset, self.words))


def _watch_chunk(lines: Chunk, ruleset: Ruleset, lookout: Lookout) -> Watch:
    watch = Watch()
    for facts, is_matched in read_matched(lines, ruleset):
        watch.add(lookout.look(facts, is_matched=is_matched))
    return watch


def watch_drafts(archive: RuledArchive, wordings: tuple[Wording, ...], words: Mapping[str, float]) -> Watch:
    """The sightings of the wordings in an archive; `words` are the bits of each word."""
    watch = Watch()
    for found in archive.run_pass(WatchDrafts(archive.rules, wordings, words), "issues searched"):
        watch.add(found)
    return watch


def make_lookout(wordings: Sequence[Wording], others: Ruleset, bits: Mapping[str, float]) -> Lookout:
    """The wordings as rules of the others' pack, and the words of their near misses."""
    pack = choose_pack(others)
    rules = [rule for wording in wordings if (rule := compile_draft(_sketch(wording), pack))]
    phrases = {wording.name: wording.phrases[0] for wording in wordings}
    return Lookout(Ruleset(tuple(rules), (pack,)), index_words(phrases, bits))


def _sketch(wording: Wording) -> Draft:
    """A draft that loads, and proves nothing yet."""
    proof = (Shown((0.0, 0), 0, "x"),)
    return Draft(id=wording.name, title=wording.name, phrases=wording.phrases, matches=proof, near=proof)


def choose_drafts(
    wordings: Sequence[Wording], watch: Watch, others: Ruleset, most: int, least: int = 2
) -> tuple[Draft, ...]:
    """At most `most` drafts, the most useful first, each for other issues than the earlier drafts.

    Each draft passes `check` together with `others` and the earlier drafts, except for the missing guidance.
    """
    pack = choose_pack(others)
    by_name = {wording.name: wording for wording in wordings}
    found = {name: watch.find(name) for name in by_name}
    candidates = {
        name: _rate(by_name[name], sightings) for name, sightings in found.items() if sightings.support.issues >= least
    }
    chosen: list[Draft] = []
    for name, weight in choose_diverse(candidates, len(candidates)):
        if len(chosen) == most:
            break
        draft = make_draft(name, by_name[name].phrases, found[name], watch, weight)
        if proven := prove_draft(draft, pack, _beside(chosen, pack, others)):
            chosen = _make_room(chosen, proven, pack)
    return tuple(chosen)


def _make_room(chosen: list[Draft], draft: Draft, pack: Pack) -> list[Draft]:
    """The drafts with one more, if each keeps an example that is its alone; else as they are."""
    rule = compile_draft(draft, pack)
    left = [give_way(one, rule) for one in chosen] if rule else [None]
    kept = [one for one in left if one]
    return [*kept, draft] if len(kept) == len(left) else chosen


def _rate(wording: Wording, sightings: Sightings) -> Candidate:
    """What a draft is worth; less where its words stand mostly in lines that tell of no failure."""
    failing = sightings.failing / sightings.support.issues
    return rate_message(sightings.support, wording.bits, failing if wording.names_failure else failing * NO_FAILURE)


def _beside(chosen: Iterable[Draft], pack: Pack, others: Ruleset) -> Ruleset:
    rules = [rule for draft in chosen if (rule := compile_draft(draft, pack))]
    return Ruleset((*others.rules, *rules), (*others.packs, pack))


_MOST_ROUNDS = 4


def compile_draft(draft: Draft, pack: Pack) -> Rule | None:
    """The draft as a rule; None if it does not load."""
    return compile_rule(write_draft(draft, ""), f"{draft.id}.yml", pack)[0]


def prove_draft(draft: Draft, pack: Pack, others: Ruleset) -> Draft | None:
    """The draft with the examples that pass `check` together with `others`; None if no example of a kind is left."""
    for _ in range(_MOST_ROUNDS):
        if not draft.matches or not draft.near:
            return None
        rule = compile_draft(draft, pack)
        if rule is None:
            return None
        left = _drop_failing(draft, rule, others)
        if left == draft:
            return trim_draft(draft)
        draft = left
    return None


def give_way(draft: Draft, other: Rule) -> Draft | None:
    """The draft without the examples that the other rule also matches; None if no example is left."""
    alone = Ruleset((other,), (other.pack,))
    examples = {
        shown: Example(title=shown.text) if shown.is_title else Example(body=shown.text) for shown in draft.matches
    }
    taken = [
        shown
        for shown, example in examples.items()
        if match_rules(read_facts(make_example_issue(example), alone), alone)
    ]
    left = without(draft, taken)
    return left if left.matches else None


def _drop_failing(draft: Draft, rule: Rule, others: Ruleset) -> Draft:
    """The draft without the examples at whose places `check` finds a problem; without any if one is elsewhere."""
    shown = {
        rule.document.places["examples", kind, index][0]: one
        for kind, some in (("match", draft.matches), ("no_match", draft.near))
        for index, one in enumerate(some)
    }
    report = check_rule(rule, join_rulesets([Ruleset((rule,), (rule.pack,)), others]))
    lines = {p.line for p in report.errors if p.file == rule.file}
    if lines <= shown.keys():
        return without(draft, [shown[line] for line in lines])
    return without(draft, [*draft.matches, *draft.near])
