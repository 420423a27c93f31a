"""Messages that keep coming back, ranked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.text.error_lines import is_error
from bot.text.templates import find_words, show_template
from bot.workbench.suggest.message_counts import MessageTally, Support
from bot.workbench.suggest.scoring import MOST_BITS, UNTOLD, Candidate, choose_diverse, rate_message, weigh_word

_AHEAD = 50
"""So many candidates are looked at for each message that is asked for."""

_SHOWN = 64
"""So many issues of a cluster are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A message that several unmatched issues share.

    `template` is in collapsed form with private signs for what changes (`bot.text.templates`), `text` the same as
    people read it. `issues`, `authors`: how many; `titles`: in how many titles; `elsewhere`: how many issues that a
    rule matches have it too; `numbers`: a sample of at most 64 issues, in the order of their numbers. `weight`: bits
    (see `find_clusters`).
    """

    template: str
    issues: int
    authors: int
    titles: int
    elsewhere: int
    numbers: tuple[int, ...]
    weight: float

    @property
    def text(self) -> str:
        """The template as people read it: `linking with {word} failed`."""
        return show_template(self.template)


def find_clusters(tally: MessageTally, most: int = 20, least: int = 2) -> tuple[Cluster, ...]:
    """The messages that most deserve a rule, best first; each serves mostly issues that no earlier one does.

    A message's weight is the description length that naming it would save: how many issues and authors have it
    (geometric mean), times the bits of its words, -log2 of the share of issues that have the word, so that a long
    message of rare words counts more than a short one of common words. It is reduced where hardly a title has the
    message (people put into the title what the report is about), where it speaks of no failure, and by the share of
    its issues that are matched already. `least`: issues below which nothing is a cluster.
    """
    total = max(1, tally.issues + tally.elsewhere)
    found = [
        (_weigh(part, support, tally.words, total), part)
        for part, support in tally.templates.items()
        if support.issues >= least
    ]
    ranked = sorted(found, key=lambda item: (-item[0].weight, item[1]))[: _AHEAD * most]
    chosen = choose_diverse({part: candidate for candidate, part in ranked}, most, lambda one, other: one in other)
    return tuple(_make_cluster(part, tally.templates[part], weight) for part, weight in chosen)


def _weigh(part: str, support: Support, words: Mapping[str, int], total: int) -> Candidate:
    bits = min(MOST_BITS, sum(weigh_word(word, words, total) for word in set(find_words(part))))
    return rate_message(support, bits, 1.0 if is_error(part) else UNTOLD)


def _make_cluster(part: str, support: Support, weight: float) -> Cluster:
    return Cluster(
        template=part,
        issues=support.issues,
        authors=support.author_count,
        titles=support.titles,
        elsewhere=support.elsewhere,
        numbers=tuple(sorted(support.numbers[:_SHOWN])),
        weight=round(weight, 1),
    )
