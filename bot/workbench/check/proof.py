"""The metamorphic proof: other text in an issue must not change a rule's answer. Pure.

The proof needs no expected output: text without meaning, added to an example, must not change the rule's answer (Chen
et al., Metamorphic Testing, 1998). Each variant of an example adds one such text to its prose and to its logs.

A variant that wraps, escapes or decorates the message itself reveals no fault of an author: conditions read normal
forms, and `tests/rules/test_normal_forms.py` tests these on all shipped rules. benchmarks/README.md has the figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

from bot.issue.facts import Facts, Text
from bot.issue.layout import Layout
from bot.rules.conditions.types import Verdict
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule
from bot.text.markdown import Span
from bot.text.printable import count, reveal_line
from bot.workbench.check.examples import find_missed, match_one


class Addition(NamedTuple):
    """A text that an issue may contain in addition to its message, and the name of that text."""

    name: str
    text: str


ADDITIONS = (
    Addition("a log", "2031-07-08T09:10:11Z INFO lorem: dolor sit amet\n2031-07-08T09:10:12Z DEBUG [ipsum] elit"),
    Addition("JSON", '{"lorem": "ipsum", "dolor": [1, 22, 333], "sit": {"amet": null}}'),
    Addition(
        "a terminal's output", "~/lorem $ ipsum --dolor C:\\sit\\amet.txt > /home/lorem/elit.log\n  100% (3/3) ok"
    ),
    Addition("a link", "- [x] see https://example.com/lorem/ipsum?dolor=1#sit (or `amet@example.com`)"),
)
"""What real issues hold: the signs that patterns look for, and no words that do."""

_PLAIN = Addition(
    "words", "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore"
)
_VIEWS = ("body", "logs")
ASKS_HOW_MUCH = "any other text changes the answer"


@dataclass(frozen=True)
class Proof:
    """The number of variants that passed, and the number of skipped variants by reason."""

    variants: int = 0
    not_applicable: Mapping[str, int] = field(default_factory=dict)


def join_proofs(proofs: Iterable[Proof]) -> Proof:
    """Several proofs as one."""
    variants, reasons = 0, Counter[str]()
    for proof in proofs:
        variants += proof.variants
        reasons.update(proof.not_applicable)
    return Proof(variants, dict(sorted(reasons.items())))


@dataclass(frozen=True, slots=True)
class Failure:
    """The first addition that changes the answer for an example, and the number of other such additions.

    `missed` is the condition that no longer holds; None if the rule matches a near miss, or uses another branch of its
    guidance.
    """

    addition: Addition
    missed: Verdict | None = None
    others: int = 0


@dataclass(frozen=True)
class _ExtendedFacts(Facts):
    """The facts of an example beside which a text stands; its form (layout, sections, language) stays as it is."""

    example: Facts = field(kw_only=True)
    addition: str = field(kw_only=True)

    @cached_property
    def layout(self) -> Layout:
        return self.example.layout

    @cached_property
    def language(self) -> str | None:
        return self.example.language

    @cached_property
    def views(self) -> dict[str, tuple[Text, ...]]:
        added = _make_texts(self.addition)
        return {view: (*texts, added[view]) if view in added else texts for view, texts in self.example.views.items()}


@lru_cache(maxsize=len(ADDITIONS) + 1)
def _make_texts(addition: str) -> dict[str, Text]:
    """An addition as a text of each view that it is put in; its normal forms are the same beside every example."""
    return {view: Text(view, "addition", addition, Span(0, len(addition)), is_placed=False) for view in _VIEWS}


def prove(rule: Rule, facts: Facts, match: Match | None) -> tuple[Proof, Failure | None]:
    """Try all variants of an example, given the rule's answer (`match`) to the example itself."""
    if _try_addition(rule, facts, match, _PLAIN):
        return Proof(not_applicable={ASKS_HOW_MUCH: len(ADDITIONS)}), None
    failures = [failure for addition in ADDITIONS if (failure := _try_addition(rule, facts, match, addition))]
    first = replace(failures[0], others=len(failures) - 1) if failures else None
    return Proof(len(ADDITIONS) - len(failures)), first


def _try_addition(rule: Rule, facts: Facts, match: Match | None, addition: Addition) -> Failure | None:
    extended = _ExtendedFacts(
        facts.issue, facts.models, facts.placeholders, facts.is_placed, example=facts, addition=addition.text
    )
    found = match_one(rule, extended)
    if match and not found:
        return Failure(addition, missed=find_missed(rule, extended))
    if found and not match:
        return Failure(addition)
    return Failure(addition) if match and found and match.branch != found.branch else None


def explain_failure(rule: Rule, failure: Failure, *, must_match: bool) -> str:
    """A sentence: which addition changes the answer for an example, why, and what to do."""
    others = f" (and {count(failure.others, 'other text')})" if failure.others else ""
    how = (
        f"when the issue also contains {failure.addition.name}{others}, such as `{reveal_line(failure.addition.text)}`"
    )
    if not must_match:
        return f"`{rule.id}` matches this near miss {how}; {_KEEP_OUT}"
    if failure.missed is None:
        return f"`{rule.id}` uses another branch of its guidance for this example {how}; {_SAME_BRANCH}"
    missed = failure.missed
    reason = f"{missed.seen} under `none:`" if missed.wanted == "none" else f"{missed.wanted} does not hold"
    return f"`{rule.id}` does not match this example {how}, because {reason}; {_KEEP_IN}"


_KEEP_IN = "use a longer text, preferably a `phrase:`, that only the excluded issues contain"
_KEEP_OUT = "put more of the message into one `phrase:`, so that other text cannot complete it"
_SAME_BRANCH = "use a longer `phrase:` in `when:` or next to `set:`"
