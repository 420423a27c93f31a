"""`signpost report`: from wherever the issues come, one report as Markdown, JSON and a page."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.story import HOME, MATCHING, REPOSITORY, RULE, TOKEN, open_issue

API_ERROR = (
    'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"Too many builds. Wait a minute."}}'
)
IDS = ("req_011CZrAAAAAAAAAAAAAAAAAA", "req_011CZrBBBBBBBBBBBBBBBBBB", "req_011CZrCCCCCCCCCCCCCCCCCC")
BODY = f"""### What's wrong?

Every build fails:
{API_ERROR}
write failed: No space left on device (os error 28)

### Version

1.4.2

### Operating System

Windows

### Additional Information

Similar reports exist in issues #325, #247, and #51. Not in code: `#99`.
Request IDs:

{IDS[0]}
{IDS[1]}
{IDS[2]}
"""
EVENT = {
    "action": "opened",
    "issue": {
        "number": 452,
        "title": "[BUG] incorrect error 429",
        "body": BODY,
        "state": "open",
        "html_url": "https://github.com/octo/widget/issues/452",
        "repository_url": "https://api.github.com/repos/octo/widget",
        "user": {"login": "reporter"},
        "created_at": "2026-04-08T12:00:00Z",
        "updated_at": "2026-04-08T12:00:00Z",
    },
    "repository": {"full_name": "octo/widget"},
}
PACK = """name: widget
product: Widget
captures:
  version: {first_of: [{section: Version}]}
  os: {map: {windows: windows, linux: linux}, first_of: [{section: Operating System}]}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    (home / "pack.yml").write_text(PACK, encoding="utf-8")
    (tmp_path / "event.json").write_text(json.dumps(EVENT), encoding="utf-8")
    texts = {1: (MATCHING, "Bug"), 2: (MATCHING, "docs"), 3: ("fine", "Bug")}
    issue: Any = EVENT["issue"]
    lines = [{**issue, "number": n, "body": text, "labels": [{"name": label}]} for n, (text, label) in texts.items()]
    (tmp_path / "issues.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return tmp_path


def report(folder: Path, *arguments: str, stdin: str = "") -> Finished:
    return run_command("report", *arguments, folder=folder, stdin=stdin)


def report_json(folder: Path, *arguments: str) -> dict[str, Any]:
    finished = report(folder, *arguments, "--format", "json")
    assert (finished.code, finished.err) == (0, "")
    found: dict[str, Any] = json.loads(finished.out)
    return found


def test_an_event_alone_gives_all_that_it_states(checkout: Path) -> None:
    found = report_json(checkout, "--event", "event.json")

    assert [row["address"] for row in found["linked"] if row["is_named_by_reporter"]] == [
        *("octo/widget#51", "octo/widget#247", "octo/widget#325"),
    ]
    assert found["found"] == {
        "errors": [
            {
                "message": "Too many builds. Wait a minute.",
                "line": API_ERROR,
                "status": 429,
                "type": "rate_limit_error",
                "place": "line 4",
                "times": 1,
            }
        ],
        "versions": ["1.4.2"],
        "systems": ["Windows"],
        "request_ids": ["req_011C…"] * 3,
    }
    assert [(match["rule"], match["effect"], match["branch"]) for match in found["matches"]] == [
        ("out-of-disk", "speaks", 1)
    ]
    assert found["matches"][0]["guidance"]["tldr"]
    assert (found["requests"], found["coverage"]["is_offline"], found["schema_version"]) == (0, True, 1)
    assert {each["reason"] for each in found["unseen"]} == {"offline"}


def test_the_keys_of_the_json_are_a_contract(checkout: Path) -> None:
    found = report_json(checkout, "--event", "event.json")
    one = {"issue", "figures", "found", "matches", "answers", "similar", "questions"}
    keys = one | {"graph", "findings", "coverage", "linked", "fixes", "tools", "unseen", "requests"}
    assert keys - found.keys() == set()
    assert (found["graph"].keys(), found["others"]) == ({"nodes", "edges"}, [])


def test_whole_request_ids_are_shown_where_asked(checkout: Path) -> None:
    assert report_json(checkout, "--event", "event.json", "--whole")["found"]["request_ids"] == [*IDS]
    text = report(checkout, "--event", "event.json", "--whole").out
    assert all(f"`{each}`" in text for each in IDS)


def test_the_text_is_markdown_alone(checkout: Path) -> None:
    finished = report(checkout, "--event", "event.json")

    assert (finished.code, finished.err) == (0, "")
    assert finished.out.startswith("# Report: [#452](https://redirect.github.com/octo/widget/issues/452) \\[BUG\\]")
    assert "| named by the reporter |" in finished.out
    assert "Request ids: 3 (`req_011C…`)" in finished.out
    assert "signpost report --event event.json\n" in finished.out
    assert IDS[0] not in finished.out


def test_a_markdown_file_without_a_repository_is_enough(checkout: Path) -> None:
    (checkout / "issue.md").write_text(f"# It breaks\n{MATCHING} See #5.", encoding="utf-8")

    finished = report(checkout, "issue.md")

    assert (finished.code, finished.err) == (0, "")
    assert finished.out.startswith("# Report: It breaks\n")
    assert "](https://redirect.github.com/" not in finished.out


def test_files_are_written_in_place_of_standard_output(checkout: Path) -> None:
    finished = report(checkout, "--event", "event.json", "--html", "r.html", "--out", "r.md")

    assert finished.out.splitlines() == ["wrote r.html", "wrote r.md"]
    assert (checkout / "r.html").read_text("utf-8").startswith("<!doctype html>")
    assert (checkout / "r.md").read_text("utf-8") == report(checkout, "--event", "event.json").out


@pytest.mark.parametrize(
    "arguments, numbers",
    [
        (("--label", "bug"), [1, 3]),
        (("--rule", "out-of-disk"), [1, 2]),
        (("--label", "bug", "--rule", "out-of-disk"), [1]),
    ],
)
def test_an_archive_gives_the_issues_of_a_label_or_a_rule(
    checkout: Path, arguments: tuple[str, ...], numbers: list[int]
) -> None:
    found = report_json(checkout, "issues.jsonl", *arguments)
    seeds = [found["issue"]["number"], *(other["issue"]["number"] for other in found["others"])]
    assert sorted(seeds) == numbers


def test_the_last_line_of_an_issue_decides_whether_it_is_chosen(checkout: Path) -> None:
    lines = [
        {"number": n, "title": "x", "labels": labels} for n, labels in ((1, ["bug"]), (2, []), (1, []), (2, ["bug"]))
    ]
    (checkout / "grown.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = report_json(checkout, "--issues", "grown.jsonl", "--label", "bug")
    assert (found["issue"]["number"], found["others"]) == (2, [])


def test_of_many_issues_the_newest_are_chosen(checkout: Path) -> None:
    numbers = [*range(1, 5_101)]
    lines = [
        {"number": n, "title": "x", "labels": ["bug"], "created_at": f"20{n // 300:02}-01-01T00:00:00Z"}
        for n in numbers
    ]
    (checkout / "many.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    finished = report(checkout, "many.jsonl", "--label", "bug", "--format", "json")
    found = json.loads(finished.out)
    chosen = [found["issue"]["number"], *(other["issue"]["number"] for other in found["others"])]
    assert (finished.err, chosen) == (
        "signpost: 5,100 issues fit; the report is on the newest 50\n",
        numbers[-1:-51:-1],
    )


def test_several_issues_make_one_report(checkout: Path) -> None:
    finished = report(checkout, "issues.jsonl#1", "issues.jsonl#2", "event.json")
    assert finished.out.startswith("# Report: 3 issues of octo/widget\n")
    assert finished.out.count("\n## [#") == 3


def test_a_report_is_compared_with_an_earlier_one(checkout: Path) -> None:
    (checkout / "earlier.json").write_text(report(checkout, "--event", "event.json", "--format", "json").out, "utf-8")
    found = report_json(checkout, "--event", "event.json", "--compare", "earlier.json")
    assert found["compare"]["changes"] == []
    assert found["compare"]["remarks"] == [
        (
            "New and lost links and findings were not compared, because the earlier report is not complete and the new"
            " report is not complete"
        ),
    ]


def test_a_rule_that_does_not_load_ends_with_2(checkout: Path) -> None:
    (checkout / HOME / "broken.yml").write_text("id: [", encoding="utf-8")
    finished = report(checkout, "--event", "event.json")
    assert (finished.code, finished.out.startswith("# Report: ")) == (2, True)


@pytest.mark.parametrize(
    "arguments, command",
    [
        (("{}/issues.jsonl#1",), "'issues.jsonl#1'"),
        (("--event", "{}/event.json", "--rules", "{}/.github"), "--event event.json --rules .github"),
        (("--event", "./event.json", "--rules", ".github/signpost"), "--event event.json --rules .github/signpost"),
    ],
)
def test_a_report_names_no_folder_of_this_machine(checkout: Path, arguments: tuple[str, ...], command: str) -> None:
    write_archive(checkout)
    finished = report(checkout, *(each.format(checkout) for each in arguments))

    assert f"signpost report {command}" in finished.out
    assert str(checkout) not in finished.out


NOT_A_REPORT = (
    "rule.json is not the JSON of a report: the key 'schema_version' is missing or has another type; use what `report"
    " --format json` printed"
)
WRONG = {
    "no issue": ((), "the issue is missing; give its number, URL or file, or use --event, --label or --rule"),
    "a whole archive": (
        ("issues.jsonl",),
        "issues.jsonl has many issues; choose one with issues.jsonl#123, or several with --label or --rule",
    ),
    "an event that does not exist": (
        ("--event", "none.json"),
        "cannot read the event none.json: No such file or directory",
    ),
    "a budget of 0": (("--event", "event.json", "--budget", "0"), "--budget must be at least 1, not 0"),
    "a label that no issue has": (
        ("issues.jsonl", "--label", "x"),
        "no issue fits --label 'x'; check the spelling",
    ),
    "an unknown rule": (
        ("issues.jsonl", "--rule", "x"),
        "there is no rule 'x'; allowed: `out-of-disk`",
    ),
    "a rule with a slip": (
        ("issues.jsonl", "--rule", "out-of-disc"),
        "there is no rule 'out-of-disc'; did you mean `out-of-disk`?",
    ),
    "an event that is no JSON object": (
        ("--event", "list.json"),
        "the event list.json must be a JSON object; use the payload that GitHub sent",
    ),
    "an event without an issue": (
        ("--event", "rule.json"),
        "the event rule.json has no issue; use the payload of an issue event that GitHub sent",
    ),
    "a depth without end": (("--event", "event.json", "--depth", "11"), "--depth must be at most 10, not 11"),
    "issue 0": (("0", "--repo", "a/b"), "the issue number must be a positive integer, not 0"),
    "issue 0 by its URL": (
        ("https://github.com/a/b/issues/0",),
        "the issue number must be a positive integer, not 0",
    ),
    **{
        f"a time and --{words[0]}": (
            ("--repo", "a/b", "--since", "7d", f"--{words[0]}", *words[1:]),
            f"--since does not go with --{words[0]}; leave out one of the two",
        )
        for words in (("html", "x.html"), ("label", "bug"), ("event", "event.json"), ("depth", "2"), ("whole",))
    },
    "an issue and a time": (
        ("5", "--repo", "a/b", "--since", "7d"),
        "--since reports on all issues of a time, not on 5; leave out one of the two",
    ),
    **{
        f"an issue on {host}": (
            (f"https://{host}/octo/widget/issues/5",),
            (
                f"'https://{host}/octo/widget/issues/5' is on {host}, but Signpost reads from github.com; give an issue"
                " of github.com, or set GITHUB_API_URL to the API of the other GitHub"
            ),
        )
        for host in ("gitlab.com", "codeberg.org", "notgithub.com", "github.com.example.org")
    },
    "an output in no folder": (
        ("--event", "event.json", "--out", "none/x.md"),
        "cannot write none/x.md: No such file or directory",
    ),
    "a page in no folder": (
        ("--event", "event.json", "--html", "none/x.html"),
        "cannot write none/x.html: No such file or directory",
    ),
    "a label without a repository": (
        ("--label", "x"),
        "the repository is missing; add --repo owner/name, or an archive (FILE.jsonl)",
    ),
    "an earlier report that is none": (
        ("--event", "event.json", "--compare", "rule.json"),
        NOT_A_REPORT,
    ),
    "an output that is an input": (
        ("--event", "event.json", "--out", "event.json"),
        "event.json is an input of this command; choose another file for the output",
    ),
    "an output that is the archive": (
        ("--issues", "issues.jsonl", "--label", "x", "--out", "issues.jsonl"),
        "issues.jsonl is an input of this command; choose another file for the output",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_says_what_to_do(checkout: Path, name: str) -> None:
    (checkout / "rule.json").write_text("{}", encoding="utf-8")
    (checkout / "list.json").write_text("[]", encoding="utf-8")
    arguments, message = WRONG[name]
    finished = report(checkout, *arguments)
    assert (finished.code, finished.err, finished.out) == (2, f"signpost: {message}\n", "")


def test_an_issue_is_read_from_github_and_the_reach_is_said_first(fake_github: FakeGitHub, checkout: Path) -> None:
    open_issue(fake_github, f"{MATCHING} See #1.")
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}

    finished = run_command("report", "2", "--format", "json", folder=checkout, environment=environment)

    assert (finished.code, finished.err) == (
        0,
        "signpost: reads octo/widget#2 and its links, in the same repository, with at most 12 requests to GitHub\n",
    )
    found = json.loads(finished.out)
    assert [row["address"] for row in found["linked"]] == [f"{REPOSITORY}#1"]
    assert found["coverage"]["is_offline"] is False


def test_the_issue_that_a_rule_follows_is_read(fake_github: FakeGitHub, checkout: Path) -> None:
    open_issue(fake_github)
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}

    finished = run_command("report", "2", "--format", "json", folder=checkout, environment=environment)

    found = json.loads(finished.out)
    assert [(row["address"], row["state"], row["relations"]) for row in found["linked"]] == [
        (f"{REPOSITORY}#1", "open", ["named by rule out-of-disk as the issue to follow"])
    ]
    assert found["matches"][0]["guidance"]["follow"] == "#1, the open issue about this problem"


def write_archive(folder: Path) -> None:
    """Forty issues: one of them reads like the event."""
    issue: Any = EVENT["issue"]
    texts = {n: f"The parser number {n} is slow with file {n * 7}" for n in range(1, 40)} | {40: BODY}
    lines = [
        {
            **issue,
            "number": n,
            "body": text,
            "user": {"login": f"u{n}"},
            "created_at": f"2026-03-{n % 28 + 1:02}T00:00:00Z",
        }
        for n, text in texts.items()
    ]
    (folder / "archive.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def test_similar_issues_of_an_index_say_why(checkout: Path) -> None:
    write_archive(checkout)
    built = run_command("index", "build", "--index", "a.index", "--issues", "archive.jsonl", folder=checkout)
    assert built.code == 0, built.err

    found = report_json(checkout, "--event", "event.json", "--index", "a.index")

    first = found["similar"][0]
    assert (first["address"], first["state"]) == ("octo/widget#40", "open")
    assert len(first["features"]) > 0
    text = report(checkout, "--event", "event.json", "--index", "a.index").out
    assert "## Similar issues" in text
    assert "The features that say why" in text


def test_an_index_that_does_not_exist_is_an_error(checkout: Path) -> None:
    finished = report(checkout, "--event", "event.json", "--index", "none.index")
    assert (finished.code, finished.out, "none.index" in finished.err) == (2, "", True)
