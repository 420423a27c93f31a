"""Issues for tests."""

from datetime import UTC, datetime

from bot.tracker.types import Account, Comment, Issue

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
REPORTER = Account(login="reporter")


def make_issue(
    body: str = "",
    *,
    title: str = "",
    comments: tuple[Comment, ...] = (),
    labels: tuple[str, ...] = (),
    association: str = "NONE",
) -> Issue:
    return Issue(
        repository="octo/widget",
        number=7,
        title=title,
        body=body,
        author=REPORTER,
        association=association,
        labels=labels,
        comments=comments,
        comment_count=len(comments),
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
    )


def make_comment(body: str, author: str = "reporter") -> Comment:
    return Comment(id=1, author=Account(login=author), body=body, created_at=LONG_AGO)
