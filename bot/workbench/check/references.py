"""What rules name must exist: other rules in the rule set; labels and the issues to follow on GitHub."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.errors import Problem, TrackerError
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.tracker.types import Issue, Tracker


def check_references(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    """The names in `supersedes:` and `also:` that no rule of the set has, and rules that supersede in a circle."""
    for key in ("supersedes", "also"):
        for index, name in enumerate(getattr(rule.model, key)):
            if name not in ruleset.known_ids:
                message = f"there is no rule `{name}` in this set; correct the name or remove it"
                yield rule.document.problem_at((key, index), message, "unknown-rule")
    if rule.model.supersedes:
        yield from _check_circles(rule, ruleset)


def _check_circles(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    below = {other.id: other.supersedes for other in ruleset.rules} | {rule.id: rule.supersedes}
    for index, name in enumerate(rule.model.supersedes):
        if chain := _find_chain(name, rule.id, below):
            told = " → ".join((rule.id, *chain))
            message = f"these rules silence each other in a circle: {told}; take one of these steps out"
            yield rule.document.problem_at(("supersedes", index), message, "circle-of-rules")


def _find_chain(start: str, goal: str, below: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The shortest way from rule to superseded rule, both ends included; empty where there is none."""
    chains, seen = deque[tuple[str, ...]]([(start,)]), {start}
    while chains:
        chain = chains.popleft()
        if chain[-1] == goal:
            return chain
        following = [name for name in below.get(chain[-1], ()) if name not in seen]
        seen.update(following)
        chains += [(*chain, name) for name in following]
    return ()


def check_packs(ruleset: Ruleset) -> Iterator[Problem]:
    """The names in `precedence:` that no rule has. Who checks one file alone is not told of the others."""
    for pack in ruleset.packs:
        if pack.document and sum(rule.pack is pack for rule in ruleset.rules) > 1:
            yield from _check_precedence(pack, ruleset)


def _check_precedence(pack: Pack, ruleset: Ruleset) -> Iterator[Problem]:
    for index, name in enumerate(pack.model.precedence):
        if pack.document and name not in ruleset.known_ids:
            message = f"there is no rule `{name}` in this pack; correct the name or remove it"
            yield pack.document.problem_at(("precedence", index), message, "unknown-rule")


def list_labels(rules: Sequence[Rule]) -> tuple[str, ...]:
    """The labels that rules set, each once."""
    return tuple(
        dict.fromkeys(label for rule in rules if rule.model.mode != "observe" for label in rule.model.labels.add)
    )


def list_follows(rules: Sequence[Rule]) -> tuple[int, ...]:
    """The issues that rules send reporters to, each once."""
    return tuple(dict.fromkeys(rule.model.follow for rule in rules if rule.model.follow is not None))


def tell_labels(rules: Sequence[Rule], known: Collection[str], repository: str) -> Iterator[Problem]:
    """The labels that are not `known`; GitHub compares them without regard to case."""
    there = {label.casefold() for label in known}
    for rule in rules:
        for index, label in enumerate(rule.model.labels.add if rule.model.mode != "observe" else ()):
            if label.casefold() not in there:
                message = f"{repository} has no label `{label}`, so it will not be set; create it, or correct the name"
                yield rule.document.problem_at(("labels", "add", index), message, "unknown-label", "warning")


def tell_follows(rules: Sequence[Rule], found: Mapping[int, Issue | None], repository: str) -> Iterator[Problem]:
    """The issues to follow that are gone or closed."""
    for rule in rules:
        if (number := rule.model.follow) is None:
            continue
        issue = found[number]
        if issue is None:
            what = f"{repository}#{number} is not there, or the token may not see it; correct the number"
        elif issue.state != "open":
            what = f"{repository}#{number} is closed, so reporters are not sent there; name an open issue"
        else:
            continue
        yield rule.document.problem_at(("follow",), f"{what}, or remove `follow:`", "dead-follow", "warning")


def check_online(rules: Sequence[Rule], repository: str, tracker: Tracker) -> tuple[Problem, ...]:
    """The warnings; all labels are asked for together, and each issue once. Raises TrackerError."""
    labels = list_labels(rules)
    known = tracker.find_labels(repository, labels) if labels else frozenset[str]()
    found = {number: _read(tracker, repository, number) for number in list_follows(rules)}
    return (*tell_labels(rules, known, repository), *tell_follows(rules, found, repository))


def _read(tracker: Tracker, repository: str, number: int) -> Issue | None:
    try:
        return tracker.get_issue(repository, number)
    except TrackerError as error:
        if not error.missing:
            raise
        return None
