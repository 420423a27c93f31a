"""The labels of a rule: those that answers of an issue give, and how names of labels are compared. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bot.issue.facts import Facts, Text
from bot.issue.layout import is_answered
from bot.rules.conditions.types import Captures, Condition, Evidence, make_evidence
from bot.rules.spec.labels import Labels
from bot.text.markdown import Span, drop_comments
from bot.text.normalize import collapse
from bot.tracker.types import LONGEST_LABEL, unique

MOST_ANSWERS = 20
"""Answers of one field that give labels: a form has few options, and text that people type has any number."""

_BULLET = re.compile(r"^\s{0,12}(?:[-*+•]|\d{1,3}[.)])\s+")
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})")
_MARKS = " \t*`"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLabel:
    """A label that an answer gives. `place` is the form field or the capture, as the rule writes it.

    `is_typed`: the name contains text that a reporter may have typed, so Signpost never creates the label.
    """

    name: str
    answer: str
    place: str
    is_typed: bool = False
    evidence: Evidence | None = None

    @property
    def reason(self) -> str:
        """Why the label is asked for; it quotes the issue, so the code that shows it must escape hidden characters."""
        line = f" (line {self.evidence.line})" if self.evidence else ""
        return f"{self.name}, for the answer “{self.answer}” in {self.place}{line}"

    def to_json(self) -> dict[str, object]:
        """As JSON: the label, the answer and its place; `line` is null if the answer has no place in the issue."""
        line = self.evidence.line if self.evidence else None
        return {"label": self.name, "answer": self.answer, "from": self.place, "line": line}


class LabelUse(NamedTuple):
    """The labels of a rule, in lower case: those that its conditions read, those that it sets, and those it removes.

    `prefixes` are those of `labels: {from: [...]}`.
    """

    read: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSource:
    """An item of `from`, ready to read answers.

    `meanings` has the labels of each answer, which is collapsed. `is_closed`: no reporter can type another answer.
    """

    section: str = ""
    capture: str = ""
    meanings: Mapping[str, tuple[str, ...]] | None = None
    prefix: str = ""
    is_closed: bool = False

    @property
    def place(self) -> str:
        """The form field or the capture, as the rule writes it."""
        return f"section: {self.section}" if self.section else f"capture: {self.capture}"

    @property
    def names(self) -> tuple[str, ...]:
        """The labels of the map."""
        return unique(name for names in (self.meanings or {}).values() for name in names)

    def may_give(self, label: str) -> bool:
        """Whether some answer gives the label."""
        folded = label.casefold()
        is_prefixed = bool(self.prefix) and folded.startswith(self.prefix.casefold())
        return is_prefixed or folded in map(str.casefold, self.names)

    def find(self, facts: Facts, captures: Captures) -> Iterator[AnsweredLabel]:
        """The labels of the answers of an issue, in the order of the answers."""
        for answer, evidence in self._list_answers(facts, captures):
            for name in self._name_labels(answer):
                is_typed = bool(self.prefix) and not self.is_closed and collapse(answer) not in (self.meanings or {})
                yield AnsweredLabel(name=name, answer=answer, place=self.place, is_typed=is_typed, evidence=evidence)

    def _name_labels(self, answer: str) -> tuple[str, ...]:
        if found := (self.meanings or {}).get(collapse(answer)):
            return found
        name = f"{self.prefix}{answer}"
        return (name,) if self.prefix and len(name) <= LONGEST_LABEL and name.isprintable() else ()

    def _list_answers(self, facts: Facts, captures: Captures) -> Iterator[tuple[str, Evidence | None]]:
        if self.capture:
            if stated := captures.get(self.capture):
                yield " ".join(stated.value.split()), stated.evidence
            return
        text = next((text for _, text in facts.find_sections(self.section) if self._is_answered(facts, text)), None)
        if text:
            yield from ((answer, self._find_place(answer, text)) for answer in self._split(facts, text))

    def _find_place(self, answer: str, text: Text) -> Evidence:
        """The answer as the reporter wrote it; the whole field if that is not in one piece."""
        at = text.original.find(answer, text.span.start, text.span.end)
        return make_evidence(text, text.span if at < 0 else Span(at, at + len(answer)), self.place)

    def _is_answered(self, facts: Facts, text: Text) -> bool:
        """Whether a field has an answer; one that usually means none counts if the map names it."""
        return facts.is_answered(text) or collapse(drop_comments(text.raw)) in (self.meanings or {})

    def _split(self, facts: Facts, text: Text) -> list[str]:
        """The answers in a field: ticked boxes, else items of a list, else lines with answers between commas.

        GitHub writes several choices of a drop-down as `a, b`, and check boxes as a list of tasks.
        https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
        """
        boxes = [box for box in facts.layout.boxes if text.span.start <= box.span.start < text.span.end]
        if boxes:
            found: Iterable[str] = (box.label for box in boxes if box.is_ticked)
        else:
            lines = (line for line in drop_comments(text.raw).splitlines() if not _FENCE.match(line))
            found = (answer for line in lines for answer in self._split_line(line))
        cleaned = (" ".join(answer.strip(_MARKS).split()) for answer in found)
        known = self.meanings or {}
        answers = (answer for answer in cleaned if is_answered(answer) or collapse(answer) in known)
        return list(dict.fromkeys(answers))[:MOST_ANSWERS]

    def _split_line(self, line: str) -> Iterator[str]:
        """The answers in a line. The longest key of the map comes first, because an option may contain commas."""
        bare = _BULLET.sub("", line)
        if bare != line:
            yield bare
            return
        parts, known = line.split(",", 10 * MOST_ANSWERS), self.meanings or {}
        most = 1 + max((key.count(",") for key in known), default=0)
        start = 0
        while start < len(parts):
            ends = range(min(len(parts), start + most), start, -1)
            end = next((end for end in ends if collapse(",".join(parts[start:end])) in known), start + 1)
            yield ",".join(parts[start:end])
            start = end


def make_sources(labels: Labels, values: Mapping[str, Collection[str]]) -> tuple[LabelSource, ...]:
    """The items of `from`. `values` are those that each capture can have; none: any value."""
    return tuple(
        LabelSource(
            section=model.section or "",
            capture=model.capture or "",
            meanings={collapse(key): tuple(names) for key, names in (model.map or {}).items()},
            prefix=model.prefix or "",
            is_closed=bool(values.get(model.capture or "")),
        )
        for model in labels.from_
    )


def list_closed_values(
    known: Mapping[str, Collection[str]],
    captured: Iterable[tuple[str, str]],
    sets: Iterable[tuple[str, str]],
    stated: Collection[str],
) -> dict[str, tuple[str, ...]]:
    """The captures that a rule may use, each with the values that it can have; an empty tuple: any value.

    `known` are those that conditions may compare. `captured` are the names and types in the conditions of the rule,
    `sets` the facts that it sets, and `stated` the captures of its pack.
    """
    free = {name for name, type_ in captured if type_ != "choice"}
    values = {name: () if name in free else tuple(found) for name, found in known.items()}
    for name, value in sets:
        if name not in free and name not in stated:
            values[name] = (*values[name], value)
    return values


def find_use(
    given: Iterable[str], removed: Iterable[str], sources: Iterable[LabelSource], conditions: Iterable[Condition]
) -> LabelUse:
    """How a rule uses labels: those that it sets and removes, and those that its conditions read."""
    read = (name for each in conditions for condition, _ in each.walk() for name in condition.reads.labels)
    prefixes = (source.prefix for source in sources if source.prefix)
    return LabelUse(_fold(read), _fold(given), _fold(removed), _fold(prefixes))


def _fold(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.casefold() for name in names))
