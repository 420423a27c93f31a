"""The status of a known problem follows from evidence."""

from datetime import UTC, datetime

import pytest

from bot.errors import SettingsError
from bot.insights.site.sightings import State
from bot.insights.site.status import Evidence, Status, derive_status, parse_releases
from bot.rules.spec.rule import FixedIn, RuleModel
from bot.tracker.types import Release
from tests.insights.site.sites import END, make_rule, seen

RELEASED = datetime(2026, 4, 9, tzinfo=UTC)
RELEASES = (Release(tag="v2.0.0", at=RELEASED), Release(tag="nightly", at=RELEASED), Release(tag="v1.9", at=RELEASED))
FIX = FixedIn(version="2.0.0", pr=90)
NEXT = FixedIn(version="2.1.0", pr=90)


def rule(*, fixed_in: FixedIn | None = None, follow: int | None = None) -> RuleModel:
    return make_rule({"phrase": "No space left on device"}).model.model_copy(
        update={"fixed_in": fixed_in, "follow": follow}
    )


@pytest.mark.parametrize(
    "model, evidence, status",
    [
        pytest.param(
            rule(), Evidence(), Status(code="open", label="Open", reason="No fix is recorded."), id="nothing recorded"
        ),
        pytest.param(
            rule(follow=40),
            Evidence(states={40: State(is_open=True)}),
            Status(code="open", label="Open", reason="No fix is recorded; #40 is the issue to follow."),
            id="followed issue open",
        ),
        pytest.param(
            rule(follow=40),
            Evidence(states={40: State(is_open=False, reason="not_planned")}),
            Status(
                code="not_planned",
                label="No fix planned",
                reason="The issue to follow, #40, was closed as not planned.",
            ),
            id="followed issue not planned",
        ),
        pytest.param(
            rule(follow=40),
            Evidence(states={40: State(is_open=False, reason="completed")}),
            Status(
                code="merged",
                label="Fix merged, release not recorded",
                reason="The issue to follow, #40, was closed as completed; no release is recorded for the fix.",
            ),
            id="followed issue completed",
        ),
        pytest.param(
            rule(follow=40),
            Evidence(states={40: State(is_open=False)}),
            Status(
                code="open",
                label="Open",
                reason="No fix is recorded, although the issue to follow, #40, is closed.",
            ),
            id="followed issue closed without a reason",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(sightings=[seen(1, version="1.9"), seen(2)]),
            Status(
                code="fixed",
                label="Fixed in 2.0.0",
                reason="No report in this archive names 2.0.0 or a later version.",
            ),
            id="fixed",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(sightings=[seen(1, version="1.9")], releases=RELEASES, states={90: State(is_open=False)}),
            Status(
                code="fixed",
                label="Fixed in 2.0.0",
                reason="No report in this archive names 2.0.0 or a later version.",
                since=RELEASED,
            ),
            id="fixed and released",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(is_checked=False),
            Status(
                code="fixed",
                label="Fixed in 2.0.0",
                reason="The rule records the fix for 2.0.0; no reports were checked.",
            ),
            id="fixed, without an archive",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(),
            Status(
                code="fixed",
                label="Fixed in 2.0.0",
                reason="The rule records the fix for 2.0.0; this archive has no report of the problem.",
            ),
            id="fixed, without reports",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(sightings=[seen(1), seen(2)]),
            Status(
                code="fixed",
                label="Fixed in 2.0.0",
                reason="The rule records the fix for 2.0.0; no report states its version.",
            ),
            id="fixed, without versions",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(states={90: State(is_open=False, is_merged=False)}, releases=RELEASES),
            Status(
                code="open",
                label="Open",
                reason="The rule names #90 as the fix, but that pull request was closed without a merge.",
            ),
            id="pull request closed without a merge",
        ),
        pytest.param(
            rule(fixed_in=NEXT),
            Evidence(releases=RELEASES),
            Status(
                code="merged",
                label="Fix merged, unreleased",
                reason="The fix comes with 2.1.0, which is not released yet.",
            ),
            id="fix ahead of all releases",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(states={90: State(is_open=True)}),
            Status(code="open", label="Fix in review", reason="The pull request with the fix, #90, is open."),
            id="pull request open",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(sightings=[seen(1, version="1.9"), seen(2, version="2.0.0")], releases=RELEASES),
            Status(
                code="disputed",
                label="Fix disputed",
                reason="The fix is recorded for 2.0.0, but 1 report names that version or a later one.",
                since=END,
            ),
            id="one report at the fix",
        ),
        pytest.param(
            rule(fixed_in=FIX),
            Evidence(sightings=[seen(1, version="2.0.1", person=5, at=0), seen(2, version="3.0", person=5, at=0)]),
            Status(
                code="disputed",
                label="Fix disputed",
                reason="The fix is recorded for 2.0.0, but 2 reports by 1 person name that version or a later one.",
            ),
            id="two reports of one person",
        ),
    ],
)
def test_the_status_is_derived(model: RuleModel, evidence: Evidence, status: Status) -> None:
    assert derive_status(model, evidence) == status


def test_releases_are_read_in_both_forms_of_github() -> None:
    text = """[
      {"tagName": "v2.0.0", "publishedAt": "2026-04-09T00:00:00Z", "isPrerelease": true},
      {"tag_name": "v1.9", "published_at": "2026-04-09T00:00:00", "prerelease": false},
      {"tag_name": "v1.8", "published_at": "2026-04-09T02:00:00+02:00"},
      {"tag_name": "v1.7", "published_at": "2026-04-09"},
      {"tagName": "v3.0", "publishedAt": "2026-04-09T00:00:00Z", "isDraft": true},
      {"tag_name": "v4.0", "published_at": null}
    ]"""
    assert parse_releases(text, "releases.json") == (
        Release(tag="v2.0.0", at=RELEASED, is_prerelease=True),
        *(Release(tag=tag, at=RELEASED) for tag in ("v1.9", "v1.8", "v1.7")),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}x", "[1]", '[{"publishedAt": "2026-04-09T00:00:00Z"}]', '[{"publishedAt": "soon"}]'),
        '[{"tagName": "v1", "publishedAt": "0001-01-01T00:00:00+05:00"}]',
    ],
)
def test_what_is_not_a_list_of_releases_is_an_error(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^releases\.json is not a list of releases"):
        parse_releases(text, "releases.json")
