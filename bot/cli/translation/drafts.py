"""Rules that come from the configuration of another tool, each proven before it is written. Pure.

A rule that does not load, or does not match its own example, is never written: it is named as left out. Patterns
of JavaScript become patterns of RE2: https://tc39.es/ecma262/#sec-patterns, https://github.com/google/re2/wiki/Syntax
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import re2
import yaml

from bot.errors import Problem, SettingsError
from bot.rules.conditions.regex import compile_pattern, split_pattern
from bot.rules.loader import build_ruleset
from bot.rules.ruleset import NOT_RULES
from bot.text.normalize import squeeze
from bot.text.printable import count, reveal_line
from bot.workbench.check.trial import Trial, run_trial

_WRITTEN = re.compile(r"/(.+)/(.*)", re.DOTALL)
_LEAST_PHRASE = 12
"""Letters of a phrase from which on it may stand inside a word, as a pattern may."""

_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]+")
_UNSUPPORTED = (
    (r"\(\?<?[=!]", "look-around, which RE2 does not have; use `all:` and `none:`"),
    (r"\\[1-9]|\\k<", "a back-reference, which RE2 does not have"),
    (r"\\c[A-Za-z]", "a control character"),
)
_MARKDOWN = (
    (re.compile(r"(?:^|[^\w&])#{1,6}(?:\s|\\s|\[|$)"), "a heading; use `section:` with its text"),
    (re.compile(r"\[(?:[xX ]|\[[xX ]+\]|\\s)\\?\]"), "a check box; use `checkbox:` with its label"),
    (re.compile("<!-"), "an HTML comment, and no condition reads these"),
)
"""What the views of an issue do not contain, in a pattern, and what to write instead."""

_CHANGES = (
    (re.compile(r"\\u\{([0-9a-fA-F]{1,6})\}"), r"\\x{\1}"),
    (re.compile(r"\\u([0-9a-fA-F]{4})"), r"\\x{\1}"),
    (re.compile(r"\(\?<(?=[A-Za-z_])"), "(?P<"),
    (re.compile(r"\[\^\]"), r"[\\s\\S]"),
    (re.compile(r"\\/"), "/"),
)
_SIGNS = "aAxe10 -_.:,;/#@!?()[]{}<>'\"=+*&%$~^|\\é語"
"""What a sample takes for a class of characters, the first that fits; then the class's own characters."""

_QUANTIFIED = re.compile(r"(?P<atom>.*?)(?P<count>[*+?]|\{(?P<least>\d+)(?:,\d*)?\})\??", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?(?P<inner>.*)\)", re.DOTALL)
_NO_WIDTH = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\z"})
_MOST_REPEATED = 50


_LONGEST_ID = 60
_MOST_RULES = 500
_LONGEST_SHORT = 200
"""Characters of a text with several lines that is written between quotes; a longer one gets its lines."""


class Pattern(NamedTuple):
    """A pattern as RE2 reads it; with `is_by_lines`, `^` and `$` are the ends of a line."""

    source: str
    is_by_lines: bool = False

    @property
    def phrase(self) -> str | None:
        """The same as a phrase, if the pattern is nothing but a text that is long enough."""
        source = self.source
        is_plain = _PLAIN.fullmatch(source) and len(squeeze(source)) >= _LEAST_PHRASE
        return source.strip() if is_plain else None


def read_pattern(written: str) -> Pattern:
    """A pattern of JavaScript, `/…/flags` or alone. Raises SettingsError with what RE2 does not have."""
    found = _WRITTEN.fullmatch(written)
    source, flags = (found[1], found[2]) if found else (written, "")
    if unknown := sorted({*flags} - {*"dgimsuv"}):
        raise SettingsError(f"the flag `{unknown[0][:1]}` has no counterpart")
    for sign, reason in _UNSUPPORTED:
        if re.search(rf"(?<!\\)(?:\\\\)*{sign}", source):
            raise SettingsError(f"the pattern has {reason}")
    for old, new in _CHANGES:
        source = old.sub(new, source)
    source = f"(?s){source}" if "s" in flags else source
    _check_pattern(source)
    return Pattern(source, is_by_lines="m" in flags and re.search(r"[\^$]", source) is not None)


def _check_pattern(source: str) -> None:
    """Raises SettingsError for a pattern that RE2 does not take, or that matches the empty text."""
    try:
        pattern = compile_pattern(source)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise SettingsError(f"RE2 does not take the pattern: {reason}") from None
    if pattern.search("") is not None:
        raise SettingsError("the pattern matches the empty text, so it matches every issue")


def explain_markdown(pattern: Pattern) -> str:
    """Why no text of an issue holds what the pattern asks for, if that is a sign of Markdown; "" if it is not."""
    plain = pattern.source.replace("\\#", "#").replace("\\[", "[")
    reasons = (reason for sign, reason in _MARKDOWN if sign.search(plain))
    return next((f"the pattern looks for {reason}" for reason in reasons), "")


def make_sample(pattern: Pattern) -> str | None:
    """A short text that the pattern matches; None if none is found."""
    compiled = compile_pattern(pattern.source)
    source = pattern.source.removeprefix("(?s)")
    for atoms in split_pattern(source):
        text = "".join(_sample(atom) for atom in atoms)
        for each in (text, f" {text} ".strip(), f"a {text} a", f"1{text}1"):
            if compiled.search(each) is not None:
                return each
    return None


def _sample(atom: str) -> str:
    """A text for one atom with its quantifier; what may be left out is left out, but for gaps."""
    quantified = _QUANTIFIED.fullmatch(atom) if len(atom) > 1 and not atom.startswith("\\Q") else None
    if quantified and quantified["atom"] and not _is_escaped(quantified["atom"]):
        inner, count = quantified["atom"], quantified["count"]
        if inner in {".", r"[\s\S]"}:
            return " "
        return _sample(inner) * (0 if count in "*?" else min(int(quantified["least"] or 1), _MOST_REPEATED))
    if group := _GROUP.fullmatch(atom):
        return next(_sample_alternatives(group["inner"]), "")
    if atom in _NO_WIDTH:
        return ""
    return atom if len(atom) == 1 else _choose_sign(atom)


def _is_escaped(atom: str) -> bool:
    """Whether the quantifier belongs to the atom, because a backslash stands before it."""
    return (len(atom) - len(atom.rstrip("\\"))) % 2 == 1


def _sample_alternatives(source: str) -> Iterator[str]:
    for atoms in split_pattern(source):
        yield "".join(map(_sample, atoms))


def _choose_sign(atom: str) -> str:
    try:
        compiled = compile_pattern(atom)
    except re2.error:
        return ""
    return next((sign for sign in (*_SIGNS, *atom) if compiled.fullmatch(sign) is not None), "")


class Left(NamedTuple):
    """Something that is different or left out, at its line, and why."""

    line: int
    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule as it will be written, without its id; `name` is what the id is made of, `line` where it comes from.

    `hint` says why it does not match its own example, if that is known already.
    """

    name: str
    line: int
    rule: dict[str, Any]
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The rules from one file by their ids, each with its text, and what is different or left out."""

    file: str
    kind: str
    rules: dict[str, str]
    left: tuple[Left, ...]

    @property
    def answers_labels(self) -> bool:
        """Whether its rules answer labels that people set."""
        return self.kind == "label-actions" and bool(self.rules)

    def format_text(self) -> str:
        """How many rules there are, and a line for each thing that is different or left out."""
        more = f"; {count(len(self.left), 'thing')} different or left out" if self.left else ""
        head = f"{reveal_line(self.file)} ({self.kind}): {count(len(self.rules), 'rule')}{more}"
        lines = (reveal_line(f"  {self.file}:{each.line}: {each.what}: {each.reason}") for each in self.left)
        return "\n".join([head, *lines])

    def to_json(self) -> dict[str, Any]:
        """As JSON: the file, its kind, the ids of its rules, and what is different or left out."""
        left = [each._asdict() for each in self.left]
        return {"file": self.file, "kind": self.kind, "rules": [*self.rules], "left": left}


def finish_drafts(
    file: str, kind: str, parts: Iterable[Draft | Left], taken: Iterable[str], today: date
) -> Translation:
    """The rules that prove themselves, with ids that are not taken yet."""
    listed = [*parts]
    left = [part for part in listed if isinstance(part, Left)]
    drafts = [part for part in listed if isinstance(part, Draft)]
    if more := drafts[_MOST_RULES:]:
        reason = f"one file gives at most {_MOST_RULES} rules; move these to a file of their own, and start again"
        left.append(Left(more[0].line, f"{count(len(more), 'rule')} from here on", reason))
    del drafts[_MOST_RULES:]
    ids = _choose_ids(drafts, {*taken, *(Path(name).stem for name in NOT_RULES)})
    texts = {name: write_rule(name, draft, file) for name, draft in zip(ids, drafts, strict=True)}
    wrong = _find_wrong(texts, today)
    left += [
        Left(draft.line, f"rule {name!r}", _explain(wrong[name], draft))
        for name, draft in zip(ids, drafts, strict=True)
        if name in wrong
    ]
    rules = {name: text for name, text in texts.items() if name not in wrong}
    return Translation(file=file, kind=kind, rules=rules, left=tuple(sorted(left)))


def _choose_ids(drafts: Sequence[Draft], taken: set[str]) -> list[str]:
    ids = list[str]()
    for draft in drafts:
        name = slugify(draft.name)
        numbers = (f"{name}-{number}" for number in range(2, len(drafts) + len(taken) + 3))
        chosen = name if name not in taken else next(each for each in numbers if each not in taken)
        ids.append(chosen)
        taken.add(chosen)
    return ids


def slugify(name: str) -> str:
    """An id of letters, digits and dashes; `rule` for a name without any."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:_LONGEST_ID].strip("-") or "rule"


def _explain(problem: Problem, draft: Draft) -> str:
    return draft.hint if draft.hint and problem.kind in {"example-missed", "dead-pattern"} else problem.message


def _find_wrong(texts: dict[str, str], today: date) -> dict[str, Problem]:
    """The first error of each rule that does not pass by itself; overlaps are for their author to decide."""
    trial = Trial(ruleset=build_ruleset({f"{name}.yml": text for name, text in texts.items()}), today=today, jobs=1)
    errors = (each for each in run_trial(trial).problems if _is_broken(each))
    wrong = dict[str, Problem]()
    for problem in errors:
        wrong.setdefault(problem.file.removesuffix(".yml"), problem)
    return wrong


def _is_broken(problem: Problem) -> bool:
    return problem.severity == "error" and problem.kind not in {"overlap", "example-matched"}


class _Dumper(yaml.SafeDumper):
    """Writes a short text of several lines between quotes, and a long one with its lines."""

    def ignore_aliases(self, data: object) -> bool:
        """Repeat a value rather than name it."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 (PyYAML's)
        """Indent the items of a list."""
        del indentless
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None
    if "\n" in text:
        style = '"' if len(text) <= _LONGEST_SHORT else "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def write_rule(name: str, draft: Draft, file: str) -> str:
    """The text of a rule, with the line that it comes from."""
    written = yaml.dump({"id": name, **draft.rule}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
    place = "".join(sign for sign in f"{file}:{draft.line}" if sign.isprintable())
    return f"# From {place}. Replace the examples by real reports.\n{written}"
