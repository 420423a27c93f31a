"""Only what has changed is written, and nothing that another program wrote is touched."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.insights.site.catalogue import Settings
from bot.insights.site.writer import MANIFEST, Build, write_site
from tests.insights.site.sites import LINES, RULES, make_contents, write_issue

CONTENTS = make_contents()
PAGES = 18


def read_all(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stamp(folder: Path) -> dict[str, int]:
    """When each file was written."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


def strip(written: Build) -> tuple[int, int, int, int]:
    return written.pages, written.pages_written, written.files_written, written.removed


def test_a_second_build_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "new" / "site"
    first = write_site(CONTENTS, out)
    before = stamp(out)
    second = write_site(CONTENTS, out)
    assert (strip(first), strip(second)) == ((PAGES, PAGES, PAGES + 7, 0), (PAGES, 0, 0, 0))
    assert stamp(out) == before
    assert first.size == second.size == sum(len(data) for name, data in read_all(out).items() if name != MANIFEST)


def test_a_build_writes_what_changed(tmp_path: Path) -> None:
    write_site(CONTENTS, tmp_path)
    before = stamp(tmp_path)
    more = make_contents([*LINES, write_issue(99, "The login has expired", days=1)])
    written = write_site(more, tmp_path)
    changed = sorted(name for name, at in stamp(tmp_path).items() if before.get(name) != at and name.endswith(".html"))
    lists = ["all/index.html", "status/not-planned/index.html", "tag/account/index.html"]
    assert changed == sorted(["index.html", "p/login/index.html", *lists])
    assert written.pages_written == len(changed)


def test_what_was_damaged_or_deleted_is_written_again(tmp_path: Path) -> None:
    write_site(CONTENTS, tmp_path)
    before = read_all(tmp_path)
    (tmp_path / "index.html").unlink()
    (tmp_path / "p/quota/index.html").write_text("short")
    assert strip(write_site(CONTENTS, tmp_path))[1:3] == (2, 2)
    assert read_all(tmp_path) == before


def test_files_of_ours_that_are_no_longer_needed_are_removed_and_no_others(tmp_path: Path) -> None:
    private = make_contents(settings=Settings(is_private=True, base_url="https://kb.example.com/"))
    write_site(private, tmp_path)
    (tmp_path / "CNAME").write_text("kb.example.com")
    (tmp_path / "unmatched/notes.txt").write_text("mine")
    written = write_site(CONTENTS, tmp_path)
    assert (written.removed, (tmp_path / "unmatched/index.html").exists()) == (1, False)
    assert (tmp_path / "CNAME").read_text() == "kb.example.com"
    assert (tmp_path / "unmatched/notes.txt").read_text() == "mine"


def test_an_address_that_was_served_stays(tmp_path: Path) -> None:
    write_site(CONTENTS, tmp_path)
    fewer = make_contents(rules=[rule | {"tags": []} for rule in RULES])
    written = write_site(fewer, tmp_path, served=["tag/older/"])
    assert {"tag/disk/", "tag/older/"} <= set(written.addresses)
    assert 'content="0; url=../../"' in (tmp_path / "tag/disk/index.html").read_text()
    assert (tmp_path / "tag/older/index.html").is_file()


def leave_a_file(out: Path) -> None:
    out.mkdir()
    (out / "index.html").write_text("mine")


def leave_a_damaged_manifest(out: Path) -> None:
    out.mkdir()
    (out / MANIFEST).write_text('{"files": []}')


def leave_a_manifest_that_leads_outside(out: Path) -> None:
    out.mkdir()
    (out / MANIFEST).write_text(json.dumps({"files": {"../precious.txt": ""}, "addresses": []}))
    (out.parent / "precious.txt").write_text("mine")


@pytest.mark.parametrize(
    "leave, message",
    [
        (leave_a_file, "has files that `signpost site` did not write"),
        (lambda out: out.write_text("mine"), "has files that `signpost site` did not write"),
        (leave_a_damaged_manifest, "is damaged"),
        (leave_a_manifest_that_leads_outside, "is damaged"),
    ],
    ids=["file inside", "file", "damaged", "outside"],
)
def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path, leave: Callable[[Path], object], message: str) -> None:
    leave(tmp_path / "out")
    before = read_all(tmp_path)
    with pytest.raises(SettingsError, match=message):
        write_site(CONTENTS, tmp_path / "out")
    assert read_all(tmp_path) == before


def test_a_folder_that_is_not_ours_can_be_overwritten_on_request(tmp_path: Path) -> None:
    leave_a_file(tmp_path / "out")
    (tmp_path / "out/other.txt").write_text("mine")
    write_site(CONTENTS, tmp_path / "out", may_overwrite=True)
    assert (tmp_path / "out/index.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "out/other.txt").read_text() == "mine"


def test_a_new_page_does_not_replace_a_file_of_somebody_else(tmp_path: Path) -> None:
    write_site(CONTENTS, tmp_path)
    (tmp_path / "unmatched").mkdir()
    (tmp_path / "unmatched/index.html").write_text("mine")
    private = replace(CONTENTS, settings=Settings(is_private=True))
    with pytest.raises(SettingsError, match="was not written by `signpost site`"):
        write_site(private, tmp_path)
    assert (tmp_path / "unmatched/index.html").read_text() == "mine"


def test_a_build_that_stopped_can_be_repeated(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_site(make_contents([], RULES[:1]), out)
    (out / "p/quota").write_text("in the way")
    with pytest.raises(SettingsError, match="cannot write the site"):
        write_site(CONTENTS, out)
    (out / "p/quota").unlink()
    write_site(CONTENTS, out)
    fresh = tmp_path / "fresh"
    write_site(CONTENTS, fresh)
    assert {k: v for k, v in read_all(out).items() if k != MANIFEST}.keys() >= read_all(fresh).keys() - {MANIFEST}
