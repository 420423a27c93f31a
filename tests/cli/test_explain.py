"""`signpost explain`: from wherever the issue comes, why it matches or not."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.story import HOME, MATCHING, OTHER, REPOSITORY, RULE, TOKEN, open_issue, tell_event

OTHER_RULE = RULE.replace("out-of-disk", "on-mondays").replace("No space left on device", "It only breaks on Mondays")
OTHER_RULE = OTHER_RULE.replace("There is no space left in my heart for this bug", "I like Mondays")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    home = tmp_path / HOME
    home.mkdir(parents=True)
    for name, rule in (("out-of-disk", RULE), ("on-mondays", OTHER_RULE)):
        (home / f"{name}.yml").write_text(rule, encoding="utf-8")
    return tmp_path


def explain(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> Finished:
    return run_command("explain", *arguments, folder=folder, stdin=stdin, environment=environment)


def matched(finished: Finished) -> dict[str, bool]:
    """Each rule, in the order in which they are told, and whether it matches."""
    found: dict[str, Any] = json.loads(finished.out)
    return {rule["rule"]: rule["matched"] for rule in found["rules"]}


def test_an_issue_is_read_from_a_markdown_file(checkout: Path) -> None:
    (checkout / "issue.md").write_text(f"# It breaks\n{MATCHING}", encoding="utf-8")

    finished = explain(checkout, "issue.md", "--format", "json")

    assert (finished.code, matched(finished)) == (0, {"out-of-disk": True, "on-mondays": False})


@pytest.mark.parametrize("name", ["issue.md", "issue.json"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_a_windows_shell_wrote_is_read(checkout: Path, name: str, encoding: str) -> None:
    text = MATCHING if name == "issue.md" else json.dumps({"number": 7, "title": "x", "body": MATCHING})
    (checkout / name).write_text(text, encoding=encoding)

    finished = explain(checkout, name, "--format", "json")

    assert (finished.code, matched(finished)) == (0, {"out-of-disk": True, "on-mondays": False})


def test_a_json_file_of_several_issues_is_no_prose(checkout: Path) -> None:
    (checkout / "issues.json").write_text("[{}, {}]", encoding="utf-8")

    finished = explain(checkout, "issues.json")

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(
        "signpost: issues.json must be one JSON object; for several issues, use a .jsonl file and choose one"
    )


@pytest.mark.parametrize(
    "stdin",
    [
        pytest.param(OTHER, id="Markdown"),
        pytest.param(f"# {OTHER.splitlines()[2]}\n", id="Markdown with nothing but a title"),
        pytest.param(json.dumps({"number": 7, "title": "x", "body": OTHER}), id="an issue object"),
        pytest.param("\ufeff" + json.dumps({"number": 7, "title": "x", "body": OTHER}), id="with a byte order mark"),
        pytest.param(json.dumps({"action": "opened", "issue": {"number": 7, "title": OTHER}}), id="a payload"),
    ],
)
def test_an_issue_is_read_from_standard_input(checkout: Path, stdin: str) -> None:
    finished = explain(checkout, "-", "--format", "json", stdin=stdin)

    assert (finished.code, matched(finished)) == (0, {"on-mondays": True, "out-of-disk": False})


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("2",), id="a number"),
        pytest.param(("#2",), id="a number with its sign"),
        pytest.param(("2", "--repo", REPOSITORY), id="a number of a repository"),
        pytest.param((f"https://github.com/{REPOSITORY}/issues/2#issuecomment-1",), id="an address"),
    ],
)
def test_an_issue_is_read_from_github(fake_github: FakeGitHub, checkout: Path, words: tuple[str, ...]) -> None:
    open_issue(fake_github)
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_SERVER_URL": "https://github.com", "GITHUB_TOKEN": TOKEN}
    if "--repo" not in words:
        environment["GITHUB_REPOSITORY"] = REPOSITORY

    finished = explain(checkout, *words, "--format", "json", **environment)

    assert (finished.code, matched(finished)) == (0, {"out-of-disk": True, "on-mondays": False})
    assert json.loads(finished.out)["issue"] == 2


def test_the_authors_comments_are_read_as_well(fake_github: FakeGitHub, checkout: Path) -> None:
    (checkout / HOME / "out-of-disk.yml").write_text(
        RULE.replace('  phrase: "No', '  in: [comments]\n  phrase: "No'), encoding="utf-8"
    )
    issue = open_issue(fake_github, OTHER)
    fake_github.add_comment(issue, "What does it say?", fake_github.tokens["ghp_maintainer"])
    fake_github.add_comment(issue, "First lines.\nIt says: No space left on device, always.")

    finished = explain(checkout, "2", GITHUB_API_URL=fake_github.url, GITHUB_REPOSITORY=REPOSITORY)

    assert finished.code == 0
    assert "It says: No space left on device, always." in finished.out


def test_text_shows_the_evidence_where_it_stands_and_why_others_do_not_match(checkout: Path) -> None:
    finished = explain(checkout, "-", stdin=f"# It breaks\n{MATCHING}")

    assert "out-of-disk matches" in finished.out
    assert "body, line 3: write failed: No space left on device (os error 28)" in finished.out
    assert "1 of 2 rules match; no other rule is similar; --rule ID shows any other rule." in finished.out


def test_one_rule_can_be_asked_for(checkout: Path) -> None:
    finished = explain(checkout, "-", "--rule", "on-mondays", "--format", "json", stdin=MATCHING)

    assert matched(finished) == {"on-mondays": False}


def test_a_rule_that_does_not_match_tells_why(checkout: Path) -> None:
    finished = explain(checkout, "-", "--rule", "on-mondays", stdin="It only breaks on Tuesdays")

    assert "on-mondays does not match" in finished.out
    assert "67 % of it is in the issue; bars mark the text that both have in common" in finished.out
    assert "rule   |It only breaks on| Mondays" in finished.out
    assert "issue  |It only breaks on| Tuesdays" in finished.out


def test_the_settings_beside_the_rules_count(checkout: Path) -> None:
    (checkout / HOME / "config.yml").write_text("mode: label\n", encoding="utf-8")
    (checkout / "other.yml").write_text("mode: observe\n", encoding="utf-8")

    found = [explain(checkout, "-", *words, stdin=MATCHING) for words in ((), ("--config", "other.yml"))]

    assert "labels    the settings limit every rule to `label`" in found[0].out
    assert "observes  the settings limit every rule to `observe`" in found[1].out


def test_a_page_is_written_beside_what_is_printed(checkout: Path) -> None:
    only_page = explain(checkout, "-", "--html", "why.html", stdin=MATCHING)
    both = explain(checkout, "-", "--html", "both.html", "--format", "json", stdin=MATCHING)

    page = (checkout / "why.html").read_text(encoding="utf-8")
    assert (only_page.code, only_page.out, only_page.err) == (0, "wrote why.html\n", "")
    assert "<mark" in page
    assert ">No space left on device</mark>" in page
    assert matched(both)["out-of-disk"]
    assert (checkout / "both.html").read_text(encoding="utf-8") == page


def test_a_payload_of_a_workflow_can_be_explained(fake_github: FakeGitHub, checkout: Path) -> None:
    (checkout / "event.json").write_text(json.dumps(tell_event(fake_github, open_issue(fake_github))), encoding="utf-8")

    assert matched(explain(checkout, "event.json", "--format", "json"))["out-of-disk"]


def test_an_issue_of_a_history_can_be_explained(checkout: Path) -> None:
    lines = [{"number": 11, "title": "No", "body": OTHER}, {"number": 1, "title": "It breaks", "body": MATCHING}]
    (checkout / "old.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    found = {number: explain(checkout, f"old.jsonl#{number}", "--format", "json") for number in (1, 11, 111)}

    assert matched(found[1]) == {"out-of-disk": True, "on-mondays": False}
    assert (json.loads(found[11].out)["issue"], matched(found[11])["out-of-disk"]) == (11, False)
    assert (found[111].code, found[111].err) == (2, "signpost: old.jsonl has no issue 111; check the number\n")


def test_a_history_without_a_number_asks_for_one(checkout: Path) -> None:
    (checkout / "old.jsonl").write_text("{}", encoding="utf-8")

    finished = explain(checkout, "old.jsonl")

    assert (
        finished.err == "signpost: old.jsonl is an archive of issues; choose one of them, for example old.jsonl#123\n"
    )


@pytest.mark.parametrize(
    "words, stdin, reason",
    [
        pytest.param(("nowhere.md",), "", "'nowhere.md' is not a file, an issue number or an issue URL", id="no file"),
        pytest.param(("x" * 5000,), "", "cannot read 'xxx", id="a whole text"),
        pytest.param(("2",), "", "the repository of issue #2 is missing; add --repo owner/name", id="no repository"),
        pytest.param(
            ("2", "--repo", "x"),
            "",
            "'x' is not a repository name; write it as owner/name",
            id="half a repository",
        ),
        pytest.param(("-",), "{", "standard input is not valid JSON: ", id="broken JSON"),
        pytest.param(("-",), "{}", "Not a GitHub issue: number: field required", id="no issue"),
        pytest.param(
            ("-", "--rule", "x"),
            "",
            "there is no rule 'x'; allowed: `on-mondays`, `out-of-disk`",
            id="no rule",
        ),
        pytest.param(("-", "--rules", "x"), "", "there are no rules at x", id="no rules"),
        pytest.param(("-", "--html", "x/y.html"), "", "cannot write x/y.html: ", id="no place for the page"),
        pytest.param(("-", "--config", "x.yml"), "", "cannot read x.yml: ", id="no settings"),
    ],
)
def test_wrong_usage_is_one_sentence(checkout: Path, words: tuple[str, ...], stdin: str, reason: str) -> None:
    finished = explain(checkout, *words, stdin=stdin)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


def test_an_issue_that_github_does_not_know_is_exit_code_3(fake_github: FakeGitHub, checkout: Path) -> None:
    fake_github.add_repository()

    finished = explain(checkout, "99", GITHUB_API_URL=fake_github.url, GITHUB_REPOSITORY=REPOSITORY)

    assert (finished.code, finished.out) == (3, "")
    assert "Could not read octo/widget#99: GitHub answered 404" in finished.err


def test_a_broken_rule_beside_good_ones_is_reported_and_the_others_explain(checkout: Path) -> None:
    (checkout / HOME / "broken.yml").write_text("id: broken\n", encoding="utf-8")

    finished = explain(checkout, "-", "--format", "json", stdin=MATCHING)

    assert (finished.code, matched(finished)["out-of-disk"]) == (2, True)
    assert f"{HOME}/broken.yml:1:1: " in finished.err


def test_nothing_that_a_reporter_wrote_reaches_a_terminal_as_a_command(checkout: Path) -> None:
    pack = "name: mine\ncaptures:\n  shell:\n    first_of: [{section: Shell}]\n"
    phrase = '  phrase: "No space left on device"'
    rule = RULE.replace(phrase, f"  all:\n    - {phrase.strip()}\n    - shell: [fish]")
    for name, text in (("pack", pack), ("out-of-disk", rule)):
        (checkout / HOME / f"{name}.yml").write_text(text, encoding="utf-8")

    finished = explain(checkout, "-", stdin="No space left on device\n\n### Shell\n\nzsh \x1b]0;x\x07 \u202e\x9b31m\n")

    assert finished.code == 0
    assert "(shell is zsh " in finished.out
    assert "shell = zsh " in finished.out
    assert [sign for sign in finished.out if sign in "\x1b\x07\x9b\u202e"] == []
