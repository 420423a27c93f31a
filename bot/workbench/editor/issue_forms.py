"""Reads a repository's own issue forms: the fields that state the version and the operating system. Pure.

The forms are those of https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bot.issue.layout import name_section
from bot.rules.spec.document import read_document
from bot.text.versions import find_versions

_VERSION = re.compile(r"\b(?:version|release)\b")
_FOREIGN = re.compile(
    r"\b(?:os|operating system|platform|system|distro(?:bution)?|kernel|browser|chrome|firefox|safari|node(?:\.?js)?"
    r"|npm|pnpm|yarn|bun|deno|python|pip|java|jdk|jvm|ruby|php|go|golang|rust|cargo|gcc|clang|cmake|docker|kubernetes"
    r"|cuda|gpu|driver|device|terminal|shell|compiler|\.net|dotnet|sdk|ide|vs ?code|xcode|android|ios|windows|macos"
    r"|linux|previous|last|working|expected|fixed)\b"
)
"""Labels of versions that are not the product's, or that the reporter does not run."""
_SYSTEM = re.compile(r"\b(?:os|operating systems?|platforms?|distro(?:bution)?|system info(?:rmation)?)\b")
_SYSTEMS = (
    ("wsl", re.compile(r"\bwsl|subsystem for linux")),
    ("windows", re.compile(r"\bwin(?:dows|32|64|10|11|\b)")),
    ("macos", re.compile(r"\bmac|\bdarwin|\bos ?x\b|\bosx\b")),
    ("ios", re.compile(r"\bios\b|\bipad|\biphone")),
    ("android", re.compile(r"\bandroid")),
    ("freebsd", re.compile(r"bsd\b")),
    (
        "linux",
        re.compile(r"linux|ubuntu|debian|fedora|\barch\b|centos|red ?hat|\brhel\b|suse|\bmint\b|nixos|gentoo|raspb"),
    ),
)
_USUAL = {
    "darwin": "macos",
    "macos": "macos",
    "mac": "macos",
    "win32": "windows",
    "windows": "windows",
    "linux": "linux",
    "ubuntu": "linux",
    "debian": "linux",
    "fedora": "linux",
    "wsl": "wsl",
}
_LONGEST_HINT = 60


@dataclass(frozen=True)
class FormField:
    """One question of an issue form; `hint` is its placeholder text, `prefilled` its initial value."""

    label: str
    options: tuple[str, ...] = ()
    hint: str = ""
    prefilled: str = ""


@dataclass(frozen=True)
class FormFacts:
    """The fields for the version and the system, the meaning of each system choice, and texts that are not answers."""

    version: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    placeholders: tuple[str, ...] = ()


def read_form(text: str) -> tuple[FormField, ...]:
    """The questions of a form, in order; empty if the text is not a form."""
    value = read_document(text, "").value
    body = value.get("body") if isinstance(value, dict) else None
    return tuple(_read_fields(body if isinstance(body, list) else []))


def _read_fields(body: list[Any]) -> Iterator[FormField]:
    for element in body:
        given = element.get("attributes") if isinstance(element, dict) else None
        if not isinstance(given, dict) or not isinstance(given.get("label"), str) or element["type"] == "checkboxes":
            continue
        options = given.get("options")
        yield FormField(
            label=given["label"].strip(),
            options=tuple(str(option) for option in options) if isinstance(options, list) else (),
            hint=str(given.get("placeholder") or "").strip(),
            prefilled=str(given.get("value") or "").strip(),
        )


def choose_facts(fields: Iterable[FormField], product: str = "") -> FormFacts:
    """The facts that the questions of all forms ask for; `product` is the repository's name."""
    questions = tuple(dict.fromkeys(fields))
    versions = [field for field in questions if _asks_for_version(field, product.casefold())]
    systems = [field for field in questions if field not in versions and _asks_for_system(field)]
    choices = [(option, system) for field in systems for option in field.options if (system := name_system(option))]
    return FormFacts(
        version=_unique(field.label for field in versions),
        system=_unique(field.label for field in systems),
        meanings=tuple(dict.fromkeys(choices)),
        placeholders=tuple(dict.fromkeys(text for field in (*versions, *systems) for text in _find_samples(field))),
    )


def _asks_for_version(field: FormField, product: str) -> bool:
    label = field.label.casefold()
    return bool(_VERSION.search(label)) and not _FOREIGN.search(label.replace(product, "") if product else label)


def _asks_for_system(field: FormField) -> bool:
    """By its label; a choice also by what can be chosen, since a platform may be another thing."""
    is_named = bool(_SYSTEM.search(field.label.casefold()))
    return is_named and (not field.options or any(map(name_system, field.options)))


def name_system(option: str) -> str | None:
    """The operating system of a choice: `Ubuntu/Debian Linux` is linux; None for `Other`."""
    folded = option.casefold()
    return next((name for name, pattern in _SYSTEMS if pattern.search(folded)), None)


def _unique(labels: Iterable[str]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for label in labels:
        names.setdefault(name_section(label), label)
    return tuple(names.values())


def _find_samples(field: FormField) -> Iterator[str]:
    """The sample version or the text that a form gives: who sends just that has not answered."""
    if field.prefilled and "\n" not in field.prefilled:
        yield field.prefilled
    if len(field.hint) <= _LONGEST_HINT and find_versions(field.hint) and "\n" not in field.hint:
        yield field.hint


def write_pack(facts: FormFacts, files: Iterable[str] = ()) -> str:
    """The text of a pack.yml, without the line that names its schema. `files` are the forms with these facts."""
    is_known = facts.version or facts.system
    whence = f"read from {', '.join(files)}" if is_known else "change the sections to those of your issue forms"
    said = {option.casefold() for option, _ in facts.meanings}
    system: dict[str, Any] = {
        "first_of": [{"section": label} for label in facts.system or ("Operating System", "OS")],
        "map": dict(facts.meanings) | {word: name for word, name in _USUAL.items() if word not in said},
    }
    version = {"first_of": [{"section": label} for label in facts.version or ("Version",)]}
    pack = {"name": "signpost", "captures": {"version": version, "os": system}}
    if facts.placeholders:
        pack["placeholders"] = [*facts.placeholders]
    written = yaml.safe_dump(pack, sort_keys=False, allow_unicode=True, width=120)
    return f"# Facts that your rules can use; {whence}.\n{written}"
