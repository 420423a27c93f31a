"""From wordings to drafts of rules: watched over an archive, each proven, each for other issues. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.rules.ruleset import Pack, Ruleset
from bot.workbench.archive_passes import Chunk, Files, RuledArchive, compile_rules, read_matched
from bot.workbench.suggest.clusters import UNTOLD, Candidate, choose_diverse, rate_message
from bot.workbench.suggest.drafts import Draft, choose_pack, make_draft
from bot.workbench.suggest.lookout import Lookout, index_words
from bot.workbench.suggest.sightings import Shown, Sightings, Watch
from bot.workbench.suggest.validation import compile_draft, give_way, prove_draft
from bot.workbench.suggest.wordings import Wording


@dataclass(frozen=True)
class WatchDrafts:
    """A pass over an archive: what the drafts find in a chunk."""

    rules: tuple[Files, ...]
    wordings: tuple[Wording, ...]
    words: Mapping[str, float]

    def prepare(self) -> Callable[[Chunk], Watch]:
        """The pass with its rules and drafts compiled."""
        ruleset = compile_rules(self.rules)
        lookout = make_lookout(self.wordings, ruleset, self.words)

        def watch(lines: Chunk) -> Watch:
            return lookout.look_at_all(read_matched(lines, ruleset))

        return watch


def watch_drafts(archive: RuledArchive, wordings: tuple[Wording, ...], words: Mapping[str, float]) -> Watch:
    """What the wordings find in an archive; `words` are the bits of each word."""
    watch = Watch()
    for found in archive.run_pass(WatchDrafts(archive.rules, wordings, words), "issues looked at"):
        watch.add(found)
    return watch


def make_lookout(wordings: Sequence[Wording], others: Ruleset, bits: Mapping[str, float]) -> Lookout:
    """What to look for in an archive: the wordings as rules of the others' pack, and the words of their near misses."""
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
    """At most so many drafts, the most useful first, each for other issues than those before it.

    Each passes `check`, beside `others` and the drafts before it, but for the guidance that a human must write.
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
    telling = sightings.telling / sightings.support.issues
    return rate_message(sightings.support, wording.bits, telling if wording.is_telling else telling * UNTOLD)


def _beside(chosen: Iterable[Draft], pack: Pack, others: Ruleset) -> Ruleset:
    rules = [rule for draft in chosen if (rule := compile_draft(draft, pack))]
    return Ruleset((*others.rules, *rules), (*others.packs, pack))
