"""`signpost explain`: why an issue matches a rule, or why not."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from bot.cli.asked_issue import ISSUE_FORMS, add_repository, read_asked_issue
from bot.cli.output import add_format, add_rules, list_rules, make_console, print_json
from bot.errors import SettingsError
from bot.github.runner import Settings
from bot.github.tracker import Issue
from bot.rules.explaining import Explanation, explain_issue
from bot.rules.loading import load_rules
from bot.rules.verdict import Capture, Evidence, Verdict

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_NEAREST = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("issue", metavar="ISSUE", help=ISSUE_FORMS)
    parser.add_argument("--rule", metavar="ID", help="only this rule, whole")
    add_repository(parser)
    parser.epilog = "example: signpost explain issue.md --rules .github/signpost --rule out-of-disk"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if the issue could be explained, 2 if rules could not be read."""
    settings = Settings.from_environment(os.environ)
    ruleset = load_rules(list_rules(arguments.rules))
    for problem in ruleset.problems:
        print(problem, file=sys.stderr)
    if arguments.rule and arguments.rule not in {rule.id for rule in ruleset.rules}:
        message = (
            f"there is no rule {arguments.rule!r}; known are: {', '.join(sorted(rule.id for rule in ruleset.rules))}"
        )
        raise SettingsError(message)
    issue = read_asked_issue(arguments.issue, arguments.repo, settings)
    explanations = [e for e in explain_issue(issue, ruleset) if arguments.rule in (None, e.rule.id)]
    if arguments.format == "json":
        rules = [_as_json(explanation) for explanation in explanations]
        print_json(
            {"repository": issue.repository, "issue": issue.number, "layout": _layout_of(explanations), "rules": rules}
        )
    else:
        _print(issue, explanations, is_whole=arguments.rule is not None)
    return 2 if ruleset.problems else 0


def _layout_of(explanations: list[Explanation]) -> str | None:
    return explanations[0].layout if explanations else None


def _as_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "rule": explanation.rule.id,
        "matched": explanation.verdict.holds,
        "superseded_by": explanation.superseded_by,
        "captures": {name: _capture_json(capture) for name, capture in explanation.captures.items()},
        "condition": _verdict_json(explanation.verdict),
    }


def _capture_json(capture: Capture) -> dict[str, Any]:
    return {
        "value": capture.value,
        "type": capture.type,
        "place": capture.place,
        "also_stated": list(capture.also_stated),
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "wanted": verdict.wanted,
        "holds": verdict.holds,
        "seen": verdict.seen,
        "evidence": [{"view": e.view, "source": e.source, "line": e.line, "text": e.text} for e in verdict.evidence],
        "conditions": [_verdict_json(child) for child in verdict.children],
    }


def _print(issue: Issue, explanations: list[Explanation], *, is_whole: bool) -> None:
    console = make_console()
    matched = [explanation for explanation in explanations if explanation.verdict.holds]
    others = [explanation for explanation in explanations if not explanation.verdict.holds]
    shown = [*matched, *(others if is_whole else others[:_NEAREST])]
    for explanation in shown:
        console.print(_make_tree(explanation, issue))
        console.print()
    console.print(f"{len(matched)} of {len(explanations)} rules match", end="")
    console.print(
        "."
        if len(shown) == len(explanations)
        else f"; shown are those and the {_NEAREST} nearest. --rule ID shows one."
    )


def _make_tree(explanation: Explanation, issue: Issue) -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    verdict = explanation.verdict
    state = ("matches", "bold green") if verdict.holds else ("does not match", "bold red")
    heading = Text.assemble((explanation.rule.id, "bold"), " ", state)
    if explanation.superseded_by:
        heading.append(f", but {explanation.superseded_by} supersedes it")
    tree = Tree(heading)
    _grow(tree, verdict, issue)
    for name, capture in explanation.captures.items():
        also = f" (also stated: {', '.join(capture.also_stated)})" if capture.also_stated else ""
        where = f", line {capture.evidence.line}" if capture.evidence else ""
        found = _flatten(f"{name} = {capture.value}, from {capture.place}{where}{also}")
        tree.add(Text(found, style="cyan"))
    return tree


def _grow(tree: "Tree", verdict: Verdict, issue: Issue) -> None:
    from rich.text import Text

    sign = ("✓ ", "green") if verdict.holds else ("✗ ", "red")
    label = Text.assemble(sign, verdict.wanted)
    if verdict.seen and not verdict.holds:
        label.append(f"  ({_flatten(verdict.seen)})", style="dim")
    branch = tree.add(label)
    for item in verdict.evidence:
        branch.add(_highlight(item, issue))
    for child in verdict.children:
        _grow(branch, child, issue)


def _highlight(item: Evidence, issue: Issue) -> "Text":
    """The evidence where it stands: its lines, with what was found in reverse."""
    from rich.text import Text

    original = _find_source(item.source, issue)
    start = original.rfind("\n", 0, item.start) + 1
    end = original.find("\n", item.end)
    before, after = (
        original[max(start, item.start - 60) : item.start],
        original[item.end : end if end >= 0 else None][:60],
    )
    where = f"{item.view}, line {item.line}: "
    return Text.assemble((where, "dim"), _flatten(before), (_flatten(item.text), "reverse"), _flatten(after))


def _find_source(source: str, issue: Issue) -> str:
    if source == "title":
        return issue.title
    if source == "body":
        return issue.body
    own = [comment.body for comment in issue.comments if comment.author.login == issue.author.login]
    return own[int(source.removeprefix("comment ")) - 1]


def _flatten(text: str) -> str:
    """One line, without signs that a terminal obeys, and without the words that the runner does."""
    flat = "".join(sign if sign.isprintable() else "⏎" if sign == "\n" else " " for sign in text)
    return flat.replace("##[", "## [")
