"""`signpost init`: what it writes works as it is."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import COMMANDS
from bot.cli.init import EXTENSION, OFFLINE, merge_extensions, merge_schemas
from bot.cli.options.github import find_remote
from bot.cli.options.schemas import FILES
from bot.cli.options.workflow_files import find_pin, merge_lines, plan_changes, set_pin
from bot.rules.spec.document import read_document
from bot.triage.doctor.workflows import read_workflows
from bot.workbench.editor.json_schema import SCHEMAS
from tests.stand_ins.command import ROOT, Finished, run_command
from tests.stand_ins.fake_github import FAULTS, FakeGitHub, Fault
from tests.stand_ins.language_server import NEWEST, OLDER, run_language_server
from tests.stand_ins.story import HOME

FLOWS = [f".github/workflows/signpost{part}.yml" for part in ("", "-check", "-schedule")]
WRITTEN = [*FLOWS, f"{HOME}/config.yml", f"{HOME}/pack.yml", f"{HOME}/out-of-disk.yml"]
SHA = "0123456789abcdef0123456789abcdef01234567"
TEMPLATES = ROOT / "bot/cli/templates"


def call_init(*arguments: str, folder: Path, api: str = "http://127.0.0.1:1") -> Finished:
    """`signpost init`, with a GitHub that cannot be reached unless a test has one."""
    return run_command("init", *arguments, folder=folder, environment={"GITHUB_API_URL": api})


def test_what_init_writes_is_proven_and_finds_its_first_issue(tmp_path: Path) -> None:
    assert call_init(folder=tmp_path).code == 0

    checked = run_command("check", "--strict", folder=tmp_path)
    event = {"action": "opened", "issue": {"number": 1, "title": "No space left on device"}}
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    ran = run_command(
        *("run", "--event", "event.json", "--dry-run", "--format", "json"),
        folder=tmp_path,
        environment={"GITHUB_REPOSITORY": "octo/widget"},
    )

    assert (checked.code, checked.err) == (0, "")
    assert [match["rule"] for match in json.loads(ran.out)["matches"]] == ["out-of-disk"]
    assert json.loads(ran.out)["plan"] == []


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / HOME).mkdir(parents=True)
    (tmp_path / HOME / "config.yml").write_text("mode: label\n", encoding="utf-8")

    first = json.loads(call_init("--format", "json", folder=tmp_path).out)
    second = json.loads(call_init("--format", "json", folder=tmp_path).out)

    assert (first["written"], first["kept"]) == ([*FLOWS, *WRITTEN[4:]], [WRITTEN[3]])
    assert (second["written"], second["kept"]) == ([], WRITTEN)
    assert (tmp_path / HOME / "config.yml").read_text("utf-8") == "mode: label\n"


def test_who_has_rules_gets_no_first_one(tmp_path: Path) -> None:
    call_init(folder=tmp_path)
    (tmp_path / HOME / "out-of-disk.yml").rename(tmp_path / HOME / "mine.yml")

    printed = json.loads(call_init("--format", "json", folder=tmp_path).out)

    assert (printed["written"], printed["kept"]) == ([], WRITTEN[:5])


def test_a_folder_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    finished = call_init("nowhere", folder=tmp_path)

    assert (finished.code, finished.err) == (
        2,
        "signpost: nowhere is not a folder; give the folder of a repository\n",
    )


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".github").write_text("", encoding="utf-8")

    finished = call_init(folder=tmp_path)

    assert finished.code == 2
    assert finished.err.startswith("signpost: cannot write .github/")


FORM = """
body:
  - type: input
    attributes: {label: Widget version}
  - type: dropdown
    attributes: {label: System / OS, options: [Windows 11, macOS, Other]}
"""


def write_form(repository: Path, name: str = "bug.yml", text: str = FORM) -> None:
    folder = repository / ".github/ISSUE_TEMPLATE"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_fields_are_read_from_the_forms_of_the_repository(tmp_path: Path) -> None:
    write_form(tmp_path)
    write_form(tmp_path, "config.yml", "blank_issues_enabled: false\n")
    write_form(tmp_path, "old.md", "---\nname: Old\n---\n")

    finished = call_init(folder=tmp_path)

    pack = yaml.safe_load((tmp_path / HOME / "pack.yml").read_text("utf-8"))
    assert pack["captures"]["version"]["first_of"] == [{"section": "Widget version"}]
    assert pack["captures"]["os"]["first_of"] == [{"section": "System / OS"}]
    assert pack["captures"]["os"]["map"]["Windows 11"] == "windows"
    assert "pack.yml names fields of bug.yml" in finished.out
    assert run_command("check", folder=tmp_path).code == 0


def test_a_form_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    write_form(tmp_path)
    (tmp_path / ".github/ISSUE_TEMPLATE/bug.yml").write_bytes(b"\xff")

    finished = call_init(folder=tmp_path)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("signpost: cannot read .github/ISSUE_TEMPLATE/bug.yml: ")


@pytest.mark.parametrize("name", ["signpost.yml", "other.yml"])
def test_only_a_folder_at_a_place_of_ours_is_in_the_way(tmp_path: Path, name: str) -> None:
    (tmp_path / ".github/workflows" / name).mkdir(parents=True)

    finished = call_init(folder=tmp_path)

    is_in_the_way = name == "signpost.yml"
    assert finished.code == (2 if is_in_the_way else 0)
    assert finished.err.startswith(f"signpost: cannot read {FLOWS[0]}: " if is_in_the_way else "")


def test_in_a_folder_of_a_repository_the_root_is_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "packages/one").mkdir(parents=True)

    finished = call_init("packages/one", folder=tmp_path)

    assert (finished.code, [*(tmp_path / "packages/one").iterdir()]) == (2, [])
    assert finished.err.endswith(f"GitHub reads .github only there; run `signpost init {tmp_path}`\n")


@pytest.mark.parametrize("name", ["config.yml", "pack.yml", "out-of-disk.yml"])
def test_each_file_names_its_schema_for_both_kinds_of_editors(tmp_path: Path, name: str) -> None:
    call_init(folder=tmp_path)

    first, second = (tmp_path / HOME / name).read_text("utf-8").splitlines()[:2]
    place = first.removeprefix("# yaml-language-server: $schema=")
    assert second == f"# $schema: {place}"
    assert place.startswith(f"{SCHEMAS}/")
    assert (ROOT / "rules" / place.removeprefix(f"{SCHEMAS}/")).is_file()


def test_a_workflow_names_the_version_whose_schemas_the_files_name(tmp_path: Path) -> None:
    call_init(folder=tmp_path)

    workflow = yaml.safe_load((tmp_path / WRITTEN[0]).read_text("utf-8"))
    repository, version = workflow["jobs"]["signpost"]["steps"][-1]["uses"].split("@")
    assert f"https://raw.githubusercontent.com/{repository}/{version}/rules" == SCHEMAS


def test_offline_the_schemas_stand_beside_the_rules_and_know_their_facts(tmp_path: Path) -> None:
    printed = json.loads(call_init("--offline", "--format", "json", folder=tmp_path).out)

    for name in ("config.yml", "pack.yml", "out-of-disk.yml"):
        place = (tmp_path / HOME / name).read_text("utf-8").split("$schema=")[1].splitlines()[0]
        schema = json.loads((tmp_path / HOME / place).read_text("utf-8"))
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert printed["written"] == [*WRITTEN, *(f"{OFFLINE}/{name}" for name in FILES.values())]
    rule = json.loads((tmp_path / OFFLINE / "schema.json").read_text("utf-8"))
    assert "macos" in rule["definitions"]["Condition"]["properties"]["os"]["examples"]


def test_vs_code_gets_settings_on_request_only(tmp_path: Path) -> None:
    call_init(folder=tmp_path)
    assert not (tmp_path / ".vscode").exists()

    first = json.loads(call_init("--vscode", "--format", "json", folder=tmp_path).out)
    second = json.loads(call_init("--vscode", "--format", "json", folder=tmp_path).out)

    assert first["written"] == [".vscode/settings.json", ".vscode/extensions.json"]
    assert second["written"] == []


def test_a_dry_run_names_all_files_and_writes_none(tmp_path: Path) -> None:
    options = ("--offline", "--vscode", "--format", "json")
    shown = json.loads(call_init("--dry-run", *options, folder=tmp_path).out)
    left = [*tmp_path.iterdir()]
    done = json.loads(call_init(*options, folder=tmp_path).out)

    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert (shown, left, sorted(done["written"])) == (done, [], files)


def test_settings_of_vs_code_with_comments_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode/settings.json").write_text("{} // mine\n", encoding="utf-8")

    finished = call_init("--vscode", folder=tmp_path)

    assert finished.code == 2
    assert "settings.json" in finished.err
    assert (tmp_path / ".vscode/settings.json").read_text("utf-8") == "{} // mine\n"
    assert [path.name for path in tmp_path.iterdir()] == [".vscode"]


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://github.com/octo/widget.git", "octo/widget"),
        ("https://github.com/octo/widget", "octo/widget"),
        ("git@github.com:octo/widget.js.git", "octo/widget.js"),
        ("ssh://git@github.com/octo/widget/", "octo/widget"),
        ("https://x-token@github.com/octo/widget.git", "octo/widget"),
        ("https://example.com/octo/widget.git", None),
        ("https://notgithub.com/octo/widget.git", None),
        ("../widget", None),
    ],
)
def test_the_repository_is_known_by_its_remote(url: str, expected: str | None) -> None:
    assert find_remote(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs\n') == expected


def test_what_comes_next_names_the_repository(tmp_path: Path) -> None:
    assert "--repo OWNER/NAME" in call_init(folder=tmp_path).out
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("\turl = git@github.com:octo/widget.git\n", encoding="utf-8")

    assert "--repo octo/widget" in call_init(folder=tmp_path).out


def test_what_comes_next_are_commands_that_there_are(tmp_path: Path) -> None:
    told = re.findall(r"signpost (\w+)", call_init(folder=tmp_path).out)

    assert told
    assert set(told) <= {*COMMANDS}


def read_uses(folder: Path) -> list[str]:
    """What the workflows say of the version, each once."""
    lines = "".join((folder / place).read_text("utf-8") for place in FLOWS)
    return sorted(set(re.findall(r"signpost-bot/signpost@(.+)", lines)))


def test_workflows_are_pinned_to_the_commit_of_the_release(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fake_github.add_repository("signpost-bot/signpost")
    fake_github.set_up("signpost-bot/signpost").commits = {"v1": SHA}

    call_init(folder=tmp_path, api=fake_github.url)

    assert (read_uses(tmp_path), fake_github.violations) == ([f"{SHA} # v1"], [])
    assert [request.path for request in fake_github.requests] == ["/repos/signpost-bot/signpost/commits/v1"]


@pytest.mark.parametrize("name", ["404", "429", "502", "reset", "truncated answer", "drip-body"])
def test_without_an_answer_workflows_name_the_tag(fake_github: FakeGitHub, tmp_path: Path, name: str) -> None:
    fake_github.add_repository("signpost-bot/signpost")
    fake_github.set_up("signpost-bot/signpost").commits = {"v1": SHA}
    fake_github.disturb = lambda _: FAULTS.get(name) or Fault(kind="drip-body")

    finished = call_init(folder=tmp_path, api=fake_github.url)

    assert (finished.code, finished.err, read_uses(tmp_path)) == (0, "", ["v1"])


def test_offline_sends_no_request(fake_github: FakeGitHub, tmp_path: Path) -> None:
    call_init("--offline", folder=tmp_path, api=fake_github.url)

    assert (read_uses(tmp_path), fake_github.requests) == (["v1"], [])


@pytest.mark.parametrize(
    "version, tag", [("1.2.3", "v1.2.3"), ("0.1.0.dev0", "v1"), ("2.0.0rc1", "v2.0.0rc1"), ("1.2.3.dev4", "v1")]
)
def test_the_tag_is_that_of_the_release(version: str, tag: str) -> None:
    assert find_pin(version, is_offline=True) == tag


def test_a_rule_with_a_condition_on_labels_runs_when_labels_change(tmp_path: Path) -> None:
    rule = (TEMPLATES / "first-rule.yml").read_text("utf-8").replace("TODAY", "2026-12-31")
    (tmp_path / HOME).mkdir(parents=True)
    labelled = rule.replace('  phrase: "No space left on device"', "  all: [{phrase: No space left}, {label: [crash]}]")
    (tmp_path / HOME / "out-of-disk.yml").write_text(labelled, encoding="utf-8")

    call_init(folder=tmp_path)

    workflow = read_document((tmp_path / WRITTEN[0]).read_text("utf-8"), WRITTEN[0])
    assert workflow.get(("on", "issues")) == {"types": ["opened", "edited", "reopened", "labeled", "unlabeled"]}


@pytest.mark.parametrize("name", ["signpost-sweep.yml", "config.yml"])
def test_a_workflow_whose_work_is_done_elsewhere_is_left_out(tmp_path: Path, name: str) -> None:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    sweep = "on: {schedule: [{cron: 1 1 * * *}]}\njobs: {sweep: {steps: [{run: signpost sweep}]}}\n"
    (folder / name).write_text(sweep, encoding="utf-8")

    printed = json.loads(call_init("--format", "json", folder=tmp_path).out)

    assert (printed["left_out"], FLOWS[2] in printed["written"]) == ([FLOWS[2]], False)


OLDER_WORKFLOW = (TEMPLATES / "older/workflow-1.yml").read_text("utf-8")


def test_an_upgrade_keeps_what_the_owner_changed(tmp_path: Path) -> None:
    place = tmp_path / FLOWS[0]
    place.parent.mkdir(parents=True)
    place.write_text(OLDER_WORKFLOW.replace("-minutes: 5", "-minutes: 15"), encoding="utf-8")

    shown = call_init("--upgrade", "--dry-run", folder=tmp_path)
    before = place.read_text("utf-8")
    first = json.loads(call_init("--upgrade", "--format", "json", folder=tmp_path).out)
    second = json.loads(call_init("--upgrade", "--format", "json", folder=tmp_path).out)

    expected = (TEMPLATES / "workflow.yml").read_text("utf-8").replace("-minutes: 5", "-minutes: 15")
    assert [line for line in shown.out.splitlines() if line.startswith("+  issue_comment")] != []
    assert before == OLDER_WORKFLOW.replace("-minutes: 5", "-minutes: 15")
    assert place.read_text("utf-8") == expected
    assert (first["written"], second["written"]) == ([*FLOWS[1:], *WRITTEN[3:], FLOWS[0]], [])


@pytest.mark.parametrize(
    "before, pin, after, advice",
    [
        pytest.param(OLDER_WORKFLOW, "v1", "workflow.yml", 0, id="what an older version wrote"),
        pytest.param(
            OLDER_WORKFLOW.replace("@v1", f"@{SHA} # v0.9.0"), f"{SHA[::-1]} # v1.2.3", "workflow.yml", 0, id="pinned"
        ),
        pytest.param(OLDER_WORKFLOW.replace("@v1", f"@{SHA} # v0.9.0"), "v1.2.3", None, 1, id="commit or tag"),
        pytest.param(OLDER_WORKFLOW.replace("@v1", "@v1.10.0"), "v1.2.3", None, 1, id="a newer release"),
        pytest.param("on: push\njobs: {}\n", "v1", None, 1, id="another workflow"),
        pytest.param("not a workflow: [\n", "v1", None, 1, id="no YAML"),
    ],
)
def test_an_upgrade_replaces_what_nobody_changed(before: str, pin: str, after: str | None, advice: int) -> None:
    wanted = {FLOWS[0]: set_pin((TEMPLATES / "workflow.yml").read_text("utf-8"), pin)}

    (change,) = plan_changes(wanted, {FLOWS[0]: before}, pin, is_upgrade=True)

    assert change.after == (before if after is None else wanted[FLOWS[0]])
    assert len(change.advice) == advice


def test_a_note_says_only_what_changed() -> None:
    wanted = {FLOWS[0]: (TEMPLATES / "workflow.yml").read_text("utf-8")}
    texts = ("on: push\njobs: {}\n", "jobs: {a: {steps: [{uses: signpost-bot/signpost@v0}]}}\n")

    changes = (plan_changes(wanted, {FLOWS[0]: text}, "v1", is_upgrade=True)[0] for text in texts)

    foreign = f"{FLOWS[0]} was not written by `signpost init`, so"
    assert [each.advice for each in changes] == [
        (f"{foreign} it stays as it is",),
        (f"{foreign} only the version is new",),
    ]


def test_an_upgrade_keeps_the_line_ends_of_a_file(tmp_path: Path) -> None:
    place = tmp_path / FLOWS[0]
    place.parent.mkdir(parents=True)
    place.write_text(OLDER_WORKFLOW, "utf-8", newline="\r\n")

    assert call_init("--upgrade", folder=tmp_path).code == 0

    expected = (TEMPLATES / "workflow.yml").read_bytes().replace(b"\n", b"\r\n")
    assert place.read_bytes() == expected


def test_an_upgrade_changes_the_version_of_every_workflow() -> None:
    site = "jobs: {}\nsteps:\n  - uses: 'signpost-bot/signpost@v0.9' # v0.9.1\n    with: {command: site}\n"

    (change,) = plan_changes({}, {".github/workflows/site.yml": site}, f"{SHA} # v1.2.3", is_upgrade=True)

    assert change.after == site.replace("@v0.9' # v0.9.1", f"@{SHA}' # v1.2.3")


LINES = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)


@given(LINES, LINES)
def test_a_merge_takes_the_only_side_that_changed(base: list[str], other: list[str]) -> None:
    assert merge_lines(base, other, base) == (other, [])
    assert merge_lines(base, base, other) == (other, [])
    assert merge_lines(base, other, other) == (other, [])


@given(LINES, LINES, LINES)
def test_a_merge_without_conflicts_has_the_lines_of_both(base: list[str], ours: list[str], theirs: list[str]) -> None:
    merged, left = merge_lines(base, ours, theirs)

    assert {*merged} <= {*base, *ours, *theirs}
    assert left or {*merged} >= ({*ours} | {*theirs}) - {*base}


def test_a_conflict_leaves_the_lines_of_the_owner() -> None:
    merged = merge_lines(["a", "x: 1", "b"], ["a", "x: 2", "b"], ["a", "x: 3", "y", "b", "c"])

    assert merged == (["a", "x: 2", "b", "c"], [(2, ["x: 3", "y"])])


WORKFLOW_CHECKS = {
    "schema": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    "actionlint": ("actionlint", "-no-color", "-shellcheck=", "-pyflakes="),
    "zizmor": ("zizmor", "--offline", "--no-progress", "--quiet"),
}


@pytest.mark.parametrize("name", WORKFLOW_CHECKS)
def test_the_linters_of_workflows_find_nothing(fake_github: FakeGitHub, tmp_path: Path, name: str) -> None:
    fake_github.add_repository("signpost-bot/signpost")
    fake_github.set_up("signpost-bot/signpost").commits = {"v1": SHA}
    call_init(folder=tmp_path, api=fake_github.url)

    command = WORKFLOW_CHECKS[name]
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:], *FLOWS], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_version_of_yaml_reads_the_workflows_alike() -> None:
    """`on` is a truth value in YAML 1.1, which GitHub does not read."""
    for name in ("workflow.yml", "check.yml", "schedule.yml"):
        text = (TEMPLATES / name).read_text("utf-8")
        older, newer = yaml.safe_load(text), read_document(text, name).value
        older["on"] = older.pop(True)
        assert older == newer


def test_the_workflows_give_inputs_that_the_action_has() -> None:
    texts = {name: (TEMPLATES / name).read_text("utf-8") for name in ("workflow.yml", "check.yml", "schedule.yml")}
    given = {name for each in read_workflows(texts) for use in each.uses for name in use.inputs}

    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert (given - {*action["inputs"]}, "issue" in given) == (set(), True)


def test_no_job_gets_more_than_it_needs() -> None:
    texts = {name: (TEMPLATES / name).read_text("utf-8") for name in ("workflow.yml", "check.yml", "schedule.yml")}
    uses = [use for each in read_workflows(texts) for use in each.uses]
    rights = {(use.command, tuple(use.rights.items()) if isinstance(use.rights, dict) else ()) for use in uses}

    assert rights == {
        ("run", (("contents", "read"), ("issues", "write"))),
        ("check", (("contents", "read"),)),
        ("index", (("issues", "read"),)),
        ("sweep", (("contents", "read"), ("issues", "write"))),
    }


pytestmark = pytest.mark.slow

OURS = merge_schemas({}, "x")["yaml.schemas"]


@pytest.mark.parametrize(
    "present, expected",
    [
        ({}, {"yaml.schemas": OURS}),
        ({"editor.rulers": [120]}, {"editor.rulers": [120], "yaml.schemas": OURS}),
        ({"yaml.schemas": {"y": "*.yml"}}, {"yaml.schemas": {"y": "*.yml", **OURS}}),
        ({"yaml.schemas": OURS}, {"yaml.schemas": OURS}),
    ],
)
def test_schemas_stand_beside_those_that_are_there(present: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge_schemas(present, "x") == expected


@pytest.mark.parametrize(
    "present, expected",
    [
        ({}, {"recommendations": [EXTENSION]}),
        ({"recommendations": ["a.b"]}, {"recommendations": ["a.b", EXTENSION]}),
        ({"recommendations": [EXTENSION]}, {"recommendations": [EXTENSION]}),
        ({"unwantedRecommendations": [EXTENSION]}, {"unwantedRecommendations": [EXTENSION]}),
    ],
)
def test_an_extension_that_nobody_declined_is_recommended(present: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge_extensions(present) == expected


@pytest.mark.parametrize("version", [OLDER, NEWEST])
def test_each_file_gets_the_one_schema_that_is_its_own(tmp_path: Path, version: str) -> None:
    home = tmp_path / ".github/signpost"
    with run_language_server(version, tmp_path) as server:
        server.configure({"schemas": merge_schemas({}, (ROOT / "rules").as_posix())["yaml.schemas"]})
        found = {
            name: server.check(server.open_named(home / name, "nonsense: 1\n"))
            for name in ("a-rule.yml", "pack.yml", "config.yml")
        }

    missing = {
        name: {each.message.split('"')[1] for each in findings if '"' in each.message}
        for name, findings in found.items()
    }
    assert missing == {
        "a-rule.yml": {"examples", "guidance", "id", "match", "title"},
        "pack.yml": {"name"},
        "config.yml": set(),
    }
    assert [
        name
        for name, findings in found.items()
        if "Property nonsense is not allowed." not in [each.message for each in findings]
    ] == []
    assert {*FILES.values()} == {place.removeprefix("x/") for place in OURS}
