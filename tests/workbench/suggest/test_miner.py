"""An archive becomes drafts, in one process as in several, and whatever it holds."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.jsonl import EMPTY_ARCHIVE, IssueArchive, parse_line
from bot.rules.loader import build_ruleset
from bot.workbench.archive_passes import RuledArchive
from bot.workbench.check.checker import check_rules
from bot.workbench.suggest.drafts import write_draft
from bot.workbench.suggest.miner import Find, mine_archive, mine_issue

LINKER = "```\nerror: linking with `{}` failed: exit code: {}\n```\nIt worked last week at /home/jane{}/x"
DISK = "write failed: No space left on device (os error 28)"
RULE = """\
id: out-of-disk
title: The disk is full
match: {phrase: No space left on device}
mode: label
examples: {match: [No space left on device], no_match: [no space in my heart]}
"""


def make_archive(bodies: list[str], title: str = "It breaks") -> IssueArchive:
    rows = [
        {"number": n, "title": title, "body": body, "user": {"login": f"user{n}"}, "created_at": "2026-04-08T09:00:00Z"}
        for n, body in enumerate(bodies, 1)
    ]
    lines = [(f"x:{n}", json.dumps(row)) for n, row in enumerate(rows, 1)]
    return IssueArchive(name="x.jsonl", open_lines=lambda: iter(lines))


def mine(bodies: list[str], jobs: int = 1) -> Find:
    return mine_archive(RuledArchive(issues=make_archive(bodies), jobs=jobs))


def kinds(find: Find) -> set[str]:
    """The kinds of errors that `check` finds in all drafts together, and whether their guidance is to be written."""
    files = {f"drafts/{draft.id}.yml": write_draft(draft, "") for draft in find.drafts}
    report = check_rules(build_ruleset(files))
    return {p.kind for p in report.problems if p.severity == "error" or p.kind == "unwritten-guidance"}


OTHERS = [f"error: the {thing} of the {other} failed" for thing in ("colour", "sound") for other in "abcdefghijklm"]
LINKERS = [LINKER.format(name, code, code) for code, name in enumerate(["cc", "gcc", "link.exe", "clang"] * 3)]


def test_a_message_that_keeps_coming_back_becomes_a_draft() -> None:
    find = mine([*LINKERS, *["I would like another colour"] * 3, "error: linking failed for me, with code 7"])

    assert [draft.phrases for draft in find.drafts] == [("error: linking with `{name:word}` failed",)]
    draft = find.drafts[0]
    assert (draft.id, draft.issues, draft.authors, find.unmatched) == ("linking-failed", 12, 12, 16)
    assert [shown.text for shown in draft.near] == ["error: linking failed for me, with code 7"]
    assert kinds(find) == {"unwritten-guidance"}


def test_what_a_rule_matches_gets_no_draft() -> None:
    archive = make_archive([*[DISK] * 5, *LINKERS])

    find = mine_archive(RuledArchive(issues=archive, rules=({"r/out-of-disk.yml": RULE},)))

    assert [draft.id for draft in find.drafts] == ["linking-failed"]
    assert (find.unmatched, find.matched) == (12, 5)


@pytest.mark.slow
def test_several_processes_find_what_one_finds() -> None:
    bodies = [*LINKERS * 30, *[DISK] * 150]

    assert mine(bodies, jobs=2) == mine(bodies, jobs=1)


def test_an_empty_archive_gives_nothing() -> None:
    assert mine([]) == Find(unmatched=0, matched=0, drafts=())


signs = st.sampled_from(
    [
        "error: ",
        "failed",
        "`x`",
        "'",
        '"',
        "{a:int}",
        "{{",
        "{%",
        "#",
        "- ",
        "\n",
        "\\n",
        " ",
        ": ",
        "1",
        "/a/b",
        "é",
        "\x1b[0m",
        "TODO:",
        "```\n",
        "> ",
        "<b>",
        "Duplicate of #1",
        "\u200b",
        "%",
        "!",
        "&",
        "*",
        "|",
        "@x",
    ]
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(st.lists(signs, min_size=1, max_size=12).map("".join), min_size=1, max_size=3))
def test_whatever_people_write_a_draft_passes_the_check(messages: list[str]) -> None:
    find = mine([f"It says: {message} and it failed to start again" for message in messages for _ in range(4)])

    assert kinds(find) <= {"unwritten-guidance"}


@pytest.mark.parametrize(
    "archive, code",
    [(EMPTY_ARCHIVE, ": exit code: 1"), (make_archive([*LINKERS, *OTHERS]), "")],
    ids=["alone", "archive"],
)
def test_one_issue_becomes_a_draft(archive: IssueArchive, code: str) -> None:
    row = {"number": 99, "title": "It breaks on my machine", "body": LINKER.format("ld", 1, 1)}
    (issue,) = parse_line(json.dumps(row), "x:1")

    draft = mine_issue(issue, RuledArchive(issues=archive))

    assert draft is not None
    assert draft.phrases == (f"error: linking with `{{name:word}}` failed{code}",)
    assert kinds(Find(unmatched=0, matched=0, drafts=(draft,))) == {"unwritten-guidance"}


def test_an_issue_that_says_nothing_gives_no_draft() -> None:
    (issue,) = parse_line(json.dumps({"number": 1, "title": "Help", "body": "please"}), "x:1")

    assert mine_issue(issue, RuledArchive(issues=EMPTY_ARCHIVE)) is None
