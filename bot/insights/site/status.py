"""The status of a known problem, derived from what rules, archive and releases state; nobody types it. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.errors import SettingsError
from bot.insights.site.figures import count_people, find_contradictions, find_release, read_moment, read_tag
from bot.insights.site.sightings import Sighting, State
from bot.rules.spec.rule import FixedIn, RuleModel
from bot.text.printable import count
from bot.text.versions import parse_version
from bot.tracker.types import Release

Code = Literal["open", "merged", "fixed", "disputed", "not_planned"]

LABELS: Mapping[Code, str] = {
    "open": "Open",
    "merged": "Fix merged, unreleased",
    "fixed": "Fixed",
    "disputed": "Fix disputed",
    "not_planned": "No fix planned",
}
"""The name of each status, in the order of filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status and the evidence for it.

    `label` is short; `reason` is a sentence. `since` is when the evidence began, None if no source states it.
    """

    code: Code
    label: str
    reason: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a status is derived from: the reports of the rule, the states of issues that rules name, and releases.

    `is_checked`: whether there is an archive at all. `releases` is None if nobody asked which there are.
    """

    is_checked: bool = True
    sightings: Sequence[Sighting] = ()
    states: Mapping[int, State] | None = None
    releases: tuple[Release, ...] | None = None


def derive_status(model: RuleModel, evidence: Evidence) -> Status:
    """The status of a rule's problem.

    A fix that is released is `disputed` as soon as one report names its version or a later one: the reader sees how
    many do.
    """
    if model.fixed_in:
        return _judge_fix(model.fixed_in, evidence)
    if model.follow:
        return _judge_followed(model.follow, (evidence.states or {}).get(model.follow))
    return Status(code="open", label=LABELS["open"], reason="No fix is recorded.")


def _judge_fix(fix: FixedIn, evidence: Evidence) -> Status:
    release = find_release(fix.version, evidence.releases)
    state = (evidence.states or {}).get(fix.pr or 0)
    if state and state.is_open:
        return Status(code="open", label="Fix in review", reason=f"The pull request with the fix, #{fix.pr}, is open.")
    if state and state.is_merged is False:
        reason = f"The rule names #{fix.pr} as the fix, but that pull request was closed without a merge."
        return Status(code="open", label=LABELS["open"], reason=reason)
    against = find_contradictions(evidence.sightings, fix.version)
    if against:
        return _dispute(fix, against)
    if evidence.releases and release is None and _is_ahead(fix.version, evidence.releases):
        return Status(
            code="merged",
            label=LABELS["merged"],
            reason=f"The fix comes with {fix.version}, which is not released yet.",
        )
    return Status(
        code="fixed",
        label=f"Fixed in {fix.version}",
        reason=_explain_fix(fix, evidence),
        since=release.at if release else None,
    )


def _explain_fix(fix: FixedIn, evidence: Evidence) -> str:
    """How far the reports bear a fix out: without a version, they neither support nor contradict it."""
    recorded = f"The rule records the fix for {fix.version};"
    if not evidence.is_checked:
        return f"{recorded} no reports were checked."
    if not evidence.sightings:
        return f"{recorded} this archive has no report of the problem."
    if not any(seen.version for seen in evidence.sightings):
        return f"{recorded} no report states its version."
    return f"No report in this archive names {fix.version} or a later version."


def _dispute(fix: FixedIn, against: Sequence[Sighting]) -> Status:
    people = count_people(against)
    by = f" by {count(people, 'person', 'people')}" if people != len(against) else ""
    name = "names" if len(against) == 1 else "name"
    first = next((seen.at for seen in against if seen.at), 0)
    return Status(
        code="disputed",
        label=LABELS["disputed"],
        reason=(
            f"The fix is recorded for {fix.version}, but {count(len(against), 'report')}{by} {name} that version or a "
            "later one."
        ),
        since=read_moment(first) if first else None,
    )


def _judge_followed(number: int, state: State | None) -> Status:
    match state:
        case None | State(is_open=True):
            reason = f"No fix is recorded; #{number} is the issue to follow."
        case State(reason="not_planned"):
            reason = f"The issue to follow, #{number}, was closed as not planned."
            return Status(code="not_planned", label=LABELS["not_planned"], reason=reason)
        case State(reason="completed"):
            reason = f"The issue to follow, #{number}, was closed as completed; no release is recorded for the fix."
            return Status(code="merged", label="Fix merged, release not recorded", reason=reason)
        case _:
            reason = f"No fix is recorded, although the issue to follow, #{number}, is closed."
    return Status(code="open", label=LABELS["open"], reason=reason)


def _is_ahead(version: str, releases: Sequence[Release]) -> bool:
    """Whether the version is above all releases: a list of the newest 100 does not have the old ones."""
    known = [found for release in releases if (found := read_tag(release))]
    return bool(known) and parse_version(version) > max(known)


def parse_releases(text: str, file: str) -> tuple[Release, ...]:
    """The releases in a file that `gh release list --json tagName,publishedAt` or GitHub's REST API wrote.

    Drafts are left out. Raises SettingsError.
    """
    try:
        found = json.loads(text)
        entries = [_parse_release(entry) for entry in found]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        message = (
            f"{file} is not a list of releases ({error}); write it with `gh release list --json tagName,publishedAt`"
        )
        raise SettingsError(message) from error
    return tuple(entry for entry in entries if entry)


def _parse_release(entry: Mapping[str, object]) -> Release | None:
    at = entry.get("publishedAt") or entry.get("published_at")
    if entry.get("isDraft") or entry.get("draft") or not at:
        return None
    tag = entry.get("tagName") or entry["tag_name"]
    is_prerelease = bool(entry.get("isPrerelease") or entry.get("prerelease"))
    moment = datetime.fromisoformat(str(at))
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Release(tag=str(tag), at=moment, is_prerelease=is_prerelease)
