"""Workflow files as Signpost needs them: their events, rights, and the steps that run Signpost. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.rules.spec.document import read_document

ACTION = "signpost-bot/signpost"
"""The action's repository on GitHub."""

COMMANDS = ("run", "check", "index", "sweep", "report", "site")

_USES = re.compile(rf"{ACTION}(?:/[\w./-]+)?@(?P<ref>[^\s@]+)", re.IGNORECASE)
_GITHUBS = re.compile(r"^[ \t-]*uses:[ \t]*['\"]?((?:actions|github)/[\w./-]+@[\w./-]+)", re.MULTILINE)
_CALLED = re.compile(rf"(?:^|[\s;&|/])signpost[ \t]+({'|'.join(COMMANDS)})\b", re.MULTILINE)
_RELEASE = re.compile(r"v\d+(?:\.\d+){0,2}")

Rights = Mapping[str, str] | str | None
"""The rights of a job by their names, GitHub's word for all (`write-all`), or None where the file states none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A step that runs Signpost.

    `ref` is the part after `@`, "" for a step that calls the command itself. `release` is the version that the ref or
    the comment after it names, "" if there is none. `runs_on` is "" where it is not plain text.
    """

    file: str
    job: str
    command: str
    ref: str = ""
    release: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    rights: Rights = None
    runs_on: str = ""

    def may(self, right: str) -> str | None:
        """`write`, `read` or `none`; None if the file leaves that to the settings of the repository.

        A file that states one right has none of the others.
        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
        """
        if self.rights is None or isinstance(self.rights, str):
            return {"write-all": "write", "read-all": "read"}.get(self.rights or "")
        return self.rights.get(right, "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow file with a step that runs Signpost; the events have their types, () for all.

    `group` is that of its `concurrency`, "" without one. A run that waits is lost when another one comes, unless the
    group `keeps_waiting` runs; one that `cancels` stops even the run that is going on.
    `actions` are those that GitHub itself made.
    """

    file: str
    events: Mapping[str, tuple[str, ...]]
    group: str
    uses: tuple[Use, ...]
    keeps_waiting: bool = False
    cancels: bool = False
    actions: tuple[str, ...] = ()

    def does(self, command: str) -> bool:
        """Whether a step runs that command."""
        return any(use.command == command for use in self.uses)


def read_workflows(files: Mapping[str, str]) -> tuple[Workflow, ...]:
    """The workflows that run Signpost, by the names of their files; a file that is not one is left out."""
    return tuple(found for file, text in sorted(files.items()) if (found := _read_workflow(file, text)))


def _read_workflow(file: str, text: str) -> Workflow | None:
    if not file.endswith((".yml", ".yaml")) or "signpost" not in text.lower():
        return None
    value = read_document(text, file).value
    jobs = value.get("jobs") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(jobs, dict):
        return None
    uses = tuple(
        use
        for name, job in jobs.items()
        if isinstance(job, dict)
        for use in _read_job(file, str(name), {"permissions": value.get("permissions"), **job}, text)
    )
    if not uses:
        return None
    stated = (part.get("concurrency") for part in (value, *filter(_is_mapping, jobs.values())))
    concurrency = next(filter(_read_group, stated), None)
    details = concurrency if isinstance(concurrency, dict) else {}
    return Workflow(
        file=file,
        events=_read_events(value.get("on")),
        group=_read_group(concurrency),
        uses=uses,
        keeps_waiting=details.get("queue") == "max",
        cancels=details.get("cancel-in-progress") not in {None, False, "false"},
        actions=tuple(dict.fromkeys(_GITHUBS.findall(text))),
    )


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)


def _read_events(on: object) -> dict[str, tuple[str, ...]]:
    """`on: issues`, `on: [issues]`, or with the types of each event."""
    if isinstance(on, dict):
        return {str(name): _read_types(given) for name, given in on.items()}
    return {str(name): () for name in (on if isinstance(on, list) else [on]) if name}


def _read_types(given: object) -> tuple[str, ...]:
    types = given.get("types") if isinstance(given, dict) else None
    return tuple(map(str, types)) if isinstance(types, list) else (types,) if isinstance(types, str) else ()


def _read_group(concurrency: object) -> str:
    group = concurrency.get("group") if isinstance(concurrency, dict) else concurrency
    return group if isinstance(group, str) else ""


def _read_job(file: str, name: str, job: dict[str, Any], text: str) -> Iterator[Use]:
    """The uses in its steps; a reusable workflow with Signpost in its address is believed to check issues."""
    steps = job.get("steps")
    runs_on = job.get("runs-on")
    if "signpost" in str(job.get("uses") or "").lower():
        yield Use(file=file, job=name, command="run", rights=_read_rights(job.get("permissions")))
    for step in steps if isinstance(steps, list) else []:
        for command, ref, inputs in _read_step(step):
            yield Use(
                file=file,
                job=name,
                command=command,
                ref=ref,
                release=_find_release(ref, text),
                inputs=inputs,
                rights=_read_rights(job.get("permissions")),
                runs_on=runs_on if isinstance(runs_on, str) and "${{" not in runs_on else "",
            )


def _read_step(step: object) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The commands of a step, with the ref of the action and its inputs."""
    if not isinstance(step, dict):
        return
    given = step.get("with")
    inputs = {str(key): _write_input(value) for key, value in given.items()} if isinstance(given, dict) else {}
    if found := _USES.fullmatch(str(step.get("uses") or "").strip()):
        yield inputs.get("command", "run").strip() or "run", found["ref"], inputs
    for command in dict.fromkeys(_CALLED.findall(str(step.get("run") or ""))):
        yield command, "", {}


def _write_input(value: object) -> str:
    """An input as the runner passes it."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _read_rights(stated: object) -> Rights:
    if isinstance(stated, dict):
        return {str(name): str(right) for name, right in stated.items()}
    return stated if isinstance(stated, str) else None


def _find_release(ref: str, text: str) -> str:
    """The ref itself if it names a release, or else the comment after it, as Dependabot writes it."""
    if not ref or _RELEASE.fullmatch(ref):
        return ref
    noted = re.search(rf"@{re.escape(ref)}['\"]?[ \t]+#[ \t]*(v\d+(?:\.\d+){{0,2}})(?![\w.])", text)
    return noted[1] if noted else ""
