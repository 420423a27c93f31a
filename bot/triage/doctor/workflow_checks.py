"""Checks of the workflows that run Signpost: their events, rights, runners and versions. Pure."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from bot.text.printable import join_words
from bot.tracker.setup import ActionsPolicy, Unread
from bot.triage.config import Occasion, Sources
from bot.triage.doctor.setup import Check, Setup, leave_unchecked, list_names, quote, reads_labels
from bot.triage.doctor.workflows import ACTION, COMMANDS, Use, Workflow

_UPGRADE = "Run `signpost init --upgrade`, and commit the changes."
_RENEW = "Run `pipx upgrade signpost-bot` and `signpost init --upgrade`, and commit the changes."
_SHA = re.compile(r"[0-9a-f]{40}")
_RETIRED = re.compile(r"ubuntu-(?:16|18|20)\.04|macos-(?:1[0-3])(?:\.15)?(?:-.*)?|windows-(?:2016|2019)")
"""Images that GitHub has removed; their jobs never start.
https://github.com/actions/runner-images/issues?q=label%3AAnnouncement"""

_NEEDED = {
    "run": {"contents": "read", "issues": "write"},
    "report": {"contents": "read", "issues": "read"},
    "check": {"contents": "read"},
    "index": {"issues": "read"},
    "sweep": {"contents": "read", "issues": "write"},
}
"""The least rights of a job by its command."""

_EVENTS: Mapping[Occasion, tuple[tuple[str, str], ...]] = {
    "opened": (("issues", "opened"),),
    "edited": (("issues", "edited"),),
    "reopened": (("issues", "reopened"),),
    "commented": (("issue_comment", "created"),),
    "labeled": (("issues", "labeled"), ("issues", "unlabeled")),
    "unlabeled": (("issues", "unlabeled"),),
}
"""The events of a workflow for each occasion of the settings."""

_STRENGTH = ("none", "read", "write")
_LABELLED = ("labeled", "unlabeled")


def check_workflows(setup: Setup) -> Iterator[Check]:
    """The checks of the workflow files, or one that says why there are none."""
    if isinstance(setup.workflows, Unread):
        yield leave_unchecked("workflow", setup.workflows)
        return
    running = [workflow for workflow in setup.workflows if workflow.does("run")]
    yield _check_presence(setup, setup.workflows, running)
    if running:
        yield _check_events(setup, setup.workflows, running)
        yield _check_concurrency(running)
    if setup.workflows:
        uses = [use for workflow in setup.workflows for use in workflow.uses]
        yield _check_rights(uses)
        yield _check_runners(uses)
        yield _check_version(setup, uses)


def _check_presence(setup: Setup, workflows: tuple[Workflow, ...], running: list[Workflow]) -> Check:
    if not running:
        advice = f"Run `signpost init`, commit the files, and push them to {setup.branch}."
        return Check("workflow", "error", f"no workflow on {setup.branch} runs Signpost on issues", advice)
    states = () if isinstance(setup.states, Unread) else setup.states
    stopped = {each.path: each.state for each in states if each.state != "active"}
    for workflow in workflows:
        if state := stopped.get(workflow.file):
            what = f"{quote(workflow.file)} is disabled ({state.removeprefix('disabled_')})"
            return Check("workflow", "error", what, "Enable it on the page Actions.")
    found = list_names(workflow.file for workflow in workflows)
    unknown = "; whether it is enabled was not checked" if isinstance(setup.states, Unread) else ""
    return Check("workflow", "ok", f"{found}{unknown}")


def _check_events(setup: Setup, workflows: tuple[Workflow, ...], running: list[Workflow]) -> Check:
    risky = [workflow.file for workflow in workflows if "pull_request_target" in workflow.events]
    if risky:
        what = f"`pull_request_target` gives a token to the code of strangers, in {list_names(risky)}"
        return Check("events", "error", what, "Remove this event; Signpost needs only `pull_request`.")
    if not any("issues" in workflow.events for workflow in running):
        fix = f"Add the event `issues` to `on:` in {quote(running[0].file)}."
        return Check("events", "error", "no workflow reacts to new issues", fix)
    missing = _find_missing_events(setup, running)
    if missing:
        is_deaf = "`issues: opened`" in missing
        what = f"the workflow does not react to {join_words(missing)}"
        fix = f"Add {'it' if len(missing) == 1 else 'them'} to `on:` in {quote(running[0].file)}."
        return Check("events", "error" if is_deaf else "warning", what, fix)
    return Check("events", "ok", "the workflow has all events that the settings want")


def _find_missing_events(setup: Setup, running: list[Workflow]) -> list[str]:
    """The events that the settings and the rules want, and that no workflow has."""
    sources = setup.sources
    occasions = sources.config.on if isinstance(sources, Sources) else [*_EVENTS]
    wanted = [*dict.fromkeys(event for occasion in occasions for event in _EVENTS[occasion])]
    if not (isinstance(sources, Sources) and reads_labels(sources.ruleset.rules)):
        wanted = [event for event in wanted if event[1] not in _LABELLED]
    return [f"`{name}: {kind}`" for name, kind in wanted if not any(_hears(each, name, kind) for each in running)]


def _hears(workflow: Workflow, name: str, kind: str) -> bool:
    """Whether a workflow has an event of that type; an event without types has all of them."""
    types = workflow.events.get(name)
    return types is not None and (not types or kind in types)


def _check_concurrency(running: list[Workflow]) -> Check:
    if found := next(filter(None, map(_find_lost_run, running)), None):
        return Check("concurrency", "warning", *found)
    return Check("concurrency", "ok", "one run at a time for each issue")


def _find_lost_run(workflow: Workflow) -> tuple[str, str] | None:
    """How a run of a workflow may be lost or meet another one, and the fix."""
    file, fix = quote(workflow.file), "Set `concurrency: {group: 'signpost-${{ github.event.issue.number }}'}`."
    if not workflow.group:
        return f"{file} has no `concurrency`, so two runs for one issue can overlap", fix
    if "issue" not in workflow.group:
        return f"the group of {file} is the same for all issues, so GitHub cancels waiting runs", fix
    if workflow.cancels:
        what = f"`cancel-in-progress` in {file} can stop a run between its label and its comment"
        return what, "Remove `cancel-in-progress`."
    if "issue_comment" in workflow.events and not workflow.keeps_waiting:
        what = f"in {file}, a comment can replace the waiting run of an edit or of a command"
        return what, "Add `queue: max` to `concurrency`."
    return None


def _check_rights(uses: list[Use]) -> Check:
    """Too few rights are an error, more than needed a warning."""
    if lacking := dict.fromkeys(found for use in uses for found in _find_lacking(use)):
        what = f"a job lacks the permission {list_names(lacking)}"
        return Check("permissions", "error", what, "Add it to the `permissions` of the job.")
    if unstated := {f"{use.file} ({use.job})": use for use in uses if use.may("issues") is None}:
        what = f"without `permissions`, the rights depend on the repository: {list_names(unstated)}"
        return Check("permissions", "warning", what, _write_rights_fix(next(iter(unstated.values()))))
    if surplus := dict.fromkeys(found for use in uses for found in _find_surplus(use)):
        what = f"a job may write more than Signpost needs: {list_names(surplus)}"
        return Check("permissions", "warning", what, "Remove the permissions that Signpost does not need.")
    return Check("permissions", "ok", "each job has what it needs, and no more")


def _write_rights_fix(use: Use) -> str:
    needed = ", ".join(f"{right}: {level}" for right, level in _NEEDED.get(use.command, {"contents": "read"}).items())
    return f"Add `permissions: {{{needed}}}` to the job {quote(use.job)}."


def _find_lacking(use: Use) -> list[str]:
    """The rights that the command needs and the job certainly does not have."""
    needed = _NEEDED.get(use.command, {})
    given = {right: use.may(right) for right in needed}
    lacking = (right for right, level in given.items() if level and _rank(level) < _STRENGTH.index(needed[right]))
    return [f"{right}: {needed[right]} in {use.file} ({use.job})" for right in lacking]


def _rank(given: str) -> int:
    return _STRENGTH.index(given) if given in _STRENGTH else 0


def _find_surplus(use: Use) -> list[str]:
    """What the job may write although its command does not; a site may write its pages."""
    needed = _NEEDED.get(use.command)
    if needed is None or use.rights is None:
        return []
    if isinstance(use.rights, str):
        return [f"{use.rights} in {use.file}"] if use.rights == "write-all" else []
    written = (right for right, given in use.rights.items() if given == "write" and needed.get(right) != "write")
    return [f"{right}: write in {use.file} ({use.job})" for right in written]


def _check_runners(uses: list[Use]) -> Check:
    for use in uses:
        if _RETIRED.fullmatch(use.runs_on):
            what = f"{quote(use.file)} runs on {quote(use.runs_on)}, which GitHub has removed"
            return Check("runner", "error", what, "Set `runs-on: ubuntu-latest`.")
    names = list_names(dict.fromkeys(use.runs_on for use in uses if use.runs_on))
    return Check("runner", "ok", names or "stated elsewhere")


def _check_version(setup: Setup, uses: list[Use]) -> Check:
    used = {use.ref: use for use in uses if use.ref}
    if not used:
        return Check("version", "ok", "the workflow installs the command itself")
    latest = setup.release if isinstance(setup.release, str) else ""
    if unknown := [ref for ref, use in used.items() if not use.release and not _SHA.fullmatch(ref)]:
        what = f"the workflows use {list_names(unknown)}, which is not a release and can change at any time"
        return Check("version", "warning", what, _UPGRADE)
    if older := [use.release for use in used.values() if is_older(use.release, latest)]:
        what = f"the workflows use {list_names(dict.fromkeys(older))}, and the latest release is {quote(latest)}"
        return Check("version", "warning", what, _RENEW)
    shown = dict.fromkeys(use.release or _shorten(ref) for ref, use in used.items())
    unread = "; the latest release was not read" if isinstance(setup.release, Unread) else ""
    return Check("version", "ok", f"{list_names(shown)}{unread}")


def write_cache_fix(file: str, thing: str) -> str:
    """What gives an index or a ledger to the step in that file; `init --upgrade` changes only its own workflow."""
    if file == ".github/workflows/signpost.yml":
        return _UPGRADE
    return f"Restore the cache with the {thing} in {quote(file)}, and give the step the input `{thing}`."


def is_older(release: str, latest: str) -> bool:
    """Whether a release is older than the latest one; `v1` is as new as any `v1.2.3`, because its tag moves."""
    parts, others = ([int(part) for part in re.findall(r"\d{1,9}", name)] for name in (release, latest))
    return bool(parts and others) and parts < others[: len(parts)]


def check_policy(setup: Setup) -> Check:
    """Whether GitHub Actions may run Signpost."""
    policy = setup.policy
    if isinstance(policy, Unread):
        return leave_unchecked("actions", policy)
    if not policy.is_enabled:
        return Check("actions", "error", "GitHub Actions is disabled", f"Enable it in {_WHERE}.")
    if refused := _find_refused(policy, setup):
        what = f"the settings do not allow the action {quote(refused)}, so the workflow does not start"
        return Check("actions", "error", what, f"Allow actions created by GitHub in {_WHERE}.")
    return _check_refs(policy, {use.ref: None for use in setup.list_uses(*COMMANDS) if use.ref})


_WHERE = "Settings → Actions → General"


def _find_refused(policy: ActionsPolicy, setup: Setup) -> str:
    """An action of GitHub in our workflows that may not run; "" if there is none."""
    if policy.allowed != "selected" or policy.takes_githubs or isinstance(setup.workflows, Unread):
        return ""
    used = (action for workflow in setup.workflows for action in workflow.actions)
    return next((action for action in used if not _matches(policy, action)), "")


def _matches(policy: ActionsPolicy, action: str) -> bool:
    """Whether a pattern allows an action, and none with a `!` blocks it.

    https://github.blog/changelog/2025-08-15-github-actions-policy-now-supports-blocking-and-sha-pinning-actions/
    """
    names = (action.lower(), action.partition("@")[0].lower())
    patterns = [pattern.strip().lower() for pattern in policy.patterns]
    matching = [pattern for pattern in patterns if any(fnmatchcase(name, pattern.lstrip("!")) for name in names)]
    return bool(matching) and not any(pattern.startswith("!") for pattern in matching)


def _check_refs(policy: ActionsPolicy, refs: Mapping[str, None]) -> Check:
    """Whether each version of the action in the workflows may run."""
    if refused := [ref for ref in refs or {"v1": None} if not _is_allowed(policy, ref)]:
        what = f"the settings do not allow the action {quote(f'{ACTION}@{_shorten(refused[0])}')}"
        return Check("actions", "error", what, f"Allow `{ACTION}@*` in {_WHERE}.")
    if policy.requires_sha and any(not _SHA.fullmatch(ref) for ref in refs):
        what = "the settings require actions that are pinned to a commit"
        return Check("actions", "error", what, "Run `signpost init --upgrade` with a network; it pins the action.")
    return Check("actions", "ok", "GitHub Actions is enabled and allows Signpost")


def _shorten(ref: str) -> str:
    return ref[:7] if _SHA.fullmatch(ref) else ref


def _is_allowed(policy: ActionsPolicy, ref: str) -> bool:
    """By the patterns of the settings, such as `octo-org/*` and `octo-org/octo-repo@v2`.

    https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository
    """
    if policy.allowed != "selected":
        return policy.allowed == "all"
    return _matches(policy, f"{ACTION}@{ref}")
