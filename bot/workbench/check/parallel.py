"""Rules on trial, on all cores."""

import signal
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_all_start_methods, get_context

from bot.rules.ruleset import Rule, Ruleset
from bot.workbench.check.checker import CheckReport, check_rule
from bot.workbench.check.lint import Terms

FEW = 60
"""Rules that are tried in this process: to start others takes longer."""

_CHUNK = 8
_shared: list[tuple[Sequence[Rule], Ruleset, Terms]] = []
"""What a forked process has of its parent: compiled patterns cannot be sent through a pipe."""


def try_rules(rules: Sequence[Rule], ruleset: Ruleset, terms: Terms, jobs: int) -> Iterator[CheckReport]:
    """A report for each rule, in no certain order; with `jobs` processes where there are many and the system forks."""
    if jobs == 1 or len(rules) < FEW or "fork" not in get_all_start_methods():
        yield from map(partial(check_rule, ruleset=ruleset, terms=terms), rules)
        return
    _ = ruleset.prefilter, ruleset.known_ids, ruleset.longer_phrases  # made once, before there are several of us
    _shared[:] = [(rules, ruleset, terms)]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all: it is ours to end them
    try:
        pool = get_context("fork").Pool(jobs)
    finally:
        signal.signal(signal.SIGINT, before)
    with pool:
        yield from pool.imap_unordered(_try, range(len(rules)), chunksize=_CHUNK)
    _shared.clear()


def _try(index: int) -> CheckReport:
    rules, ruleset, terms = _shared[0]
    return check_rule(rules[index], ruleset, terms)
