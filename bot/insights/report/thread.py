"""The thread of one issue: its figures, its telling answers, and what it leaves open. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.comment.marker import find_kind
from bot.insights.graph.types import Fix, Graph, find_canonical, find_fix, name_fixer
from bot.insights.report.types import Answer, Figures, Found, Question, Role
from bot.insights.sentence import list_parts, say
from bot.text.printable import count
from bot.text.redaction import cut_excerpt
from bot.tracker.graph import Address, Node
from bot.tracker.types import EPOCH, MAINTAINERS, Comment, Issue

MOST_ANSWERS = 5
LONGEST_ANSWER = 300
_FEWEST_WORDS = 4
_CONTRIBUTORS = frozenset({"CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER"})


def find_role(association: str, *, is_bot: bool, is_reporter: bool) -> Role:
    """The role of an account in an issue."""
    if is_bot:
        return "bot"
    if is_reporter:
        return "reporter"
    if association in MAINTAINERS:
        return "maintainer"
    return "contributor" if association in _CONTRIBUTORS else "other"


def find_comment_role(issue: Issue, comment: Comment) -> Role:
    """The role of a comment's author."""
    return find_role(
        comment.association, is_bot=comment.author.is_bot, is_reporter=comment.author.login == issue.author.login
    )


def measure_thread(node: Node, now: datetime) -> Figures:
    """The figures of an issue, as of `now`."""
    issue = node.issue
    roles = [find_comment_role(issue, comment) for comment in issue.comments]
    # Comments are read from the oldest on or not at all, unless one of them is missing in between.
    has_all = issue.is_thread_known and len(issue.comments) >= issue.comment_count
    is_whole = has_all and not node.gaps
    answers = [
        (role, comment.created_at - issue.created_at)
        for role, comment in zip(roles, issue.comments, strict=True)
        if is_whole and role not in {"bot", "reporter"}
    ]
    people = {issue.author.login, *(each.author.login for each in issue.comments if not each.author.is_bot)}
    return Figures(
        comments=max(issue.comment_count, len(issue.comments)) if issue.is_thread_known else None,
        participants=node.participants or (len(people) if has_all else None),
        reactions=_drop_zeros(node.reactions),
        timeline=_drop_zeros(node.timeline),
        age=(node.closed_at or now) - issue.created_at if issue.created_at != EPOCH else None,
        is_open=issue.state == "open" if issue.is_state_known else None,
        first_answer=next((after for _, after in answers), None),
        first_maintainer_answer=next((after for role, after in answers if role == "maintainer"), None),
        answers=dict(Counter(roles)),
        is_whole=is_whole,
    )


def _drop_zeros(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in sorted(counts.items()) if number}


def choose_answers(issue: Issue) -> tuple[Answer, ...]:
    """The most telling answers: those of maintainers and those with most reactions; at most five, in their order.

    Left out: bots and our own comments, the reporter's own (unless people reacted), hidden comments, and short ones.
    """
    scored = [(score, place, answer) for place, (score, answer) in enumerate(_weigh_answers(issue)) if score > 0]
    best = sorted(scored, key=lambda each: (-each[0], -each[1]))[:MOST_ANSWERS]
    return tuple(answer for _, _, answer in sorted(best, key=lambda each: each[1]))


def _weigh_answers(issue: Issue) -> Iterator[tuple[int, Answer]]:
    """Each answer with a score: two for each reaction of approval, five for a maintainer."""
    for comment in issue.comments:
        role = find_comment_role(issue, comment)
        excerpt = cut_excerpt(comment.body, LONGEST_ANSWER)
        if role == "bot" or find_kind(comment.body) or comment.is_minimized or len(excerpt.split()) < _FEWEST_WORDS:
            continue
        approvals = sum(number for name, number in comment.reactions if name not in {"-1", "confused"})
        total = sum(number for _, number in comment.reactions)
        why = "by a maintainer" if role == "maintainer" else "most reactions" if approvals else ""
        answer = Answer(excerpt=excerpt, role=role, at=comment.created_at, url=comment.url, reactions=total, why=why)
        yield (5 if role == "maintainer" else 0) + 2 * approvals, answer


def list_questions(graph: Graph, node: Node, figures: Figures, found: Found) -> Iterator[Question]:
    """The open questions of an issue; one that rests on something missing is asked only if all was read."""
    issue = node.issue
    is_maintained = issue.association in MAINTAINERS or figures.answers.get("maintainer")
    if figures.is_open and figures.is_whole and not is_maintained:
        yield Question(code="no-maintainer-answer", says=("No maintainer has answered",))
    if figures.is_open and not (issue.is_pull_request or found.versions):
        yield Question(code="no-version", says=("The issue states no version",))
    fix = find_fix(graph, node.address)
    if fix and fix.is_release_known and fix.release is None:
        says = say("The fix by {} is merged but not released; when will it be?", name_fixer(fix))
        yield Question(code="unreleased-fix", says=says)
    if fix and (late := _list_late(graph, fix)):
        after = "the release with the fix" if fix.release else "the fix was merged"
        says = say(f"{count(len(late), 'report')} came after {after}: {{}}; do they have the fix?", list_parts(late))
        yield Question(code="reports-after-fix", says=says)


def _list_late(graph: Graph, fix: Fix) -> list[Address]:
    """The duplicates of a fixed issue that were filed after the release with the fix, or after its merge."""
    since = fix.release.at if fix.release else fix.merged_at
    duplicates = [address for address in graph.chains if find_canonical(graph, address) == fix.issue != address]
    nodes = ((address, graph.nodes.get(address)) for address in sorted(duplicates))
    return [address for address, node in nodes if node and since and node.issue.created_at > since]
