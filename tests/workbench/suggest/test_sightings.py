"""What past issues show of a draft: who has it, labels, answers, examples, near misses."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.issue.facts import extract_facts
from bot.rules.ruleset import Pack, Ruleset
from bot.rules.spec.pack import PackModel
from bot.tracker.types import Account, Comment, Issue
from bot.workbench.suggest.drafts import Draft
from bot.workbench.suggest.miner import Lookout, compile_draft, index_words
from bot.workbench.suggest.sightings import Shown, Sightings, Watch, keep_best, trim_text
from tests.issue.issues import make_issue

PACK = Pack(PackModel(name="drafts"))
PROOF = (Shown((0.0, 0), 0, "x"),)
DRAFT = Draft(id="linking", title="Linking", phrases=("linking with `{name:word}` failed",), matches=PROOF, near=PROOF)
LOG = "I built it.\n\n```\n$ make\nerror: linking with `cc` failed: exit code: 1\n/home/jane/x\n```\n"
BITS = {"linking": 8.0, "with": 1.0, "failed": 2.0}


@pytest.fixture(scope="module")
def lookout() -> Lookout:
    rule = compile_draft(DRAFT, PACK)
    assert rule is not None
    return Lookout(Ruleset((rule,), (PACK,)), index_words({"linking": DRAFT.phrases[0]}, BITS))


def look(lookout: Lookout, issue: Issue, *, is_matched: bool = False) -> Watch:
    return lookout.look(extract_facts(issue), is_matched=is_matched)


def test_an_issue_that_has_the_message_is_an_example_of_it(lookout: Lookout) -> None:
    at = datetime(2021, 2, 3, tzinfo=UTC)
    issue = replace(make_issue(LOG, labels=("A-linkage", "needs-repro")), created_at=at)

    found = look(lookout, issue).found["linking"]

    assert [shown.text for shown in found.examples] == ["error: linking with `cc` failed: exit code: 1"]
    assert [shown.core for shown in found.examples] == ["linking with `cc` failed"]
    assert (found.support.issues, found.support.titles, found.first, found.last) == (1, 0, at, at)
    assert (found.labelled, found.labels) == (1, {"A-linkage": 1})


def test_what_a_rule_matches_already_is_background(lookout: Lookout) -> None:
    found = look(lookout, make_issue(LOG, labels=("A-linkage",)), is_matched=True).found["linking"]

    assert (found.support.issues, found.support.elsewhere, found.examples, found.labels) == (0, 1, (), {})


def test_an_issue_that_says_nearly_the_same_is_a_near_miss(lookout: Lookout) -> None:
    watch = look(lookout, make_issue("error: linking failed with code 7", title="No luck"))

    assert [shown.text for shown in watch.found["linking"].near] == ["error: linking failed with code 7"]
    assert watch.found["linking"].support.issues == 0
    assert look(lookout, make_issue("error: it failed", title="No luck")).found == {}


def test_labels_that_a_bot_has_wiped_say_nothing(lookout: Lookout) -> None:
    watch = look(lookout, make_issue(LOG, labels=("duplicate",)))

    assert (watch.labelled, watch.labels, watch.found["linking"].labelled) == (0, {}, 0)


def comment(body: str, association: str, login: str = "keeper", *, is_bot: bool = False) -> Comment:
    at = datetime(2021, 1, 1, tzinfo=UTC)
    return Comment(id=1, author=Account(login=login, is_bot=is_bot), body=body, created_at=at, association=association)


def test_only_maintainers_answer(lookout: Lookout) -> None:
    comments = (
        comment("See https://example.com/faq#linking. Duplicate of #3", "MEMBER"),
        comment("See https://example.com/other", "NONE"),
        comment("See https://example.com/bot", "OWNER", is_bot=True),
        comment("![x](https://example.com/a.png)", "OWNER"),
        comment("see #7", "OWNER"),
    )

    found = look(lookout, make_issue(LOG, comments=comments)).found["linking"]

    assert (found.answers, found.named) == ({"https://example.com/faq#linking": 1}, {3: 1})


def test_adding_is_looking_at_all(lookout: Lookout) -> None:
    first = replace(make_issue(LOG, labels=("a",)), number=1)
    second = replace(make_issue(LOG.replace("cc", "gcc"), labels=("a", "b")), number=2)
    third = replace(make_issue("error: linking failed with code 7"), number=3)
    one, other, whole = Watch(), Watch(), Watch()
    one.add(look(lookout, first))
    for issue in (second, third):
        other.add(look(lookout, issue))
    one.add(other)
    for issue in (third, first, second):
        whole.add(look(lookout, issue))

    assert one == whole
    assert (one.seen, one.labels, one.found["linking"].support.issues) == (3, {"a": 2, "b": 1}, 2)


@pytest.mark.parametrize(
    "original, evidence, text",
    [
        ("one\n> - error: it failed here\ntwo", "it failed", "error: it failed here"),
        ("error: it\n   failed here\ntwo", "it\n   failed", "error: it\n   failed here"),
        (f"{'word ' * 100}it failed{' word' * 100}", "it failed", f"{'word ' * 22}it failed{' word' * 22}"),
        ("\x1b[31merror: it failed\x1b[0m", "it failed", "[31merror: it failed[0m"),
        ("/home/jane/x: it failed", "it failed", "/home/user/x: it failed"),
    ],
)
def test_an_example_is_the_telling_line(original: str, evidence: str, text: str) -> None:
    start = original.index(evidence)

    assert trim_text(original, start, start + len(evidence)) == text


def test_texts_that_differ_in_numbers_are_kept_once() -> None:
    shown = [Shown((1.0, n), n, f"it failed {n} times") for n in range(5)] + [Shown((0.0, 9), 9, "another")]

    assert [one.number for one in keep_best(shown)] == [9, 0]


def test_no_example_of_a_draft_that_saw_nothing() -> None:
    assert Sightings().join(Sightings()) == Sightings()
