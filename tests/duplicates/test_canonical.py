"""Which links may be given."""

import pytest

from bot.duplicates.canonical import Target, judge_target
from bot.github.tracker import Issue, Skip
from tests.builders import an_issue


@pytest.mark.parametrize(
    "number, found, judged",
    [
        (3, an_issue(number=3), Target(number=3, state="open")),
        (3, an_issue(number=3, repository="Octo-Org/Octo-Repo"), Target(number=3, state="open")),
        (3, an_issue(number=3, state="closed", state_reason="completed"), Target(number=3, state="fixed")),
        (3, an_issue(number=3, state="closed", state_reason="duplicate"), Skip("#3 is closed as duplicate")),
        (3, an_issue(number=3, state="closed", state_reason="not_planned"), Skip("#3 is closed as not planned")),
        (3, an_issue(number=3, state="closed"), Skip("#3 is closed")),
        (3, an_issue(number=3, is_pull_request=True), Skip("#3 is a pull request")),
        (3, an_issue(number=9), Skip("#3 was moved to octo-org/octo-repo#9")),
        (3, an_issue(number=3, repository="octo-org/other"), Skip("#3 was moved to octo-org/other#3")),
        (3, None, Skip("#3 does not exist any more")),
        (7, None, Skip("#7 is this issue itself")),
        (7, an_issue(), Skip("#7 is this issue itself")),
    ],
)
def test_only_an_open_or_a_fixed_issue_of_the_repository_is_linked(
    number: int, found: Issue | None, judged: Target | Skip
) -> None:
    assert judge_target(an_issue(), number, found) == judged


@pytest.mark.parametrize(
    "target, is_open", [(Target(number=3, state="open"), True), (Target(number=3, state="fixed"), False)]
)
def test_a_fixed_target_is_not_open(target: Target, *, is_open: bool) -> None:
    assert target.is_open is is_open
