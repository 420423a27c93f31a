"""Which links may be given, of what was found and what GitHub says of it."""

import pytest

from bot.duplicates.candidates import SAID_SO, WHY, Duplicate, Earlier, Findings, LeftOut
from bot.duplicates.canonical import Target
from bot.tracker.types import LinkedIssue, Links
from bot.triage.config import read_config
from bot.triage.decisions import Wish, choose_wish
from bot.triage.links import Candidates, Linking, find_follows, judge_candidates, wish_duplicate_label
from tests.builders import OPENED, Fields, a_rule, a_ruleset, an_issue, matches_of

RULE = a_rule(follow=3)
WISH = choose_wish(matches_of(an_issue(), RULE), read_config("", "config.yml"), OPENED.date())
SAME_ERROR = Earlier(number=5, tier="B", score=0.9, why=WHY["B"])
ALIKE = Earlier(number=6, tier="C", score=0.95, why=WHY["C"])
NAMED = Earlier(number=4, tier="A", score=1.0, why=SAID_SO)
FOLLOWED = Target(number=3, state="open", asked=3, created_at=OPENED)


def links(*numbers: int, **changes: object) -> Links:
    fields: Fields = {"issues": {n: LinkedIssue(issue=an_issue(number=n, url="", body="Slow")) for n in numbers}}
    return Links(**(fields | changes))


def judge(known: Links, body: str = "No space left on device", **asked: object) -> Linking:
    fields: Fields = {"follows": find_follows(WISH)}
    return judge_candidates(an_issue(body=body), WISH, Candidates(**(fields | asked)), known, a_ruleset(RULE))


def duplicate(found: Earlier, **changes: object) -> Duplicate:
    fields: Fields = {"number": found.number, "url": "", "state": "open", "confidence": found.score, "why": found.why}
    return Duplicate(**(fields | {"tier": found.tier, "found": found} | changes))


def test_what_a_person_named_comes_first_then_the_best_by_tier_and_eight_are_looked_at() -> None:
    others = tuple(Earlier(number=n, tier="C", score=0.1, why=WHY["C"]) for n in range(11, 19))
    found = Findings(earlier=(*others, ALIKE, Earlier(number=4, tier="C", score=1, why=""), SAME_ERROR))
    candidates = Candidates(follows={"out-of-disk": 3}, command=4, findings=found)
    assert candidates.earlier == [NAMED, SAME_ERROR, ALIKE, *others]
    assert candidates.numbers == [3, 4, 5, 6, *range(11, 16)]


def test_what_stands_well_is_linked() -> None:
    findings = Findings(earlier=(ALIKE, SAME_ERROR), remarks=("by and by",), expected="often")
    assert judge(links(3, 4, 5, 6), findings=findings, command=4) == Linking(
        targets={3: FOLLOWED},
        duplicates=(duplicate(NAMED), duplicate(SAME_ERROR), duplicate(ALIKE, is_unproven=True)),
        asked=Target(number=4, state="open", asked=4, created_at=OPENED),
        remarks=("by and by",),
        expected="often",
    )


def test_what_is_linked_or_named_already_is_left_out() -> None:
    followed = Earlier(number=3, tier="B", score=0.8, why=WHY["B"])
    judged = judge(links(3, 5), "No space left on device, as in #5", findings=Findings(earlier=(SAME_ERROR, followed)))
    reasons = (LeftOut(SAME_ERROR, "#5 is linked already"), LeftOut(followed, "#3 is linked already"))
    assert judged == Linking(targets={3: FOLLOWED}, left_out=reasons)


def test_what_github_did_not_answer_for_is_told_and_not_held_against_a_link() -> None:
    unread = links(3, unread=frozenset({4, 5}), failure="Could not read #4.")
    kept = "No new link is given, and a comment that gives links stays as it is, until the next run for this issue."
    assert judge(unread, findings=Findings(earlier=(SAME_ERROR,)), command=4) == Linking(
        targets={3: FOLLOWED},
        left_out=(LeftOut(NAMED, "#4 could not be checked"), LeftOut(SAME_ERROR, "#5 could not be checked")),
        remarks=(
            f"Could not read #4. {kept}",
            "`/signpost duplicate #4`: #4 could not be checked; nothing is done",
        ),
        is_whole=False,
    )


KNOWN = (Duplicate(number=5, url="", state="open", confidence=1.0, why="", tier="A"),)


@pytest.mark.parametrize(
    "linking, settings, add, fitting",
    [
        (Linking(), "{}", (), ()),
        (Linking(asked=FOLLOWED), "{}", ("duplicate",), ("duplicate",)),
        (Linking(asked=FOLLOWED, is_whole=False), "{}", ("duplicate",), ("duplicate",)),
        (Linking(duplicates=KNOWN), "{}", (), ()),
        (Linking(duplicates=KNOWN), "duplicates: {label_when: known}", ("duplicate",), ("duplicate",)),
        (Linking(is_whole=False), "{}", (), ("duplicate",)),
        (Linking(asked=FOLLOWED), "duplicates: {label: again}", ("again",), ("again",)),
        (Linking(asked=FOLLOWED), "duplicates: {label: null}", (), ()),
        (Linking(asked=FOLLOWED), "mode: observe", (), ()),
    ],
)
def test_the_label_of_duplicates_is_asked_for_or_left_alone(
    linking: Linking, settings: str, add: tuple[str, ...], fitting: tuple[str, ...]
) -> None:
    wish = wish_duplicate_label(Wish(), linking, read_config(settings, "config.yml"))
    assert wish == Wish(add=add, fitting=fitting)
