"""Rules that are tried on several cores."""

import multiprocessing
import os
import signal

import pytest

from bot.workbench.check.lint import Terms
from bot.workbench.check.trial import FEW, try_rules
from tests.rules.rules import make_ruleset, write_rule


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the system does not fork")
def test_the_ctrl_c_of_a_terminal_is_heard_by_one_process_alone() -> None:
    ruleset = make_ruleset(*(write_rule(f"rule-{number}") for number in range(FEW)))
    reports = try_rules(ruleset.rules, ruleset, Terms(), 2)

    first = next(reports)
    for worker in multiprocessing.active_children():
        os.kill(worker.pid or 0, signal.SIGINT)

    assert len([first, *reports]) == FEW
