"""The report of a week, from what an archive shows to its texts."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given

from bot.archive.jsonl import open_file
from bot.comment.marker import Marker, sign_comment
from bot.insights.week.presentation import format_duration, render_markdown, to_json
from bot.insights.week.sightings import Answers, SeenIssue, SeenRule, Sightings, find_answers, watch_archive
from bot.insights.week.week import KnownProblem, Look, Period, Waiting, Week, make_week
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Account
from bot.workbench.archive_passes import RuledArchive
from bot.workbench.suggest.clusters import Cluster
from tests.builders import HUMAN, REPORTER, a_comment, a_rule, a_ruleset, an_issue
from tests.comment.hostile_text import find_working, hostile
from tests.stand_ins.gfm import Page, render

UNTIL = datetime(2026, 11, 29, 12, tzinfo=UTC)
PERIOD = Period(UNTIL - timedelta(days=7), UNTIL)
BOT = Account(login="github-actions[bot]", is_bot=True)
OURS = sign_comment("Free some space.", Marker(issue=7))


def ago(**time: float) -> datetime:
    return UNTIL - timedelta(**time)


def seen(number: int, at: datetime, *rules: SeenRule, **changes: object) -> SeenIssue:
    issue = SeenIssue(number=number, title="It fails", at=at, person=f"person-{number}", rules=rules, answers=Answers())
    return replace(issue, **changes)  # type: ignore[arg-type]


DISK = SeenRule("out-of-disk")
RULES = a_ruleset(
    a_rule(reviewed="2026-11-01", fixed_in={"version": "2.1"}, title="The disk | is full, says @octocat"),
    a_rule(id="old", reviewed="2025-11-01", expires="2026-11-29", match={"phrase": "an old one"}),
    a_rule(id="new", match={"phrase": "a new one"}),
    a_rule(id="label-only", mode="label", match={"phrase": "a label"}),
)


# --- who answered first


def test_the_first_answers_are_by_a_maintainer_and_by_signpost() -> None:
    times = [ago(hours=hours) for hours in range(9, 0, -1)]
    comments = [
        a_comment("me too", created_at=times[0]),
        a_comment("I am the author", REPORTER, association="MEMBER", created_at=times[1]),
        a_comment("beep", BOT, created_at=times[2]),
        a_comment(OURS, HUMAN, association="NONE", created_at=times[3]),
        a_comment(OURS, BOT, created_at=times[4]),
        a_comment(OURS, BOT, created_at=times[5]),
        a_comment("here is how", HUMAN, association="MEMBER", created_at=times[6]),
        a_comment("and more", HUMAN, association="OWNER", created_at=times[7]),
    ]
    assert find_answers(an_issue(comments=tuple(comments))) == Answers(maintainer=times[6], signpost=times[4])
    assert find_answers(an_issue(comments=tuple(comments[:4]))) == Answers()
    posted_by_a_person = a_comment(OURS, HUMAN, association="MEMBER", created_at=times[0])
    assert find_answers(an_issue(comments=(posted_by_a_person,))) == Answers(signpost=times[0])


def write_archive(path: Path, **changes: object) -> Path:
    """Three issues: before the start, before the period, and in it."""
    body = "write failed: No space left on device"
    rows = [
        {"number": number, "title": "It fails", "body": text, "created_at": at.isoformat(), "user": {"login": person}}
        for number, at, text, person in (
            (1, ago(days=300), body, "a"),
            (2, ago(days=30), body, "a"),
            (3, ago(days=3), body, "b"),
            (4, ago(days=2), "error: the frobnicator is lost", "c"),
            (5, ago(days=1), "error: the frobnicator is lost", "d"),
        )
    ]
    rows[-1] |= changes
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def write_messages(path: Path, bodies: Sequence[str]) -> Path:
    """An issue of the period for each text, each by a person of its own, and three others."""
    texts = [*bodies, "How do I?", "Please add it.", "Thanks for all"]
    rows = [
        {"number": n, "title": "x", "body": text, "created_at": ago(days=1).isoformat(), "user": {"login": f"p{n}"}}
        for n, text in enumerate(texts)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def watch(path: Path) -> tuple[Sightings, Ruleset]:
    rule = json.dumps(a_rule(match={"phrase": "No space left on device"}))
    archive = RuledArchive(issues=open_file(path), rules=({"rules/out-of-disk.yml": rule},))
    return watch_archive(archive, ago(days=182), PERIOD.since, UNTIL), archive.ruleset


def test_an_archive_shows_its_rules_messages_and_age(tmp_path: Path) -> None:
    found, ruleset = watch(write_archive(tmp_path / "issues.jsonl"))
    assert [(each.number, [rule.id for rule in each.rules]) for each in found.issues] == [
        (2, ["out-of-disk"]),
        (3, ["out-of-disk"]),
        (4, []),
        (5, []),
    ]
    assert (found.first, found.seen, found.messages.seen) == (ago(days=300), 5, 3)
    week = make_week(found, ruleset, PERIOD)
    assert [(each.line, each.numbers) for each in week.clusters] == [("error: the frobnicator is lost", (4, 5))]
    assert (week.issues, week.matched, week.unmatched, week.maintainers) == (3, 1, 2, None)


COMMENT = {"id": 1, "body": "here", "created_at": ago(hours=20).isoformat(), "user": {"login": "m"}}


@pytest.mark.parametrize(
    "changes, expected",
    [
        pytest.param({}, False, id="an archive without any comment"),
        pytest.param({"comments": 1}, False, id="comments that were not downloaded"),
        pytest.param({"comments": [COMMENT]}, True, id="comments"),
    ],
)
def test_without_the_comments_nothing_is_said_about_answers(
    tmp_path: Path, changes: dict[str, object], *, expected: bool
) -> None:
    found, ruleset = watch(write_archive(tmp_path / "issues.jsonl", **changes))
    assert (found.knows_answers, make_week(found, ruleset, PERIOD).maintainers is not None) == (expected, expected)


# --- the week as a value


def test_problems_are_counted_by_people() -> None:
    issues = [
        seen(1, ago(days=9), DISK),
        seen(2, ago(days=6), DISK, SeenRule("new")),
        seen(3, ago(days=5), DISK, person="person-2"),
        seen(4, ago(days=4), DISK),
        seen(5, ago(days=3)),
        seen(6, UNTIL + timedelta(hours=1), DISK),
        seen(7, ago(days=7), DISK),
    ]
    week = make_week(Sightings(issues=issues), RULES, PERIOD, "octo-org/octo-repo")
    assert week.problems == (
        KnownProblem(
            rule="out-of-disk",
            title="The disk | is full, says @octocat",
            issues=3,
            people=2,
            people_before=2,
            newest=(4, 3, 2),
        ),
        KnownProblem(rule="new", title="The disk is full", issues=1, people=1, people_before=0, newest=(2,)),
    )
    assert (week.issues, week.people, week.issues_before, week.matched, week.unmatched) == (4, 3, 2, 3, 1)


@pytest.mark.parametrize(
    "hours, expected",
    [
        pytest.param([], Waiting(total=0, answered=0, median=None), id="nobody waits"),
        pytest.param([2], Waiting(total=1, answered=1, median=timedelta(hours=2)), id="one answer"),
        pytest.param([None, 2], Waiting(total=2, answered=1, median=timedelta(hours=2)), id="half"),
        pytest.param([None, None, 2], Waiting(total=3, answered=1, median=None), id="fewer than half"),
        pytest.param([9, 1, None, 4], Waiting(total=4, answered=3, median=timedelta(hours=4)), id="several"),
    ],
)
def test_who_has_no_answer_yet_counts_as_waiting(hours: list[float | None], expected: Waiting) -> None:
    asked = ago(days=2)
    issues = [
        seen(number, asked, answers=Answers(maintainer=None if hour is None else asked + timedelta(hours=hour)))
        for number, hour in enumerate(hours)
    ]
    issues += [seen(90, asked, answers=None), seen(91, ago(days=20))]
    week = make_week(Sightings(issues=issues, has_comments=True), RULES, PERIOD)
    assert week.maintainers == expected
    assert week.unanswered == tuple(issues[number] for number, hour in enumerate(hours) if hour is None)


FIXED = [SeenRule("out-of-disk", "fixed", "2.1.5"), SeenRule("out-of-disk", "older", "2.0")]


@pytest.mark.parametrize(
    "issues, expected",
    [
        pytest.param([], [], id="no report"),
        pytest.param([seen(1, ago(days=1), FIXED[1])], [], id="an older version"),
        pytest.param([seen(1, ago(days=20), FIXED[0])], [], id="not in this week"),
        pytest.param(
            [seen(1, ago(days=1), FIXED[0])], ["1 person reports it with the fix of 2.1 or a later version (2.1.5)."]
        ),
        pytest.param(
            [seen(1, ago(days=1), FIXED[0]), seen(2, ago(days=1), FIXED[0]), seen(3, ago(days=1), FIXED[1])],
            ["2 people report it with the fix of 2.1 or a later version (2.1.5)."],
        ),
    ],
)
def test_a_fix_that_later_versions_contradict_is_disputed(issues: list[SeenIssue], expected: list[str]) -> None:
    looks = make_week(Sightings(issues=issues), RULES, PERIOD).looks
    assert [look.reason for look in looks if look.code == "fix-disputed"] == expected


def test_rules_whose_advice_is_old_need_a_look() -> None:
    assert make_week(Sightings(), RULES, PERIOD).looks == (
        Look(rule="old", code="expired", reason="Its advice expired on 2026-11-29."),
        Look(rule="new", code="unreviewed", reason="It does not say when its advice was last reviewed."),
        Look(rule="old", code="unreviewed", reason="The last review was on 2025-11-01, more than a year ago."),
    )


def test_rules_are_quiet_only_if_the_archive_is_old_enough() -> None:
    issues = [seen(1, ago(days=80), DISK), seen(2, ago(days=90), SeenRule("old"))]
    assert make_week(Sightings(issues=issues, first=ago(days=83)), RULES, PERIOD).quiet is None
    assert make_week(Sightings(issues=issues, first=ago(days=85)), RULES, PERIOD).quiet == ("label-only", "new", "old")


@pytest.mark.parametrize(
    "message, is_named",
    [
        ("error: the frobnicator is lost", True),
        ("error: aborting due to previous error", False),
        ("error: aborting due to 2 previous errors", False),
        ("fatal error: all goroutines are asleep", False),
    ],
)
def test_a_message_that_says_nothing_is_left_out(message: str, is_named: bool, tmp_path: Path) -> None:  # noqa: FBT001
    file = write_messages(tmp_path / "issues.jsonl", [message] * 3)
    assert bool(make_week(*watch(file), PERIOD).clusters) is is_named


def test_the_unanswered_are_in_order_of_time() -> None:
    issues = [seen(number, ago(hours=hours)) for number, hours in ((3, 9), (1, 2), (2, 30), (4, 2))]
    week = make_week(Sightings(issues=issues, has_comments=True), RULES, PERIOD)
    assert [each.number for each in week.unanswered] == [2, 3, 1, 4]


def test_unknown_messages_are_in_order_of_people_and_newness(tmp_path: Path) -> None:
    """The rarest message is not first because it is rare."""
    messages = {"error: the frobnicator is lost": 2, "error: the widget melted away": 4, "error: no gizmo was there": 2}
    texts = [message for message, times in messages.items() for _ in range(times)]
    week = make_week(*watch(write_messages(tmp_path / "issues.jsonl", texts)), PERIOD)
    assert [(each.line, each.authors, max(each.numbers)) for each in week.clusters] == [
        ("error: the widget melted away", 4, 5),
        ("error: no gizmo was there", 2, 7),
        ("error: the frobnicator is lost", 2, 1),
    ]


def test_the_newest_unanswered_are_listed_and_the_rest_counted() -> None:
    issues = [seen(number, ago(hours=number)) for number in range(1, 13)]
    markdown = render_markdown(make_week(Sightings(issues=issues, has_comments=True), RULES, PERIOD))
    start = markdown.index("Open, unknown and without an answer of a maintainer, the newest first:")
    assert [line[3:6].strip("`") for line in markdown[start:].splitlines() if line.startswith("- ")] == [
        f"#{number}" for number in range(1, 11)
    ]
    assert "\n\nAnd 2 more.\n" in markdown[start:]


@pytest.mark.parametrize("state, numbers", [("open", [5]), ("closed", []), (None, [])])
def test_only_an_issue_that_is_known_to_be_open_waits(tmp_path: Path, state: str | None, numbers: list[int]) -> None:
    stated = {"state": state} if state else {}
    comment = {"id": 1, "body": "Me too", "created_at": ago(hours=20).isoformat(), "user": {"login": "m"}}
    found, ruleset = watch(write_archive(tmp_path / "issues.jsonl", comments=[comment], **stated))
    assert [each.number for each in make_week(found, ruleset, PERIOD).unanswered] == numbers


@pytest.mark.parametrize(
    "words, waits",
    [
        pytest.param("Please update.", False, id="an answer"),
        pytest.param("Report.\n\n<sub>Issue report by Signpost, for maintainers.</sub>", True, id="a report of ours"),
        pytest.param("Help.\n\n<sub>Posted automatically by Signpost.</sub>", True, id="guidance of ours"),
        pytest.param("> <sub>Posted automatically by Signpost.</sub>\n\nPlease update.", False, id="a quote of ours"),
    ],
)
def test_a_comment_of_ours_under_the_login_of_a_maintainer_is_no_answer_of_theirs(
    tmp_path: Path,
    words: str,
    waits: bool,  # noqa: FBT001
) -> None:
    comment = {"id": 1, "body": words, "created_at": ago(hours=20).isoformat(), "user": {"login": "m"}}
    comments = [comment | {"author_association": "MEMBER"}]
    found, ruleset = watch(write_archive(tmp_path / "issues.jsonl", comments=comments, state="open"))
    assert [each.number for each in make_week(found, ruleset, PERIOD).unanswered] == ([5] if waits else [])


def test_a_surge_rises() -> None:
    issues = [seen(number, ago(hours=number), DISK) for number in range(9)]
    assert [each.rule for each in make_week(Sightings(issues=issues), RULES, PERIOD).rising] == ["out-of-disk"]


# --- as text


def a_week(title: str = "Where is @octocat? #5 | x", repository: str = "octo-org/octo-repo") -> Week:
    issues = [
        *(seen(number, ago(hours=number), FIXED[0]) for number in range(1, 9)),
        seen(20, ago(days=3), title=title, answers=Answers(signpost=ago(days=2.9))),
        seen(21, ago(days=8)),
    ]
    found = Sightings(issues=issues, has_comments=True, first=ago(days=400))
    cluster = Cluster(
        template=title, issues=3, authors=2, titles=1, elsewhere=0, numbers=(11, 20), weight=9, line=title
    )
    return replace(make_week(found, RULES, PERIOD, repository), clusters=(cluster,))


PAGE = Path(__file__).with_name("golden") / "week.md"


def test_the_report_reads_as_it_was_looked_at() -> None:
    assert render_markdown(a_week()) == PAGE.read_text("utf-8")


def test_a_quiet_week_says_so() -> None:
    week = make_week(Sightings(), Ruleset(), Period(ago(days=14), UNTIL))
    assert render_markdown(week) == (
        "# 14 days of the archive: 15 November 2026 to 29 November 2026\n\n"
        "0 new issues (0 in the 14 days before) from 0 people.\n\n"
        "## Known problems\n\nNo rule matches an issue of this time.\n\n"
        "## Unknown\n\nEvery issue of this time is a known problem.\n\n"
        "## Answers\n\nThe archive does not have the comments; `--comments` downloads them.\n"
    )


@given(hostile)
def test_titles_and_messages_call_nobody_and_break_no_table(title: str) -> None:
    page, plain = (Page(render(render_markdown(a_week(each)))) for each in (title, "It fails"))
    assert find_working(page.live) == find_working(plain.live) == []
    assert (page.tags, page.addresses) == (plain.tags, plain.addresses)


def test_the_title_of_a_rule_is_plain_text() -> None:
    title = "<img src=x> | a ![b](https://c.example) <b>bold"
    hostile_page, page = (
        Page(render(render_markdown(replace(a_week(), titles={"out-of-disk": each})))) for each in (title, "Full")
    )
    assert (hostile_page.tags, hostile_page.addresses) == (page.tags, page.addresses)
    shown = "".join(hostile_page.live).replace("\u200b", "")  # which keeps GitHub from making a link of an address
    assert (shown.count(title), "".join(page.live).count("Full")) == (3, 3)


LONG = f"{'the noise ' * 40}error: the frobnicator of me@example.org is lost"


@pytest.mark.parametrize(
    "line, shown",
    [
        (
            "<anon>:5:3: 5:4 error: type of `frob` is lost in /home/octocat/x",
            "<anon>:5:3: 5:4 error: type of `frob` is lost in /home/user/x",
        ),
        (LONG, "…the frobnicator of name@example.com is lost"),
    ],
)
def test_a_message_is_shown_as_a_reporter_saw_it(tmp_path: Path, line: str, shown: str) -> None:
    """Private data is masked first; a line that is too long begins with the message."""
    week = make_week(*watch(write_messages(tmp_path / "issues.jsonl", [f"```\n{line}\n```"] * 3)), PERIOD)
    assert ([each["message"] for each in to_json(week)["clusters"]], render_markdown(week).count(shown)) == ([shown], 1)


def test_on_an_enterprise_server_issues_are_code() -> None:
    assert "redirect.github.com" not in render_markdown(a_week(), "https://github.example.com")
    assert "`#20`" in render_markdown(a_week(), "https://github.example.com")


JSON = {
    "repository": "octo-org/octo-repo",
    "since": "2026-11-22T12:00:00+00:00",
    "until": "2026-11-29T12:00:00+00:00",
    "issues": 9,
    "issues_before": 1,
    "people": 9,
    "matched": 8,
    "unmatched": 1,
    "rules": [
        {
            "rule": "out-of-disk",
            "title": "The disk | is full, says @octocat",
            "issues": 8,
            "people": 8,
            "people_before": 0,
            "newest": [8, 7, 6, 5, 4],
        }
    ],
    "clusters": [{"message": "Mail me: name@example.com", "issues": 3, "people": 2, "numbers": [11, 20]}],
    "unanswered": [{"number": 20, "title": "Mail me: name@example.com"}],
    "answers": {
        "maintainers": {"total": 9, "answered": 0, "median_hours": None},
        "signpost": {"total": 9, "answered": 1, "median_hours": None},
    },
    "looks": [
        {
            "rule": "out-of-disk",
            "code": "fix-disputed",
            "reason": "8 people report it with the fix of 2.1 or a later version (2.1.5).",
        },
        {"rule": "old", "code": "expired", "reason": "Its advice expired on 2026-11-29."},
        {"rule": "new", "code": "unreviewed", "reason": "It does not say when its advice was last reviewed."},
        {"rule": "old", "code": "unreviewed", "reason": "The last review was on 2025-11-01, more than a year ago."},
    ],
    "quiet": ["label-only", "new", "old"],
}


def test_json_has_the_figures_and_no_logins() -> None:
    found = to_json(a_week("Mail me: octo@example.org"))
    rising = found.pop("rising")
    assert [(each["rule"], each["people"], each["lasts"], each["usual"]) for each in rising] == [
        ("out-of-disk", 8, True, [0, 1])
    ]
    assert found == JSON


@pytest.mark.parametrize(
    "time, expected",
    [
        (timedelta(0), "a minute"),
        (timedelta(seconds=90), "2 minutes"),
        (timedelta(minutes=61), "1 hour"),
        (timedelta(hours=30), "30 hours"),
        (timedelta(hours=60), "2 days"),
        (timedelta(days=9), "9 days"),
    ],
)
def test_a_duration_is_short(time: timedelta, expected: str) -> None:
    assert format_duration(time) == expected


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render_markdown(a_week()), "utf-8")
