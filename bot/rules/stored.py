"""Shipped packs in a form that loads fast: each rule is known by its outline, and read when an issue may match it.

`python -m bot.rules.stored FOLDER` writes it beside the rules of each pack, for a wheel or a released asset. It is data
alone, and has no effect where the rules beside it are others than those that it was made from.
"""

import json
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from bot.errors import SettingsError
from bot.rules.conditions.types import Needle
from bot.rules.labels import LabelUse
from bot.rules.reader import compile_pack, compile_rule
from bot.rules.ruleset import PACK_FILE, Pack, Rule, Ruleset
from bot.rules.spec.document import Document, read_document
from bot.tracker.fields import FieldValue

STORED_FILE = "stored.json"
FORMAT = 4
"""Raised when the outline of a rule changes, or how its parts are computed."""

_READ = frozenset({"model", "condition", "branches", "document"})


class Outline(NamedTuple):
    """What is known of a rule before it is read; see `Rule`."""

    file: str
    content_hash: str
    names: tuple[str, ...]
    needles: tuple[Needle, ...] | None
    phrases: tuple[str, ...]
    label_use: LabelUse
    values: tuple[tuple[str, FieldValue], ...]


class StoredRule(Rule):
    """A rule that is read from its file at the first look at more than its outline."""

    @classmethod
    def of(cls, outline: Outline, pack: Pack, folder: Path) -> "StoredRule":
        """The rule with that outline, in a file below the folder."""
        rule = object.__new__(cls)
        known = {**outline._asdict(), "id": outline.names[0], "file": f"{folder.as_posix()}/{outline.file}"}
        vars(rule).update(known, pack=pack)
        return rule

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (as the fields of Rule)
        if name not in _READ:
            raise AttributeError(name)
        text = Path(self.file).read_text("utf-8")
        rule, problems = compile_rule(text, self.file, self.pack, is_checked=True)
        if rule is None:
            raise SettingsError(f"the shipped rule {self.file} was changed: {problems[0]}; install Signpost again")
        vars(self).update({each: getattr(rule, each) for each in _READ})
        return vars(self)[name]


def read_stored(folder: Path) -> Ruleset | None:
    """The rules of a shipped pack; None if there is no stored form, or if it does not fit the files."""
    try:
        stored = json.loads((folder / STORED_FILE).read_bytes())
        if (stored["format"], stored["digest"]) != (FORMAT, _digest_files(folder)):
            return None
    except (OSError, ValueError, LookupError, TypeError):
        return None
    document = Document(f"{folder.as_posix()}/{PACK_FILE}", stored["pack"])
    pack, problems = compile_pack(document, folder.name)
    rules = tuple(StoredRule.of(_read_outline(each), pack, folder) for each in stored["rules"])
    return Ruleset(rules, (pack,), tuple(problems))


def _read_outline(stored: list[Any]) -> Outline:
    file, content_hash, names, needles, phrases, use, values = stored
    found = None if needles is None else tuple(Needle(*each) for each in needles)
    wanted = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values)
    return Outline(file, content_hash, tuple(names), found, tuple(phrases), LabelUse(*map(tuple, use)), wanted)


def _digest_files(folder: Path) -> str:
    """The SHA-256 of all names and texts: reading 150 files takes 2 ms more than looking at their sizes."""
    digest = sha256()
    for path in sorted(folder.glob("*.yml")):
        text = path.read_bytes()
        digest.update(f"{path.name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def write_stored(ruleset: Ruleset, folder: Path) -> None:
    """Write the stored form of a shipped pack. Raises SettingsError if a rule is broken."""
    if ruleset.problems:
        raise SettingsError(f"a broken pack cannot be shipped: {ruleset.problems[0]}")
    outlines = [_make_outline(rule, folder) for rule in ruleset.rules]
    pack = read_document((folder / PACK_FILE).read_text("utf-8"), PACK_FILE).value
    stored = {"format": FORMAT, "digest": _digest_files(folder), "pack": pack, "rules": outlines}
    (folder / STORED_FILE).write_text(json.dumps(stored, separators=(",", ":")), "utf-8", newline="\n")


def _make_outline(rule: Rule, folder: Path) -> Outline:
    file = Path(rule.file).relative_to(folder).as_posix()
    return Outline(file, rule.content_hash, rule.names, rule.needles, rule.phrases, rule.label_use, rule.values)


def main(folders: Iterable[str]) -> None:
    """Write the stored form of every pack below the folders."""
    from bot.rules.loader import build_ruleset, read_folder  # noqa: PLC0415 (it reads what this writes)

    for folder in folders:
        for file in sorted(Path(folder).glob(f"*/{PACK_FILE}")):
            write_stored(build_ruleset(read_folder(file.parent)), file.parent)


if __name__ == "__main__":
    main(sys.argv[1:])
