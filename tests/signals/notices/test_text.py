"""The texts of our own issues; `python -m tests.signals.notices.test_text` writes the golden files anew."""

from dataclasses import replace
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comment.renderer import MAX_CHARACTERS, CommentError
from bot.errors import Problem
from bot.insights.surge import Surge
from bot.insights.week.presentation import describe_surge
from bot.signals.ledger import NOTICE_TITLES
from bot.signals.notices.lists import write_muted, write_problems
from bot.signals.notices.plan import OpenNotice, Seen, plan_notices
from bot.signals.notices.text import count_times, count_versions, write_over, write_surge, write_surge_title
from tests.builders import a_rule
from tests.comment.hostile_text import find_working, hostile
from tests.signals.ledgers import DAY, START
from tests.signals.notices.incidents import (
    HOUR,
    SETTINGS,
    UNKNOWN,
    a_mute,
    a_surge,
    an_incident,
    arrivals,
    settings_of,
)
from tests.stand_ins.gfm import Page, render

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = ("2.1.4", "2.1.4", "", "2.1.5-beta.1", "2.1.4", "`x`\u202e @octocat #1")
RICH = settings_of(
    a_rule(
        title="The disk is full",
        fixed_in={"version": "2.1.9", "pr": 45},
        guidance={"tldr": "The build ran out of disk space. See #3.", "steps": ["Free at least 2 GB.", "Try again."]},
    ),
    site="https://octo-org.github.io/octo-repo",
)
ENTERPRISE = replace(SETTINGS, server="https://github.example.com")


PROBLEMS = (
    Problem(".github/signpost/config.yml", 3, 7, "unknown mode `loud`; did you mean `label`?"),
    Problem(".github/signpost/a|b.yml", 1, 1, "@octocat broke https://example.com/x | octo/widget#1 <b> `#2`"),
)
SIX_HOURS = [(f" {day} Apr {hour:02}:00", 0) for day in range(1, 6) for hour in (0, 6, 12, 18)][:-1]


def golden_texts() -> dict[str, str]:
    """Every kind of text, by the name of its golden file."""
    return {
        "rule": write_surge(an_incident(*arrivals(14, versions=VERSIONS)), RICH, former=3),
        "message": write_surge(replace(UNKNOWN, reports=arrivals(5, every=5 * HOUR)), SETTINGS),
        "over": write_surge(an_incident(*arrivals(14)), RICH, former=3, ended="**This is over.**"),
        "enterprise-server": write_surge(an_incident(*arrivals(12)), ENTERPRISE),
        "muted": write_muted([a_mute(), a_mute("cannot-log-in", 24, 31)], SETTINGS),
        "problems": write_problems(PROBLEMS, SETTINGS, is_stopped=False),
        "problems-of-settings": write_problems(PROBLEMS[:1] * 52, SETTINGS, is_stopped=True),
    }


@pytest.mark.parametrize("name", [path.stem for path in sorted(GOLDEN.glob("*.md"))])
def test_a_notice_reads_as_it_was_looked_at(name: str) -> None:
    assert golden_texts()[name] + "\n" == (GOLDEN / f"{name}.md").read_text("utf-8")


def test_every_kind_of_notice_has_its_golden_file() -> None:
    assert sorted(golden_texts()) == sorted(path.stem for path in GOLDEN.glob("*.md"))


@pytest.mark.parametrize(
    "times, expected",
    [
        ([], []),
        ([START], [("31 Mar 23:00", 1)]),
        ([START, START + 2 * HOUR, START + 1], [("31 Mar 23:00", 2), (" 1 Apr 00:00", 0), (" 1 Apr 01:00", 1)]),
        ([START, START + 5 * DAY], [("31 Mar 18:00", 1), *SIX_HOURS, (" 5 Apr 18:00", 1)]),
    ],
)
def test_a_chart_has_every_step_of_time(times: list[int], expected: list[tuple[str, int]]) -> None:
    assert count_times(times) == expected


@given(st.lists(st.integers(START, START + 900 * DAY), min_size=1, max_size=40))
def test_a_chart_of_times_stays_short(times: list[int]) -> None:
    rows = count_times(times)
    assert (len(rows) <= 24, sum(number for _, number in rows) <= len(times)) == (True, True)


@pytest.mark.parametrize(
    "versions, expected",
    [
        ([], []),
        (["", "2.1", "2.1", "1"], [("2.1", 2), ("1", 1), ("not stated", 1)]),
        (
            [f"1.{each}" for each in range(10)],
            [*((f"1.{each}", 1) for each in range(8)), ("other versions", 2)],
        ),
        (["x" * 40], [("x" * 24 + "…", 1)]),
        (["1.0", "a\nb", "\u202e", "1 2"], [("1.0", 1), ("not stated", 3)]),
    ],
)
def test_versions_are_counted_and_cut(versions: list[str], expected: list[tuple[str, int]]) -> None:
    assert count_versions(versions) == expected


@pytest.mark.parametrize(
    "surge, sentence",
    [
        (a_surge(mu=0.001), "one in 12 weeks or less"),
        (a_surge(mu=0.01), "one in 25 days"),
        (a_surge(mu=0.03), "one in 8 days"),
        (a_surge(mu=0.24), "1 a day"),
        (a_surge(mu=2.0, g=2.0), "4 a day"),
    ],
)
def test_the_usual_number_is_the_same_everywhere(surge: Surge, sentence: str) -> None:
    assert f" The usual number is {sentence}.\n" in write_surge(an_incident(surge=surge), SETTINGS)
    assert f", usually {sentence}; " in describe_surge(surge)


@pytest.mark.parametrize("name", ["rule", "message", "muted"])
def test_a_text_that_ends_asks_for_nothing_and_promises_nothing(name: str) -> None:
    text = write_over(golden_texts()[name], "**This is over.**")
    assert [words for words in ("👍", "subscribe", "up to date", "What you can do") if words in text] == []
    assert (text.startswith("**This is over.**\n\n"), text.count("<sub>")) == (True, 1)


def test_texts_with_values_of_a_report_are_left_out() -> None:
    tldr, steps = (
        "The build of #{{ issue.number }} ran out of disk space.",
        ["Free space.", "Read #{{ issue.number }}."],
    )
    rule = a_rule(guidance={"tldr": tldr, "steps": steps})
    text = write_surge(an_incident(), settings_of(rule))
    assert ("ran out" in text, "1. Free space." in text, "{{" in text, "2. Read" in text) == (False, True, False, False)


def test_many_reports_stay_within_what_github_takes() -> None:
    incident = an_incident(*arrivals(5000, every=60, versions=["`" * 60 + "x" * 300]), title="`" * 5000)
    (action,) = plan_notices(Seen(incidents=(incident,), muted=(), now=START), (), SETTINGS)
    assert isinstance(action, OpenNotice)
    assert (len(action.body) <= MAX_CHARACTERS, len(action.title) <= 256) == (True, True)
    assert ", and 4,690 more" in action.body


@given(title=hostile, version=hostile, person=hostile)
def test_nothing_of_a_report_calls_links_or_escapes(title: str, version: str, person: str) -> None:
    """The first ten reports are linked on purpose, and nothing else."""
    reports = tuple(each._replace(version=version, person=person) for each in arrivals(12))
    incident = replace(UNKNOWN, title=title, reports=reports)
    text = write_surge(incident, SETTINGS)
    page = Page(render(text))
    live = "\n".join(page.live)
    for number in range(100, 110):
        live = live.replace(f"#{number}, ", "")
    assert find_working(live.split("\n")) == []
    assert set(page.addresses) == {f"https://redirect.github.com/octo/widget/issues/{each}" for each in (110, 111)}
    assert set(page.tags) <= {"p", "strong", "code", "pre", "ul", "li", "a", "sub", "br"}


@given(hostile)
def test_a_title_is_one_plain_line(title: str) -> None:
    written = write_surge_title(replace(UNKNOWN, title=title))
    rest = written.removeprefix(NOTICE_TITLES["surge"])
    hidden = [sign for sign in rest if category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and sign not in "\u200b\u200d"]
    assert (find_working([rest]), hidden, len(written) <= 256) == ([], [], True)


def test_a_rule_that_would_call_somebody_has_no_issue() -> None:
    with pytest.raises(CommentError, match="forbidden words"):
        write_surge(an_incident(), replace(SETTINGS, forbidden=("disk",)))


if __name__ == "__main__":
    for stem, words in golden_texts().items():
        (GOLDEN / f"{stem}.md").write_text(words + "\n", "utf-8")
