"""Patterns: the key `regex`, and RE2 patterns of rule authors, checked or split into atoms. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from bot.issue.facts import Facts, Text
from bot.rules.conditions.text import TextCondition, read_views
from bot.rules.conditions.types import Capture, Condition, Finding, Key, Needle, Scope, make_evidence, place_of
from bot.rules.spec.document import Path
from bot.rules.spec.phrase import escape_pattern
from bot.text.normalize import collapse

Pattern = Any  # google-re2 ships no types
MAX_PROGRAM_SIZE = 1_000
"""RE2 instructions a pattern may need: 97 % of real ones stay below; more take seconds on 64 KiB of hostile text."""

MAX_RULE_STEPS = 50_000
"""RE2 instructions that all patterns and phrases with holes of a rule or a pack may need: 14 times those of the largest
rule we ship, or four phrases with a hole `url`. An instruction takes 28 bytes of memory (measured), and a short pattern
may have 900: without a limit, 644 kB of rules took 500 MB, and more than a minute for an issue.
"""

_SMALLER = "use smaller repetition counts, or several conditions"
_AROUND = 20
_LONGEST_HINT = 200


_WHOLE_TEXT = re.compile(r"(?<!\\)(?:\\\\)*(?P<sign>\\[AzC]|\(\?[a-zA-Z]*-[a-zA-Z]*m)")
"""What leaves its line in a pattern with `lines`: the ends of the text, any byte, and `m` turned off."""


def compile_pattern(pattern: str, *, lines: bool = False) -> Pattern:
    """An RE2 pattern that ignores case; raises re2.error, and RE2 does not log the error.

    With `lines`, `^` and `$` are the ends of a line, and nothing in the pattern matches a line end (`never_nl`).
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_nl = lines
    return re2.compile(f"(?m){pattern}" if lines else pattern, options=options)


def read_pattern(source: str, path: Path, scope: Scope, *, lines: bool = False) -> Pattern | None:
    """An RE2 pattern, checked for its syntax and its cost; None if it is invalid."""
    if scope.steps > MAX_RULE_STEPS:  # a pattern before has a problem already
        return None
    try:
        pattern = compile_pattern(source, lines=lines)
    except re2.error as error:
        scope.problems.append((path, _explain_pattern(error)))
        return None
    scope.steps += pattern.programsize
    if lines and (found := _WHOLE_TEXT.search(source)):
        advice = "write `^` for the start of a line, `$` for its end, and `.` for any character"
        scope.problems.append((path, f"`{found['sign']}` has no meaning with `lines: true`; {advice}"))
        return None
    if pattern.programsize > MAX_PROGRAM_SIZE:
        size = f"{pattern.programsize} steps, at most {MAX_PROGRAM_SIZE} allowed"
        scope.problems.append((path, f"the pattern is too large ({size}); {_SMALLER}"))
        return None
    report_excess(path, scope)
    if pattern.search("") is not None:
        advice = "make a part of it required"
        scope.problems.append((path, f"the pattern matches the empty text, so it matches every issue; {advice}"))
    return pattern


def report_excess(path: Path, scope: Scope) -> None:
    """Report the pattern with which the patterns of a rule became too many; those after it are not compiled."""
    if scope.steps > MAX_RULE_STEPS:
        advice = "split the rule, or use smaller repetition counts"
        scope.problems.append((path, f"all patterns up to here need more than {MAX_RULE_STEPS} steps; {advice}"))


def join_patterns(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """One pattern that finds what any of them finds, which takes one search; none of none."""
    known = tuple(patterns)
    try:
        return (compile_pattern("|".join(f"(?:{pattern.pattern})" for pattern in known)),) if known else ()
    except re2.error:  # two of them have a group of the same name
        return known


def _explain_pattern(error: Exception) -> str:
    reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
    advice = "; put a backslash before each literal special character"
    if "perl operator" in reason or "escape" in reason:
        advice = "; RE2 does not support look-around or back-references"
    elif "too large" in reason or "repetition size" in reason:
        advice = f"; {_SMALLER}"
    return f"invalid RE2 pattern: {reason}{advice}"


@dataclass(frozen=True)
class RegexHolds(TextCondition):
    """The key `regex`."""

    source: str
    views: tuple[str, ...]
    pattern: Pattern
    sees_lines: bool = False

    @classmethod
    def make(cls, key: Key) -> Condition | None:
        views, lines = read_views(key), key.model.lines is True
        pattern = read_pattern(key.value, key.path, key.scope, lines=lines)
        return cls(key.value, views, pattern, lines) if pattern is not None else None

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("regex",), self.source

    @property
    def sought(self) -> str:
        return self.source

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """What a line has, the collapsed form has too: nothing in a match with `lines` is a line end."""
        return None if self.reads.sections else (Needle("collapsed", self.source),)

    @property
    def wanted(self) -> str:
        return f"regex: {self.source}{', lines: true' if self.sees_lines else ''}"

    def find_in(self, text: Text) -> Finding | None:
        match = self.pattern.search(read_form(text, lines=self.sees_lines))
        if not match:
            return None
        evidence = make_evidence(text, text.locate_collapsed(match.start(), match.end()), self.wanted)
        named = {name: match[number] for name, number in self.pattern.groupindex.items() if match[number] is not None}
        return evidence, tuple(
            Capture(name=name, value=value, type="any", place=place_of(text.view), evidence=evidence)
            for name, value in named.items()
        )

    def find_hint(self, facts: Facts) -> str:
        """A hint for a pattern that matches with or without `lines`, or the text as written: not what is searched."""
        other = compile_pattern(self.source, lines=not self.sees_lines)
        for text in facts.find_texts(self.views):
            if match := other.search(read_form(text, lines=not self.sees_lines)):
                how = "without `lines: true`" if self.sees_lines else "with `lines: true`"
                return f'it matches {how}: "{match[0][:_LONGEST_HINT]}"'
            if match := self.pattern.search(text.raw):
                near = collapse(text.raw[max(0, match.start() - _AROUND) : match.end() + _AROUND])
                seen = f'Signpost searches the collapsed form: "{near[:_LONGEST_HINT]}"'
                return f"it matches the text as written, but {seen}"
        return super().find_hint(facts)


def read_form(text: Text, *, lines: bool) -> str:
    """The form of a text that a pattern searches."""
    return text.lines if lines else text.collapsed


_OCTAL = "0[0-7]{0,2}|[1-7][0-7]{1,2}"
_ATOM = re.compile(rf"\\(?:[pP]\{{[^}}]*\}}|x\{{[^}}]*\}}|x[0-9a-fA-F]{{2}}|{_OCTAL}|.)|[^\\(\[]", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL)
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")


def split_pattern(source: str) -> tuple[tuple[str, ...], ...]:
    """The atoms of each top-level alternative of an RE2 pattern, each with its quantifier; `()` if it is not a pattern.

    The alternatives, joined with `|`, are the pattern again.
    """
    alternatives: list[list[str]] = [[]]
    position = 0
    while position < len(source):
        if source[position] == "|":
            alternatives.append([])
            position += 1
            continue
        end = _find_end(source, position)
        if end is None:
            return ()
        quantifier = _QUANTIFIER.match(source, end)
        end = quantifier.end() if quantifier else end
        alternatives[-1].append(source[position:end])
        position = end
    return tuple(tuple(atoms) for atoms in alternatives)


def read_literal(atoms: Iterable[str]) -> str:
    """The literal atoms of a pattern, with a space for each other atom."""
    return "".join(atom if len(atom) == 1 and atom.isalnum() else " " for atom in atoms)


def _find_end(source: str, position: int) -> int | None:
    """Where the atom at `position` ends; None where it does not."""
    if source[position] == "(":
        return next((end for depth, end in _walk_group(source, position) if depth == 0), None)
    match = _CLASS.match(source, position) if source[position] == "[" else _ATOM.match(source, position)
    return match.end() if match else None


def _walk_group(source: str, position: int) -> Iterator[tuple[int, int]]:
    """How deep in groups the pattern is after each of its signs, from an opening parenthesis on."""
    depth = 0
    while position < len(source):
        if source[position] in "()":
            depth += 1 if source[position] == "(" else -1
            position += 1
        else:
            match = _CLASS.match(source, position) if source[position] == "[" else _ATOM.match(source, position)
            if not match:
                return
            position = match.end()
        yield depth, position


class Lost(NamedTuple):
    """Literal text of a pattern that no normal form has: its `signs`, all of it as `written`, and what to write."""

    signs: tuple[str, ...]
    written: str
    instead: str


class _Run(NamedTuple):
    """Literal text in a row: each sign with its source, and whether `^` stands before it and `$` behind it."""

    signs: tuple[tuple[str, str], ...]
    is_start: bool = False
    is_end: bool = False


_LITERAL = (
    r"\\(?:x\{(?P<code>[0-9a-fA-F]{1,6})\}|x(?P<short>[0-9a-fA-F]{2})|(?P<control>[nrtfva])|(?P<space>s)|(?P<sign>\W|_))"
    r"|(?P<plain>[^.^$\\()|\[])"
)
_TOKEN = re.compile(
    rf"(?P<zero>\\[bB])|(?P<class>{_CLASS.pattern})|(?P<literal>{_LITERAL})"
    rf"|\((?:\?(?:P?<\w+>|[a-zA-Z-]*:?))?|\\(?:[pP]\{{[^}}]*\}}|{_OCTAL}|[pP]?.)|.",
    re.DOTALL,
)
_MEMBER = re.compile(_LITERAL, re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}
_RANGE = re.compile(r"\[\^|(?<=[^\[])-(?=[^\]])|\[:")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_LINK = "]("
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_SURROUNDINGS = (("a", "b"), ("a ", " b"), ("", ""), ("c:\\a", "\\b.c"), ("c:\\", "b"))
_OF_A_LINK = (("[a", "b)"),)


@lru_cache(maxsize=4096)
def find_lost(source: str) -> tuple[Lost, ...]:
    """The literal texts of a valid pattern that never occur, because the normal form of a text drops or changes them.

    Also those in groups, and the classes that have none but such signs. Not those in a group that may be left out (a
    group with a name counts, because its value is wanted), nor alternatives beside what they should be (`'|’`).
    """
    found = () if r"\Q" in source else dict.fromkeys(_walk_lost(source))
    return tuple(lost for lost in found if not _stands_beside(lost, source))


def _stands_beside(lost: Lost, source: str) -> bool:
    """Whether the lost text is an alternative, and what it should be is one, too."""
    if lost.written == lost.instead:
        return False
    instead = re.escape(lost.instead) if lost.instead.strip() else r"(?:[ ]|\\s)[+*]?"
    both = (re.escape(lost.written), instead)
    return all(re.search(rf"(?:^|[(|:>]){each}(?:[|)]|$)", source) for each in both)


def _walk_lost(source: str) -> Iterator[Lost]:
    run, is_start, position = list[tuple[str, str]](), False, 0
    while position < len(source):
        token = _TOKEN.match(source, position)
        if token is None:
            return
        end = _find_end(source, position) if token[0].startswith("(") else token.end()
        quantifier = _QUANTIFIER.match(source, end or token.end())
        position = quantifier.end() if quantifier else token.end()
        least, is_exact = _count_least(quantifier[0] if quantifier else "")
        if token["literal"] and least:
            sign, written = _read_sign(token), source[token.start() : position]
            run += [(sign, written), *[(sign, "")] * (least - 1)]
            if is_exact:
                continue
            yield from _check_run(_Run(tuple(run), is_start))
            run, is_start = [(sign, written)], False
        elif not token["zero"]:
            yield from _check_run(_Run(tuple(run), is_start, token[0] == "$"))
            yield from _check_class(token["class"] or "") if least else ()
            is_entered = token[0].startswith("(") and (least or "<" in token[0])
            position = token.end() if is_entered else position
            run, is_start = [], token[0] == "^"
    yield from _check_run(_Run(tuple(run), is_start))


def _count_least(quantifier: str) -> tuple[int, bool]:
    """How often a sign is there at least (more than 3 are 3), and whether exactly so."""
    if quantifier.startswith("{"):
        least, comma, _ = quantifier.strip("{}?").partition(",")
        return min(int(least), 3), not comma
    return int(quantifier[:1] not in {"*", "?"}), not quantifier


def _read_sign(found: re.Match[str]) -> str:
    if code := found["code"] or found["short"]:
        return chr(int(code, 16))
    return _CONTROLS.get(found["control"] or "") or (" " if found["space"] else found["sign"] or found["plain"])


def _check_run(run: _Run) -> Iterator[Lost]:
    text = "".join(sign for sign, _ in run.signs)
    lost, start = list[str](), 0
    while start < len(text) and _is_lost(text[start:], is_start=run.is_start and not start, is_end=run.is_end):
        first, last = _shrink(text, start, run)
        lost.append("".join(source for _, source in run.signs[first:last]))
        start = last
    if lost:
        written = "".join(source for _, source in run.signs)
        yield Lost(tuple(dict.fromkeys(filter(None, lost))), written, _mend(text, run.is_start, run.is_end))


def _shrink(text: str, start: int, run: _Run) -> tuple[int, int]:
    """The smallest part of the text that is lost on its own."""

    def is_lost(first: int, last: int) -> bool:
        is_start, is_end = run.is_start and not first, run.is_end and last == len(text)
        return _is_lost(text[first:last], is_start=is_start, is_end=is_end)

    last = next(last for last in range(start + 1, len(text) + 1) if last == len(text) or is_lost(start, last))
    first = next(first for first in range(last - 1, start - 1, -1) if first == start or is_lost(first, last))
    return first, last


def _is_lost(text: str, *, is_start: bool = False, is_end: bool = False) -> bool:
    """Whether no text has this in its collapsed form: not alone, between words, in a path or behind a link's text."""
    folded = text.lower()
    if not (is_start or is_end or _LINK in text) and collapse(text) == folded:
        return False
    surroundings = _OF_A_LINK if _LINK in text else _SURROUNDINGS
    forms = [collapse(f"{'' if is_start else left}{text}{'' if is_end else right}") for left, right in surroundings]
    if any(folded in form for form in forms):
        return False
    if _HALF_PAIR.search(text):  # RE2 knows no such sign, and no normal form has one
        return True
    pattern = compile_pattern(escape_pattern(text))
    return not any(pattern.search(form) for form in forms)


def _mend(text: str, is_start: bool = False, is_end: bool = False) -> str:  # noqa: FBT001, FBT002 (as in `_Run`)
    """A pattern for what the collapsed form has in place of the text."""
    left = "" if is_start or text[0].isalnum() else "a"
    right = "" if is_end or text[-1].isalnum() else "a"
    whole = collapse(f"{left}{text}{right}").removeprefix(left).removesuffix(right)
    if whole.strip():
        whole = whole.lstrip() if _is_drawn(text[0]) else whole
        whole = whole.rstrip() if _is_drawn(text[-1]) else whole
    return _SPECIAL.sub(r"\\\g<0>", whole)


def _is_drawn(sign: str) -> bool:
    """Whether a sign is no space and becomes one, such as a border."""
    return not sign.isspace() and collapse(f"a{sign}b") == "a b"


def _check_class(source: str) -> Iterator[Lost]:
    """A class that has lost signs alone; one with ranges or other classes is left in peace."""
    members = [*_MEMBER.finditer(source[1:-1])]
    is_plain = not _RANGE.search(source) and sum(len(each[0]) for each in members) == len(source) - len("[]")
    if is_plain and members and all(_is_lost(_read_sign(each)) for each in members):
        instead = dict.fromkeys(_mend(_read_sign(each)) for each in members)
        yield Lost((source,), source, "|".join(instead))
