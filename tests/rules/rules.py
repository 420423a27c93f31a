"""Rules for tests."""

from bot.rules.loader import build_ruleset
from bot.rules.ruleset import Ruleset

PACK = """
name: rules
captures:
  version: {first_of: [{section: Version}, {phrase: "Tool v{version:version}"}]}
  os: {map: {darwin: macos, windows: windows, linux: linux}, first_of: [{section: Platform}]}
"""
EXAMPLES = "examples: {match: [it is broken now], no_match: [it works]}\n"


def write_rule(
    name: str = "a-rule", match: str = "{phrase: it is broken now}", more: str = "", mode: str = "label"
) -> str:
    """A rule's file; `match` is YAML in one line, `more` further lines."""
    examples = "" if "examples:" in more else EXAMPLES
    return f"id: {name}\ntitle: A problem\nmode: {mode}\nmatch: {match}\n{more}\n{examples}"


def write_speaker(name: str, match: str, more: str = "") -> str:
    """A rule's file that comments."""
    return write_rule(
        name, match, f"{more}\nreviewed: 2026-11-01\nguidance: {{tldr: Look there., source: a page}}", "comment"
    )


def make_ruleset(*files: str, pack: str = PACK) -> Ruleset:
    """The rules of several files, which are named as the ids in their first lines, and of a pack."""
    named = {f"rules/{file.splitlines()[0].removeprefix('id: ')}.yml": file for file in files}
    return build_ruleset({"rules/pack.yml": pack, **named})


def explain(ruleset: Ruleset) -> list[str]:
    """What is wrong with the rules, as lines."""
    return [str(problem) for problem in ruleset.problems]
