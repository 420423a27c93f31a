"""The draft of a rule from one issue: what of its text is worth looking for. Pure."""

from collections.abc import Collection, Sequence

from bot.issue.facts import Facts
from bot.rules.ruleset import Pack, Ruleset
from bot.workbench.suggest.clusters import Cluster
from bot.workbench.suggest.drafts import Draft, make_draft
from bot.workbench.suggest.error_lines import find_lines, is_telling, split_line
from bot.workbench.suggest.message_counts import MessageTally, Support, observe_issue
from bot.workbench.suggest.scoring import UNTOLD, rate_message, weigh_word
from bot.workbench.suggest.selection import Wording
from bot.workbench.suggest.sightings import Sightings, Watch
from bot.workbench.suggest.templates import find_words, mask_line
from bot.workbench.suggest.validation import prove_draft

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
    places: dict[str, set[str]] = {}
    for line, view in find_lines(facts):
        for part in split_line(mask_line(line)):
            places.setdefault(part, set()).add(view)
    found = [(_rate(part, views, facts, tally), part) for part, views in places.items()]
    best = sorted(found, key=lambda item: (-item[0], item[1]))[:MOST_PARTS]
    return tuple(_make_cluster(part, weight, facts, tally) for weight, part in best)


def _rate(part: str, views: Collection[str], facts: Facts, tally: MessageTally) -> float:
    bits = sum(_weigh(word, tally) for word in set(find_words(part)))
    own = observe_issue(facts.issue, is_matched=False, is_title="title" in views)
    support = tally.templates.get(part, Support()).join(own)
    place = _REPEATED if "title" in views and len(views) > 1 else max(_WORTH[view] for view in views)
    return (bits + rate_message(support, bits).weight) * place * (1.0 if is_telling(part) else UNTOLD)


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
