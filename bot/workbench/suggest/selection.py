"""From messages that keep coming back to drafts of rules: ten different problems, each proven. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.issue.facts import Facts
from bot.rules.ruleset import Pack, Ruleset
from bot.text.error_lines import is_error
from bot.workbench.suggest.clusters import Cluster, find_clusters
from bot.workbench.suggest.drafts import Draft, covers_phrase, make_draft, name_phrase
from bot.workbench.suggest.message_counts import MessageTally
from bot.workbench.suggest.phrases import choose_phrase, compare_phrases, find_instances, find_phrase_words
from bot.workbench.suggest.scoring import MOST_BITS, UNTOLD, Candidate, choose_diverse, rate_message, weigh_word
from bot.workbench.suggest.sightings import Lookout, Shown, Sightings, Watch, index_words
from bot.workbench.suggest.validation import compile_draft, give_way, prove_draft

CANDIDATES = 4
"""So many candidates are drafted for each rule that is asked for: some turn out to be the same problem, or unsound."""

_SAME_PROBLEM = 0.6
"""From this share of common words on, by weight, two phrases are wordings of one problem."""

_MOST_WORDINGS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A problem in its several wordings, the first the one that was found first.

    `bits`: what its words tell; `is_telling`: whether they tell of a failure.
    """

    name: str
    phrases: tuple[str, ...]
    bits: float
    is_telling: bool


def find_candidates(tally: MessageTally, most: int, least: int) -> tuple[Cluster, ...]:
    """The messages to draft rules from, more of them than are asked for."""
    return find_clusters(tally, CANDIDATES * most, least)


def word_candidates(
    clusters: Sequence[Cluster],
    sampled: Mapping[int, Facts],
    tally: MessageTally,
    taken: Collection[str] = (),
) -> tuple[Wording, ...]:
    """The clusters as phrases, those that mean the same as wordings of one problem.

    `sampled` are the issues of the clusters' samples by number, `taken` the ids that other rules have.
    """
    weigh = _make_weigher(tally)
    groups: list[list[str]] = []
    for cluster in clusters:
        if phrase := _phrase(cluster, sampled):
            _group(phrase, groups, weigh)
    wordings: list[Wording] = []
    for phrases in groups:
        names = {*taken, *(wording.name for wording in wordings)}
        wordings.append(_make_wording(phrases, weigh, names))
    return tuple(wordings)


def word_each(
    clusters: Sequence[Cluster], sampled: Mapping[int, Facts], tally: MessageTally, taken: Collection[str]
) -> tuple[Wording, ...]:
    """Each cluster as a wording of its own, as far as they can be looked for; those with one phrase only once."""
    weigh = _make_weigher(tally)
    phrases = dict.fromkeys(phrase for cluster in clusters if (phrase := _phrase(cluster, sampled)))
    wordings: list[Wording] = []
    for phrase in phrases:
        names = {*taken, *(wording.name for wording in wordings)}
        wordings.append(_make_wording([phrase], weigh, names))
    return tuple(wordings)


def _phrase(cluster: Cluster, sampled: Mapping[int, Facts]) -> str | None:
    issues = [sampled[number] for number in cluster.numbers if number in sampled]
    return choose_phrase(cluster.template, find_instances(cluster.template, issues))


def _make_wording(phrases: Sequence[str], weigh: Callable[[str], float], taken: Collection[str]) -> Wording:
    bits = max(sum(map(weigh, find_phrase_words(phrase))) for phrase in phrases)
    return Wording(
        name=name_phrase(phrases[0], taken),
        phrases=tuple(phrases),
        bits=min(MOST_BITS, bits),
        is_telling=any(map(is_error, phrases)),
    )


def _make_weigher(tally: MessageTally) -> Callable[[str], float]:
    return partial(weigh_word, words=tally.words, total=max(1, tally.seen))


def _group(phrase: str, groups: list[list[str]], weigh: Callable[[str], float]) -> None:
    """Add a phrase to the problem that it is a wording of, or as a problem of its own."""
    for phrases in groups:
        if any(covers_phrase(known, phrase) for known in phrases):
            return
        if max(compare_phrases(known, phrase, weigh) for known in phrases) >= _SAME_PROBLEM:
            kept = [known for known in phrases if not covers_phrase(phrase, known)]
            phrases[:] = [*kept, phrase][:_MOST_WORDINGS]
            return
    groups.append([phrase])


def weigh_words(wordings: Iterable[Wording], tally: MessageTally) -> dict[str, float]:
    """The bits of each word of the wordings."""
    weigh = _make_weigher(tally)
    return {
        word: weigh(word) for wording in wordings for phrase in wording.phrases for word in find_phrase_words(phrase)
    }


def make_lookout(wordings: Iterable[Wording], pack: Pack, bits: Mapping[str, float]) -> Lookout:
    """What to look for in the whole history: the wordings as rules, and the words of their near misses."""
    rules = [rule for wording in wordings if (rule := compile_draft(_sketch(wording), pack))]
    words = {wording.name: find_phrase_words(wording.phrases[0]) for wording in wordings}
    return Lookout(Ruleset(tuple(rules), (pack,)), index_words(words, bits))


def _sketch(wording: Wording) -> Draft:
    """A draft that loads, and proves nothing yet."""
    proof = (Shown((0.0, 0), 0, "x"),)
    return Draft(id=wording.name, title=wording.name, phrases=wording.phrases, matches=proof, near=proof)


def choose_drafts(
    wordings: Sequence[Wording], watch: Watch, pack: Pack, others: Ruleset, most: int, least: int = 2
) -> tuple[Draft, ...]:
    """At most so many drafts, the most useful first, each for other issues than those before it.

    Each passes `check`, beside `others` and the drafts before it, but for the guidance that a human must write.
    """
    by_name = {wording.name: wording for wording in wordings}
    found = {name: watch.found.get(name, Sightings()) for name in by_name}
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
