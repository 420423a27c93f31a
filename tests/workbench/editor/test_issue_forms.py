"""What a repository's issue forms say about its reports."""

import json

import pytest
import yaml

from bot.rules.loader import build_ruleset
from bot.workbench.check.checker import check_rules
from bot.workbench.editor.issue_forms import FormFacts, FormField, choose_facts, name_system, read_form, write_pack
from tests.rules.rules import write_rule

FORM = """
name: Bug report
body:
  - type: markdown
    attributes: {value: Thank you}
  - type: input
    id: version
    attributes: {label: Version, placeholder: e.g. 1.2.3}
    validations: {required: true}
  - type: dropdown
    attributes: {label: Operating System, options: [macOS, Windows 11, Ubuntu/Debian Linux, Other]}
  - type: textarea
    attributes: {label: Steps to reproduce, value: "1.\\n2.\\n"}
  - type: checkboxes
    attributes: {label: Which version?, options: [{label: The newest}]}
"""


def test_the_questions_of_a_form_are_read() -> None:
    assert read_form(FORM) == (
        FormField("Version", hint="e.g. 1.2.3"),
        FormField("Operating System", ("macOS", "Windows 11", "Ubuntu/Debian Linux", "Other")),
        FormField("Steps to reproduce", prefilled="1.\n2."),
    )


@pytest.mark.parametrize(
    "text", ["", "x", "- x", "body: 3", "body: [3, {}, {type: input}, {attributes: x}]", "body: [", "a: *b"]
)
def test_what_is_no_form_has_no_questions(text: str) -> None:
    assert read_form(text) == ()


def test_fields_for_version_and_system_are_found() -> None:
    assert choose_facts(read_form(FORM)) == FormFacts(
        version=("Version",),
        system=("Operating System",),
        meanings=(("macOS", "macos"), ("Windows 11", "windows"), ("Ubuntu/Debian Linux", "linux")),
        placeholders=("e.g. 1.2.3",),
    )


@pytest.mark.parametrize(
    "label, expected",
    [
        ("Version", True),
        ("What version of Widget are you running?", True),
        ("Installed versions", False),
        ("Terminal name/version", False),
        ("Affected release", True),
        ("Node.js version", False),
        ("Browser version", False),
        ("OS version", False),
        ("Last working version", False),
        ("Conversion", False),
        ("Python version", False),
    ],
)
def test_a_version_is_the_product_s_own(label: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert bool(choose_facts([FormField(label)]).version) == expected


def test_the_name_of_the_repository_is_not_foreign() -> None:
    assert choose_facts([FormField("Deno version")], "deno").version == ("Deno version",)


@pytest.mark.parametrize(
    "field, expected",
    [
        (FormField("OS"), True),
        (FormField("Operating system & version"), True),
        (FormField("Which platform?"), True),
        (FormField("System information"), True),
        (FormField("Operating system/version"), True),
        (FormField("Platform", ("Linux", "Other")), True),
        (FormField("Platform", ("Anthropic API", "AWS Bedrock")), False),
        (FormField("Pose"), False),
        (FormField("Host"), False),
    ],
)
def test_a_system_is_known_by_its_label_and_choices(field: FormField, expected: bool) -> None:  # noqa: FBT001 (a column)
    assert bool(choose_facts([field]).system) == expected


def test_the_same_field_of_two_forms_counts_once() -> None:
    assert choose_facts([FormField("Version"), FormField("version:"), FormField("Version")]).version == ("Version",)


@pytest.mark.parametrize(
    "option, expected",
    [
        ("macOS (Apple silicon)", "macos"),
        ("Mac OS X", "macos"),
        ("Windows 10", "windows"),
        ("Win11", "windows"),
        ("WSL (Windows Subsystem for Linux)", "wsl"),
        ("Arch", "linux"),
        ("Red Hat", "linux"),
        ("FreeBSD", "freebsd"),
        ("iOS", "ios"),
        ("Android", "android"),
        ("Other", None),
        ("I'm not sure", None),
    ],
)
def test_a_choice_is_a_system(option: str, expected: str | None) -> None:
    assert name_system(option) == expected


def test_the_pack_that_is_written_reads_reports_of_the_form() -> None:
    text = write_pack(choose_facts(read_form(FORM)), ["bug.yml"])

    assert text.startswith("# Facts that your rules can use; read from bug.yml.\n")
    pack = yaml.safe_load(text)
    assert pack["captures"]["version"] == {"first_of": [{"section": "Version"}]}
    assert (
        pack["captures"]["os"]["map"] | {"Windows 11": "windows", "win32": "windows"} == pack["captures"]["os"]["map"]
    )
    assert pack["placeholders"] == ["e.g. 1.2.3"]
    report = "### Version\n\ne.g. 1.2.3\n\n### Operating System\n\nUbuntu/Debian Linux\n\n### Log\n\nit broke"
    examples = json.dumps({"match": [report], "no_match": [report.replace("Ubuntu/Debian Linux", "Other")]})
    rule = write_rule(match="{phrase: it broke, os: linux, version: unknown}", more=f"examples: {examples}")
    assert check_rules(build_ruleset({"mine/pack.yml": text, "mine/a-rule.yml": rule})).problems == ()


def test_without_forms_the_usual_names_are_written() -> None:
    pack = yaml.safe_load(write_pack(FormFacts()))

    assert pack["captures"]["os"]["first_of"] == [{"section": "Operating System"}, {"section": "OS"}]
    assert "placeholders" not in pack


def test_hostile_labels_stay_text() -> None:
    label = "Version: *x {y} \u2028 # no"

    assert yaml.safe_load(write_pack(FormFacts(version=(label,))))["captures"]["version"]["first_of"] == [
        {"section": label}
    ]
