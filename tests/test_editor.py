"""Rules, packs and settings in an editor: what Red Hat's language server completes, explains and finds wrong."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.cli.options.schemas import FILES, make_schemas
from bot.rules.spec.condition import AtLeast, Condition, SectionNamed
from bot.rules.spec.document import read_document
from bot.rules.spec.labels import Labels, LabelSource
from bot.rules.spec.modifiers import SECTION_TESTS
from bot.rules.spec.pack import (
    CaptureModel,
    CaptureSource,
    FeatureRequestModel,
    PackLayout,
    PackModel,
    PlaceholderModel,
    RemovedRule,
    Tool,
    Translation,
)
from bot.rules.spec.rule import (
    Close,
    Example,
    Examples,
    Expectation,
    FixedIn,
    Guidance,
    Resource,
    RuleModel,
    ShowDuplicates,
)
from bot.triage.config import Config, DuplicateSettings, Identity, LabelSettings, Skipped, Words
from bot.triage.people.settings import ClosingSettings, SurgeSettings, VoteSettings
from tests.stand_ins.command import run_command
from tests.stand_ins.language_server import NEWEST, OLDER, Finding, LanguageServer, run_language_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"
VALIDATOR = Draft7Validator(make_schemas([])["rule"])
SHIPPED = sorted(RULES.glob("*/*.yml"))
PLACES: dict[type[BaseModel], tuple[str, tuple[str | int, ...]]] = {
    RuleModel: ("rule", ()),
    Condition: ("rule", ("match",)),
    AtLeast: ("rule", ("match", "at_least")),
    SectionNamed: ("rule", ("match", "in", 0)),
    Labels: ("rule", ("labels",)),
    LabelSource: ("rule", ("labels", "from", 0)),
    FixedIn: ("rule", ("fixed_in",)),
    ShowDuplicates: ("rule", ("duplicates",)),
    Guidance: ("rule", ("guidance", 0)),
    Resource: ("rule", ("resources", 0)),
    Close: ("rule", ("close",)),
    Examples: ("rule", ("examples",)),
    Example: ("rule", ("examples", "match", 0)),
    Expectation: ("rule", ("examples", "no_match", 0, "expect")),
    PackModel: ("pack", ()),
    CaptureModel: ("pack", ("captures", "os")),
    CaptureSource: ("pack", ("captures", "os", "first_of", 0)),
    PackLayout: ("pack", ("layouts", "in-app")),
    PlaceholderModel: ("pack", ("placeholders", 0)),
    FeatureRequestModel: ("pack", ("feature_requests", 0)),
    Translation: ("pack", ("translations", 0)),
    Tool: ("pack", ("tools", 0)),
    RemovedRule: ("pack", ("removed", 0)),
    Config: ("config", ()),
    Skipped: ("config", ("skip",)),
    LabelSettings: ("config", ("labels",)),
    DuplicateSettings: ("config", ("duplicates",)),
    Words: ("config", ("words",)),
    VoteSettings: ("config", ("votes",)),
    ClosingSettings: ("config", ("closing",)),
    SurgeSettings: ("config", ("surge",)),
    Identity: ("config", ("identity",)),
}
"""Each model that people write, and where in which file its keys stand."""

FIELDS = [(model, field.alias or name, field) for model in PLACES for name, field in model.model_fields.items()]
RULE = """
id: out-of-disk
title: The disk is full
match:
  phrase: No space left on device
guidance:
  tldr: The disk is full.
examples:
  match: [No space left on device]
  no_match: [There is space]
"""


@pytest.fixture(scope="module")
def newest() -> Iterator[LanguageServer]:
    with run_language_server(NEWEST, ROOT) as server:
        yield server


@pytest.fixture(scope="module", params=(OLDER, NEWEST))
def editor(request: pytest.FixtureRequest) -> Iterator[LanguageServer]:
    if request.param == NEWEST:
        yield request.getfixturevalue("newest")
    else:
        with run_language_server(request.param, ROOT) as server:
            yield server


def open_file(editor: LanguageServer, text: str, kind: str = "rule") -> str:
    return editor.open(RULES / "mine", f"# yaml-language-server: $schema=../{FILES[kind]}\n{text}")


def complete(editor: LanguageServer, text: str, kind: str = "rule") -> dict[str, str]:
    """What the editor offers at the sign `¦`, by its label."""
    before, _, after = text.partition("¦")
    uri = open_file(editor, before + after, kind)
    return editor.complete(uri, before.count("\n") + 1, len(before.rpartition("\n")[2]))


def check(editor: LanguageServer, text: str, kind: str = "rule") -> list[Finding]:
    """What the editor finds wrong; lines count from the first of the text."""
    return [Finding(each.line - 1, each.message) for each in editor.check(open_file(editor, text, kind))]


def nest(value: object, path: tuple[str | int, ...]) -> object:
    """The value at its place."""
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def test_the_table_of_places_has_every_model() -> None:
    defined = {name for schema in make_schemas([]).values() for name in schema["definitions"]}

    assert {model.__name__ for model in PLACES} == defined | {"RuleModel", "PackModel", "Config"}


def test_every_key_is_explained_with_an_example(editor: LanguageServer) -> None:
    shown = [(f"{model.__name__}.{key}", field, hover(editor, model, key, field)) for model, key, field in FIELDS]

    assert [name for name, field, text in shown if str(field.description) not in text] == []
    assert [name for name, _, text in shown if "```yaml" not in text] == []


def hover(editor: LanguageServer, model: type[BaseModel], key: str, field: FieldInfo) -> str:
    """What the editor shows of a key that has the value of its first example."""
    kind, path = PLACES[model]
    text = yaml.safe_dump(nest({key: (field.examples or [])[0]}, path), sort_keys=False, allow_unicode=True)
    line, column = read_document(text, "x.yml").places[(*path, key)]
    return editor.hover(open_file(editor, text, kind), line, column)


@pytest.mark.parametrize("word, meaning", [("label", "does not comment"), ("observe", "summary of the run")])
def test_each_word_of_a_choice_is_explained(editor: LanguageServer, word: str, meaning: str) -> None:
    shown = editor.hover(open_file(editor, f"mode: {word}\n"), 1, 7)

    assert meaning in next(line for line in shown.splitlines() if line.startswith(f"* `{word}`"))
    assert "Default: `comment`" in shown


def test_a_capture_of_the_pack_is_explained(editor: LanguageServer) -> None:
    assert "A capture of pack.yml" in editor.hover(open_file(editor, "match:\n  os: windows\n"), 2, 3)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("¦", {"a whole rule", "id", "title", "match", "guidance", "labels", "examples"}),
        ("id: x\nti¦", {"title"}),
        ("match:\n  ¦", {"phrase", "regex", "section", "version", "any", "all", "none", "at_least"}),
        ("match:\n  any:\n    - ¦", {"phrase", "section", "version", "any"}),
        ("match:\n  none:\n    - phrase: x\n      ¦", {"in", "set"}),
        ("match:\n  at_least:\n    ¦", {"n", "of"}),
        ("match:\n  body: ¦", {"empty", "images_only", "template_untouched"}),
        ("match:\n  phrase: ¦", {'"No space left on device"', "No space left on device"}),
        ("guidance:\n  ¦", {"tldr", "steps", "when", "a branch with a condition"}),
        ("guidance:\n  - ¦", {"tldr", "steps", "when", "a branch with a condition"}),
        ("guidance:\n  - when:\n      ¦", {"version", "phrase"}),
        ("examples:\n  ¦", {"match", "no_match"}),
        ("examples:\n  match:\n    - ¦", {"title", "body", "expect", "an issue with a title"}),
        ("mode: ¦", {"observe", "suggest", "label", "comment"}),
        ("labels:\n  ¦", {"add", "remove", "from"}),
        ("labels:\n  from:\n    - ¦", {"section", "capture", "map", "prefix"}),
        ("close:\n  ¦", {"as", "after"}),
    ],
)
def test_what_may_stand_there_is_offered(editor: LanguageServer, text: str, expected: set[str]) -> None:
    offered = complete(editor, text).keys()

    assert expected & offered if "phrase: ¦" in text else expected <= offered


@pytest.mark.parametrize(
    "kind, text, expected",
    [
        ("pack", "¦", {"a whole pack", "name", "product", "captures", "layouts"}),
        ("pack", "captures:\n  os:\n    ¦", {"first_of", "map", "type"}),
        ("pack", "captures:\n  os:\n    first_of:\n      - ¦", {"section", "phrase", "regex"}),
        ("config", "¦", {"mode", "packs", "skip", "labels"}),
        ("config", "mode: ¦", {"observe", "suggest", "label", "comment"}),
        ("config", "skip:\n  ¦", {"labels", "authors", "bots"}),
    ],
)
def test_packs_and_settings_are_completed(editor: LanguageServer, kind: str, text: str, expected: set[str]) -> None:
    assert expected <= complete(editor, text, kind).keys()


@pytest.mark.parametrize(
    "key, expected",
    [
        ("match", "match:\n  "),
        ("labels", "labels:\n  - ${1:needs-info}"),
        ("close", "close:\n  as: ${1:not_planned}\n  after: ${2:3d}"),
        ("supersedes", "supersedes:\n  - ${1}"),
        ("title", "title: ${1:The disk is full}"),
    ],
)
def test_a_key_comes_with_the_shape_of_its_value(editor: LanguageServer, key: str, expected: str) -> None:
    assert complete(editor, "¦")[key] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("¦", "mode: ¦", "labels: ¦", "labels:\n  ¦", "close:\n  ¦", "resources:\n  - ¦"),
        *(
            "match:\n  ¦",
            "match:\n  any:\n    - ¦",
            "match:\n  any:\n  - ¦",
            "match:\n  none:\n    - phrase: x\n      ¦",
        ),
        *("match:\n  at_least:\n    ¦", "guidance:\n  ¦", "guidance:\n  - ¦", "guidance:\n  - tldr: x\n    ¦"),
        *("guidance:\n  - when:\n      ¦", "examples:\n  ¦", "examples:\n  match:\n    - ¦"),
        "examples:\n  match:\n    - title: x\n      ¦",
    ],
)
def test_whatever_is_chosen_leaves_the_file_readable_and_without_a_foreign_key(
    editor: LanguageServer, text: str
) -> None:
    before = text.partition("¦")[0]
    margin = re.match(" *", before.rpartition("\n")[2])

    offered = complete(editor, text)
    chosen = {
        label: before + write_out(written).replace("\n", f"\n{margin[0] if margin else ''}")
        for label, written in offered.items()
    }

    assert offered
    assert [label for label, written in offered.items() if "object Object" in written] == []
    assert {label: found for label, file in chosen.items() if (found := find_foreign_keys(yaml.safe_load(file)))} == {}


def write_out(snippet: str) -> str:
    """What stands there when a snippet was chosen and nothing else was typed; editors add the margin of the line."""
    named = re.sub(r"\$\{\d+:((?:\\.|[^}\\])*)\}", r"\1", snippet)
    return re.sub(r"\\([\\$}])", r"\1", re.sub(r"\$\{?\d+\}?", "", named))


def find_foreign_keys(value: object) -> list[str]:
    def find(errors: Iterable[ValidationError]) -> Iterator[str]:
        for error in errors:
            if error.validator == "additionalProperties":
                yield error.message
            yield from find(error.context or ())

    return [*find(VALIDATOR.iter_errors(value))]


def test_nothing_is_wrong_with_what_we_ship(editor: LanguageServer) -> None:
    opened = {path: editor.open(path.parent, path.read_text("utf-8")) for path in SHIPPED}

    assert {path: editor.check(uri) for path, uri in opened.items()} == {path: [] for path in SHIPPED}


def test_nothing_is_wrong_with_what_init_writes(editor: LanguageServer, tmp_path: Path) -> None:
    run_command("init", "--offline", folder=tmp_path)
    files = sorted((tmp_path / ".github/signpost").glob("*.yml"))

    opened = {path.name: editor.open(path.parent, path.read_text("utf-8")) for path in files}

    found = {name: editor.check(uri) for name, uri in opened.items()}
    assert found == {"config.yml": [], "out-of-disk.yml": [], "pack.yml": []}
    assert "Operating System" in editor.hover(
        editor.open(files[0].parent, f"{files[1].read_text('utf-8').splitlines()[0]}\nmatch:\n  os: linux\n"), 2, 3
    )


@pytest.mark.parametrize(
    "text",
    [
        RULE,
        RULE.replace("  phrase: No space left on device", "  os: [linux, macos]\n  surface: cli\n  count: 3"),
        RULE.replace("  phrase: No space left on device", "  version: 2.1"),
        f"{RULE}fixed_in: {{version: 2.1}}\n",
        f"{RULE}close: null\n",
        f"{RULE}reviewed: 2026-11-23\n",
        RULE.replace("  phrase: No space left on device", "  code: 0xC0000005"),
    ],
)
def test_nothing_is_wrong_with_a_right_rule(newest: LanguageServer, text: str) -> None:
    assert check(newest, text) == []


@pytest.mark.parametrize(
    "text, expected",
    [
        (f"{RULE}titel: x\n", [(11, "Property titel is not allowed.")]),
        (RULE.replace("title: The disk is full\n", ""), [(2, 'Missing property "title".')]),
        (RULE.replace("guidance:\n  tldr: The disk is full.\n", ""), [(2, 'Missing property "guidance".')]),
        (RULE.replace("  no_match: [There is space]\n", ""), [(8, 'Missing property "no_match".')]),
        (RULE.replace("  tldr", "  tldrs"), [(6, 'Missing property "tldr".'), (7, "Property tldrs is not allowed.")]),
        (
            f"{RULE}mode: shout\n",
            [(11, 'Value is not accepted. Valid values: "observe", "suggest", "label", "comment".')],
        ),
        (f"{RULE}follow: many\n", [(11, "Incorrect type. Expected one of integer, null.")]),
        (f"{RULE}priority: 1000\n", [(11, "Value is above the maximum of 100.")]),
        (f"{RULE}expires: soon\n", [(11, "String is not a RFC3339 date.")]),
        (
            RULE.replace("No space left on device\ng", "x\n  ticked: true\ng"),
            [(5, "`ticked` needs `checkbox` in the same condition")],
        ),
        (
            RULE.replace("phrase:", "section:"),
            [(5, f"`section` needs a test in the same condition: {', '.join(SECTION_TESTS)} or checkbox")],
        ),
        (
            RULE.replace("phrase:", "in: [title]\n  os:"),
            [(5, "`in` needs `phrase`, `regex` or `link` in the same condition")],
        ),
        (RULE.replace("out-of-disk", "Out_of_disk"), [(2, "must look like `out-of-disk`")]),
    ],
)
def test_what_is_wrong_is_found_at_its_line(newest: LanguageServer, text: str, expected: list[tuple[int, str]]) -> None:
    assert [(each.line, each.message) for each in check(newest, text)] == expected


@pytest.mark.parametrize(
    "kind, text, expected",
    [
        ("pack", "name: mine\nprodukt: x\n", 2),
        ("pack", "name: mine\ncaptures: {os: {first_of: [{section: OS, phrase: x}]}}\n", 2),
        ("config", "mode: comment\nmax_sections: 9\n", 2),
        ("config", "skip:\n  associations: [FRIEND]\n", 2),
    ],
)
def test_what_is_wrong_with_packs_and_settings_is_found(
    newest: LanguageServer, kind: str, text: str, expected: int
) -> None:
    assert [each.line for each in check(newest, text, kind)] == [expected]
