"""Passes over an archive with rules, in several processes, with a bar on a terminal."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from bot.archive.jsonl import IssueArchive, Line, parse_line
from bot.archive.parallel import Counted, Work, work_through
from bot.issue.facts import Facts
from bot.output.progress import track
from bot.rules.loader import build_ruleset, join_rulesets
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue

Files = Mapping[str, str]
"""The texts of the files of one place, by path."""

Chunk = Sequence[Line]
Seen = TypeVar("Seen", bound=Counted)


@dataclass(frozen=True, kw_only=True)
class RuledArchive:
    """An archive, the files of each place of rules to read it with, and the number of worker processes."""

    issues: IssueArchive
    rules: tuple[Files, ...] = ()
    jobs: int = 1

    @cached_property
    def ruleset(self) -> Ruleset:
        """The rules of all places."""
        return compile_rules(self.rules)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of these rules."""
        return frozenset(rule.id for rule in self.ruleset.rules)

    def read_facts(self, issue: Issue) -> Facts:
        """What an issue says, as these rules read it."""
        return read_facts(issue, self.ruleset)

    def list_matching(self, issue: Issue) -> list[str]:
        """The ids of the rules that match an issue."""
        if not self.ruleset.rules:
            return []
        return [match.rule.id for match in match_rules(self.read_facts(issue), self.ruleset)]

    def run_pass(self, work: Work[Seen], what: str) -> Iterator[Seen]:
        """One answer of the work per chunk; raises SettingsError, with the place, for a line that is not an issue."""
        answers = work_through(self.issues.read_lines(), work, self.jobs)
        return track(answers, what, count=lambda answer: answer.seen)

    def read_sample(self, numbers: Collection[int]) -> dict[int, Facts]:
        """The issues with these numbers, by number."""
        issues = (issue for issue in self.issues.read_issues() if issue.number in numbers)
        return {issue.number: self.read_facts(issue) for issue in issues}


def compile_rules(places: Iterable[Files]) -> Ruleset:
    """The rules of several places as one set."""
    return join_rulesets(build_ruleset(files) for files in places)


def read_chunk(lines: Chunk, ruleset: Ruleset) -> Iterator[Facts | None]:
    """The facts of each issue of a chunk; None for a pull request."""
    for where, line in lines:
        for issue in parse_line(line, where):
            yield None if issue.is_pull_request else read_facts(issue, ruleset)


def read_matched(lines: Chunk, ruleset: Ruleset) -> Iterator[tuple[Facts, bool]]:
    """The issues of a chunk, pull requests left out, and whether a rule matches each."""
    for facts in read_chunk(lines, ruleset):
        if facts is not None:
            yield facts, bool(ruleset.rules) and bool(match_rules(facts, ruleset))
