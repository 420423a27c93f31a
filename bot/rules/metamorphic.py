"""The metamorphic proof: an example says the same when a terminal, JSON or an editor has been at it. Pure.

No expected output is needed: whatever a transformation does to a text that is not its meaning must leave the rule's
answer as it is (Chen et al., Metamorphic Testing, 1998). What is changed is *the message*, never the frame around it:

- of a `match` example, the whole lines (in a title, the very words) that hold the evidence of its text conditions;
- of a `no_match` example, all its texts, since there is no evidence of what is not there; a title only in case and
  quotes, as nothing else happens to one.

A variant counts only if the rule sees the same frame as before: kind of report, the sections and captures it asks for,
boxes, language. A transformation is not applicable, and counted as that, where the text cannot take it:

- one that adds lines, to a title, a heading, a `>` quote or a `Key: value` line, which are one line each;
- a break inside words, where the answer hangs on a regex (also one of a capture), a code, a frame or a phrase of less
  than 12 letters, which read whole words; and to near misses that such a condition under `none:` keeps out. Which
  guidance speaks is not compared where that hangs on whole words;
- one that changes lines, to a stack frame, which is one whole line;
- other words around the message, where the rule asks for the language; and where the answer hangs on a regex that says
  where in its text the message begins or ends, or how long the text is (`.{40}`), which also keeps JSON off;
- a move to a view that a text condition of the rule looks at, while it does not look at the view it came from (or the
  other way round), and any move where the rule looks into form fields;
- more JSON escaping than three rounds in all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.github.tracker import Issue
from bot.issue.facts import Facts
from bot.issue.printable import reveal_line
from bot.rules.conditions import CaptureHolds, Condition, VersionHolds
from bot.rules.examples import find_missed
from bot.rules.matching import Match, match_rule
from bot.rules.messages import Message, find_messages, list_texts, read_source, survives
from bot.rules.requirements import (
    Frame,
    Requirements,
    is_anchored,
    read_captures,
    read_frame,
    read_requirements,
    read_wording,
    reads_whole_words,
)
from bot.rules.rule import Rule, Ruleset
from bot.rules.text_conditions import FrameHolds
from bot.rules.transformations import Need
from bot.rules.variants import Moved, Refusal, Variant, make_variants
from bot.rules.verdict import Verdict

OTHER_FORM = "the form around it would change"
OTHER_VIEW = "the rule does not look where it would stand"
_MOST_TRIES = 24
_LONGEST_SHOWN = 160


@dataclass(frozen=True)
class Proof:
    """How many variants of examples gave the answer they should, and how many were not applicable, for which reason."""

    variants: int = 0
    not_applicable: Mapping[str, int] = field(default_factory=dict)


def join_proofs(proofs: Iterable[Proof]) -> Proof:
    """Several proofs as one."""
    variants, reasons = 0, Counter[str]()
    for proof in proofs:
        variants += proof.variants
        reasons.update(proof.not_applicable)
    return Proof(variants, dict(sorted(reasons.items())))


@dataclass(frozen=True)
class Failure:
    """A group of transformations that an example does not stand: the smallest variant, and how many failed beside it.

    `missed` is the condition that no longer holds, where the variant should match.
    """

    variant: Variant
    shown: str
    missed: str
    beside: int


@dataclass(frozen=True)
class Trial:
    """A rule on trial, with what is known of it for all its examples."""

    rule: Rule
    ruleset: Ruleset

    @cached_property
    def requirements(self) -> Requirements:
        """What the rule looks at."""
        return read_requirements(self.rule)

    def read(self, issue: Issue, *, is_placed: bool = True) -> Facts:
        """The facts of an issue, as the rule's set reads them."""
        return Facts(issue, self.ruleset.layouts, self.ruleset.placeholders, is_placed=is_placed)

    def match(self, facts: Facts) -> Match | None:
        """The rule's own match."""
        return match_rule(self.rule, facts, read_captures(self.rule, facts, self.requirements))


def prove(trial: Trial, issue: Issue, *, must_match: bool) -> tuple[Proof, tuple[Failure, ...]]:
    """Try all variants of one example. One that does not hold as it stands has nothing to be proven."""
    found = list(_try_variants(trial, issue, must_match=must_match))
    refused = Counter(outcome.reason for outcome in found if isinstance(outcome, Refusal))
    tried = [outcome for outcome in found if isinstance(outcome, _Outcome)]
    failed: dict[str, list[_Outcome]] = {}
    for outcome in tried:
        if not outcome.is_proven:
            failed.setdefault(outcome.variant.group, []).append(outcome)
    failures = tuple(_tell(trial, issue, outcomes, must_match=must_match) for outcomes in failed.values())
    proven = sum(outcome.is_proven for outcome in tried)
    return Proof(proven, dict(sorted(refused.items()))), failures


@dataclass(frozen=True, slots=True)
class _Outcome:
    variant: Variant
    is_proven: bool
    missed: str = ""


@dataclass(frozen=True, slots=True)
class _Base:
    """What an example gives as it stands, and what of it must not change."""

    match: Match | None
    frame: Frame
    wording: Frame


def _try_variants(trial: Trial, issue: Issue, *, must_match: bool) -> Iterator[_Outcome | Refusal]:
    facts = trial.read(issue)
    match = trial.match(facts)
    if (match is not None) != must_match:
        return
    messages = find_messages(trial.rule.condition, match.verdict, facts) if match else list_texts(facts)
    missing = _find_missing(trial, match, messages)
    base = _Base(match, read_frame(facts, trial.requirements), read_wording(facts, trial.requirements))
    for variant in make_variants(issue, messages, missing):
        yield variant if isinstance(variant, Refusal) else _try(trial, variant, base)


def _try(trial: Trial, variant: Variant, base: _Base) -> _Outcome | Refusal:
    if not all(trial.requirements.allows_move(*move) for move in variant.moves):
        return Refusal(variant.name, OTHER_VIEW)
    facts = trial.read(variant.issue, is_placed=False)
    if read_frame(facts, trial.requirements) != base.frame:
        return Refusal(variant.name, OTHER_FORM)
    if not trial.requirements.allows_move("body", "logs") and not _keeps_views(facts, variant):
        return Refusal(variant.name, OTHER_VIEW)
    if read_wording(facts, trial.requirements) == base.wording and not trial.requirements.asks_for_frames:
        return _Outcome(variant, is_proven=True)
    return _judge(trial, variant, facts, base.match)


def _judge(trial: Trial, variant: Variant, facts: Facts, base: Match | None) -> _Outcome:
    match = trial.match(facts)
    if base is None:
        return _Outcome(variant, match is None)
    if match is None:
        verdict = trial.rule.condition.evaluate(facts, read_captures(trial.rule, facts, trial.requirements))
        return _Outcome(variant, is_proven=False, missed=find_missed(verdict).wanted)
    is_open = "words" in variant.needs and trial.requirements.branches_read_words
    is_same = is_open or match.branch == base.branch
    return _Outcome(variant, is_same, "" if is_same else "guidance")


def _keeps_views(facts: Facts, variant: Variant) -> bool:
    return all(
        text.view == place.view
        for place in variant.places
        for text in facts.texts
        if text.source == place.source and text.span.start < place.end and place.start < text.span.end
    )


def _find_missing(trial: Trial, match: Match | None, messages: tuple[Message, ...]) -> frozenset[Need]:
    """The needs that this example does not meet."""
    missing: set[Need] = {"prose"} if trial.requirements.asks_for_language else set()
    views = {message.view for message in messages if not message.is_title_of_report}
    missing |= {"place", "words"} if trial.requirements.measured & views else set()
    if match is None:
        missing |= {"words"} if trial.requirements.guarded & views else set()
        missing |= {"place"} if trial.requirements.anchored & views else set()
        return frozenset(missing)
    spared: Mapping[Need, Callable[[Condition, Verdict], bool]] = {
        "words": lambda condition, verdict: _can_be_broken(condition, verdict, trial.requirements.worded),
        "frames": lambda condition, _: not isinstance(condition, FrameHolds),
        "place": lambda condition, _: not is_anchored(condition),
    }
    missing |= {
        need for need, is_spared in spared.items() if not survives(trial.rule.condition, match.verdict, is_spared)
    }
    return frozenset(missing)


def _can_be_broken(condition: Condition, verdict: Verdict, worded: frozenset[str]) -> bool:
    """Whether it still holds with a line break inside a word; a title and a form's short answers have none."""
    if isinstance(condition, CaptureHolds | VersionHolds):
        name = "version" if isinstance(condition, VersionHolds) else condition.name
        return name not in worded or all(evidence.view.startswith("section") for evidence in verdict.evidence)
    return not reads_whole_words(condition) or all(evidence.view == "title" for evidence in verdict.evidence)


def _tell(trial: Trial, issue: Issue, outcomes: list[_Outcome], *, must_match: bool) -> Failure:
    """The smallest example that shows the failure: of one line if that will do."""
    group = outcomes[0].variant.group
    for smaller in _list_smaller(issue):
        tried = _try_variants(trial, smaller, must_match=must_match)
        found = [o for o in tried if isinstance(o, _Outcome) and o.variant.group == group and not o.is_proven]
        if found:
            return _show(found, len(outcomes) - 1)
    return _show(outcomes, len(outcomes) - 1)


def _list_smaller(issue: Issue) -> list[Issue]:
    """The issue with one line of its body, the shortest first, with its title and without."""
    lines = sorted(filter(str.strip, set(issue.body.split("\n"))), key=lambda line: (len(line), line))
    smaller = [replace(issue, title=title, body=line) for line in lines for title in dict.fromkeys(("", issue.title))]
    return [candidate for candidate in smaller if candidate != issue][:_MOST_TRIES]


def _show(outcomes: list[_Outcome], beside: int) -> Failure:
    smallest = min(outcomes, key=lambda outcome: len(outcome.variant.issue.title) + len(outcome.variant.issue.body))
    return Failure(smallest.variant, show_variant(smallest.variant), smallest.missed, beside)


def show_variant(variant: Variant) -> str:
    """The changed texts, with their line ends and escapes to be seen, each cut to some 160 characters in its middle."""
    whole = len(variant.issue.title) if not variant.issue.body else len(variant.issue.body)
    source = "body" if variant.issue.body else "title"
    places = variant.places or (Moved(source, 0, whole, source),)
    shown = [_cut(read_source(variant.issue, place.source), place.start, place.end) for place in places[:2]]
    return "` and `".join(shown)


def _cut(text: str, start: int, end: int) -> str:
    if end - start > _LONGEST_SHOWN:
        middle = (start + end) // 2
        start, end = middle - _LONGEST_SHOWN // 2, middle + _LONGEST_SHOWN // 2
    return f"{'…' if start else ''}{reveal_line(text[start:end])}{'…' if end < len(text) else ''}"


def explain_failure(rule: Rule, failure: Failure, *, must_match: bool) -> str:
    """A sentence: which example fails on which way, how that looks, and what to do."""
    others = f" (and in {failure.beside} other way{'s' * (failure.beside > 1)})" if failure.beside else ""
    how = f"when it is {failure.variant.name}{others}, as `{failure.shown}`"
    if not must_match:
        return f"`{rule.id}` matches this near miss {how}; {_KEEP_OUT}"
    if failure.missed == "guidance":
        return f"another guidance of `{rule.id}` speaks {how}; {_SAME_BRANCH}"
    return f"`{rule.id}` misses this example {how}, since {failure.missed} does not hold; {_advise(failure.missed)}"


_KEEP_OUT = "write what tells it apart as a `phrase:` under `none:`, which finds a text however it was mangled"
_SAME_BRANCH = "write what `when:` or `set:` look for as a `phrase:`, which finds a text however it was mangled"


def _advise(missed: str) -> str:
    if missed.startswith("regex:"):
        return "write the text as a `phrase:`, which finds it however it was mangled, or let the pattern take this, too"
    if missed.startswith("phrase:"):
        return "write more of the message, or the part of it that always stays together"
    return "let the condition take this, too, or look for a `phrase:` instead"
