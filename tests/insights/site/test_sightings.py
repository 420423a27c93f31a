"""One pass over an archive gives all that the pages show of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.insights.site.sightings import Census, Sighting, State, Unmatched, find_home, take_census
from bot.insights.site.wording import list_messages
from bot.tracker.types import Issue
from tests.builders import OPENED
from tests.insights.site.sites import END, LINES, PACK, RULES, make_archive, make_files, make_rule, state, write_issue

HOME = "https://github.com/octo-org/octo-repo/issues/"
NOW = int(END.timestamp())
FEW = (
    write_issue(3, f"No space left on device{state('1.4.0', 'linux')}", login="ann", comments=5),
    write_issue(2, "the disk quota is used up. No space left on device", days=1, login="ann", state="closed"),
    write_issue(90, "a pull request", pull_request={}, state="open"),
    write_issue(2, "No space left on device", days=1, login="bob", state="closed", state_reason="completed"),
)


def test_a_census_has_no_texts_and_no_logins() -> None:
    assert take_census(make_archive(FEW)) == Census(
        issues=2,
        sightings={
            "out-of-disk": (
                Sighting(
                    number=2,
                    at=NOW - 86_400,
                    person=1,
                    is_open=False,
                    reason="completed",
                    comments=2,
                    messages=(0,),
                    home=HOME,
                ),
                Sighting(
                    number=3, at=NOW, person=2, comments=5, version="1.4.0", system="linux", messages=(0,), home=HOME
                ),
            )
        },
        times=(NOW - 86_400, NOW),
        states={90: State(is_open=True)},
        end=NOW,
        home=HOME,
    )


def test_the_last_line_of_an_issue_counts() -> None:
    error = "error: the frobnicator could not reticulate splines in module"
    lines = (
        write_issue(1, "No space left on device", days=9, login="ann"),
        write_issue(2, "No space left on device", days=9),
        *(write_issue(n, error, days=9) for n in (3, 4, 3, 4, 5)),
        write_issue(2, "all is well", days=8),
        write_issue(1, "The login has expired", days=7, login="bob"),
        *(write_issue(1_000 + n, f"all is well {n}", days=20) for n in range(600)),
        *(write_issue(1_000 + n, f"all is well {n}", days=19) for n in range(600)),
    )
    census = take_census(replace(make_archive(lines), jobs=2), is_mined=True)
    reports = {rule: [seen.number for seen in found] for rule, found in census.sightings.items()}
    days = [(NOW - at) // 86_400 for at in census.times]
    assert (census.issues, reports) == (605, {"login": [1]})
    assert days == [19] * 600 + [9] * 3 + [8, 7]
    assert [found[1:] for found in census.unmatched] == [(3, 3, (3, 4, 5))]


@pytest.mark.parametrize(
    "created, at, ahead",
    [
        ("9998-05-18T00:00:00Z", 0, 1),
        ("2026-11-29T12:00:01Z", 0, 1),
        ("2026-11-29T12:00:00Z", NOW, 0),
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-02T00:00:00Z", 0, 0),
        ("1600-01-01T00:00:00Z", 0, 0),
        ("", 0, 0),
    ],
)
def test_a_date_that_cannot_be_counts_as_none(tmp_path: Path, created: str, at: int, ahead: int) -> None:
    day = 86_400
    lines = (
        write_issue(1, "No space left on device", days=1),
        write_issue(2, "No space left on device", created_at=created, updated_at=created),
    )
    found = [take_census(make_archive(lines), tmp_path / "census.json", now=NOW) for _ in range(2)]
    known = sorted([NOW - day, *([at] if at else [])])
    dates = [sorted(seen.at for seen in census.sightings["out-of-disk"]) for census in found]
    assert dates == [sorted([NOW - day, at])] * 2
    assert [(census.times, census.end, census.ahead) for census in found] == [(tuple(known), known[-1], ahead)] * 2
    later = take_census(make_archive(lines), tmp_path / "census.json", now=NOW + day)
    assert later.ahead == (created.startswith("9998"))


@pytest.mark.parametrize(
    "changes, expected",
    [
        (
            {"pull_request": {"merged_at": "2026-11-01T00:00:00Z"}, "state": "closed"},
            State(is_open=False, is_merged=True),
        ),
        ({"pull_request": {"merged_at": None}, "state": "closed"}, State(is_open=False, is_merged=False)),
        ({"pull_request": {"url": "https://api.github.com/"}, "state": "closed"}, State(is_open=False)),
        ({"state": "open"}, State(is_open=True)),
        ({"state": None}, None),
    ],
)
def test_the_state_of_what_a_rule_names(changes: dict[str, Any], expected: State | None) -> None:
    census = take_census(make_archive([write_issue(90, "the fix", **changes)]))
    assert census.states.get(90) == expected


@pytest.mark.parametrize(
    "body, version",
    [
        ("No space left on device\n\n### Version\n\n2.2.0", "2.2.0"),
        ("No space left on device\n\nI run v1.4.2 on Windows 11", "1.4.2"),
        ("No space left on device\n\n```\nnode v20.1.0\n```", ""),
        ("No space left on device", ""),
    ],
)
def test_a_version_is_found_without_a_capture_of_the_pack(body: str, version: str) -> None:
    pack = {"name": "rules", "removed": PACK["removed"]}
    files = make_files(pack=pack, rules=[RULES[0] | {"guidance": {"tldr": "It is full."}}])
    census = take_census(make_archive([write_issue(1, body, state=None)], files))
    assert [(seen.version, seen.is_open) for seen in census.sightings["out-of-disk"]] == [(version, None)]


def test_messages_that_no_rule_knows_are_counted_if_asked_for() -> None:
    census = take_census(make_archive(), is_mined=True)
    text = "error: the frobnicator could not reticulate splines in module"
    assert census.unmatched == (Unmatched(text, 4, 4, (60, 61, 62, 63)),)


def test_a_census_is_kept_until_the_archive_or_the_rules_change(tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "census.json"
    census = take_census(make_archive(), cache, is_mined=True)
    kept = cache.read_bytes()
    assert b"person-1" not in kept
    assert take_census(make_archive(), cache, is_mined=True) == census
    assert cache.read_bytes() == kept
    for archive in (make_archive(LINES[1:]), make_archive(files=make_files(pack={"name": "rules", "product": "B"}))):
        changed = take_census(archive, cache)
        assert cache.read_bytes() != kept
        assert changed == take_census(archive)


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"key": 1}', b"\xff"])
def test_a_damaged_cache_is_made_again(tmp_path: Path, damaged: bytes) -> None:
    cache = tmp_path / "census.json"
    cache.write_bytes(damaged)
    assert take_census(make_archive(), cache) == take_census(make_archive())


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert take_census(make_archive(), tmp_path / "file" / "census.json").issues == len(LINES)


def test_a_line_that_is_not_an_issue_is_an_error_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"^issues\.jsonl:1: "):
        take_census(make_archive(["no JSON"]))


def test_messages_are_the_wanted_phrases_in_order() -> None:
    match = {
        "any": [{"phrase": "first message"}, {"all": [{"phrase": "second message"}, {"phrase": "first message"}]}],
        "none": [{"phrase": "unwanted message"}, {"section": "Logs", "contains": "third message"}],
    }
    rule = make_rule(match, examples={"match": ["first message"], "no_match": ["well"]})
    assert [part.phrase.source for part in list_messages(rule)] == ["first message", "second message"]


@pytest.mark.parametrize(
    "url, repository, home",
    [
        ("https://github.com/o/r/issues/7", "o/r", "https://github.com/o/r/issues/"),
        ("https://ghes.example/o/r/issues/7", "o/r", "https://ghes.example/o/r/issues/"),
        ("https://api.github.com/repos/o/r/issues/7", "o/r", "https://github.com/o/r/issues/"),
        ("https://github.com/o/r/issues/8", "o/r", "https://github.com/o/r/issues/"),
        ("", "o/r", "https://github.com/o/r/issues/"),
        ("", "", ""),
        ("javascript:alert(1)/issues/7", "", ""),
    ],
)
def test_the_home_of_issues(url: str, repository: str, home: str) -> None:
    issue = Issue(repository=repository, number=7, title="", url=url, created_at=OPENED, updated_at=OPENED)
    assert find_home(issue) == home
