"""The kinds of problems that a check finds: what each means, and why it matters. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from bot.rules.spec.document import Severity


class Kind(NamedTuple):
    """What a kind of problem is called, how grave it is, and what it means for those who keep the rules."""

    severity: Severity
    summary: str
    help: str


KINDS: Mapping[str, Kind] = {
    "yaml": Kind("error", "A file is no YAML", "A file that cannot be read is no rule; the others still run."),
    "schema": Kind("error", "A key or value is not allowed", "rules/README.md lists every key."),
    "condition": Kind("error", "A condition cannot be looked for", "Patterns are RE2; phrases have typed holes."),
    "name": Kind("error", "A name is not as it must be", "The id is the file's name."),
    "duplicate-id": Kind("error", "Two rules have the same id", "Of both only the first runs."),
    "guidance": Kind("error", "A text cannot be shown", "Texts see checked names alone, and may wake no other bot."),
    "unwritten-guidance": Kind("error", "A text was never written", "A draft's `TODO:` must not reach a reporter."),
    "unknown-rule": Kind("error", "A rule is named that is not there", "Names of other rules are their ids."),
    "circle-of-rules": Kind(
        "error",
        "Rules silence each other in a circle",
        "Where all of them match, the one of the highest priority speaks.",
    ),
    "settings": Kind("error", "The settings cannot be used", "Settings stand in config.yml beside the rules."),
    "folder": Kind("error", "A file of the folder cannot be read", "It is no text in UTF-8, or too large."),
    "example-missed": Kind("error", "A rule misses its own example", "Examples are the proof that a rule works."),
    "example-matched": Kind("error", "A rule matches a near miss", "Near misses are what the rule must leave alone."),
    "expectation": Kind("error", "An example gives something else", "`expect:` says what a match must find and do."),
    "metamorphic": Kind(
        "error",
        "An example fails once other text stands in the issue",
        "Issues contain logs, JSON and links beside the message; these must not change the rule's answer.",
    ),
    "overlap": Kind("error", "Two rules match one example", "It must be settled which of them speaks."),
    "near-duplicate": Kind("warning", "Two rules look for the same", "One of them may be enough."),
    "no-literal": Kind("warning", "A pattern needs no certain text", "It is tried on every issue, which costs time."),
    "too-short": Kind("warning", "A phrase is short", "Short texts stand in many issues by chance."),
    "too-common": Kind("warning", "A condition holds in many issues", "A rule that matches often is seldom right."),
    "expired": Kind("warning", "The advice has expired", "The rule labels, and no longer speaks."),
    "unreviewed": Kind("warning", "Nobody looked at the advice for long", "Old advice sends reporters the wrong way."),
    "no-source": Kind("warning", "The advice has no source", "Nobody can look up whether it still holds."),
    "unknown-label": Kind("warning", "A label is not in the repository", "It is left out, unless labels are created."),
    "dead-follow": Kind("warning", "The issue to follow is closed or gone", "Reporters are not sent there."),
}
"""All kinds, the gravest first; whoever adds one to a `Problem` adds it here."""
