"""The workflows of `signpost init`: their templates and versions, and how an upgrade keeps their owner's changes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher, unified_diff
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from bot.cli.options.github import connect_github
from bot.errors import SignpostError
from bot.rules.loader import load_rules
from bot.text.printable import reveal_line
from bot.triage.config import make_default_config, parse_config
from bot.triage.doctor.setup import reads_labels
from bot.triage.doctor.workflow_checks import is_older
from bot.triage.doctor.workflows import ACTION, read_workflows

_USES = re.compile(
    rf"(?P<start>uses:[ \t]*['\"]?{ACTION}(?:/[\w-]+)?)@(?P<ref>[^\s'\"#]+)"
    r"(?P<end>['\"]?)(?:[ \t]+#[ \t]*(?P<tag>v[\w.]+))?",
    re.IGNORECASE,
)
_SHA = re.compile(r"[0-9a-f]{40}")
_SHORT = 4
"""Seconds in which GitHub must answer with the SHA of a release."""

TEMPLATES = {"signpost.yml": "workflow", "signpost-check.yml": "check", "signpost-schedule.yml": "schedule"}
"""The template of each workflow."""

_PACKAGE = "bot.cli"
_FOLDER = ".github/workflows/"
_LEAST_SIMILAR = 0.5
"""The least share of common lines of a workflow that `signpost init` wrote and its owner changed."""


class Change(NamedTuple):
    """A file as it is (None: it does not exist) and as it will be, and what its owner has to decide."""

    place: str
    before: str | None
    after: str
    advice: tuple[str, ...] = ()


def find_pin(version: str, *, is_offline: bool = False) -> str:
    """What follows `@` in a workflow: the SHA of this release and its tag, or else the tag alone.

    A development version has no release of its own, and uses `v1`. GitHub is asked once, for a few seconds.
    """
    tag = "v1" if "dev" in version else f"v{version}"
    sha = None if is_offline else _find_commit(tag)
    return f"{sha} # {tag}" if sha and _SHA.fullmatch(sha) else tag


def _find_commit(tag: str) -> str | None:
    try:
        return connect_github(most_seconds=_SHORT, most_tries=1).find_commit(ACTION, tag)
    except SignpostError:
        return None


def plan_workflows(home: Path, pin: str, *, wants_labels: bool = False) -> dict[str, str]:
    """The workflows by their places; with the events for labels if wanted, or if a rule in `home` reads labels."""
    texts = {f"{_FOLDER}{name}": read_template(f"{each}.yml") for name, each in TEMPLATES.items()}
    if wants_labels or _wants_labels(home):
        place = f"{_FOLDER}signpost.yml"
        texts[place] = texts[place].replace("edited, reopened]", "edited, reopened, labeled, unlabeled]")
    return {place: text.replace(f"{ACTION}@v1", f"{ACTION}@{pin}") for place, text in texts.items()}


def advise_labels(present: Mapping[str, str]) -> list[str]:
    """What the workflow and the settings that exist need, so that rules answer labels; `present` are the files."""
    workflow, settings = f"{_FOLDER}signpost.yml", ".github/signpost/config.yml"
    config = parse_config(present.get(settings, ""), settings)[0] or make_default_config()
    needs = (
        (
            "labeled" in present.get(workflow, "labeled"),
            f"add `labeled` and `unlabeled` to `types` of `issues` in {workflow}",
        ),
        ("labeled" in config.on, f"add `labeled` to `on` in {settings}"),
    )
    return [advice for is_there, advice in needs if not is_there]


def _wants_labels(home: Path) -> bool:
    try:
        return home.is_dir() and reads_labels(load_rules([str(home)]).rules)
    except SignpostError:
        return False


def list_versions() -> dict[str, tuple[str, ...]]:
    """What this and older versions wrote at the place of each workflow."""
    texts = {path.name: path.read_text("utf-8") for path in files(_PACKAGE).joinpath("templates/older").iterdir()}
    return {
        f"{_FOLDER}{name}": (
            read_template(f"{template}.yml"),
            *(text for older, text in sorted(texts.items()) if older.startswith(f"{template}-")),
        )
        for name, template in TEMPLATES.items()
    }


def read_template(name: str) -> str:
    """The text of a template."""
    return files(_PACKAGE).joinpath("templates", name).read_text("utf-8")


def plan_changes(wanted: Mapping[str, str], present: Mapping[str, str], pin: str, *, is_upgrade: bool) -> list[Change]:
    """The files to write. Those that exist stay as they are; an upgrade changes workflows that use Signpost.

    A new workflow is left out if another workflow does its work.
    """
    new = [
        Change(place, None, text)
        for place, text in wanted.items()
        if place not in present and not _is_done(place, text, present)
    ]
    if not is_upgrade:
        return new
    versions = list_versions()
    found = [place for place in present if place.startswith(_FOLDER)]
    changed = (_upgrade(place, present[place], wanted.get(place), versions.get(place, ()), pin) for place in found)
    return [*new, *(change for change in changed if change.before != change.after or change.advice)]


def _is_done(place: str, text: str, present: Mapping[str, str]) -> bool:
    """Whether existing workflows already run one of the commands of a new one."""
    commands = {use.command for workflow in read_workflows({place: text}) for use in workflow.uses}
    done = {use.command for workflow in read_workflows(present) for use in workflow.uses}
    return bool(commands & done)


def _upgrade(place: str, text: str, wanted: str | None, older: Sequence[str], pin: str) -> Change:
    """A workflow with the new release; one that `init` wrote also gets what is new in the template.

    `older` are the texts that this and older versions wrote there.
    """
    if reason := next(filter(None, (_refuse_pin(found, pin) for found in _USES.finditer(text))), ""):
        return Change(place, text, text, (f"{place} stays as it is: it {reason}",))
    ours = set_pin(text, "v1")
    base = max(older, key=lambda each: _compare(each, ours), default=None)
    if wanted is None or base is None or _compare(base, ours) < _LEAST_SIMILAR:
        after = set_pin(text, pin)
        effect = "it stays as it is" if after == text else "only the version is new"
        return Change(
            place, text, after, (f"{place} was not written by `signpost init`, so {effect}",) if wanted else ()
        )
    merged, left = merge_lines(base.splitlines(), ours.splitlines(), set_pin(wanted, "v1").splitlines())
    after = set_pin("".join(f"{line}\n" for line in merged), pin)
    if not read_workflows({place: after}):
        return Change(place, text, set_pin(text, pin), (f"{place} cannot be merged, so only the version is new",))
    return Change(place, text, after, tuple(_advise(f"{place}:{number}", lines) for number, lines in left))


def _refuse_pin(found: re.Match[str], pin: str) -> str:
    """Why a step keeps its version: it names a newer release, or a commit, and only a tag could replace it."""
    ref, _, tag = pin.partition(" # ")
    named = found["tag"] or ("" if _SHA.fullmatch(found["ref"]) else found["ref"])
    if is_older(tag or ref, named):
        return f"names a newer release than {tag or ref}; upgrade Signpost on your machine first"
    if _SHA.fullmatch(found["ref"]) and not tag:
        return f"names a commit, and the commit of {pin} could not be read from GitHub"
    return ""


def _advise(where: str, lines: list[str]) -> str:
    """What an owner may want to take from the template."""
    if not lines:
        return f"{where}: your lines stay; the template no longer has them"
    return f"{where}: your lines stay; the template has `{' / '.join(line.strip() for line in lines)}`"


def set_pin(text: str, pin: str) -> str:
    """The workflow with another version of the action: a tag, or a SHA with its tag in a comment."""
    ref, _, tag = pin.partition(" # ")
    note = f" # {tag}" if tag else ""
    return _USES.sub(lambda found: f"{found['start']}@{ref}{found['end']}{note}", text)


def _compare(one: str, other: str) -> float:
    """The lines in common, as a share of all; comments do not count."""
    first, second = ([line.strip() for line in text.splitlines() if line.strip()[:1] != "#"] for text in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def merge_lines(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """A three-way merge by lines (diff3). Where both sides changed the same lines, ours stay.

    The second value has the conflicts: the number of the line in the result, and the lines of theirs.
    Khanna, Kunal and Pierce, A Formal Investigation of Diff3, FSTTCS 2007.
    """
    merged: list[str] = []
    left: list[tuple[int, list[str]]] = []
    at = (0, 0, 0)
    for start in _find_stable(base, ours, theirs):
        old, own, new = (list(text[a:b]) for text, a, b in zip((base, ours, theirs), at, start, strict=True))
        if new not in (old, own) and own != old:
            left.append((len(merged) + 1, new))
        merged += [*(new if own == old else own), *base[start[0] : start[0] + 1]]
        at = (start[0] + 1, start[1] + 1, start[2] + 1)
    return merged, left


def _find_stable(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """The lines that all three have, as places in each; the last one is the end."""
    own, new = (dict(_match(base, text)) for text in (ours, theirs))
    yield from ((place, own[place], new[place]) for place in range(len(base)) if place in own and place in new)
    yield len(base), len(ours), len(theirs)


def _match(base: Sequence[str], text: Sequence[str]) -> Iterable[tuple[int, int]]:
    """The lines of the base that a text still has, each with its place there."""
    for block in SequenceMatcher(None, base, text, autojunk=False).get_matching_blocks():
        yield from ((block.a + step, block.b + step) for step in range(block.size))


def format_diff(changes: Iterable[Change]) -> str:
    """What changes in files that exist, as a unified diff."""
    lines: list[str] = []
    for change in changes:
        if change.before is not None:
            before, after = change.before.splitlines(), change.after.splitlines()
            lines += unified_diff(before, after, f"a/{change.place}", f"b/{change.place}", lineterm="")
    return "".join(f"{reveal_line(line)}\n" for line in lines)


def list_advice(changes: Iterable[Change]) -> list[str]:
    """What the owner of a changed file has to decide, one line each."""
    return [reveal_line(line) for change in changes for line in change.advice]
