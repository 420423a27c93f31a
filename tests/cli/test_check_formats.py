"""`signpost check` for machines, with git, with GitHub and with past issues."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from tests.stand_ins.command import ROOT, Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.story import COMMENTING, HOME, REPOSITORY, RULE, TOKEN

LABELLING = RULE.replace("title:", "mode: label\ntitle:")
WIDE = COMMENTING.replace("out-of-disk", "wide").replace("No space left on device", "left on device")


def write(folder: Path, **rules: str) -> Path:
    (folder / HOME).mkdir(parents=True, exist_ok=True)
    for name, text in rules.items():
        (folder / HOME / f"{name.replace('_', '-')}.yml").write_text(text, encoding="utf-8")
    return folder


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)  # noqa: S607 (the machine's git)


def kinds(finished: Finished) -> list[tuple[str, str]]:
    return [(p["file"].removeprefix(f"{HOME}/"), p["kind"]) for p in json.loads(finished.out)["problems"]]


def test_annotations_for_a_workflow(tmp_path: Path) -> None:
    finished = run_command("check", "--format", "github", folder=write(tmp_path, out_of_disk=RULE))

    where = f"file={HOME}/out-of-disk.yml,line=7,col=1,title=signpost%3A unreviewed"
    assert finished.code == 0
    assert f"::warning {where}::`reviewed:` is missing; add the date of the last review" in finished.out
    assert "1 rule, 2 examples: no errors, 2 warnings\n" in finished.out


def test_sarif_and_junit_stand_alone_on_stdout(tmp_path: Path) -> None:
    write(tmp_path, out_of_disk=COMMENTING, wide=WIDE)

    sarif = run_command("check", "--format", "sarif", folder=tmp_path)
    junit = run_command("check", "--format", "junit", folder=tmp_path)

    (run,) = json.loads(sarif.out)["runs"]
    assert (sarif.code, [result["ruleId"] for result in run["results"]]) == (1, ["overlap"])
    suites = JUnitXml.fromstring(junit.out.encode())
    assert (junit.code, suites.tests, suites.failures) == (1, 2, 1)


@pytest.mark.parametrize("words, code", [((), 0), (("--strict",), 1)])
def test_warnings_count_where_they_are_asked_to(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    assert run_command("check", *words, folder=write(tmp_path, out_of_disk=RULE)).code == code


def test_only_what_changed_is_tried_but_against_all(tmp_path: Path) -> None:
    git(write(tmp_path, out_of_disk=COMMENTING), "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "rules")
    unchanged = run_command("check", "--changed", "--format", "json", folder=tmp_path)
    write(tmp_path, wide=WIDE)

    changed = run_command("check", "--changed", "--format", "json", folder=tmp_path)

    assert (unchanged.code, json.loads(unchanged.out)["rules"]) == (0, 0)
    assert (changed.code, json.loads(changed.out)["rules"]) == (1, 1)
    assert kinds(changed) == [("out-of-disk.yml", "overlap")]  # an old example that the new rule matches


def test_a_changed_pack_concerns_all_its_rules(tmp_path: Path) -> None:
    git(write(tmp_path, out_of_disk=LABELLING), "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "rules")
    write(tmp_path, pack="name: signpost\n")

    finished = run_command("check", "--changed", "HEAD", "--format", "json", folder=tmp_path)

    assert (finished.code, json.loads(finished.out)["rules"]) == (0, 1)


@pytest.mark.parametrize(
    "revision, reason",
    [("", "not a git repository"), ("nowhere", "not a git repository")],
)
def test_git_must_know_what_changed(tmp_path: Path, revision: str, reason: str) -> None:
    words = ("--changed", revision) if revision else ("--changed",)
    finished = run_command("check", *words, folder=write(tmp_path, out_of_disk=LABELLING))

    assert (finished.code, finished.out) == (2, "")
    assert reason in finished.err
    assert "leave out --changed" in finished.err


def test_what_looks_like_an_option_of_git_is_no_revision(tmp_path: Path) -> None:
    git(write(tmp_path, out_of_disk=LABELLING), "init", "-q", "-b", "main")

    finished = run_command("check", f"--changed=--output={tmp_path / 'made'}", folder=tmp_path)

    assert (finished.code, (tmp_path / "made").exists()) == (2, False)
    assert "put paths before --changed" in finished.err


def test_github_knows_which_labels_and_issues_there_are(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fake_github.add_repository(REPOSITORY, labels=("bug",))
    fake_github.add_issue("Low disk space is not handled", state="closed", state_reason="not_planned")
    write(tmp_path, out_of_disk=LABELLING, wide=WIDE.replace("follow: 1", "follow: 9\nalso: [out-of-disk]"))

    finished = run_command(
        *("check", "--online", "--repo", REPOSITORY, "--format", "json"),
        folder=tmp_path,
        environment={"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": TOKEN},
    )

    assert finished.code == 0
    assert kinds(finished) == [
        ("out-of-disk.yml", "unknown-label"),
        ("out-of-disk.yml", "dead-follow"),
        ("wide.yml", "unknown-label"),
        ("wide.yml", "dead-follow"),
    ]
    answer = json.loads(finished.out)
    assert answer["asked"] == {"repository": REPOSITORY, "labels": 1, "issues": 2}
    messages = [problem["message"] for problem in answer["problems"]]
    assert messages[:2] == [
        f"{REPOSITORY} has no label `area:disk`, so Signpost does not set it; create the label, or correct the name",
        f"{REPOSITORY}#1 is closed as not planned, so comments do not link it; name an open issue, or remove `follow:`",
    ]


def test_a_github_that_does_not_answer_ends_with_3(fake_github: FakeGitHub, tmp_path: Path) -> None:
    finished = run_command(
        *("check", "--online", "--repo", REPOSITORY),
        folder=write(tmp_path, out_of_disk=LABELLING),
        environment={"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": "ghs_unknown"},
    )

    assert (finished.code, finished.out) == (3, "")
    assert finished.err.startswith("signpost: ")


def test_online_needs_a_repository(tmp_path: Path) -> None:
    finished = run_command("check", "--online", folder=write(tmp_path, out_of_disk=LABELLING))

    assert finished.err == "signpost: --online needs the name of the repository; add --repo owner/name\n"
    assert finished.code == 2


def test_past_issues_tell_what_is_too_common(tmp_path: Path) -> None:
    issues = [{"number": n, "title": "It breaks", "body": "disk" if n % 5 == 0 else "x"} for n in range(1, 51)]
    (tmp_path / "issues.jsonl").write_text("\n".join(map(json.dumps, issues)), encoding="utf-8")
    rule = LABELLING.replace("No space left on device", "disk").replace("in my heart", "in my heart, says no disc")

    finished = run_command("check", "--history", "issues.jsonl", folder=write(tmp_path, out_of_disk=rule))

    assert "warning: this condition holds in 10 of 50 past issues (20%), too many for one problem" in finished.out


@pytest.mark.slow
def test_many_rules_are_tried_on_all_cores(tmp_path: Path) -> None:
    rules = {
        f"rule_{n}": LABELLING.replace("out-of-disk", f"rule-{n}").replace(
            "left on device", f"left on device {n} of it"
        )
        for n in range(70)
    }
    write(tmp_path, **rules)

    several = run_command("check", "--jobs", "2", "--format", "json", folder=tmp_path)
    alone = run_command("check", "--jobs", "1", "--format", "json", folder=tmp_path)

    assert several.out == alone.out
    assert json.loads(several.out)["rules"] == 70


def test_the_hook_for_pre_commit_is_valid_and_runs(tmp_path: Path) -> None:
    """As `pre-commit` runs it, but with the `signpost` that is here: to install one takes the network."""
    manifest = ROOT / ".pre-commit-hooks.yaml"
    (hook,) = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    command = Path(sys.executable).with_name("signpost")
    subprocess.run([command.with_name("pre-commit"), "validate-manifest", manifest], check=True)
    config = {"id": hook["id"], "name": hook["name"], "files": hook["files"], "language": "system"}
    config |= {"entry": hook["entry"].replace("signpost", str(command), 1), "pass_filenames": hook["pass_filenames"]}
    write(tmp_path, out_of_disk=LABELLING.replace("There is no space left in my heart", "No space left on device"))
    repos = {"repos": [{"repo": "local", "hooks": [config]}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(json.dumps(repos), encoding="utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")

    done = subprocess.run(
        [command.with_name("pre-commit"), "run", "--all-files"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PRE_COMMIT_HOME": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )

    assert done.returncode == 1
    assert f"{HOME}/out-of-disk.yml:14:14: `out-of-disk` matches this near miss" in done.stdout
