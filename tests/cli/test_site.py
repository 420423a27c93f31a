"""`signpost site`: a folder of pages, from the command line."""

import json
import shutil
from pathlib import Path

import pytest

from tests.insights.site.sites import (
    LINES,
    PACK,
    RULES,
    make_files,
    make_rules,
    write_archive,
    write_folder,
    write_issue,
)
from tests.signals.ledgers import a_given, a_guidance, a_ledger, a_vote, write_ledger
from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.story import HOME, REPOSITORY, TOKEN, open_issue


def build(folder: Path, *arguments: str, out: str = "public") -> Finished:
    """Run the command with the small pack and archive."""
    write_archive(folder / "issues.jsonl")
    if not (folder / "rules").exists():
        write_folder(folder)
    known = ("--rules", "rules", "--issues", "issues.jsonl", "--cache", "cache")
    return run_command("site", "--out", out, *known, *arguments, folder=folder)


def test_a_site_is_built_and_then_brought_up_to_date(tmp_path: Path) -> None:
    first = build(tmp_path)
    second = build(tmp_path)
    pages = [done.out.partition(" (")[0] for done in (first, second)]
    assert (first.code, pages) == (0, ["public: 18 of 18 pages written", "public: 0 of 18 pages written"])
    assert first.out.splitlines()[1] == "known problems: 4, rising now: 1"
    assert (tmp_path / "public/p/out-of-disk/index.html").is_file()


def test_the_result_as_json(tmp_path: Path) -> None:
    told = json.loads(build(tmp_path, "--format", "json").out)
    assert {key: told[key] for key in ("schema_version", "out", "issues", "pages", "pages_written", "trending")} == {
        "schema_version": 1,
        "out": "public",
        "issues": len(LINES),
        "pages": 18,
        "pages_written": 18,
        "trending": [
            {"id": "quota", "summary": "7 reports from 7 people in the last 3 days; usual for a week: 0."},
        ],
    }
    assert told["problems"][0] == {"id": "quota", "address": "p/quota/", "status": "open", "issues": 8}


def test_rules_alone_make_a_site(tmp_path: Path) -> None:
    write_folder(tmp_path)
    done = run_command("site", "--out", "public", "--rules", "rules", folder=tmp_path)
    assert done.code == 0
    assert {path.parent.name for path in (tmp_path / "public/p").rglob("index.html")} >= {rule["id"] for rule in RULES}


def test_a_shipped_pack_makes_a_site(tmp_path: Path) -> None:
    done = run_command("site", "--out", "public", "--rules", "pack:common", folder=tmp_path)
    assert done.code == 0
    assert (tmp_path / "public/index.html").is_file()


def test_a_rule_that_disappears_stops_the_build(tmp_path: Path) -> None:
    build(tmp_path)
    before = sorted((tmp_path / "public").rglob("*"))
    (tmp_path / "rules/login.yml").unlink()
    done = build(tmp_path)
    message = (
        "signpost: the site served p/login/ before, and no rule has that id now; add `was: [login]` to the rule that "
        "took its place, or add {id: login, why: …} to `removed` in pack.yml\n"
    )
    assert (done.code, done.err) == (2, message)
    assert sorted((tmp_path / "public").rglob("*")) == before


def test_the_list_of_addresses_is_kept_and_checked(tmp_path: Path) -> None:
    listed = tmp_path / "rules/addresses.txt"
    done = build(tmp_path, "--addresses", "rules/addresses.txt")
    assert "rules/addresses.txt has new addresses; commit it" in done.err
    kept = listed.read_text()
    assert "p/login/" in kept.splitlines()
    assert "commit" not in build(tmp_path, out="elsewhere").err
    assert listed.read_text() == kept
    listed.write_text(f"{kept}p/ancient/\n")
    assert "the site served p/ancient/ before" in build(tmp_path, out="new").err
    assert not (tmp_path / "new").exists()


def test_a_broken_rule_does_not_stop_the_others(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "rules/broken.yml").write_text("id: broken\n")
    done = build(tmp_path)
    assert done.code == 2
    assert "rules/broken.yml:1:1" in done.err
    assert (tmp_path / "public/p/quota/index.html").is_file()


def test_the_settings_say_where_the_site_is(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "rules/config.yml").write_text("site: https://octo-org.github.io/kb\n")
    build(tmp_path)
    link = '<link rel="canonical" href="https://octo-org.github.io/kb/p/quota/">'
    assert link in (tmp_path / "public/p/quota/index.html").read_text()
    assert "https://octo-org.github.io/kb/p/quota/" in (tmp_path / "public/sitemap.xml").read_text()


def test_votes_are_shown(tmp_path: Path) -> None:
    hashes = {rule.id: rule.content_hash for rule in make_rules().rules}
    ledger = a_ledger(
        a_given(1, a_guidance("quota", hashes["quota"])),
        a_given(2, a_guidance("out-of-disk", "of an earlier text")),
        votes=[a_vote("a", "+1"), a_vote("b"), a_vote("b", "hooray"), a_vote("a", "+1", 2)],
    )
    write_ledger(tmp_path / "ledger.sqlite", ledger)
    (tmp_path / "config.yml").write_text("votes: {reactions: {hooray: flaky}}")

    done = build(tmp_path, "--ledger", "ledger.sqlite", "--config", "config.yml", "--format", "json")

    voted, unvoted = ((tmp_path / f"public/p/{name}/index.html").read_text() for name in ("quota", "out-of-disk"))
    voters = {each["id"]: each["voters"] for each in json.loads(done.out)["problems"]}
    assert (done.code, voters) == (0, {"quota": 2, "out-of-disk": 0, "login": 0, "silent": 0})
    assert "The advice worked for 1 of 2 people who said whether it works." in voted
    assert '<th scope="row">The problem comes and goes</th><td class="number">1</td>' in voted
    assert "No votes yet on the present text of the advice." in unvoted


def test_releases_are_shown(tmp_path: Path) -> None:
    rule = next(rule for rule in RULES if rule["id"] == "out-of-disk")
    files = make_files([rule | {"fixed_in": {"version": "3.0.0"}}, *RULES[1:]], PACK)
    write_folder(tmp_path, files)
    (tmp_path / "releases.json").write_text('[{"tagName": "v3.0.0", "publishedAt": "2026-04-09T00:00:00Z"}]')
    done = build(tmp_path, "--releases", "releases.json")
    page = (tmp_path / "public/p/out-of-disk/index.html").read_text()
    assert done.code == 0
    assert "3.0.0, released 9 April 2026" in page


@pytest.mark.parametrize("token, is_dated", [({"GITHUB_TOKEN": TOKEN}, True), ({}, False)], ids=["token", "no token"])
def test_a_site_of_a_repository_has_its_releases_and_links_its_rules(
    tmp_path: Path, fake_github: FakeGitHub, token: dict[str, str], *, is_dated: bool
) -> None:
    open_issue(fake_github)
    fake_github.repositories[REPOSITORY].releases = [("v3.0.0", "2026-04-09T00:00:00Z")]
    rule = next(rule for rule in RULES if rule["id"] == "out-of-disk")
    files = make_files([rule | {"fixed_in": {"version": "3.0.0"}}, *RULES[1:]], PACK)
    write_folder(tmp_path, {name.replace("rules/", f"{HOME}/", 1): text for name, text in files.items()})
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_SERVER_URL": "https://git.example.org/", **token}
    known = ("--repo", REPOSITORY, "--cache", "cache")
    done = run_command("site", "--out", "public", *known, folder=tmp_path, environment=environment)
    page = (tmp_path / "public/p/out-of-disk/index.html").read_text()
    assert (done.code, "3.0.0, released 9 April 2026" in page) == (0, is_dated)
    assert f'href="https://git.example.org/{REPOSITORY}/blob/HEAD/{HOME}/out-of-disk.yml"' in page


def test_releases_that_cannot_be_read_cost_their_dates_alone(tmp_path: Path, fake_github: FakeGitHub) -> None:
    open_issue(fake_github)
    write_folder(tmp_path)
    fake_github.repositories[REPOSITORY].releases = [("v3.0.0", "not a date")]
    known = ("--rules", "rules", "--repo", REPOSITORY, "--cache", "cache")
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": TOKEN}
    done = run_command("site", "--out", "public", *known, folder=tmp_path, environment=environment)
    told = [
        line for line in done.err.splitlines() if line.startswith("signpost: the pages have no dates of releases: ")
    ]
    assert (done.code, len(told), (tmp_path / "public/index.html").is_file()) == (0, 1, True)
    fake_github.violations.clear()  # the date is what breaks GitHub's description


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--base-url", "ftp://example.com"), "'ftp://example.com' cannot be the address of the site"),
        (("--base-url", "https://example.com/?q"), "cannot be the address of the site"),
        (("--ledger", "issues.jsonl"), "issues.jsonl is not a ledger of Signpost"),
        (("--ledger", "missing.sqlite"), "the ledger missing.sqlite does not exist"),
        (("--releases", "issues.jsonl"), "issues.jsonl is not a list of releases"),
        (("--releases", "missing.json"), "cannot read missing.json"),
    ],
    ids=["scheme", "query", "ledger", "no ledger", "releases", "no releases"],
)
def test_wrong_input_is_an_error_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = build(tmp_path, *arguments)
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "public").exists()


@pytest.mark.parametrize(
    "files, addresses, message",
    [
        ({}, ["../evil/"], "'../evil/' is not an address of a site"),
        ({}, ["/evil/"], "'/evil/' is not an address"),
        ({}, ["p/../../evil/"], "is not an address"),
        ({}, ["..\\evil/"], "is not an address"),
        ({}, [7], "'7' is not an address"),
        ({"../keep.txt": ""}, [], "'../keep.txt' is not a file of a site"),
        ({"": ""}, [], "'' is not a file"),
        ({"a\\..\\b": ""}, [], "is not a file"),
        ({"C:/x": ""}, [], "is not a file"),
    ],
)
def test_nothing_is_written_outside_the_folder(
    tmp_path: Path, files: dict[str, str], addresses: list[object], message: str
) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "keep.txt").write_text("mine")
    manifest = {"schema_version": 1, "files": files, "addresses": addresses}
    (tmp_path / "public/signpost-site.json").write_text(json.dumps(manifest))
    done = build(tmp_path)
    assert (done.code, message in done.err) == (2, True)
    assert {path.name for path in tmp_path.iterdir()} <= {"public", "keep.txt", "rules", "issues.jsonl", "cache"}


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    build(tmp_path)
    shutil.rmtree(tmp_path / "public/all")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "public/all").symlink_to(tmp_path / "elsewhere")
    done = build(tmp_path)
    assert (done.code, done.err) == (2, "signpost: public/all leads out of public; remove this link, and build again\n")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_dates_of_the_future_are_told_and_left_out(tmp_path: Path) -> None:
    write_archive(tmp_path / "issues.jsonl")
    write_folder(tmp_path)
    ahead = write_issue(99, "No space left on device", created_at="9998-05-18T00:00:00Z")
    write_archive(tmp_path / "more.jsonl", [*LINES, ahead])
    done = run_command("site", "--out", "public", "--rules", "rules", "--issues", "more.jsonl", folder=tmp_path)
    assert done.err == "signpost: 1 issue has a date in the future, which counts as unknown\n"
    assert "as of 29 November 2026" in (tmp_path / "public/index.html").read_text()


@pytest.mark.parametrize("files", [{}, {"config.yml": "site: https://octo-org.github.io/kb\n"}])
def test_a_folder_without_rules_is_an_error(tmp_path: Path, files: dict[str, str]) -> None:
    (tmp_path / "rules").mkdir()
    for name, text in files.items():
        (tmp_path / "rules" / name).write_text(text)
    done = build(tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "there are no rules in rules" in done.err
    assert not (tmp_path / "public").exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public/precious.txt").write_text("mine")
    done = build(tmp_path)
    assert (done.code, [path.name for path in (tmp_path / "public").iterdir()]) == (2, ["precious.txt"])
    assert "public has files that `signpost site` did not write" in done.err
    assert build(tmp_path, "--overwrite").code == 0
    assert (tmp_path / "public/precious.txt").read_text() == "mine"
