"""Which labels should change, and which of them a human has decided on. Pure."""

from datetime import timedelta

from bot.comment.marker import Marker
from bot.tracker.types import Change, Issue
from bot.triage.actions import Action, AddLabels, CreateLabels, RemoveLabels
from bot.triage.config import Config
from bot.triage.decisions import Wish, unique, without
from bot.triage.state__state import State

TEMPLATE_MOMENT = timedelta(minutes=1)
"""What happens so soon after something is a part of it."""


def are_labels_due(issue: Issue, wish: Wish, config: Config, marker: Marker | None) -> bool:
    """Whether a label may have to change; a human may have decided otherwise."""
    return bool(without(wish.add, issue.labels) or _find_unwanted(issue, wish, config, marker))


def plan_labels(
    issue: Issue, wish: Wish, state: State, config: Config, marker: Marker | None
) -> tuple[list[Action], list[str]]:
    """Which labels are created, set and taken off, and remarks; `marker` is that of our comment, if there is one."""
    missing = without(wish.add, issue.labels)
    kept_off = [label for label in missing if _was_taken_off(label, state, config, marker)]
    wanted = without(missing, kept_off)
    unknown = without(wanted, state.existing_labels)
    add = wanted if config.labels.create else without(wanted, unknown)
    unwanted = _find_unwanted(issue, wish, config, marker)
    remove = tuple(label for label in unwanted if _may_take_off(issue, label, wish, state, config))
    actions: list[Action] = []
    actions += [CreateLabels(unknown)] if unknown and config.labels.create else []
    actions += [AddLabels(add)] if add else []
    actions += [RemoveLabels(remove)] if remove else []
    remarks = [f"the label `{label}` was taken off by somebody, and stays off" for label in kept_off]
    if not config.labels.create:
        remarks += [
            f"the label `{label}` does not exist here; create it, or correct the rule or the settings"
            for label in unknown
        ]
    return actions, remarks


def _was_taken_off(label: str, state: State, config: Config, marker: Marker | None) -> bool:
    """Whether the label was set once and somebody took it off; we ourselves do so only where it no longer held."""
    last = _find_last_change(label, state)
    if last is None:
        return False
    # Set and never taken off, and yet not there: somebody renamed or deleted the label itself.
    was_ours = last.kind == "unlabeled" and last.actor.login.lower() == state.login.lower()
    is_dropped = marker is not None and not without([label], marker.dropped)
    return not (was_ours and (is_dropped or _is_owned(label, config)))


def _find_last_change(label: str, state: State) -> Change | None:
    """When the label was last set or taken off, as far as the history says."""
    changes = [c for c in state.history or () if c.label and c.label.casefold() == label.casefold()]
    return next((change for change in reversed(changes) if change.kind in {"labeled", "unlabeled"}), None)


def _find_unwanted(issue: Issue, wish: Wish, config: Config, marker: Marker | None) -> tuple[str, ...]:
    """Labels on the issue that should go: what rules take off, our own prefixes, and what a former match had set."""
    owned = [label for label in issue.labels if _is_owned(label, config)]
    former = [*marker.labels, *marker.dropped] if marker else []
    stale = without([*owned, *former], wish.fitting)
    return tuple(label for label in unique([*wish.remove, *stale]) if _has(issue, label))


def _is_owned(label: str, config: Config) -> bool:
    return label.startswith(tuple(config.labels.prefix_owned))


def _may_take_off(issue: Issue, label: str, wish: Wish, state: State, config: Config) -> bool:
    """Only what a bot or a template set, and what nobody asks to take off only if we ourselves set it.

    A template sets its labels in the author's name when the issue is opened.
    """
    if state.history is None:
        return issue.updated_at == issue.created_at
    last = _find_last_change(label, state)
    if last is None:
        # Renamed since it was set, so nobody can tell who set it; on an issue without a history, the template.
        return not state.history
    is_ours = last.actor.login.lower() == state.login.lower()
    is_template = last.actor.login == issue.author.login and last.at - issue.created_at <= TEMPLATE_MOMENT
    is_asked = label in wish.remove or _is_owned(label, config)
    return is_ours or (is_asked and (last.actor.is_bot or is_template))


def _has(issue: Issue, label: str) -> bool:
    return label.casefold() in {present.casefold() for present in issue.labels}
