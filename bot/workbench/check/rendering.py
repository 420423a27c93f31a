"""A rule's comment before any report gets it: values known and unknown, with and without links. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from bot.comment.renderer import CommentError, check_comment, check_length, render_comment
from bot.comment.section import SectionError, make_section
from bot.duplicates.candidates import SAME_RULE, Candidate
from bot.duplicates.canonical import Target
from bot.duplicates.selection import LinkDecision
from bot.errors import Problem
from bot.rules.checks import check_written, find_known, texts_of
from bot.rules.conditions.types import Capture, Verdict
from bot.rules.matcher import FixState, Match
from bot.rules.ruleset import Rule
from bot.rules.spec.document import Path
from bot.rules.spec.pack import ALWAYS_FORBIDDEN
from bot.rules.spec.rule import Example
from bot.rules.spec.template import is_template
from bot.workbench.check.examples import make_example_issue

_SAMPLES = {
    "version": ("0.0.1", "9999.0"),
    "int": ("0", "999,999"),
    "number": ("0", "3.5"),
    "choice": ("false", "true"),
    "url": ("https://example.com/a",),
    "host": ("localhost:8080",),
    "source": ("src/main.rs",),
    "name": ("@scope/pkg",),
    "code": ("0", "ENOSPC"),
}
"""Values of each type, the least first; what is not here is tried with a word."""

_OTHER = ("word",)
_ISSUE = make_example_issue(Example())
_FIX_STATES: tuple[FixState, ...] = ("older", "fixed", "unknown")


@dataclass(frozen=True, slots=True)
class _Case:
    """One report that the branch may have to answer."""

    captures: dict[str, str]
    duplicates: int = 1
    target: Target | None = None
    fix_state: FixState | None = None


def check_texts(rule: Rule) -> Iterator[Problem]:
    """The texts that nobody wrote, and those that fail in a comment; what fails as a whole, at its branch."""
    for path, message in check_written(rule):
        yield rule.document.problem_at(path, message, "unwritten-guidance", "warning")
    found = dict[tuple[Path, str], None]()
    for branch in range(len(rule.model.guidance)):
        for case in _list_cases(rule, branch):
            if failure := _find_failure(rule, branch, case):
                found[failure] = None
    yield from (rule.document.problem_at(path, message, "guidance") for path, message in found)


def _find_failure(rule: Rule, branch: int, case: _Case) -> tuple[Path, str] | None:
    captures = {name: Capture(name=name, value=value, type=rule.types[name]) for name, value in case.captures.items()}
    match = Match(rule, Verdict(wanted="", holds=True), captures, branch, fix_state=case.fix_state)
    try:
        section = make_section(match, _ISSUE, case.target, tuple(map(_make_link, range(2, 2 + case.duplicates))))
        words = (*ALWAYS_FORBIDDEN, *rule.pack.model.forbidden_words)
        check_length(check_comment(render_comment([section]), words))
    except SectionError as error:
        return error.path, str(error)
    except CommentError as error:
        return ("guidance", branch), str(error)
    return None


def _list_cases(rule: Rule, branch: int) -> Iterator[_Case]:
    """Plain texts need one case; templates all combinations of what may differ in them."""
    here = (text for path, text in texts_of(rule) if path[0] != "guidance" or path[1] == branch)
    templates = " ".join(filter(is_template, here))
    target = Target(number=rule.model.follow, state="open") if rule.model.follow else None
    if not templates:
        yield _Case({}, target=target, fix_state="unknown" if rule.model.fixed_in else None)
        return
    named = {*re.findall(r"\w+", templates)}
    used = sorted(named & rule.echoable)
    counts = (0, 1, 3) if "duplicates" in named else (1,)
    targets = {None, target} if "follow" in named else {target}
    states = _FIX_STATES if rule.model.fixed_in else (None,)
    for captures, count, follow, state in product(_list_captures(rule, branch, used), counts, targets, states):
        yield _Case(captures, count, follow, state)


def _list_captures(rule: Rule, branch: int, used: list[str]) -> list[dict[str, str]]:
    """The least and the greatest values; without each that may be unknown, and without all of these."""
    samples = {name: _SAMPLES.get(rule.types[name], _OTHER) for name in used}
    least, greatest = ({name: values[place] for name, values in samples.items()} for place in (0, -1))
    known = find_known(rule, branch)
    unknown = [name for name in used if name not in known]
    gone = [{name} for name in unknown] + [{*unknown}]
    return [least, greatest, *({n: v for n, v in greatest.items() if n not in names} for names in gone)]


def _make_link(number: int) -> LinkDecision:
    candidate = Candidate(number=number, tier="A", score=1.0, why=SAME_RULE)
    return LinkDecision(candidate=candidate, effect="linked", target=Target(number=number, state="open"))
