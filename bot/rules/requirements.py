"""What a rule looks at: which views, sections, boxes and captures its outcome may hang on. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.issue.facts import Facts
from bot.issue.markdown import drop_comments
from bot.issue.normal import collapse
from bot.rules.captures import find_captures
from bot.rules.conditions import (
    AllHold,
    AtLeastHold,
    CaptureHolds,
    Condition,
    IssueHolds,
    NoneHolds,
    Sets,
    VersionHolds,
)
from bot.rules.rule import Rule
from bot.rules.section_conditions import CheckboxHolds, SectionHolds, SectionIsSilent
from bot.rules.text_conditions import CodeHolds, FrameHolds, PhraseHolds, RegexHolds
from bot.rules.verdict import Captures

TextCondition = PhraseHolds | RegexHolds | CodeHolds | FrameHolds
_IN_SECTION = "section:"
_MEASURE = re.compile(r"\^?(?:\.|\\[SwW])\{\d+(?:,\d*)?\}\$?")
_ANCHOR = re.compile(r"(?<![\\\[])[\^$]|\\[Az]")


def walk_leaves(condition: Condition, *, is_guard: bool = False) -> Iterator[tuple[Condition, bool]]:
    """The single conditions inside a condition, each with whether it stands under a `none:`."""
    match condition:
        case AllHold() | AtLeastHold():
            for child in condition.conditions:
                yield from walk_leaves(child, is_guard=is_guard)
        case NoneHolds():
            for child in condition.conditions:
                yield from walk_leaves(child, is_guard=True)
        case Sets():
            yield from walk_leaves(condition.condition, is_guard=is_guard)
        case _:
            yield condition, is_guard


def reads_whole_words(condition: Condition) -> bool:
    """Whether it cannot see across a line break inside a word: it reads the collapsed form, not the squeezed one."""
    return isinstance(condition, RegexHolds | CodeHolds | FrameHolds) or (
        isinstance(condition, PhraseHolds) and condition.phrase.is_short
    )


def is_measure(condition: Condition) -> bool:
    """Whether it asks how long a text is, and not what it says."""
    return isinstance(condition, RegexHolds) and bool(_MEASURE.fullmatch(condition.source))


def is_anchored(condition: Condition) -> bool:
    """Whether it says where in its text something begins or ends."""
    return isinstance(condition, RegexHolds) and bool(_ANCHOR.search(condition.source))


@dataclass(frozen=True)
class Requirements:
    """What a rule (with the branches of its guidance) asks of an issue beside the words of its texts.

    `views` has, for each text condition, where it looks; `guarded` the views in which a `none:` reads whole words,
    `anchored` those in which one says where a text begins or ends, `measured` those in which any condition asks how
    long a text is; `worded` the captures that a regex reads;
    `branches_read_words` says whether which guidance speaks may hang on whole words.
    `sections` are asked whether they say anything, `exact` what they say.
    """

    views: frozenset[tuple[str, ...]]
    guarded: frozenset[str]
    anchored: frozenset[str]
    measured: frozenset[str]
    worded: frozenset[str]
    sections: frozenset[str]
    exact: frozenset[str]
    captures: frozenset[str]
    about: tuple[IssueHolds, ...]
    asks_for_boxes: bool
    asks_for_frames: bool
    branches_read_words: bool
    sees_squeezed_alone: bool

    @property
    def asks_for_language(self) -> bool:
        """Whether words of ours around the message could change what the rule sees."""
        return any(leaf.key == "language" for leaf in self.about)

    @property
    def is_tied_to_sections(self) -> bool:
        """Whether a text of it is looked for in a form field only."""
        return any(view.startswith(_IN_SECTION) for views in self.views for view in views)

    def allows_move(self, origin: str, goal: str) -> bool:
        """Whether a text says the same in both views: each text condition looks at both of them, or at neither."""
        return not self.is_tied_to_sections and all((origin in views) == (goal in views) for views in self.views)


def read_requirements(rule: Rule) -> Requirements:
    """Look through a rule's conditions."""
    leaves = [pair for one in (rule.condition, *filter(None, rule.branches)) for pair in walk_leaves(one)]
    conditions = [leaf for leaf, _ in leaves]
    texts = [leaf for leaf in conditions if isinstance(leaf, TextCondition)]
    captures = {name for leaf in conditions for name in _captures_of(leaf)}
    sources = [s for c in rule.pack.captures if c.name in captures for s in c.sources if isinstance(s, str)]
    in_sections = [view.removeprefix(_IN_SECTION).strip() for leaf in texts for view in leaf.views if ":" in view]
    silent = [leaf.name for leaf in conditions if isinstance(leaf, SectionIsSilent)]
    guards = [leaf for leaf, is_guard in leaves if is_guard and isinstance(leaf, TextCondition)]
    return Requirements(
        views=frozenset(leaf.views for leaf in texts),
        guarded=frozenset(view for leaf in guards if reads_whole_words(leaf) for view in leaf.views),
        anchored=frozenset(view for leaf in guards if is_anchored(leaf) for view in leaf.views),
        measured=frozenset(view for leaf in texts if is_measure(leaf) for view in leaf.views),
        worded=frozenset(c.name for c in rule.pack.captures if any(map(_is_regex, c.sources))),
        sections=frozenset([*in_sections, *silent]),
        exact=frozenset([*sources, *(leaf.name for leaf in conditions if isinstance(leaf, SectionHolds))]),
        captures=frozenset(captures),
        about=tuple(leaf for leaf in conditions if isinstance(leaf, IssueHolds)),
        asks_for_boxes=any(isinstance(leaf, CheckboxHolds) for leaf in conditions),
        asks_for_frames=any(isinstance(leaf, FrameHolds) for leaf in conditions),
        branches_read_words=_branches_read_words(rule),
        sees_squeezed_alone=not captures and not any(rule.branches) and not any(map(reads_whole_words, conditions)),
    )


def _branches_read_words(rule: Rule) -> bool:
    """By a condition of their own, or by a fact or hole that comes from whole words."""
    if not any(rule.branches):
        return False
    leaves = [leaf for one in (rule.condition, *filter(None, rule.branches)) for leaf, _ in walk_leaves(one)]
    return any(map(reads_whole_words, leaves)) or any(isinstance(leaf, CaptureHolds | VersionHolds) for leaf in leaves)


def _is_regex(source: object) -> bool:
    return not isinstance(source, str | PhraseHolds)


def _captures_of(leaf: Condition) -> tuple[str, ...]:
    if isinstance(leaf, VersionHolds):
        return ("version",)
    return (leaf.name,) if isinstance(leaf, CaptureHolds) else ()


def read_captures(rule: Rule, facts: Facts, requirements: Requirements) -> Captures:
    """Those captures of the rule's pack that the rule asks for."""
    asked = tuple(capture for capture in rule.pack.captures if capture.name in requirements.captures)
    return find_captures(asked, facts) if asked else {}


Frame = tuple[object, ...]


def read_frame(facts: Facts, requirements: Requirements) -> Frame:
    """What the rule may see of an issue beside texts: two issues with the same frame differ in texts alone."""
    silent = tuple(
        (name, tuple(facts.is_answered(text) for _, text in facts.find_sections(name)))
        for name in sorted(requirements.sections)
    )
    exact = tuple(
        (name, tuple(collapse(drop_comments(text.raw)) for _, text in facts.find_sections(name)))
        for name in sorted(requirements.exact)
    )
    boxes = (
        tuple((collapse(box.label), box.is_ticked) for box in facts.layout.boxes) if requirements.asks_for_boxes else ()
    )
    about = tuple(leaf.evaluate(facts, {}).seen for leaf in requirements.about)
    return facts.layout.name, silent, exact, boxes, about


def read_wording(facts: Facts, requirements: Requirements) -> Frame:
    """All that a condition sees of the texts but for stack frames: with the same frame, the same answer follows.

    Phrases of some length see the squeezed form alone, as long as nobody asks what their holes hold.
    """
    if requirements.sees_squeezed_alone:
        return tuple((text.view, text.squeezed) for text in facts.texts if text.squeezed)
    return tuple((text.view, text.collapsed, text.squeezed) for text in facts.texts if text.collapsed)
