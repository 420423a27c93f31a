"""`/signpost report`: who may ask, the one comment that answers, and how it stays apart from guidance."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.comment.marker import Marker, find_own_comments, read_marker, sign_comment
from bot.comment.renderer import MAX_CHARACTERS, render_report
from bot.github.webhook_event import IssueRequest
from bot.insights.report.event import answer_request, is_report_request, join_results
from bot.tracker.types import Account, Comment, Issue
from bot.triage.actions import CreateComment, DeleteComment, Plan, React, UpdateComment
from bot.triage.config import Config, Sources
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    a_change,
    a_comment,
    a_ruleset,
    after,
    an_event,
    an_issue,
)
from tests.fakes import FakeTracker
from tests.triage.plans import plan_of, spoken

ASK = "/signpost report"
TEXT = "# Report: `The build fails`\n\nIt has one comment.\n"
COMMAND = a_comment(ASK, HUMAN, id=50, association="MEMBER", created_at=after(minutes=5))


def a_report(asked: int = 50, text: str = TEXT, **changes: object) -> Comment:
    body = sign_comment(render_report(text), Marker(issue=7, kind="report", asked=asked))
    fields: dict[str, object] = {"id": 60, "created_at": after(minutes=6)}
    return replace(a_comment(body, OURSELVES), **(fields | changes))  # type: ignore[arg-type]


def answer(
    *comments: Comment,
    command: Comment = COMMAND,
    text: str = TEXT,
    settings: Config | None = None,
    **changes: object,
) -> tuple[Result, FakeTracker]:
    """The result of a command on issue 7, and what became of the issue."""
    issue = an_issue(comments=comments, **changes)
    tracker = FakeTracker(issues={7: issue}, now=after(minutes=9))
    event = an_event(issue, "issue_comment", "created", comment=command, sender=command.author)
    written = list[int]()

    def write(shown: Issue) -> str:
        written.append(shown.number)
        return text

    result = answer_request(event, write, Sources(ruleset=a_ruleset(), config=settings or Config()), tracker)
    assert (
        bool(written) == any(isinstance(a, CreateComment | UpdateComment) for a in result.plan.actions) or text != TEXT
    )
    return result, tracker


def reports_of(tracker: FakeTracker) -> list[str]:
    return [each.body for each in find_own(tracker.issues[7].comments, "report")]


def find_own(comments: tuple[Comment, ...], kind: str) -> list[Comment]:
    return [own.comment for own in find_own_comments(comments, [OURSELVES.login], 7, kind)]  # type: ignore[arg-type]


# --- who may ask


@pytest.mark.parametrize(
    "body, author, association, action, expected",
    [
        (ASK, HUMAN, "MEMBER", "created", True),
        (ASK, HUMAN, "OWNER", "edited", True),
        (f"Please:\n\n{ASK}.\n\nThank you", HUMAN, "COLLABORATOR", "created", True),
        ("/SIGNPOST  Report", REPORTER, "MEMBER", "created", True),
        (ASK, HUMAN, "CONTRIBUTOR", "created", True),
        (ASK, REPORTER, "NONE", "created", True),
        (ASK, OTHER_BOT, "MEMBER", "created", False),
        (ASK, HUMAN, "MEMBER", "deleted", False),
        (f"> {ASK}", HUMAN, "MEMBER", "created", False),
        (f"```\n{ASK}\n```", HUMAN, "MEMBER", "created", False),
        (f"Write `{ASK}`", HUMAN, "MEMBER", "created", False),
        (f"{ASK} all", HUMAN, "MEMBER", "created", True),
    ],
)
def test_a_command_is_a_line_of_its_own(
    body: str, author: Account, association: str, action: str, *, expected: bool
) -> None:
    comment = a_comment(body, author, association=association)
    event = an_event(an_issue(), "issue_comment", action, comment=comment, sender=author)
    assert is_report_request(event) is expected


def test_nothing_else_asks_for_a_report() -> None:
    assert not is_report_request(an_event(an_issue(body=ASK, association="MEMBER")))
    assert not is_report_request(IssueRequest(repository="octo-org/octo-repo", number=7, sender=HUMAN))


# --- the answer


def test_a_command_is_answered_by_one_comment() -> None:
    result, tracker = answer(COMMAND)
    (body,) = reports_of(tracker)
    assert body.startswith(
        "# Report: `The build fails`\n\nIt has one comment.\n\n"
        "<sub>Issue report by Signpost, for maintainers. A new comment with `/signpost report` updates it.</sub>\n"
    )
    marker = read_marker(body)
    assert marker
    assert (marker.issue, marker.kind, marker.asked, result.errors) == (7, "report", 50, ())


def test_the_same_command_is_answered_once() -> None:
    _, tracker = answer(COMMAND)
    result, again = answer(*tracker.issues[7].comments)
    assert result.plan == Plan(
        (), ("the report for this command is there already; for a new one, write `/signpost report` again",)
    )
    assert again.issues == tracker.issues


@pytest.mark.parametrize(
    "command, permissions, reaction",
    [
        (COMMAND, {}, "+1"),
        (replace(COMMAND, association="CONTRIBUTOR"), {HUMAN.login: "triage"}, "+1"),
        (replace(COMMAND, association="CONTRIBUTOR"), {HUMAN.login: "read"}, "confused"),
        (replace(COMMAND, association="CONTRIBUTOR"), {}, "confused"),
        (replace(COMMAND, association="CONTRIBUTOR"), None, None),
        (replace(COMMAND, association="MEMBER"), {HUMAN.login: "read"}, "confused"),
        (replace(COMMAND, body=f"{ASK} all"), {}, "confused"),
        (replace(COMMAND, author=REPORTER, association="NONE"), {}, "confused"),
    ],
)
def test_the_role_of_its_writer_decides(
    command: Comment, permissions: dict[str, str] | None, reaction: str | None
) -> None:
    tracker = FakeTracker(issues={7: an_issue(comments=(command,))}, now=after(minutes=9), permissions=permissions)
    event = an_event(tracker.issues[7], "issue_comment", "created", comment=command, sender=command.author)
    sources = Sources(ruleset=a_ruleset(), config=Config())
    result = answer_request(event, lambda _: TEXT, sources, tracker)
    assert [a.content for a in result.plan.actions if isinstance(a, React)] == ([reaction] if reaction else [])
    assert len(reports_of(tracker)) == (reaction == "+1")
    assert not answer_request(event, lambda _: TEXT, sources, tracker).plan.actions


def test_a_new_command_updates_the_report_in_place() -> None:
    newer = replace(COMMAND, id=70)
    result, tracker = answer(COMMAND, a_report(), newer, command=newer, text="# Report\n\nIt has three comments.\n")
    assert [action.action for action in result.plan.actions] == ["update_comment", "react"]
    (body,) = reports_of(tracker)
    assert "It has three comments." in body
    assert find_own(tracker.issues[7].comments, "report")[0].id == 60


def test_a_late_command_does_not_replace_a_newer_report() -> None:
    result, _ = answer(COMMAND, a_report(asked=70), replace(COMMAND, id=70))
    assert result.plan.actions == (React(50, "+1"),)


CHANGED = "the command `/signpost report` was deleted or changed, so Signpost writes no report"
DELETED = "a comment was deleted after the command, so Signpost does not write a report; ask again for one"


@pytest.mark.parametrize(
    "comments, reason",
    [
        pytest.param([], CHANGED, id="the command was deleted"),
        pytest.param([replace(COMMAND, body="never mind")], CHANGED, id="the command was changed"),
        pytest.param(
            [COMMAND, a_report(asked=40, is_minimized=True)],
            "somebody hid Signpost's report, so it stays as it is",
            id="hidden",
        ),
        pytest.param(
            [COMMAND, a_report(asked=40, body=a_report(asked=40).body.replace("one", "1"))],
            "somebody edited Signpost's report, so it stays as it is",
            id="edited",
        ),
        pytest.param(
            [COMMAND, a_report(asked=40, body=a_report(asked=40).body.rpartition("\n")[0])],
            "somebody edited Signpost's report, so it stays as it is",
            id="without its marker",
        ),
        pytest.param(
            [COMMAND, a_report(asked=40, body=a_report(asked=40).body.replace("signpost:v1", "signpost:v9"))],
            "a newer version of Signpost wrote the report, so it stays as it is",
            id="by a newer version",
        ),
        pytest.param(
            [COMMAND, a_report(author=OTHER_BOT)],
            "tidy-up[bot] has a report here with Signpost's marker, so Signpost does not write another one",
            id="by another bot",
        ),
    ],
)
def test_what_people_did_stays(comments: list[Comment], reason: str) -> None:
    result, tracker = answer(*comments)
    assert result.plan == Plan((), (reason,))
    assert list(tracker.issues[7].comments) == comments


@pytest.mark.parametrize("at, remarks", [(after(minutes=4), ()), (after(minutes=8), (DELETED,))])
def test_a_deleted_report_comes_back_only_for_a_new_command(at: datetime, remarks: tuple[str, ...]) -> None:
    issue = an_issue(comments=(COMMAND,))
    deletion = a_change("comment_deleted", HUMAN, at)
    tracker = FakeTracker(issues={7: issue}, changes=[deletion], now=after(minutes=9))
    event = an_event(issue, "issue_comment", "created", comment=COMMAND, sender=HUMAN)
    result = answer_request(event, lambda _: TEXT, Sources(ruleset=a_ruleset(), config=Config()), tracker)
    assert result.plan.remarks == remarks
    assert len(reports_of(tracker)) == (0 if remarks else 1)


@pytest.mark.parametrize("changes", [{"state": "closed"}, {"association": "OWNER"}, {"labels": ("wontfix",)}])
def test_a_report_may_be_about_an_issue_that_gets_no_guidance(changes: dict[str, object]) -> None:
    _, tracker = answer(COMMAND, settings=Config(skip={"labels": ["wontfix"]}), **changes)  # type: ignore[arg-type]
    assert len(reports_of(tracker)) == 1


def test_settings_without_comments_take_no_command() -> None:
    result, _ = answer(COMMAND, settings=Config(on=["opened"]))
    assert result.skipped
    assert result.skipped.reason == "the settings do not include comments, so Signpost takes no commands"


def test_an_issue_that_is_gone_gets_no_report() -> None:
    event = an_event(an_issue(), "issue_comment", "created", comment=COMMAND, sender=HUMAN)
    moved = FakeTracker(issues={7: an_issue(id=8)})
    result = answer_request(event, lambda _: TEXT, Sources(ruleset=a_ruleset(), config=Config()), moved)
    assert result.skipped
    assert result.skipped.reason == "the issue was deleted or transferred"


@pytest.mark.parametrize(
    "text, remark",
    [
        ("# Report\n\nAsk @octocat\n", "the comment would notify someone, run a command or create a backlink"),
        ("# Report\n\nhttps://github.com/octo/cat/issues/3\n", "create a backlink"),
        ("# Report\n\n/close\n", "run a command"),
        ("# Report\n\nIt is a forbidden word.\n", 'the comment would contain forbidden words ("forbidden word")'),
    ],
)
def test_a_report_that_would_do_more_than_show_is_not_posted(text: str, remark: str) -> None:
    result, tracker = answer(COMMAND, text=text, settings=Config(words={"forbidden": ["forbidden word"]}))
    assert (result.plan.actions, reports_of(tracker)) == ((), [])
    assert remark in result.plan.remarks[0]


def test_a_long_report_is_cut_between_its_sections() -> None:
    sections = "".join(f"## Part {number}\n\n{'word ' * 900}\n\n" for number in range(30))
    _, tracker = answer(COMMAND, text=f"# Report\n\n{sections}")
    (body,) = reports_of(tracker)
    assert MAX_CHARACTERS - 6_000 < len(body) <= MAX_CHARACTERS
    assert "because GitHub allows at most 65,536 characters in a comment.*\n\n<sub>Issue report by Signpost" in body


# --- guidance and report stay apart


GUIDANCE = spoken()


def test_a_report_is_no_second_guidance() -> None:
    issue = an_issue(comments=(COMMAND, a_report(), GUIDANCE), labels=("needs-info",))
    assert plan_of(issue, history=(a_change("labeled", OURSELVES, label="needs-info"),)) == Plan()
    report_alone = an_issue(comments=(COMMAND, a_report()), labels=("needs-info",))
    assert [a.action for a in plan_of(report_alone, history=()).actions] == ["create_comment"]


def test_guidance_goes_and_the_report_stays() -> None:
    issue = an_issue(body="Slow", comments=(GUIDANCE, COMMAND, a_report()))
    assert [(a.action, getattr(a, "comment_id", 0)) for a in plan_of(issue, history=()).actions] == [
        ("update_comment", GUIDANCE.id)
    ]


def test_guidance_is_no_second_report() -> None:
    result, tracker = answer(GUIDANCE, COMMAND)
    assert [action.action for action in result.plan.actions] == ["create_comment", "react"]
    assert [each.id for each in find_own(tracker.issues[7].comments, "guidance")] == [GUIDANCE.id]
    assert len(reports_of(tracker)) == 1


@pytest.mark.parametrize("kind", ["guidance", "report"])
def test_what_two_runs_post_at_once_ends_as_one_of_each_kind(kind: str) -> None:
    """Another run posted a report while this one wrote its own; its comment has the lower id, so it stays."""
    earlier = a_report(id=61) if kind == "report" else replace(GUIDANCE, id=61)

    class Racing(FakeTracker):
        def create_comment(self, issue: Issue, body: str) -> Comment:
            now = self.issues[issue.number]
            self.issues[issue.number] = replace(now, comments=(*now.comments, replace(earlier, created_at=self.now)))
            return super().create_comment(issue, body)

    issue = an_issue(comments=(COMMAND,))
    tracker = Racing(issues={7: issue}, now=after(minutes=9))
    event = an_event(issue, "issue_comment", "created", comment=COMMAND, sender=HUMAN)
    answer_request(event, lambda _: TEXT, Sources(ruleset=a_ruleset(), config=Config()), tracker)
    kept = {each: len(find_own(tracker.issues[7].comments, each)) for each in ("guidance", "report")}
    assert kept == ({"guidance": 0, "report": 1} if kind == "report" else {"guidance": 1, "report": 1})


def test_a_second_report_is_deleted() -> None:
    result, tracker = answer(COMMAND, a_report(), a_report(id=62))
    assert result.plan.actions == (DeleteComment(62), React(50, "+1"))
    assert [each.id for each in find_own(tracker.issues[7].comments, "report")] == [60]


def test_a_report_is_no_fact_about_the_issue() -> None:
    """With a person's token, our comments have the login of the reporter."""
    text = "# Report\n\nwrite failed: No space left on device\n"
    issue = an_issue(body="It breaks", comments=(a_report(text=text, author=REPORTER),))
    tracker = FakeTracker(issues={7: issue})
    result = run(
        an_event(issue, action="edited"), Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1)
    )
    assert result.matches == ()


def test_the_results_of_a_run_and_of_a_command_are_one() -> None:
    event = an_event(an_issue(comments=(COMMAND,)), "issue_comment", "created", comment=COMMAND, sender=HUMAN)
    tracker = FakeTracker(issues={7: an_issue(comments=(COMMAND,))}, now=after(minutes=9))
    sources = Sources(ruleset=a_ruleset(), config=Config())
    first = run(event, sources, tracker, after(minutes=9))
    assert first.skipped
    joined = join_results(first, answer_request(event, lambda _: TEXT, sources, tracker))
    assert (joined.skipped, [outcome.is_ok for outcome in joined.outcomes]) == (None, [True, True])
