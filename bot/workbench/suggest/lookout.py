"""Drafts looked for in past issues: which match each issue, and which nearly do. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.issue.facts import Facts
from bot.rules.matcher import match_rules
from bot.rules.ruleset import Ruleset
from bot.text.templates import collapse_line, find_words
from bot.workbench.suggest.message_counts import find_lines, mix_number
from bot.workbench.suggest.phrases import find_phrase_words
from bot.workbench.suggest.sightings import Shown, Sightings, Watch, read_labels, see_issue, trim_text

_NEAR = 0.35
"""The share of a phrase's words, by weight, from which on a line is a near miss."""


@dataclass(frozen=True)
class Lookout:
    """The drafts to look for, as rules, and the words by which a near miss of each is known (`phrase_words`)."""

    ruleset: Ruleset
    phrase_words: Mapping[str, Mapping[str, float]]

    def look(self, facts: Facts, *, is_matched: bool) -> Watch:
        """What one issue shows; `is_matched`: whether one of the rules that are there already matches it."""
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

    def look_at_all(self, issues: Iterable[tuple[Facts, bool]]) -> Watch:
        """What these issues show, each with whether a rule matches it already."""
        watch = Watch()
        for facts, is_matched in issues:
            watch.add(self.look(facts, is_matched=is_matched))
        return watch

    def _find_near(self, facts: Facts, matched: Iterable[str]) -> Iterator[tuple[str, Shown]]:
        """For each draft that does not match the issue, the line that comes nearest, where one is near."""
        best: dict[str, tuple[float, str]] = {}
        for line, _ in find_lines(facts):
            for name, share in self._compare(line.collapsed).items():
                if share >= _NEAR and share > best.get(name, (0.0, ""))[0]:
                    best[name] = (share, line.text)
        for name, (share, raw) in best.items():
            if name not in matched:
                text = trim_text(raw, 0, 0)
                if text:
                    yield name, Shown((-round(share, 2), mix_number(facts.issue.number)), facts.issue.number, text)

    def _compare(self, collapsed: str) -> dict[str, float]:
        shares: dict[str, float] = {}
        for word in set(find_words(collapsed)):
            for name, share in self.phrase_words.get(word, {}).items():
                shares[name] = shares.get(name, 0.0) + share
        return shares


def index_words(phrases: Mapping[str, str], bits: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """For each word the drafts whose phrase has it, with the share of the phrase's weight that it is."""
    index: dict[str, dict[str, float]] = {}
    for name, phrase in phrases.items():
        weights = {word: bits.get(word, 0.0) for word in find_phrase_words(phrase)}
        total = sum(weights.values()) or 1.0
        for word, weight in weights.items():
            index.setdefault(word, {})[name] = weight / total
    return index
