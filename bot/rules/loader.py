"""Loads rules from folders, shipped packs and texts of files. An invalid file never stops the others."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import bot
from bot.errors import Problem, SettingsError
from bot.rules.reader import compile_pack, compile_rule
from bot.rules.ruleset import NOT_RULES, PACK_FILE, Pack, Rule, Ruleset
from bot.rules.spec.document import MAX_BYTES, cut_name, read_document
from bot.rules.spec.pack import PackModel
from bot.rules.spec.validation import suggest
from bot.rules.stored import read_stored
from bot.text.printable import reveal_line

MAX_FILES = 20_000
MAX_STEPS = 4_000_000
"""RE2 instructions that the patterns of all rules may need: 60 times those of our largest pack, and 112 MB."""
_YAML = (".yml", ".yaml")
READ = (*_YAML, ".j2")
"""How the names of the files end that are read from a folder: rules, packs, settings and templates of comments."""
_INSTALLED = Path(bot.__file__).parent / "packs"


def build_ruleset(files: Mapping[str, str], *, most_steps: int = MAX_STEPS) -> Ruleset:
    """The rules in files (path to text). The files of one folder are a pack, with or without a pack.yml. Pure."""
    folders: dict[str, list[str]] = {}
    for file in sorted(files):
        if file.endswith(_YAML):
            folders.setdefault(str(PurePosixPath(file).parent), []).append(file)
    packs, rules, problems, steps = list[Pack](), list[Rule](), list[Problem](), 0
    for folder, names in folders.items():
        pack, found = _read_pack(files, folder, names)
        packs.append(pack)
        problems += found
        for name in names:
            if PurePosixPath(name).name not in NOT_RULES:
                rule, found = compile_rule(files[name], name, pack)
                steps += rule.steps if rule else 0
                if rule and steps > most_steps:
                    found, rule = [rule.document.problem_at(("match",), _explain_steps(most_steps), "condition")], None
                rules += [rule] if rule else []
                problems += found
    unique, twice = _drop_twice(rules)
    return Ruleset(tuple(unique), tuple(packs), tuple(sorted([*problems, *twice])))


def _explain_steps(most: int) -> str:
    advice = "use smaller repetition counts, or remove some rules"
    return f"the patterns of all rules up to here need more than {most} steps; {advice}"


def _read_pack(files: Mapping[str, str], folder: str, names: Iterable[str]) -> tuple[Pack, list[Problem]]:
    name = PurePosixPath(folder).name.strip(".").lower() or "rules"
    file = next((name for name in names if PurePosixPath(name).name in {PACK_FILE, "pack.yaml"}), None)
    if file is None:
        safe = re.sub(r"[^a-z0-9]+", "-", name)[:80].strip("-") or "rules"
        return Pack(PackModel(name=safe)), []
    return compile_pack(read_document(files[file], file), "rules")


def _drop_twice(rules: list[Rule]) -> tuple[list[Rule], list[Problem]]:
    kept: dict[str, Rule] = {}
    problems = []
    for rule in rules:
        first = kept.setdefault(rule.id, rule)
        if first.file != rule.file:
            message = f"{first.file} has the same id `{rule.id}`; rename one of the two rules"
            problems.append(rule.document.problem_at(("id",), message, "duplicate-id"))
    return list(kept.values()), problems


def join_rulesets(rulesets: Iterable[Ruleset]) -> Ruleset:
    """Several sets as one; if two rules have the same id, the first stays and the second is a problem."""
    sets = tuple(rulesets)
    unique, twice = _drop_twice([rule for ruleset in sets for rule in ruleset.rules])
    problems = (*(problem for ruleset in sets for problem in ruleset.problems), *twice)
    return Ruleset(tuple(unique), tuple(pack for ruleset in sets for pack in ruleset.packs), problems)


def load_rules(places: Iterable[str]) -> Ruleset:
    """The rules of each place: a folder, one file (with the pack.yml of its folder) or `pack:NAME`.

    Raises SettingsError if a place does not exist.
    """
    return join_rulesets(_load_place(place) for place in dict.fromkeys(places))


def _load_place(place: str) -> Ruleset:
    if place.startswith("pack:"):
        folder = find_pack(place.removeprefix("pack:"))
        # In a checkout, somebody may be editing the rules.
        if folder.parent == _INSTALLED and (stored := read_stored(folder)):
            return stored
    return build_ruleset(read_place(place))


def read_place(place: str) -> dict[str, str]:
    """The text files of a folder (and those below it), of a file, or of a shipped pack."""
    if place.startswith("pack:"):
        return read_folder(find_pack(place.removeprefix("pack:")))
    path = Path(place)
    if path.is_dir():
        return read_folder(path)
    if not path.exists() or path.suffix not in _YAML:
        message = f"there are no rules at {place}; give a folder, a .yml file or pack:NAME, or run `signpost init`"
        raise SettingsError(message)
    beside = path.parent / PACK_FILE
    return {file.as_posix(): _read(file) for file in {path, beside} if _is_there(file)}


def read_folder(folder: Path, most: int = MAX_FILES) -> dict[str, str]:
    """The YAML files and templates in a folder and below it, without hidden folders."""
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        if path.suffix in READ and not any(part.startswith(".") for part in inner) and _is_there(path):
            files[path.as_posix()] = _read(path)
        if len(files) > most:
            message = f"{folder} contains more than {most} files; check that it is the right folder"
            raise SettingsError(message)
    return files


def _is_there(path: Path) -> bool:
    """Whether there is something to read, or to tell of: a broken link, a pipe or a device is a rule that is lost."""
    return not path.is_dir() and (path.is_symlink() or path.exists())


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise SettingsError(f"{reveal_line(str(path))} is not an ordinary file; replace it by a file, or remove it")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1).decode("utf-8", "replace").removeprefix("\ufeff")
    except OSError as error:
        what = f"cannot read {reveal_line(str(path))}: {error.strerror}"
        message = f"{what}; check that it is a file and that you have permission to read it"
        raise SettingsError(message) from error


def find_pack(name: str) -> Path:
    """The folder of a shipped pack. Raises SettingsError, with the names of all shipped packs."""
    packs = list_packs()
    if name not in packs:
        message = f"unknown pack `{cut_name(name)}`{suggest(name, packs)}"
        raise SettingsError(message)
    return packs[name]


def list_packs() -> dict[str, Path]:
    """The folders of the shipped packs, by name."""
    places = (_INSTALLED.parent.parent / "rules", _INSTALLED)
    return {file.parent.name: file.parent for place in places for file in place.glob(f"*/{PACK_FILE}")}
