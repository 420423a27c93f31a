"""What an archive shows of each known problem: one pass over it on all cores, whose result is kept."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from bot.archive.jsonl import EMPTY_ARCHIVE, decode_line, parse_line
from bot.insights.report.found import find_product_versions
from bot.insights.site.wording import list_messages, list_named
from bot.issue.facts import Facts
from bot.rules.matcher import Match, match_rules
from bot.text.versions import find_versions
from bot.tracker.types import EPOCH, Issue
from bot.workbench.archive_passes import Chunk, Files, RuledArchive
from bot.workbench.suggest.clusters import find_clusters
from bot.workbench.suggest.message_counts import MessageTally

FORMAT = 2
"""The version of the file that keeps a census."""

_ISSUES = "/issues/"

Messages = Mapping[str, Mapping[str, int]]
"""The number of each message of each rule, by how the evidence names it."""


class Sighting(NamedTuple):
    """One report of a known problem, without its texts and without a login.

    `at` is when it was opened, in seconds since 1970 (UTC), 0 if that is unknown. `is_open` is None if the archive does
    not state it. `person` tells the reporters of one
    archive apart, and nothing else. `version` and `system` are what the report states, "" if it does not.
    `messages` are the numbers of the rule's messages (`list_messages`) that the report shows. `is_silent`: another rule
    speaks instead of this one. `home` is the address of the repository's issues, "" if it is unknown.
    """

    number: int
    at: int = 0
    person: int = 0
    is_open: bool | None = True
    reason: str = ""
    comments: int = 0
    version: str = ""
    system: str = ""
    messages: tuple[int, ...] = ()
    is_silent: bool = False
    home: str = ""


class State(NamedTuple):
    """How an issue or a pull request is: open, or closed for a reason in GitHub's words ("" if it gives none).

    `is_merged` is of a pull request, None if the archive does not state it.
    """

    is_open: bool
    reason: str = ""
    is_merged: bool | None = None


class Unmatched(NamedTuple):
    """A message that several issues share and that no rule knows; `numbers` is a sample of the issues."""

    text: str
    issues: int
    people: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Census:
    """All that the site shows of an archive.

    `sightings` are the reports of each rule, the oldest first. `times` are when all issues were opened (seconds since
    1970, sorted). `states` are those of the issues and pull requests that rules name. `end` is the last moment that the
    archive knows, 0 if it has no dates. `home` is the address of the issues of its repository, "" if it is unknown.
    `ahead` counts the issues with a date in the future, which counts as no date.
    """

    issues: int = 0
    sightings: Mapping[str, tuple[Sighting, ...]] = field(default_factory=dict)
    times: tuple[int, ...] = ()
    states: Mapping[int, State] = field(default_factory=dict)
    end: int = 0
    home: str = ""
    unmatched: tuple[Unmatched, ...] = ()
    ahead: int = 0


Place = tuple[str, int]
"""The place of a line, and the number of an issue in it."""


class Counted(NamedTuple):
    """One issue: when it was opened and last changed (seconds since 1970), its place, and its rules with a sighting."""

    at: int
    updated: int
    place: Place
    seen: tuple[tuple[str, Sighting], ...] = ()


@dataclass(kw_only=True)
class Part:
    """The part of a census that one chunk of lines gives; `seen` counts the lines' issues and pull requests.

    `issues` are by their home and number, each as its last line has it; `replaced` are the places of earlier lines.
    """

    seen: int = 0
    issues: dict[tuple[str, int], Counted] = field(default_factory=dict)
    replaced: set[Place] = field(default_factory=set)
    states: dict[int, State] = field(default_factory=dict)
    mined: MessageTally | None = None


@dataclass(frozen=True, kw_only=True)
class CountSightings:
    """A pass over an archive, but for the issues at some places.

    `is_mined`: whether to count the messages that no rule knows, too.
    """

    rules: tuple[Files, ...]
    is_mined: bool = False
    skipped: frozenset[Place] = frozenset()

    def prepare(self) -> Callable[[Chunk], Part]:
        """The pass with its rules compiled."""
        rules = RuledArchive(issues=EMPTY_ARCHIVE, rules=self.rules)
        messages = {rule.id: {m.wanted: n for n, m in enumerate(list_messages(rule))} for rule in rules.ruleset.rules}
        return partial(_count_chunk, rules=rules, messages=messages, work=self)


def take_census(
    archive: RuledArchive, cache: Path | None = None, *, is_mined: bool = False, now: float = math.inf
) -> Census:
    """The census of an archive: read from the file `cache` if neither the archive nor the rules have changed since.

    Writes that file otherwise. `now` is in seconds since 1970: a later date counts as none. Raises SettingsError, with
    the place, for a line that is not an issue.
    """
    key = hash_inputs(archive.issues.read_lines(), archive.rules, is_mined=is_mined) if cache else ""
    if cache and (known := _read_cache(cache, key)) and known.end <= now and not known.ahead:
        return known
    work = CountSightings(rules=archive.rules, is_mined=is_mined)
    whole = _run(archive, work)
    if is_mined and whole.replaced:
        # A tally cannot forget an issue, so that it is taken again without the lines that later ones replace.
        whole = _run(archive, replace(work, skipped=frozenset(whole.replaced)))
    census = make_census(whole, now)
    if cache:
        _write_cache(cache, key, census)
    return census


def _run(archive: RuledArchive, work: CountSightings) -> Part:
    whole = Part(mined=MessageTally() if work.is_mined else None)
    for part in archive.run_pass(work, "issues read"):
        merge_part(whole, part)
    return whole


def hash_inputs(lines: Iterable[tuple[str, str]], rules: Sequence[Files], *, is_mined: bool) -> str:
    """A hash of all that a census depends on."""
    digest = blake2b(f"{FORMAT} {is_mined}".encode(), digest_size=20)
    for files in rules:
        for name, text in sorted(files.items()):
            digest.update(f"{name}\0{text}\0".encode("utf-8", "surrogatepass"))
    for _where, line in lines:
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _count_chunk(lines: Chunk, rules: RuledArchive, messages: Messages, work: CountSightings) -> Part:
    part = Part(mined=MessageTally() if work.is_mined else None)
    named = list_named(rules.ruleset.rules)
    for where, line in lines:
        for number, issue in enumerate(parse_line(line, where)):
            part.seen += 1
            if issue.number in named and issue.is_state_known:
                part.states[issue.number] = _read_state(issue, line)
            if not issue.is_pull_request and (where, number) not in work.skipped:
                _count_issue(part, issue, (where, number), rules, messages)
    return part


def _count_issue(part: Part, issue: Issue, place: Place, rules: RuledArchive, messages: Messages) -> None:
    facts = rules.read_facts(issue)
    matches = match_rules(facts, rules.ruleset) if rules.ruleset.rules else ()
    seen = tuple((match.rule.id, _see(match, facts, messages[match.rule.id])) for match in matches)
    counted = Counted(_read_time(issue.created_at), _read_time(issue.updated_at), place, seen)
    _put(part, (find_home(issue), issue.number), counted)
    if part.mined is not None:
        part.mined.add(facts, is_matched=bool(matches))


def _put(part: Part, key: tuple[str, int], counted: Counted) -> None:
    if known := part.issues.get(key):
        part.replaced.add(known.place)
    part.issues[key] = counted


def _read_state(issue: Issue, line: str) -> State:
    """The state of what a rule names; only the JSON itself says whether a pull request was merged."""
    entries: Iterable[Any] = decode_line(line.strip()) if issue.is_pull_request else ()
    fields = next((each.get("pull_request") or {} for each in entries if each["number"] == issue.number), {})
    merged = bool(fields["merged_at"]) if "merged_at" in fields else None
    return State(issue.state == "open", issue.state_reason or "", merged)


def _see(match: Match, facts: Facts, messages: Mapping[str, int]) -> Sighting:
    issue = facts.issue
    shown = sorted({messages[item.wanted] for item in match.evidence if item.wanted in messages})
    system = match.captures.get("os")
    return Sighting(
        number=issue.number,
        at=_read_time(issue.created_at),
        person=_number_person(issue.author.login),
        is_open=issue.state == "open" if issue.is_state_known else None,
        reason=issue.state_reason or "",
        comments=issue.comment_count,
        version=_read_version(match, facts),
        system=system.value[:_LONGEST_SYSTEM] if system and system.type == "choice" else "",
        messages=tuple(shown),
        is_silent=match.superseded_by is not None,
        home=find_home(issue),
    )


_LONGEST_SYSTEM = 40


def _read_version(match: Match, facts: Facts) -> str:
    """The version that the report states, in its plain form: it is a number that no reader can be named by."""
    stated = match.captures.get("version")
    versions = find_product_versions(facts, [stated] if stated else [])
    return next((str(found.text) for text in versions for found in find_versions(text)), "")


def _read_time(moment: datetime) -> int:
    """Seconds since 1970; 0 for a moment of that year, which stands for an unknown one: no tracker is so old."""
    return int(moment.timestamp()) if moment.year > EPOCH.year else 0


def _number_person(login: str) -> int:
    return int.from_bytes(blake2b(login.encode("utf-8", "surrogatepass"), digest_size=7).digest())


def find_home(issue: Issue) -> str:
    """The address of the issues of its repository, with a slash at its end; "" if the issue does not state it."""
    base, found, number = issue.url.rpartition(_ISSUES)
    if found and number == str(issue.number) and base.endswith(f"/{issue.repository}") and "/repos/" not in base:
        return f"{base}{_ISSUES}"
    return f"https://github.com/{issue.repository}{_ISSUES}" if issue.repository else ""


def merge_part(whole: Part, part: Part) -> None:
    """Add the part of a chunk, which is later in the archive, to the whole."""
    whole.seen += part.seen
    whole.replaced |= part.replaced
    whole.states |= part.states
    for key, counted in part.issues.items():
        _put(whole, key, counted)
    if whole.mined is not None and part.mined is not None:
        whole.mined.take(part.mined)


def make_census(whole: Part, now: float = math.inf) -> Census:
    """The census of all parts. An issue that the archive has twice counts once, as its last line has it."""
    issues = whole.issues.values()
    known = [counted.at for counted in issues if 0 < counted.at <= now]
    homes = Counter(home for home, _ in whole.issues if home)
    clusters = find_clusters(whole.mined) if whole.mined is not None else ()
    return Census(
        issues=len(issues),
        sightings=_order_sightings(issues, now),
        times=tuple(sorted(known)),
        states=dict(sorted(whole.states.items())),
        end=max([*known, *(counted.updated for counted in issues if counted.updated <= now)], default=0),
        home=max(homes, key=lambda home: (homes[home], home), default=""),
        unmatched=tuple(Unmatched(each.text, each.issues, each.authors, each.numbers[-5:]) for each in clusters),
        ahead=sum(max(counted.at, counted.updated) > now for counted in issues),
    )


def _order_sightings(issues: Iterable[Counted], now: float) -> dict[str, tuple[Sighting, ...]]:
    """The reports of each rule, the oldest first; people have the numbers of their first place in them."""
    found: dict[str, list[Sighting]] = {}
    for counted in issues:
        for rule, seen in counted.seen:
            found.setdefault(rule, []).append(seen if seen.at <= now else seen._replace(at=0))
    people: dict[int, int] = {}
    for _, unordered in sorted(found.items()):
        unordered.sort(key=lambda seen: (seen.at, seen.number))
        for seen in unordered:
            people.setdefault(seen.person, len(people) + 1)
    return {
        rule: tuple(seen._replace(person=people[seen.person]) for seen in ordered)
        for rule, ordered in sorted(found.items())
    }


def _read_cache(path: Path, key: str) -> Census | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        return _parse_census(found["census"]) if found["key"] == key else None
    except (OSError, ValueError, LookupError, TypeError):
        return None  # a cache that is gone or damaged is made again


def _parse_census(found: Any) -> Census:  # noqa: ANN401 (JSON)
    sightings = {rule: tuple(map(_parse_sighting, rows)) for rule, rows in found["sightings"].items()}
    return replace(
        Census(**found),
        sightings=sightings,
        times=tuple(found["times"]),
        states={int(number): State(*state) for number, state in found["states"].items()},
        unmatched=tuple(Unmatched(text, issues, people, tuple(n)) for text, issues, people, n in found["unmatched"]),
    )


def _parse_sighting(row: list[Any]) -> Sighting:
    seen = Sighting(*row)
    return seen._replace(messages=tuple(seen.messages))


def _write_cache(path: Path, key: str, census: Census) -> None:
    """Keep it if there is room: without the file, the next build only takes longer."""
    text = json.dumps({"key": key, "census": _to_json(census)}, separators=(",", ":"))
    part = path.with_suffix(".part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8", newline="\n")
        part.replace(path)


def _to_json(census: Census) -> dict[str, Any]:
    return asdict(census) | {"sightings": {rule: list(map(tuple, rows)) for rule, rows in census.sightings.items()}}
