"""An explanation as the template of its page wants it. Pure."""

from bot.workbench.explain import messages
from bot.workbench.explain.explainer import IssueExplanation
from bot.workbench.explain.highlights import choose_highlight


def make_values(explanation: IssueExplanation, wanted: str | None = None) -> dict[str, object]:
    """The values of `explanation.html.j2`; `wanted` is the one rule that was asked for."""
    highlights = {highlight.number: highlight for highlight in explanation.highlights}
    return {
        "explanation": explanation,
        "highlights": highlights,
        "tints": {highlight.rule: highlight.tint for highlight in explanation.highlights},
        "choose_highlight": lambda numbers: choose_highlight(highlights[number] for number in numbers),
        "others": [rule for rule in explanation.rules if not rule.is_shown and wanted is None],
        "wanted": wanted,
        "tell": messages,
    }
