"""Labels that people set, labels per answer, and labels of ours, over HTTP: each step is a run of the real command."""

from collections.abc import Iterator

import pytest

from tests.stand_ins.fake_github import MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    OTHER,
    REPOSITORY,
    WITHDRAWN,
    Ending,
    add_rule,
    run_once,
    see,
    tell_event,
)

pytestmark = pytest.mark.slow

NEEDS_REPRO = """\
id: needs-repro
title: Steps to reproduce are missing
match: {label: needs-repro}
follow: 1
guidance: {tldr: The build ran out of disk space.}
examples:
  match: [{body: It breaks, labels: [needs-repro]}]
  no_match: [It breaks]
"""
AREAS = """\
id: areas
title: Areas
mode: label
match: {section: Component, missing: false}
labels:
  from:
    - {section: Component, map: {Core: "area:core", User interface: "area:ui"}}
    - {section: System, prefix: "os:"}
examples:
  match: ["### Component\\n\\nCore"]
  no_match: [Core]
"""
OURS = """\
id: ours
title: Reports without steps
mode: label
match: {phrase: It only breaks on Mondays}
labels: [needs-repro]
examples:
  match: [It only breaks on Mondays]
  no_match: [It breaks]
"""
SETTINGS = "on: [opened, edited, labeled, unlabeled]\nduplicates: {enabled: false}\n"


def form(component: str, system: str = "_No response_") -> str:
    return f"### Component\n\n{component}\n\n### System\n\n{system}\n"


@pytest.fixture
def github(openapi_checker: OpenAPIChecker) -> Iterator[FakeGitHub]:
    with FakeGitHub(checker=openapi_checker) as server:
        files = server.add_repository(REPOSITORY, labels=("needs-repro", "area:core", "area:ui", "os:Linux")).files
        files[f"{HOME}/config.yml"] = SETTINGS
        server.add_issue("Low disk space is not handled", author=MAINTAINER)
        yield server
        assert server.violations == []


def look(github: FakeGitHub, issue: StoredIssue, action: str) -> Ending:
    assert run_once(github, tell_event(github, issue, action)).code == 0
    return see(issue)


def expect_nothing_to_do(github: FakeGitHub, issue: StoredIssue) -> None:
    github.requests.clear()
    look(github, issue, "labeled")
    assert [
        each for each in map(str, github.requests) if each.startswith(("POST /repos", "PATCH", "DELETE", "PUT"))
    ] == []


def set_label(github: FakeGitHub, issue: StoredIssue, label: str) -> Ending:
    github.set_label(github.repositories[REPOSITORY], issue, label, MAINTAINER)
    return look(github, issue, "labeled")


def unset_label(github: FakeGitHub, issue: StoredIssue, label: str) -> Ending:
    github.unset_label(issue, label)
    return look(github, issue, "unlabeled")


def test_a_person_sets_a_label_and_the_rule_answers_in_one_comment(github: FakeGitHub) -> None:
    add_rule(github, NEEDS_REPRO, "needs-repro")
    issue = github.add_issue("It breaks", OTHER)
    github.add_comment(issue, "We look at it next year.", MAINTAINER)

    steps = [set_label(github, issue, "Needs-Repro"), unset_label(github, issue, "needs-repro")]
    steps.append(set_label(github, issue, "needs-repro"))

    assert [(step.labels, step.comments) for step in steps] == [
        (("needs-repro",), (ANSWER,)),
        ((), (WITHDRAWN,)),
        (("needs-repro",), (ANSWER,)),
    ]
    assert [step.flips for step in steps] == [(), (), ()]
    expect_nothing_to_do(github, issue)


def test_a_label_of_ours_starts_no_rule_and_the_same_label_of_a_person_does(github: FakeGitHub) -> None:
    add_rule(github, NEEDS_REPRO, "needs-repro")
    add_rule(github, OURS, "ours")
    issue = github.add_issue("It breaks", OTHER)

    ours = look(github, issue, "opened")
    assert ours == Ending(labels=("needs-repro",), comments=(), flips=("labeled needs-repro",))

    taken_off = unset_label(github, issue, "needs-repro")
    assert taken_off == Ending(labels=(), comments=(), flips=ours.flips)
    assert set_label(github, issue, "needs-repro") == Ending(
        labels=("needs-repro",), comments=(ANSWER,), flips=ours.flips
    )
    expect_nothing_to_do(github, issue)


def test_the_label_of_an_answer_goes_with_the_answer_without_a_comment(github: FakeGitHub) -> None:
    add_rule(github, AREAS, "areas")
    issue = github.add_issue("It breaks", form("Core, User interface", "linux"))
    found = [look(github, issue, "opened").labels]

    for answer in ("Core", "User interface", "_No response_", "User interface", "Core, User interface"):
        github.edit_body(issue, form(answer))
        found.append(look(github, issue, "edited").labels)
    found.append(unset_label(github, issue, "area:core").labels)

    assert found == [
        ("area:core", "area:ui", "os:Linux"),
        ("area:core",),
        ("area:ui",),
        (),
        ("area:ui",),
        ("area:core", "area:ui"),
        ("area:ui",),
    ]
    expect_nothing_to_do(github, issue)


def test_the_label_that_a_person_set_stays_when_the_answer_is_another_one(github: FakeGitHub) -> None:
    add_rule(github, AREAS, "areas")
    issue = github.add_issue("It breaks", form("Core"))
    look(github, issue, "opened")

    assert set_label(github, issue, "area:ui").labels == ("area:core", "area:ui")


def test_a_label_is_never_created_for_what_a_reporter_typed(github: FakeGitHub) -> None:
    add_rule(github, AREAS.replace("area:ui", "area:new"), "areas")
    repository = github.repositories[REPOSITORY]
    repository.files[f"{HOME}/config.yml"] = f"{SETTINGS}labels: {{create: true}}\n"
    issue = github.add_issue("It breaks", form("User interface", "Plan 9 `](x)"))

    run = run_once(github, tell_event(github, issue))

    assert see(issue).labels == ("area:new",)
    assert [label for label in repository.labels if "Plan" in label] == []
    assert "the answer ``Plan 9 `](x)`` of `section: System` asks for the label ``os:Plan 9 `](x)``, which" in run.out
