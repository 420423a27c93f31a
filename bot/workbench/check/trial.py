"""Runs a check: rules on all cores, and the labels and issues on GitHub that they name."""

import signal
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from multiprocessing import get_all_start_methods, get_context

from bot.duplicates.canonical import describe_closing
from bot.errors import Problem, TrackerError
from bot.output.progress import track
from bot.rules.captures import find_captures, list_values
from bot.rules.compiler import Compiler
from bot.rules.conditions.types import Condition, Needle
from bot.rules.matcher import read_facts
from bot.rules.prefilter import Prefilter
from bot.rules.ruleset import Rule, Ruleset
from bot.tracker.types import Issue, Tracker
from bot.workbench.check.checker import Asked, CheckReport, check_overlaps, check_rule, check_set, join_reports
from bot.workbench.check.lint import Alternative, Frequencies, Place, Terms, list_alternatives

FEW = 60
"""Up to this number of rules, this process checks all rules: starting others takes longer."""

_CHUNK = 8
_shared: list[tuple[Sequence[Rule], Ruleset, Terms]] = []
"""What a forked process has of its parent: compiled patterns cannot be sent through a pipe."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The rules to check, and the number of processes: all rules of a set, or the rules in `files`.

    `today` is for the age of advice, `online` is what GitHub answered, and `issues` are past issues to count how
    common each condition is.
    """

    ruleset: Ruleset
    today: date
    jobs: int
    files: Collection[str] | None = None
    proves_variants: bool = True
    online: CheckReport = field(default_factory=lambda: CheckReport(0, 0, ()))
    issues: Iterable[Issue] | None = None

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules to try."""
        return tuple(rule for rule in self.ruleset.rules if self.files is None or rule.file in self.files)


def run_trial(trial: Trial) -> CheckReport:
    """Check the rules, with a bar on a terminal; raises SettingsError for issues that it cannot read."""
    rules, ruleset = trial.rules, trial.ruleset
    counted = None if trial.issues is None else count_alternatives(rules, ruleset, track(trial.issues, "issues"))
    terms = Terms(today=trial.today, proves_variants=trial.proves_variants, frequencies=counted)
    tried = track(try_rules(rules, ruleset, terms, trial.jobs), "rules", len(rules))
    reports = [check_set(ruleset, trial.files), trial.online, *tried]
    untried = [rule for rule in ruleset.rules if trial.files is not None and rule.file not in trial.files]
    return join_reports([*reports, *(check_overlaps(rule, rules, ruleset) for rule in untried)])


def try_rules(rules: Sequence[Rule], ruleset: Ruleset, terms: Terms, jobs: int) -> Iterator[CheckReport]:
    """A report for each rule, in any order; `jobs` processes if there are many rules and the system can fork."""
    if jobs == 1 or len(rules) < FEW or not _can_fork():
        yield from map(partial(check_rule, ruleset=ruleset, terms=terms), rules)
        return
    _ = ruleset.prefilter, ruleset.known_ids, ruleset.find_phrases  # made once, before there are several of us
    _shared[:] = [(rules, ruleset, terms)]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all: it is ours to end them
    try:
        pool = get_context("fork").Pool(jobs)
    finally:
        signal.signal(signal.SIGINT, before)
    with pool:
        yield from pool.imap_unordered(_try, range(len(rules)), chunksize=_CHUNK)
    _shared.clear()


def _can_fork() -> bool:
    """Whether a fork is safe here. On macOS, a forked process can crash in libraries of the system.

    https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
    """
    return "fork" in get_all_start_methods() and sys.platform != "darwin"


def _try(index: int) -> CheckReport:
    rules, ruleset, terms = _shared[0]
    return check_rule(rules[index], ruleset, terms)


def check_labels(rules: Sequence[Rule], known: Collection[str], repository: str) -> Iterator[Problem]:
    """The labels that are not `known`; GitHub ignores case in labels."""
    there = {label.casefold() for label in known}
    for rule in rules:
        effect = "could not set it in another mode" if rule.model.mode == "observe" else "does not set it"
        for path, label in rule.model.labels.list_given():
            if label.casefold() not in there:
                what = f"{repository} has no label `{label}`, so Signpost {effect}"
                message = f"{what}; create the label, or correct the name"
                yield rule.document.problem_at(("labels", *path), message, "unknown-label", "warning")


def check_follows(rules: Sequence[Rule], found: Mapping[int, Issue | None], repository: str) -> Iterator[Problem]:
    """The issues to follow that are missing, or closed without a fix."""
    for rule in rules:
        if (number := rule.model.follow) is None:
            continue
        issue = found[number]
        if issue is None:
            what = f"{repository}#{number} does not exist, or the token cannot read it; correct the number"
        elif closing := describe_closing(issue):
            what = f"{repository}#{number} is {closing}, so comments do not link it; name an open issue"
        else:
            continue
        yield rule.document.problem_at(("follow",), f"{what}, or remove `follow:`", "dead-follow", "warning")


def check_online(rules: Sequence[Rule], repository: str, tracker: Tracker) -> CheckReport:
    """The warnings, and the number of things asked: all labels together, each issue once. Raises TrackerError."""
    labels = tuple(dict.fromkeys(label for rule in rules for _, label in rule.model.labels.list_given()))
    known = tracker.find_labels(repository, labels) if labels else frozenset[str]()
    follows = dict.fromkeys(rule.model.follow for rule in rules if rule.model.follow is not None)
    found = {number: _find_issue(tracker, repository, number) for number in follows}
    problems = (*check_labels(rules, known, repository), *check_follows(rules, found, repository))
    return CheckReport(0, 0, problems, asked=Asked(repository, len(labels), len(found)))


def _find_issue(tracker: Tracker, repository: str, number: int) -> Issue | None:
    try:
        return tracker.get_issue(repository, number)
    except TrackerError as error:
        if not error.missing:
            raise
        return None


@dataclass(frozen=True, eq=False)
class _Counted:
    """One alternative of a rule, as the prefilter knows it."""

    id: str
    rule: Rule
    alternative: Alternative
    condition: Condition

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """Those of the alternative."""
        return self.condition.needles


def count_alternatives(rules: Sequence[Rule], ruleset: Ruleset, issues: Iterable[Issue]) -> Frequencies:
    """Count over the issues, one at a time."""
    prefilter, counts, total = Prefilter(_list_counted(rules)), Counter[Place](), 0
    for issue in issues:
        total += 1
        facts = read_facts(issue, ruleset)
        for counted in prefilter.find_candidates(facts):
            captures = find_captures(counted.rule.pack.captures, facts)
            if counted.condition.evaluate(facts, captures).holds:
                counts[counted.rule.id, counted.alternative.path] += 1
    return Frequencies(total=total, counts=counts)


def _list_counted(rules: Sequence[Rule]) -> Iterator[_Counted]:
    for rule in rules:
        compiler = Compiler(known=list_values(rule.pack.captures), layouts=tuple(rule.pack.model.layouts))
        for number, alternative in enumerate(list_alternatives(rule.model.match)):
            condition = compiler.compile(alternative.model, alternative.path)
            yield _Counted(f"{rule.id} {number}", rule, alternative, condition)
