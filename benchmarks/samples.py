"""Made-up rules and issues of a realistic shape: the same ones for every engine."""

import random
from datetime import UTC, datetime

from bot.rules.loader import build_ruleset
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue

SIGNATURES = (
    "cannot open shared object file {a}: No such file or directory",
    "Error: connect {a} refused while talking to {b}",
    "Module not found: cannot resolve {a} from {b}",
    "thread main panicked at {a} index out of bounds in {b}",
    "The request was rejected by {a} because the {b} limit is reached",
    "fatal: unable to access the {a} repository for {b}",
    "permission denied while reading {a} configuration of {b}",
    "TypeError: {a} is not a function when calling {b}",
    "schema validation of {a} failed at field {b}",
    "timed out after waiting for {a} to answer {b}",
)
SHARE = 0.6
PROSE = (
    "I was trying to build the project after the last update and it stopped working on my machine.\n"
    "It worked last week, and nothing else was changed as far as I can tell.\n"
    "Restarting did not help; removing the cache and installing again did not help either.\n"
)


def make_words(count: int) -> list[str]:
    """Distinct words, the same in every run."""
    chance = random.Random(7)  # noqa: S311 (no secret)
    return sorted({"".join(chance.choices("abcdefghiklmnoprstuvwz", k=chance.randint(5, 11))) for _ in range(count)})


def make_messages(count: int) -> list[str]:
    """Distinct error messages."""
    words = make_words(4 * count + 100)
    pairs = [(words[2 * index % len(words)], words[(2 * index + 1) % len(words)]) for index in range(count)]
    return [SIGNATURES[index % len(SIGNATURES)].format(a=a, b=b) for index, (a, b) in enumerate(pairs)]


def make_rules(messages: list[str]) -> Ruleset:
    """One rule per message."""
    return build_ruleset(
        {f"rules/rule-{index}.yml": write_rule(index, message) for index, message in enumerate(messages)}
    )


def write_rule(index: int, message: str) -> str:
    """The rule of a message, as YAML."""
    return (
        f"id: rule-{index}\ntitle: Problem {index}\nmode: label\n"
        f"match:\n  phrase: '{message}'\nlabels: [known]\n"
        f"examples:\n  match: ['{message}']\n  no_match: ['something else entirely']\n"
    )


def make_issues(messages: list[str], count: int) -> list[Issue]:
    """Issues of an issue form's shape, about 4 KB each; six in ten hold one of the messages, wrapped by a terminal."""
    chance, words, now = random.Random(11), make_words(3000), datetime(2026, 1, 1, tzinfo=UTC)  # noqa: S311 (no secret)
    issues = []
    for number in range(1, count + 1):
        message = chance.choice(messages) if chance.random() < SHARE else "nothing that is known"
        body = _write_body(message, [chance.choices(words, k=4) for _ in range(30)], number)
        title = f"It stopped: {chance.choice(words)}"
        issues.append(Issue(repository="o/r", number=number, title=title, body=body, created_at=now, updated_at=now))
    return issues


def _write_body(message: str, frames: list[list[str]], number: int) -> str:
    log = "\n".join(f"  at {'.'.join(words[:3])} (src/{words[3]}.js:{line}:9)" for line, words in enumerate(frames))
    half = len(message) // 2
    return (
        f"### What happened?\n\n{PROSE * 4}\n"
        f"### Logs\n\n```shell\n{log}\n{message[:half]}\n    {message[half:]}\n{log}\n```\n\n"
        f"### Version\n\n2.{number % 9}.{number % 7}\n"
    )
