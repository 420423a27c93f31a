"""Rules that come from the configuration of another tool, each proven before it is written. Pure.

A rule that does not load, or does not match its own example, is never written: it is named as left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.errors import Problem
from bot.rules.loader import build_ruleset
from bot.rules.ruleset import NOT_RULES
from bot.text.printable import count, reveal_line
from bot.workbench.check.trial import Trial, run_trial

_LONGEST_ID = 60
_MOST_RULES = 500
_LONGEST_SHORT = 200
"""Characters of a text with several lines that is written between quotes; a longer one gets its lines."""


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
