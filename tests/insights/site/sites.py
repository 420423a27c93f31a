"""A small site: a pack of rules, an archive of issues, and what the code makes of them."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.archive.jsonl import IssueArchive
from bot.insights.site import catalogue
from bot.insights.site.catalogue import Contents, Settings
from bot.insights.site.problem import Sources
from bot.insights.site.sightings import Census, Sighting, take_census
from bot.rules.loader import build_ruleset
from bot.rules.ruleset import Rule, Ruleset
from bot.workbench.archive_passes import RuledArchive

END = datetime(2026, 11, 29, 12, tzinfo=UTC)
"""When the archive ends."""

PACK = {
    "name": "rules",
    "product": "My Tool",
    "captures": {
        "version": {"first_of": [{"section": "Version"}]},
        "os": {"map": {"windows": "windows", "linux": "linux", "macos": "macos"}, "first_of": [{"section": "System"}]},
    },
    "tools": [
        {"title": "disk doctor", "url": "https://example.com/doctor", "tags": ["disk"], "why": "Finds large files."}
    ],
    "removed": [
        {"id": "write-failed", "why": "It mixed two problems.", "split_into": ["out-of-disk", "quota"]},
        {"id": "old-login", "why": "Version 1 is gone."},
        {"id": "older-quota", "why": "Renamed.", "split_into": ["old-quota"]},
    ],
}


def write_rule(name: str, match: object, **changes: object) -> dict[str, Any]:
    """A rule as YAML has it."""
    text = match["phrase"] if isinstance(match, dict) and "phrase" in match else "it is broken"
    return {
        "id": name,
        "title": f"About {name}",
        "match": match,
        "guidance": {"tldr": "This is what it is.", "steps": ["Do this.", "Then do that."]},
        "examples": {"match": [text.replace("{limit:int}", "32")], "no_match": ["all is well"]},
        **changes,
    }


RULES = (
    write_rule(
        "out-of-disk",
        {"any": [{"phrase": "No space left on device"}, {"phrase": "the disk quota is used up"}]},
        title="The disk is full",
        tags=["disk"],
        fixed_in={"version": "2.0.0", "pr": 90},
        reviewed="2026-11-01",
        guidance=[
            {"when": {"os": "windows"}, "tldr": "Drive `C:` is full."},
            {"tldr": "The disk is full.", "example": "df -h", "notes": "See [the help](https://example.com/help)."},
        ],
        resources=[{"title": "Free space", "url": "https://example.com/space"}],
        examples={"match": ["No space left on device"], "no_match": ["all is well"]},
    ),
    write_rule("quota", {"phrase": "exceeded the {limit:int} MB quota"}, tags=["disk", "account"], was=["old-quota"]),
    write_rule(
        "login",
        {"phrase": "The login has expired"},
        tags=["account"],
        follow=40,
        guidance={"tldr": "Log in again.", "notes": "It lasts a day.", "recommendation": "Ask.", "ask": ["version"]},
    ),
    write_rule("silent", {"phrase": "a wording that nobody has used"}, mode="observe"),
)


def make_files(rules: Iterable[Mapping[str, Any]] = RULES, pack: Mapping[str, Any] = PACK) -> dict[str, str]:
    """The texts of a folder of rules, by path."""
    return {
        "rules/pack.yml": yaml.safe_dump(dict(pack), sort_keys=False),
        **{f"rules/{rule['id']}.yml": yaml.safe_dump(dict(rule), sort_keys=False) for rule in rules},
    }


def make_rules(rules: Iterable[Mapping[str, Any]] = RULES, pack: Mapping[str, Any] = PACK) -> Ruleset:
    """The rules; all of them load."""
    ruleset = build_ruleset(make_files(rules, pack))
    assert ruleset.problems == ()
    return ruleset


def make_rule(match: object, **changes: object) -> Rule:
    """One rule."""
    return make_rules([write_rule("out-of-disk", match, **changes)], {**PACK, "removed": []}).rules[0]


def write_issue(number: int, body: str, *, days: float = 0, login: str = "", **changes: object) -> str:
    """The line of an issue that was opened so many days before the archive's end."""
    at = f"{END - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    issue = {
        "number": number,
        "html_url": f"https://github.com/octo-org/octo-repo/issues/{number}",
        "title": "It fails",
        "body": body,
        "user": {"login": login or f"person-{number}"},
        "state": "open",
        "comments": 2,
        "created_at": at,
        "updated_at": at,
    }
    return json.dumps(issue | changes)


def state(version: str = "", system: str = "") -> str:
    """The fields of a form."""
    return f"\n\n### Version\n\n{version or '_No response_'}\n\n### System\n\n{system or '_No response_'}\n"


LINES = (
    *(write_issue(n, f"No space left on device{state('1.4.0', 'linux')}", days=200 - n) for n in range(1, 14)),
    write_issue(
        1_234_567,
        f"No space left on device{state('2.100.123', 'windows')}",
        days=30,
        state="closed",
        state_reason="duplicate",
    ),
    *(write_issue(n, "It exceeded the 32 MB quota", days=0.3 * (n - 30)) for n in range(30, 37)),
    write_issue(40, "The login has expired", days=60, state="closed", state_reason="not_planned"),
    write_issue(41, "No space left on device. It exceeded the 7 MB quota", days=10, login="person-1"),
    write_issue(50, "All is well", days=0),
    *(write_issue(60 + n, f"error: the frobnicator could not reticulate splines in module {n}") for n in range(4)),
)


def make_archive(lines: Iterable[str] = LINES, files: Mapping[str, str] | None = None) -> RuledArchive:
    """The lines as an archive, to be read with rules in this process."""
    kept = [(f"issues.jsonl:{number}", line) for number, line in enumerate(lines, 1)]
    issues = IssueArchive(name="issues.jsonl", open_lines=lambda: iter(kept))
    return RuledArchive(issues=issues, rules=(files or make_files(),), jobs=1)


def make_contents(
    lines: Iterable[str] = LINES,
    rules: Iterable[Mapping[str, Any]] = RULES,
    pack: Mapping[str, Any] = PACK,
    *,
    settings: Settings | None = None,
    **sources: object,
) -> Contents:
    """All that the pages of the small site are made of."""
    kept, asked = [*lines], settings or Settings()
    census = take_census(make_archive(kept, make_files(rules, pack)), is_mined=asked.is_private) if kept else Census()
    fields: dict[str, Any] = {"ruleset": make_rules(rules, pack), "census": census, **sources}
    return catalogue.make_contents(Sources(**fields), asked)


def write_folder(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """The folder of rules on disk."""
    for name, text in (files or make_files()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "rules"


def write_archive(path: Path, lines: Iterable[str] = LINES) -> Path:
    """The archive on disk."""
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def seen(number: int, **changes: object) -> Sighting:
    """One report, by a person of its own."""
    fields: dict[str, Any] = {"number": number, "person": number, "at": int(END.timestamp())}
    return Sighting(**(fields | changes))
