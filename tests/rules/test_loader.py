"""Rules from folders, files and shipped packs."""

import os
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.issue.facts import Placeholder
from bot.rules.loader import (
    build_ruleset,
    find_pack,
    join_rulesets,
    load_rules,
    read_folder,
    read_place,
)
from bot.rules.ruleset import Ruleset
from bot.rules.spec.document import MAX_BYTES
from tests.rules.rules import explain, write_rule

GOOD, OTHER, BROKEN = write_rule("good"), write_rule("other"), write_rule("broken", "{phrase: x}")
TOO_LITTLE = "4:9: the phrase has too little text to search for; write more of the message"

on_posix = pytest.mark.skipif(os.name == "nt", reason="links, pipes and devices as POSIX has them")


def ids(ruleset: Ruleset) -> list[str]:
    return [f"{rule.pack.name}/{rule.id}" for rule in ruleset.rules]


@pytest.mark.parametrize(
    "files, rules, problems",
    [
        pytest.param({}, [], [], id="nothing"),
        pytest.param({"a/good.yml": GOOD, "a/other.yaml": OTHER}, ["a/good", "a/other"], [], id="without pack.yml"),
        pytest.param({"a/pack.yml": "name: own", "a/good.yml": GOOD}, ["own/good"], [], id="with pack.yml"),
        pytest.param({"a/pack.yaml": "name: own", "a/good.yml": GOOD}, ["own/good"], [], id="with pack.yaml"),
        pytest.param(
            {".github/signpost/config.yml": "mode: label", ".github/signpost/good.yml": GOOD},
            ["signpost/good"],
            [],
            id="settings are no rule",
        ),
        pytest.param({"a/good.yml": GOOD, "b/other.yml": OTHER}, ["a/good", "b/other"], [], id="several packs"),
        pytest.param({"good.yml": GOOD}, ["rules/good"], [], id="in no folder"),
        pytest.param({"Über mich!/good.yml": GOOD}, ["ber-mich/good"], [], id="a folder with an odd name"),
        pytest.param({"規則/good.yml": GOOD}, ["rules/good"], [], id="a folder with other letters"),
        pytest.param({f"{'a' * 200}/good.yml": GOOD}, [f"{'a' * 80}/good"], [], id="a folder with a long name"),
        pytest.param(
            {"a/broken.yml": BROKEN, "a/good.yml": GOOD},
            ["a/good"],
            [f"a/broken.yml:{TOO_LITTLE}"],
            id="a broken rule beside a good one",
        ),
        pytest.param(
            {"a/pack.yml": "nmae: own", "a/good.yml": GOOD},
            ["rules/good"],
            ["a/pack.yml:1:1: `name` is missing; add it", "a/pack.yml:1:1: unknown key `nmae`; did you mean `name`?"],
            id="a broken pack.yml",
        ),
        pytest.param({"a/readme.md": "x", "a/comment.md.j2": "y"}, [], [], id="other files"),
        pytest.param(
            {"a/good.yml": GOOD, "b/good.yml": GOOD},
            ["a/good"],
            ["b/good.yml:1:1: a/good.yml has the same id `good`; rename one of the two rules"],
            id="an id twice",
        ),
        pytest.param(
            {"a/good.yml": ""},
            [],
            [
                "a/good.yml:1:1: the file must contain `key: value` lines; see https://signpost-bot.github.io/signpost/reference/"
            ],
            id="an empty file",
        ),
    ],
)
def test_files_become_rules_and_problems(files: dict[str, str], rules: list[str], problems: list[str]) -> None:
    forwards, backwards = build_ruleset(files), build_ruleset(dict(reversed(files.items())))
    assert (ids(forwards), explain(forwards)) == (ids(backwards), explain(backwards)) == (rules, problems)


def test_sets_are_joined_and_the_first_of_two_ids_stays() -> None:
    joined = join_rulesets([build_ruleset({"a/good.yml": GOOD}), build_ruleset({"b/good.yml": GOOD})])
    assert (ids(joined), explain(joined), len(joined.packs)) == (
        ["a/good"],
        ["b/good.yml:1:1: a/good.yml has the same id `good`; rename one of the two rules"],
        2,
    )


def test_a_rule_that_is_named_twice_is_one_rule() -> None:
    joined = join_rulesets([build_ruleset({"a/good.yml": GOOD}), build_ruleset({"a/good.yml": GOOD})])
    assert (ids(joined), explain(joined)) == (["a/good"], [])


PACK = """
name: own
layouts: {l: {headings: bold, sections: {A: logs}}}
placeholders: [x]
forbidden_words: [y]
"""


def test_what_packs_define_is_known_to_the_whole_set() -> None:
    ruleset = build_ruleset({"a/pack.yml": PACK})
    assert [layout.name for layout in ruleset.layouts] == ["l"]
    assert ruleset.placeholders == {Placeholder("x")}
    assert ruleset.forbidden_words == ("duplicate of #", "y")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "own"
    for name, text in {
        "pack.yml": "name: own",
        "good.yml": GOOD,
        "below/other.yml": OTHER,
        ".hidden/broken.yml": BROKEN,
        "comment.md.j2": "{{ sections }}",
        "readme.md": "x",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, "utf-8")
    return home


def test_a_folder_is_read_with_what_is_below_it(folder: Path) -> None:
    names = {Path(name).relative_to(folder).as_posix() for name in read_folder(folder)}
    assert names == {"pack.yml", "good.yml", "below/other.yml", "comment.md.j2"}


def test_rules_of_a_folder(folder: Path) -> None:
    assert ids(load_rules([str(folder)])) == ["below/other", "own/good"]


def test_the_same_place_twice_counts_once(folder: Path) -> None:
    ruleset = load_rules([str(folder), str(folder)])
    assert (ids(ruleset), explain(ruleset)) == (["below/other", "own/good"], [])


@pytest.mark.parametrize(
    "name, expected", [("good.yml", ["own/good"]), ("pack.yml", []), ("below/other.yml", ["below/other"])]
)
def test_one_file_is_read_with_the_pack_beside_it(folder: Path, name: str, expected: list[str]) -> None:
    assert ids(load_rules([str(folder / name)])) == expected


def test_a_shipped_pack_is_found_by_its_name() -> None:
    assert read_place("pack:claude-code").keys() == read_folder(find_pack("claude-code")).keys()


@pytest.mark.parametrize(
    "place, expected",
    [
        (
            "nowhere/at/all",
            "there are no rules at nowhere/at/all; give a folder, a .yml file or pack:NAME, or run `signpost init`",
        ),
        ("README.md", "there are no rules at README.md; "),
        ("pack:nope", "unknown pack `nope`; allowed: `claude-code`, `common`"),
        ("pack:..", "unknown pack `..`; allowed: `claude-code`, `common`"),
        ("pack:", "unknown pack ``; allowed: `claude-code`, `common`"),
        ("pack:comon", "unknown pack `comon`; did you mean `common`?"),
        ("pack:Common", "unknown pack `Common`; did you mean `common`?"),
        ("pack:claude_code", "unknown pack `claude_code`; did you mean `claude-code`?"),
        ("pack:claude", "unknown pack `claude`; did you mean `claude-code`?"),
        ("pack:ruts", "unknown pack `ruts`; did you mean `rust`?"),
    ],
)
def test_a_place_that_is_not_there(place: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_rules([place])
    assert str(caught.value).startswith(expected)


@on_posix
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to(tmp_path / "gone.yml")
    (tmp_path / "folder.yml").symlink_to(tmp_path)
    with pytest.raises(SettingsError, match=r"cannot read .*a\.yml: No such file or directory"):
        load_rules([str(tmp_path)])


def test_a_folder_that_holds_too_much(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.yml").touch()
    with pytest.raises(SettingsError, match="contains more than 3 files; check that it is the right folder"):
        read_folder(tmp_path, 3)


@on_posix
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to("/proc/self/mem")
    with pytest.raises(
        SettingsError,
        match=r"cannot read .*a\.yml: .*; check that it is a file and that you have permission to read it",
    ):
        load_rules([str(tmp_path)])


@pytest.mark.parametrize(
    "content, expected",
    [
        pytest.param("title: é".encode("latin-1"), "1:8: invalid character U+FFFD", id="Latin-1"),
        pytest.param("title: x".encode("utf-16"), "1:1: invalid character U+FFFD", id="UTF-16"),
        pytest.param(b"a" * (MAX_BYTES + 9), "1:1: the file is larger than 256 KiB", id="too large"),
    ],
)
def test_a_file_that_is_no_text(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.yml").write_bytes(content)
    (problem,) = load_rules([str(tmp_path)]).problems
    assert str(problem).startswith(f"{(tmp_path / 'a.yml').as_posix()}:{expected}")


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(f"\ufeff{GOOD}", "utf-8")
    assert explain(load_rules([str(tmp_path)])) == []


@on_posix
@pytest.mark.parametrize("name", ["a.yml", "pack.yml", "comment.j2"])
def test_a_pipe_or_a_device_is_an_error_and_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "b.yml").write_text(write_rule("b"), encoding="utf-8")
    os.mkfifo(tmp_path / name)
    with pytest.raises(SettingsError, match="is not an ordinary file; replace it by a file, or remove it"):
        load_rules([str(tmp_path)])


@on_posix
def test_a_link_to_a_device_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to("/dev/zero")
    for place in (tmp_path, tmp_path / "a.yml"):
        with pytest.raises(SettingsError, match="is not an ordinary file"):
            load_rules([str(place)])


def test_patterns_that_need_too_many_steps_do_not_run() -> None:
    patterns = ", ".join(f"{{regex: '(.{{0,100}}word{each})'}}" for each in range(60))
    holes = ", ".join(f"{{phrase: 'could not reach {each} {{host:host}}'}}" for each in range(10))
    for conditions in (patterns, holes):
        found = build_ruleset({"a/large.yml": write_rule("large", f"{{any: [{conditions}]}}")})
        assert explain(found)[0].partition("; ")[0].endswith("need more than 50000 steps")
    files = {
        f"a/{name}.yml": write_rule(name, "{phrase: 'could not reach {a:host}'}") for name in ("one", "two", "three")
    }
    many = build_ruleset(files, most_steps=25_000)
    assert (ids(many), explain(many)) == (
        ["a/one", "a/three"],
        ["a/two.yml:4:1: the patterns of all rules up to here need more than 25000 steps; " + FEWER],
    )


FEWER = "use smaller repetition counts, or remove some rules"
