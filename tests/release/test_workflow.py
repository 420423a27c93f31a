"""Workflows run nothing that can change under them, with no more rights than each job needs."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
RELEASE: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = RELEASE["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]

USES = re.compile(r"^\s*(?:- )?uses: (?P<action>.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+(?:\.\d+){0,2}")


def triggers(workflow: dict[Any, Any]) -> dict[str, Any]:
    """Its events; YAML 1.1 reads the key `on` as true."""
    return dict(workflow[True])


def test_each_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    used = [found for path in WORKFLOWS for found in USES.findall(path.read_text(encoding="utf-8"))]
    assert [each for each in used if not each.startswith("./ ") and not PINNED.fullmatch(each)] == []


def test_one_action_has_one_version_in_all_workflows() -> None:
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    pins = {each for text in texts for each in USES.findall(text) if PINNED.fullmatch(each)}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


def test_no_workflow_runs_with_rights_on_the_code_of_a_pull_request() -> None:
    risky = {"pull_request_target", "workflow_run"}
    found = [
        path.name for path in WORKFLOWS if risky & triggers(yaml.safe_load(path.read_text(encoding="utf-8"))).keys()
    ]
    assert found == []


def test_no_checkout_leaves_a_token_behind() -> None:
    checkouts = [step["with"] for step in STEPS if "actions/checkout@" in step.get("uses", "")]
    assert {each["persist-credentials"] for each in checkouts} == {False}


def test_a_release_is_started_by_hand_and_dry_unless_someone_says_otherwise() -> None:
    (event,) = triggers(RELEASE).items()
    assert (event[0], event[1]["inputs"]["dry-run"]["default"]) == ("workflow_dispatch", True)


def test_each_job_of_the_release_has_the_rights_that_it_needs() -> None:
    assert RELEASE["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "assets": {"contents": "read"},
        "try": {"contents": "read"},
        "image": {"contents": "read", "packages": "write"},
        "index": {"attestations": "write", "id-token": "write", "packages": "write"},
        "plan": {"contents": "read"},
        "publish": {"attestations": "write", "contents": "write", "id-token": "write"},
        "name": {"packages": "write"},
        "pypi": {"contents": "read", "id-token": "write"},
    }


def test_what_cannot_be_undone_waits_for_a_person_and_for_all_trials() -> None:
    protected = {name: job["environment"] for name, job in JOBS.items() if "environment" in job}
    assert protected == {"publish": "release", "pypi": "pypi"}
    assert JOBS["publish"]["if"] == "${{ !inputs.dry-run && github.ref == 'refs/heads/main' }}"
    assert (JOBS["publish"]["needs"], JOBS["pypi"]["needs"]) == (["try", "index"], "publish")


def test_a_dry_run_pushes_nothing() -> None:
    pushing = [step for step in JOBS["image"]["steps"] if "push" in str(step) or "login" in str(step)]
    assert {step["if"] for step in pushing} == {"${{ !inputs.dry-run }}"}
    assert JOBS["index"]["if"] == "${{ !inputs.dry-run }}"


def test_a_release_reads_no_cache() -> None:
    assert [step for step in STEPS if "actions/cache" in step.get("uses", "") or "cache" in step.get("with", {})] == []
    buildx = [step["with"] for step in STEPS if "setup-buildx" in step.get("uses", "")]
    assert buildx == [{"cache-binary": False}]


def test_scripts_of_the_release_take_no_expression() -> None:
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []
