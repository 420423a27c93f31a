"""The labels of an issue: how others left them, and the actions that set and remove ours. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.comment.sanitizer import quote_code
from bot.rules.labels import LabelUse
from bot.tracker.types import Change, unique, without
from bot.triage.actions import Action, AddLabels, CreateLabels, RemoveLabels
from bot.triage.config import Config
from bot.triage.decisions import Decisions, LabelDecision
from bot.triage.people.suggestions import plan_label_suggestions

if TYPE_CHECKING:
    from bot.triage.snapshot import Snapshot

TEMPLATE_MOMENT = timedelta(minutes=1)
"""What happens so soon after an event counts as part of it."""


@dataclass(frozen=True, slots=True)
class Contested:
    """The labels that conditions read and that we may change, in lower case: we may set or remove them.

    Matching sees them as others left them. Otherwise a label of ours could start a rule of ours, or stop it. Of those
    that we only set, none of others can be gone by us, so only the ones on the issue need its history.
    """

    set_: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    def are_changed(self, labels: Iterable[str]) -> bool:
        """Whether we may have changed one of them on an issue with these labels, which only its history shows."""
        return bool(self.removed or self.set_.intersection(map(str.casefold, labels)))


def find_contested(uses: Iterable[LabelUse], config: Config, remembered: Iterable[str] = ()) -> Contested:
    """The contested labels of rules and settings; `remembered` are the labels in our comment."""
    known = tuple(uses)
    read = {name for use in known for name in use.read}
    if not read:
        return Contested()
    asked = (config.labels.regression, config.duplicates.label, *remembered)
    given = {name.casefold() for name in asked if name} | {name for use in known for name in use.given}
    prefixes = tuple(prefix for use in known for prefix in use.prefixes)
    owned = tuple(prefix.casefold() for prefix in config.labels.prefix_owned)
    removed = {name for use in known for name in use.removed}
    return Contested(
        frozenset(name for name in read if name in given or name.startswith((*prefixes, *owned))),
        frozenset(name for name in read if name in removed or name.startswith(owned)),
    )


def restore_labels(
    labels: Sequence[str], contested: Contested, history: Sequence[Change], is_us: Callable[[str], bool]
) -> tuple[str, ...]:
    """The labels of an issue as others left them; only contested ones differ. `is_us` knows our logins."""
    known = contested.set_ | contested.removed
    names = unique(change.label for change in history if change.label and change.label.casefold() in known)
    changes = {name: list_changes(name, history) for name in names}
    ours = [name for name, found in changes.items() if found and is_us(found[-1].actor.login)]
    removed = [name for name in ours if name.casefold() in contested.removed]
    return unique([*without(labels, ours), *(name for name in removed if _did_others_leave(changes[name], is_us))])


def _did_others_leave(changes: Sequence[Change], is_us: Callable[[str], bool]) -> bool:
    """Whether the issue would have the label without our changes of it."""
    others = [change for change in changes if not is_us(change.actor.login)]
    if others:
        return others[-1].kind == "labeled"
    # We removed it first: it was on the issue before its history began, such as after a transfer.
    return changes[0].kind == "unlabeled"


def list_changes(label: str, history: Iterable[Change]) -> tuple[Change, ...]:
    """Each time that the label was set or removed, the oldest first."""
    wanted = label.casefold()
    return tuple(
        change
        for change in history
        if change.label and change.label.casefold() == wanted and change.kind in {"labeled", "unlabeled"}
    )


def plan_labels(snapshot: "Snapshot", decisions: Decisions, config: Config) -> tuple[list[Action], list[str]]:
    """The labels to create, to set, to remove and to suggest, and remarks."""
    labels = decisions.labels
    missing, suggested = without(labels.add, snapshot.issue.labels), without(labels.suggest, snapshot.issue.labels)
    kept_off = [label for label in (*missing, *suggested) if _was_taken_off(label, snapshot, labels, config)]
    wanted = without(missing, kept_off)
    suggestions, suggestion_remarks = plan_label_suggestions(without(suggested, kept_off), snapshot, decisions)
    unknown = without(wanted, snapshot.existing_labels)
    new = without(unknown, labels.typed) if config.labels.create else ()
    add = without(wanted, without(unknown, new))
    unwanted = find_unwanted(snapshot, labels, config)
    remove = tuple(label for label in unwanted if _may_take_off(label, snapshot, labels, config))
    actions: list[Action] = []
    actions += [CreateLabels(new)] if new else []
    actions += [AddLabels(add)] if add else []
    actions += [RemoveLabels(remove)] if remove else []
    actions += suggestions
    remarks = [f"somebody removed the label `{label}`, so Signpost does not set it again" for label in kept_off]
    remarks += [_explain_unknown(label, snapshot, labels) for label in without(unknown, new)]
    return actions, [*remarks, *suggestion_remarks]


def _explain_unknown(label: str, snapshot: "Snapshot", labels: LabelDecision) -> str:
    if label not in labels.typed:
        return f"the label `{label}` does not exist in this repository; create it, or correct the rule or the settings"
    typed = next(each for match in snapshot.matches for each in match.answered if each.name == label)
    given = f"the answer {quote_code(typed.answer)} of `{typed.place}` asks for the label {quote_code(label)}"
    return f"{given}, which does not exist in this repository; create it if it should be set"


def _was_taken_off(label: str, snapshot: "Snapshot", labels: LabelDecision, config: Config) -> bool:
    """Whether somebody removed the label after it was set; we remove a label only if it does not apply any more.

    A bot that has our login removes a label for an answer only when the answer changes, also if no comment remembers.
    """
    last = _find_last_change(label, snapshot)
    if last is None:
        return False
    # Set, never removed, and yet missing: somebody renamed or deleted the label itself.
    was_ours = last.kind == "unlabeled" and _is_ours(last, snapshot)
    is_dropped = snapshot.marker is not None and not without([label], snapshot.marker.dropped)
    is_answered = last.actor.is_bot and not without([label], labels.answered)
    return not (was_ours and (is_dropped or is_answered or is_owned(label, config)))


def _find_last_change(label: str, snapshot: "Snapshot") -> Change | None:
    """The last time that the label was set or removed, according to the history."""
    changes = list_changes(label, snapshot.history or ())
    return changes[-1] if changes else None


def _is_ours(change: Change, snapshot: "Snapshot") -> bool:
    return snapshot.is_us(change.actor.login)


def _may_take_off(label: str, snapshot: "Snapshot", labels: LabelDecision, config: Config) -> bool:
    """A label may be removed if we set it; or if a bot or a template set it, and a rule or a prefix asks for it.

    A template sets its labels in the author's name when the issue is opened.
    """
    issue, is_asked = snapshot.issue, label in labels.remove or is_owned(label, config)
    if snapshot.history is None:
        return is_asked and issue.updated_at == issue.created_at
    last = _find_last_change(label, snapshot)
    if last is None:
        # Renamed since it was set, so it is unknown who set it; on an issue without a history, the template.
        return is_asked and not snapshot.history
    is_template = last.actor.login == issue.author.login and last.at - issue.created_at <= TEMPLATE_MOMENT
    return _is_ours(last, snapshot) or (is_asked and (last.actor.is_bot or is_template))


def list_asked(snapshot: "Snapshot", labels: LabelDecision) -> list[str]:
    """The labels that our comment remembers: all that we ask for, without names that only a reporter made up."""
    return list(without(labels.add, without(labels.typed, [*snapshot.existing_labels, *snapshot.issue.labels])))


def find_unwanted(snapshot: "Snapshot", labels: LabelDecision, config: Config) -> tuple[str, ...]:
    """Labels to remove from the issue: by rules, by our own prefixes, and those of earlier or refused matches."""
    issue, marker = snapshot.issue, snapshot.marker
    owned = [label for label in issue.labels if is_owned(label, config)]
    former = [*marker.labels, *marker.dropped] if marker else []
    stale = without([*owned, *former, *labels.refused, *labels.replaced], labels.fitting)
    present = {label.casefold() for label in issue.labels}
    return tuple(label for label in unique([*labels.remove, *stale]) if label.casefold() in present)


def is_owned(label: str, config: Config) -> bool:
    """Whether a label is Signpost's own, by its prefix."""
    return label.startswith(tuple(config.labels.prefix_owned))
