"""Which faults of rule authors the proof of `signpost check` finds that examples, lints and overlaps do not.

`python -m benchmarks.proof STEP PLACE…` seeds each fault of FAULTS in every STEP-th rule of the places (folders, rule
files, pack:NAME): in all phrases of its `match` at once. It prints a row for each fault, and what revealed it first.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import yaml

from bot.rules.loader import load_rules
from bot.rules.reader import compile_rule
from bot.rules.ruleset import Rule, Ruleset
from bot.workbench.check.checker import check_rule
from bot.workbench.check.lint import Terms

Fault = Callable[[str], dict[str, Any]]
_HOLE = re.compile(r"\{\w+:\w+\}")


def _as_regex(phrase: str, gap: str = " ", hole: str = r"\S+") -> str:
    return hole.join(re.escape(part).replace(r"\ ", gap) for part in _HOLE.split(phrase))


def _use_regex(before: str = "", after: str = "", gap: str = " ", hole: str = r"\S+") -> Fault:
    return lambda phrase: {"regex": before + _as_regex(phrase, gap, hole) + after}


def _look_in(view: str) -> Fault:
    return lambda phrase: {"phrase": phrase, "in": [view]}


def _guard(pattern: str) -> Fault:
    return lambda phrase: {"phrase": phrase, "none": [{"regex": pattern}]}


def _need(pattern: str) -> Fault:
    return lambda phrase: {"phrase": phrase, "regex": pattern}


def _shorten(pattern: str) -> Fault:
    """Two words are enough where a sign of a log is next to them."""
    return lambda phrase: {"any": [{"phrase": phrase}, {"phrase": " ".join(phrase.split()[:2]), "regex": pattern}]}


FAULTS: dict[str, Fault] = {
    "a regex for a phrase": _use_regex(),
    "a regex with two spaces": _use_regex(gap="  "),
    "a regex with line breaks": _use_regex(gap=r"\n"),
    "a regex in quotes": _use_regex("[\"']", "[\"']"),
    "a regex in backticks": _use_regex("`", "`"),
    "a regex with an escaped quote": lambda p: {"regex": _as_regex(p).replace('"', r'\\"')},
    "a regex with curly quotes": lambda p: {"regex": _as_regex(p.replace("'", "’"))},
    "a regex that minds case": _use_regex("(?-i:", ")"),
    "a regex with `^`": _use_regex("^"),
    "a regex with `$`": _use_regex(after="$"),
    "a regex with `^` of a line": _use_regex("(?m)^"),
    "a regex behind `: `": _use_regex(": "),
    "a regex between spaces": _use_regex(r"\s", r"\s"),
    "a regex with word boundaries": _use_regex(r"\b", r"\b"),
    "a regex with `.*` for spaces": _use_regex(gap=".*"),
    "a regex with `[^ ]` for holes": _use_regex(hole="[^ ]+"),
    "a regex in JSON": _use_regex('":"'),
    "a phrase with its line break": lambda p: {"phrase": p.replace(" ", "\n", 1)},
    "half a phrase": lambda p: {"phrase": p[: len(p) // 2].rpartition(" ")[0] or p},
    "one word of a phrase": lambda p: {"phrase": p.split()[0]},
    "`in:` title": _look_in("title"),
    "`in:` body": _look_in("body"),
    "`in:` logs": _look_in("logs"),
    "a section that must be missing": lambda p: {"phrase": p, "section": "Version", "missing": True},
    "a version with v": _need(r"\bv\d+\.\d"),
    "a guard against short lines": _guard(r"^.{0,200}$"),
    "a guard against JSON": _guard(r'\{\s?"'),
    "a guard against times": _guard(r"\d\d:\d\d:\d\d"),
    "a guard against dates": _guard(r"\d{4}-\d\d-\d\d"),
    "a guard against levels": _guard(r"\b(info|debug|warn)\b"),
    "a guard against addresses": _guard(r"https?://"),
    "a guard against paths": _guard(r"/(home|users)/"),
    "a guard against Windows paths": _guard(r"[a-z]:[\\/]"),
    "a guard against prompts": _guard(r"[$>] \w"),
    "a guard against frames": _guard(r"\bat \S+ \("),
    "a guard against boxes": _guard("[│║⎿]"),
    "a guard against colours": _guard(r"\[\d+m"),
    "a guard against brackets": _guard(r"\[\w+\]"),
    "two words next to a time": _shorten(r"\d\d:\d\d"),
    "two words next to JSON": _shorten(r'":'),
    "two words next to a level": _shorten(r"\binfo\b"),
}


def _list_phrases(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for child in node:
            yield from _list_phrases(child)
    elif isinstance(node, dict):
        if isinstance(node.get("phrase"), str):
            yield node
        for key in ("all", "any", "none", "at_least", "of"):
            yield from _list_phrases(node.get(key))


def seed(rule: Rule, fault: Fault) -> str:
    """The rule's file with the fault. A phrase stays as it is if it already has keys that the fault needs."""
    changed = deepcopy(rule.document.value)
    for node in [*_list_phrases(changed["match"])]:
        new = fault(node["phrase"])
        if not (new.keys() - {"phrase", "in"}) & node.keys():
            node.pop("phrase")
            node.update(new)
    return yaml.safe_dump(changed, allow_unicode=True, sort_keys=False, width=10_000)


def reveal(rule: Rule, text: str, ruleset: Ruleset) -> str:
    """What reveals the fault first: loading, an example, an overlap, a lint, the proof, or nothing."""
    changed, problems = compile_rule(text, rule.file, rule.pack)
    if changed is None:
        return f"load: {problems[0].kind}"
    if list_findings(changed, ruleset) - list_findings(rule, ruleset):
        return "others"
    found = check_rule(changed, ruleset).problems
    proven = [problem.message for problem in found if problem.kind == "metamorphic"]
    return f"proof: {name_variants(proven)}" if proven else "nothing"


def list_findings(rule: Rule, ruleset: Ruleset) -> frozenset[tuple[str, str]]:
    """The problems that check finds without the proof."""
    found = check_rule(rule, ruleset, Terms(proves_variants=False)).problems
    return frozenset((problem.kind, problem.message) for problem in found)


def name_variants(messages: list[str]) -> str:
    """The additions that findings name."""
    found = (re.search(r"the issue also contains (.+?)(?: \(|, as)", message) for message in messages)
    return ", ".join(sorted({match[1] for match in found if match}))


def main() -> None:
    """Print a row for each fault."""
    ruleset = load_rules(sys.argv[2:])
    rules = ruleset.rules[:: int(sys.argv[1])]
    for name, fault in FAULTS.items():
        row = Counter(reveal(rule, seed(rule, fault), ruleset) for rule in rules)
        print(f"| {name} | {' | '.join(f'{what}: {number}' for what, number in row.most_common())} |", flush=True)


if __name__ == "__main__":
    main()
