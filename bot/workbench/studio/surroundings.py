"""The other rules around the edited rule; tries it on its own examples and on theirs, at every keystroke. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from bot.errors import Problem
from bot.rules.loader import build_ruleset
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.tracker.types import Issue
from bot.workbench.check.checker import check_rule, list_trespasses
from bot.workbench.check.examples import make_example_issue
from bot.workbench.check.lint import Terms
from bot.workbench.studio.corpus import CHUNK, Chunk, find_hits, make_chunk

ExampleKind = Literal["match", "no_match"]
EXAMPLE_KINDS: tuple[ExampleKind, ...] = ("match", "no_match")


@dataclass(frozen=True)
class ForeignExamples:
    """The issues that other rules must match, ready to try: `owners` has the rule of each, in the same order."""

    owners: tuple[Rule, ...]
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class ExampleTrial:
    """One example of a rule, the `index`th of its kind, as an issue; and whether the rule matches it."""

    kind: ExampleKind
    index: int
    issue: Issue
    holds: bool


@dataclass(frozen=True)
class Surroundings:
    """The name of a rule's file, its pack, and the other rules."""

    file: str
    pack: Pack
    others: Ruleset

    @cached_property
    def examples(self) -> ForeignExamples:
        """The issues that the other rules must match."""
        rules = self.ruleset.rules
        pairs = [(rule, make_example_issue(example)) for rule in rules for example in rule.model.examples.match]
        chunks = _make_chunks([issue for _, issue in pairs], self.ruleset, self.pack)
        return ForeignExamples(tuple(rule for rule, _ in pairs), chunks)

    @cached_property
    def ruleset(self) -> Ruleset:
        """The other rules, with the pack of the edited rule."""
        return self.with_rule(None)

    def with_rule(self, rule: Rule | None) -> Ruleset:
        """The other rules and this one."""
        packs = self.others.packs if self.pack in self.others.packs else (*self.others.packs, self.pack)
        return Ruleset((*([rule] if rule else []), *self.others.rules), packs, self.others.problems)


def find_surroundings(files: Mapping[str, str], file: str, beside: Mapping[str, str]) -> Surroundings:
    """The rules of `files` without `file`; its pack is that of its folder, whose `pack.yml` is in `beside`."""
    others = build_ruleset({name: text for name, text in files.items() if name != file})
    folder = file.rpartition("/")[0]
    mate = next((rule for rule in others.rules if rule.file.rpartition("/")[0] == folder), None)
    pack = mate.pack if mate else build_ruleset({**beside, file: ""}).packs[0]
    return Surroundings(file, pack, others)


def _make_chunks(issues: Sequence[Issue], others: Ruleset, pack: Pack) -> tuple[Chunk, ...]:
    """Issues read with the layouts of all packs, and matched by no other rule."""
    alone = Ruleset((), others.packs)
    return tuple(make_chunk(issues[at : at + CHUNK], at, alone, pack) for at in range(0, len(issues), CHUNK))


def try_examples(rule: Rule, around: Surroundings) -> tuple[ExampleTrial, ...]:
    """Try the rule on each example that it should match, then on each near miss."""
    examples = [(kind, *pair) for kind in EXAMPLE_KINDS for pair in enumerate(_list_examples(rule, kind))]
    chunks = _make_chunks([issue for _, _, issue in examples], around.ruleset, rule.pack)
    verdicts = (rule.condition.evaluate(entry.facts, entry.captures) for chunk in chunks for entry in chunk.entries)
    return tuple(
        ExampleTrial(*example, holds=verdict.holds) for example, verdict in zip(examples, verdicts, strict=True)
    )


def find_example(rule: Rule, kind: str, index: int) -> Issue | None:
    """One example of a rule as an issue; None if the example does not exist."""
    issues = _list_examples(rule, kind) if kind in EXAMPLE_KINDS else []
    return issues[index] if 0 <= index < len(issues) else None


def _list_examples(rule: Rule, kind: str) -> list[Issue]:
    return [make_example_issue(example) for example in getattr(rule.model.examples, kind)]


def prove_rule(rule: Rule, around: Surroundings, today: date, *, proves_variants: bool) -> tuple[Problem, ...]:
    """The problems of a rule, as `check` reports them, and the examples of other rules that it also matches.

    `proves_variants` also tries its examples with other text, which takes longer.
    """
    report = check_rule(rule, around.ruleset, Terms(today=today, proves_variants=proves_variants))
    foreign = around.examples
    matched = dict.fromkeys(foreign.owners[index] for index in find_hits(rule, foreign.chunks))
    return (*report.problems, *list_trespasses(rule, matched))
