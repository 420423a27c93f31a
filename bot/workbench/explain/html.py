"""An explanation as the template of its page wants it. Pure."""

from bot.workbench.explain import messages
from bot.workbench.explain.explainer import IssueExplanation
from bot.workbench.explain.highlights import choose_mark


def make_values(explanation: IssueExplanation, wanted: str | None = None) -> dict[str, object]:
    """The values of `explanation.html.j2`; `wanted` is the one rule that was asked for."""
    marks = {mark.number: mark for mark in explanation.marks}
    return {
        "explanation": explanation,
        "marks": marks,
        "tints": {mark.rule: mark.tint for mark in explanation.marks},
        "choose_mark": lambda numbers: choose_mark(marks[number] for number in numbers),
        "others": [rule for rule in explanation.rules if not rule.is_shown and wanted is None],
        "wanted": wanted,
        "tell": messages,
    }
