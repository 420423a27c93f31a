"""Workflow files in all the forms that GitHub takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.doctor.workflow_checks import is_older
from bot.triage.doctor.workflows import Use, Workflow, read_workflows

SHA = "0123456789abcdef0123456789abcdef01234567"
FILE = ".github/workflows/a.yml"


def write(on: str = "issues", job: str = "", step: str = "uses: signpost-bot/signpost@v1", top: str = "") -> str:
    return f"on: {on}\n{top}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    {job}\n    steps:\n      - {step}\n"


def read(text: str) -> Workflow:
    (found,) = read_workflows({FILE: text})
    return found


@pytest.mark.parametrize(
    "on, expected",
    [
        ("issues", {"issues": ()}),
        ("[issues, push]", {"issues": (), "push": ()}),
        ("{issues: {types: [opened, edited]}}", {"issues": ("opened", "edited")}),
        ("{issues: {types: opened}, push: }", {"issues": ("opened",), "push": ()}),
        ("{schedule: [{cron: 1 1 * * *}]}", {"schedule": ()}),
        ("7", {"7": ()}),
    ],
)
def test_events_are_a_word_a_list_or_a_mapping(on: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert read(write(on)).events == expected


@pytest.mark.parametrize(
    "step, expected",
    [
        ("uses: signpost-bot/signpost@v1", ("run", "v1", "v1")),
        ("uses: 'signpost-bot/signpost@v1.2.3'", ("run", "v1.2.3", "v1.2.3")),
        (f"uses: signpost-bot/signpost@{SHA} # v1.2.3", ("run", SHA, "v1.2.3")),
        (f'uses: "Signpost-Bot/Signpost@{SHA}" # v1.2', ("run", SHA, "v1.2")),
        (f"uses: signpost-bot/signpost@{SHA} # latest", ("run", SHA, "")),
        ("uses: signpost-bot/signpost/docker@main", ("run", "main", "")),
        ("{uses: signpost-bot/signpost@v1, with: {command: sweep}}", ("sweep", "v1", "v1")),
        ("{uses: signpost-bot/signpost@v1, with: {command: }}", ("run", "v1", "v1")),
        ('run: "$RUNNER_TEMP/signpost/bin/signpost sweep"', ("sweep", "", "")),
        ("run: signpost index update --index i", ("index", "", "")),
    ],
)
def test_a_step_uses_the_action_or_calls_the_command(step: str, expected: tuple[str, str, str]) -> None:
    (use,) = read(write(step=step)).uses
    assert (use.command, use.ref, use.release) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jobs: [",
        "[]",
        "jobs: []",
        write(step="uses: someone/signpost@v1"),
        write(step="uses: signpost-bot/signpost-fork@v1"),
        write(step="run: echo signpost"),
        write(step="7"),
        "on: issues\njobs: {a: 1, b: {steps: 2}, signpost: {steps: [{uses: 3}]}}",
    ],
)
def test_other_files_are_left_out(text: str) -> None:
    assert read_workflows({FILE: text, "README.md": write()}) == ()


@pytest.mark.parametrize(
    "top, job, expected",
    [
        ("", "", None),
        ("permissions: {}", "", "none"),
        ("permissions: write-all", "", "write"),
        ("permissions: read-all", "permissions: {issues: write}", "write"),
        ("permissions: {issues: write}", "permissions: {contents: read}", "none"),
        ("permissions: 7", "", None),
    ],
)
def test_a_job_has_its_own_rights_or_those_of_the_workflow(top: str, job: str, expected: str | None) -> None:
    (use,) = read(write(top=top, job=job)).uses
    assert use.may("issues") == expected


def test_a_reusable_workflow_is_believed_to_check_issues() -> None:
    text = "on: issues\njobs: {a: {uses: octo/.github/.github/workflows/signpost.yml@v1, permissions: write-all}}"
    assert read(text).uses == (Use(file=FILE, job="a", command="run", rights="write-all"),)


def test_the_group_is_that_of_the_workflow_or_of_a_job() -> None:
    groups = [
        read(write(top="concurrency: one")).group,
        read(write(top="concurrency: {group: two}")).group,
        read(write(job="concurrency: {group: three}")).group,
        read(write()).group,
    ]
    assert groups == ["one", "two", "three", ""]


def test_a_runner_by_an_expression_or_by_labels_is_unknown() -> None:
    text = write().replace("ubuntu-latest", "${{ matrix.os }}")
    assert read(text).uses == (Use(file=FILE, job="a", command="run", ref="v1", release="v1"),)
    assert read(write().replace("ubuntu-latest", "[self-hosted, x]")).uses[0].runs_on == ""


@pytest.mark.parametrize(
    "release, latest, expected",
    [
        ("v1.2.3", "v1.2.3", False),
        ("v1.2.3", "v1.10.0", True),
        ("v1", "v1.10.0", False),
        ("v1", "v2.0.0", True),
        ("v1.2", "v1.2.9", False),
        ("v2.0.0", "v1.10.0", False),
        ("", "v1.10.0", False),
        ("v1.2.3", "", False),
        ("v1.2.3", "nightly", False),
    ],
)
def test_a_moving_tag_is_as_new_as_its_releases(release: str, latest: str, *, expected: bool) -> None:
    assert is_older(release, latest) == expected


PARTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["signpost-bot/signpost@v1", "issues", "write"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["on", "jobs", "steps", "uses", "with", "run", "permissions", "concurrency", "runs-on", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(PARTS)
def test_no_file_stops_the_reader(value: object) -> None:
    for workflow in read_workflows(
        {FILE: json.dumps({"on": value, "jobs": {"signpost": value}, "permissions": value})}
    ):
        assert workflow.uses != ()
