"""What GitHub's answers mean for rules: labels that are not there, issues that cannot be followed. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.rules.ruleset import Rule
from bot.rules.spec.document import Problem
from bot.tracker.types import Issue


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
