"""The bench: it tries each version of one rule on all past issues, in small steps. Pure."""

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from bot.errors import Problem
from bot.issue.layout import name_section
from bot.rules.prefilter import Prefilter
from bot.rules.reader import compile_rule
from bot.rules.ruleset import Rule
from bot.tracker.types import Issue
from bot.workbench.studio.corpus import CHUNK, Chunk, Entry, make_chunk, try_rule
from bot.workbench.studio.surroundings import Surroundings, prove_rule

_LONGEST_NAME = 60


@dataclass
class Attempt:
    """One version of the rule: its problems, and the issues that it matches among those tried so far.

    Before the check, `problems` has only the errors that keep it from loading; after the proof, it has all problems.
    """

    text: str
    rule: Rule | None
    problems: tuple[Problem, ...]
    prefilter: Prefilter[Rule] | None = None
    is_checked: bool = False
    is_proven: bool = False
    hits: list[int] = field(default_factory=list)
    tried: int = 0
    """Chunks."""


def start_attempt(text: str, around: Surroundings) -> Attempt:
    """A version of the rule, ready for tries and proof."""
    rule, problems = compile_rule(text, around.file, around.pack)
    return Attempt(
        text=text,
        rule=rule,
        problems=tuple(problems),
        prefilter=Prefilter([rule]) if rule else None,
        is_checked=rule is None,
        is_proven=rule is None,
    )


class Workbench:
    """The past issues, the saved rule, and the edited rule.

    `step` does a few milliseconds of the remaining work; the caller can put in new text between two steps.
    """

    def __init__(self, around: Surroundings, saved: str, issues: Iterator[Issue], today: date) -> None:
        self.around = around
        self.chunks: list[Chunk] = []
        self.is_loaded = False
        self.sections = Counter[str]()
        self.labels = Counter[str]()
        self.moments: list[float] = []
        """When each issue was opened, in seconds, in the order of the archive."""
        self.saved = start_attempt(saved, around)
        self.current = self.working = self.saved
        self._issues = issues
        self._today = today

    @property
    def count(self) -> int:
        """The number of issues read so far."""
        return self.chunks[-1].start + len(self.chunks[-1].entries) if self.chunks else 0

    def entry_at(self, index: int) -> Entry | None:
        """The issue at a place in the archive."""
        chunk = index // CHUNK
        if not 0 <= chunk < len(self.chunks) or index % CHUNK >= len(self.chunks[chunk].entries):
            return None
        return self.chunks[chunk].entries[index % CHUNK]

    def close(self) -> None:
        """Read no more issues."""
        self.is_loaded = True
        if isinstance(self._issues, Generator):
            self._issues.close()

    def edit(self, text: str) -> None:
        """Take a new version, and drop the unfinished work for the version before.

        If the new version does not load, the last version that did stays at work.
        """
        self.current = self.saved if text == self.saved.text else start_attempt(text, self.around)
        if self.current.rule is not None:
            self.working = self.current

    def mark_saved(self, text: str) -> None:
        """Note that the file now has this text."""
        self.saved = self.current if text == self.current.text else start_attempt(text, self.around)

    @property
    def has_numbers(self) -> bool:
        """Whether both versions were tried on every issue read so far, and the newest is checked."""
        return self.current.is_checked and all(self._is_through(attempt) for attempt in (self.working, self.saved))

    @property
    def is_done(self) -> bool:
        """Whether the newest version is also proven, and all issues have been read."""
        return self.has_numbers and self.current.is_proven and self.is_loaded

    def _is_through(self, attempt: Attempt) -> bool:
        return attempt.rule is None or attempt.tried == len(self.chunks)

    def step(self) -> bool:
        """Do a little of the remaining work: the edited rule, its check, the saved rule, the proof, more issues.

        False if no work is left. Raises SettingsError if it cannot read the rest of the archive.
        """
        if not self._is_through(self.working):
            self._advance(self.working)
        elif not self.current.is_checked:
            self._prove(self.current, proves_variants=False)
        elif not self._is_through(self.saved):
            self._advance(self.saved)
        elif not self.current.is_proven:
            self._prove(self.current, proves_variants=True)
        elif self.is_loaded:
            return False
        else:
            self._load()
        return True

    def _prove(self, attempt: Attempt, *, proves_variants: bool) -> None:
        attempt.is_checked, attempt.is_proven = True, proves_variants
        if attempt.rule:
            attempt.problems = prove_rule(attempt.rule, self.around, self._today, proves_variants=proves_variants)

    def _advance(self, attempt: Attempt) -> None:
        if attempt.rule and attempt.prefilter:
            found = list(try_rule(attempt.rule, attempt.prefilter, self.chunks[attempt.tried]))
            attempt.hits += found
            attempt.tried += 1

    def _load(self) -> None:
        """Read the next chunk; what was read before the archive breaks off is kept."""
        issues = list[Issue]()
        try:
            issues.extend(islice(self._issues, CHUNK))
        finally:
            self.is_loaded = len(issues) < CHUNK
            if issues:
                self._keep(make_chunk(issues, self.count, self.around.ruleset, self.around.pack))

    def _keep(self, chunk: Chunk) -> None:
        for entry in chunk.entries:
            self.labels.update(entry.issue.labels)
            self.sections.update(_name_sections(entry))
        self.moments += [entry.issue.created_at.timestamp() for entry in chunk.entries]
        self.chunks.append(chunk)


def _name_sections(entry: Entry) -> set[str]:
    names = {section.name.strip() for section in entry.facts.layout.sections if section.place == "field"}
    return {name for name in names if name_section(name) and len(name) <= _LONGEST_NAME}
