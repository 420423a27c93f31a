"""The stored form of a shipped pack: the same rules as its files give, read only where an issue may match."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.rules.loader import build_ruleset, read_folder
from bot.rules.matcher import Match, match_issue
from bot.rules.ruleset import Rule, Ruleset
from bot.rules.stored import STORED_FILE, main, read_stored, write_stored
from bot.triage.config import Config, Sources
from bot.triage.run import run
from tests.builders import after, an_event, an_issue
from tests.fakes import FakeTracker

ROOT = Path(__file__).parents[2]
PACKS = sorted(path.parent.name for path in (ROOT / "rules").glob("*/pack.yml"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped packs with their stored forms, as in a wheel."""
    home = tmp_path_factory.mktemp("wheel") / "packs"
    for name in PACKS:
        shutil.copytree(ROOT / "rules" / name, home / name)
    main([str(home)])
    return home


def read_both(folder: Path) -> tuple[Ruleset, Ruleset]:
    """The pack from its stored form, and from its files."""
    stored = read_stored(folder)
    assert stored is not None
    return stored, build_ruleset(read_folder(folder))


def outline(rule: Rule) -> tuple[object, ...]:
    return (rule.id, rule.file, rule.content_hash, rule.names, rule.needles, rule.phrases, rule.label_use, rule.values)


def body(rule: Rule) -> tuple[object, ...]:
    return (rule.model, rule.document, rule.echoable, rule.supersedes, [when is None for when in rule.branches])


def is_read(rule: Rule) -> bool:
    return "model" in vars(rule)


@pytest.mark.parametrize("name", PACKS)
def test_a_stored_pack_has_the_rules_of_its_files(home: Path, name: str) -> None:
    stored, files = read_both(home / name)

    assert [outline(rule) for rule in stored.rules] == [outline(rule) for rule in files.rules]
    assert not any(map(is_read, stored.rules))
    assert [pack.model for pack in stored.packs] == [pack.model for pack in files.packs]
    assert (stored.problems, stored.known_ids, stored.forbidden_words) == ((), files.known_ids, files.forbidden_words)
    assert stored.successors.keys() == files.successors.keys()
    assert [body(rule) for rule in stored.rules] == [body(rule) for rule in files.rules]


def show(match: Match) -> tuple[object, ...]:
    return (match.rule.id, match.evidence, match.captures, match.branch, match.superseded_by, match.fix_state)


@pytest.mark.parametrize("name", PACKS)
def test_it_matches_the_same_issues_and_reads_few_rules(home: Path, name: str) -> None:
    stored, files = read_both(home / name)
    examples = [example for rule in files.rules for example in rule.model.examples.match]
    for example in examples[::5]:
        issue = an_issue(title=example.title, body=example.body)
        assert [*map(show, match_issue(issue, stored))] == [*map(show, match_issue(issue, files))]

    once = read_stored(home / name)
    assert once is not None
    assert match_issue(an_issue(title="Nothing", body="A word."), once) == ()
    assert sum(map(is_read, once.rules)) < len(once.rules)


def change_size(folder: Path) -> None:
    file = next(folder.glob("b*.yml"))
    file.write_text(file.read_text("utf-8") + "# changed\n", "utf-8")


def change_pack(folder: Path) -> None:
    file = folder / "pack.yml"
    file.write_text(file.read_text("utf-8").replace("common", "commin", 1), "utf-8")


def change_words(folder: Path) -> None:
    file = next(folder.glob("b*.yml"))
    file.write_text(file.read_text("utf-8").swapcase(), "utf-8")


def add_rule(folder: Path) -> None:
    (folder / "new.yml").write_text("id: new\n", "utf-8")


def rewrite(folder: Path, **changes: object) -> None:
    file = folder / STORED_FILE
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8")


SPOILT: dict[str, Callable[[Path], object]] = {
    "a rule has another size": change_size,
    "a rule has other words of the same size": change_words,
    "the pack has other words of the same size": change_pack,
    "a rule was added": add_rule,
    "another format": lambda folder: rewrite(folder, format=0),
    "no digest": lambda folder: (folder / STORED_FILE).write_text('{"format": 2}', "utf-8"),
    "another value": lambda folder: (folder / STORED_FILE).write_text("[]", "utf-8"),
    "no JSON": lambda folder: (folder / STORED_FILE).write_text("{", "utf-8"),
    "no file": lambda folder: (folder / STORED_FILE).unlink(),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_stored_form_that_does_not_fit_has_no_effect(
    home: Path, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    shutil.copytree(home / "common", folder := tmp_path / "common")
    assert read_stored(folder)
    spoil(folder)
    assert read_stored(folder) is None


def test_a_rule_that_was_changed_says_what_to_do(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "common", folder := tmp_path / "common")
    rule = next(iter((read_stored(folder) or Ruleset()).rules))
    file = Path(rule.file)
    file.write_text(file.read_text("utf-8").replace("id:", "ib:"), "utf-8")
    with pytest.raises(SettingsError, match=r"the shipped rule .* was changed: .*; install Signpost again"):
        _ = rule.model


def test_a_broken_pack_is_not_stored(tmp_path: Path) -> None:
    (tmp_path / "pack.yml").write_text("name: broken\n", "utf-8")
    (tmp_path / "wrong.yml").write_text("id: wrong\n", "utf-8")
    with pytest.raises(SettingsError, match="a broken pack cannot be shipped: "):
        write_stored(build_ruleset(read_folder(tmp_path)), tmp_path)


def test_a_run_reads_only_the_rules_that_an_issue_may_match(home: Path) -> None:
    stored = read_stored(home / "claude-code")
    assert stored is not None
    example = next(iter(build_ruleset(read_folder(home / "claude-code")).rules)).model.examples.match[0]
    issue = an_issue(title=example.title, body=example.body)

    result = run(an_event(issue), Sources(ruleset=stored, config=Config()), FakeTracker({7: issue}), after())

    assert result.errors == ()
    assert sum(map(is_read, stored.rules)) < len(stored.rules) / 10
