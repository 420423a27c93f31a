"""An explanation as one page. Pure."""

from bot.output.page import render_page
from bot.workbench.explain import messages
from bot.workbench.explain.explainer import IssueExplanation
from bot.workbench.explain.highlights import choose_highlight


def render_html(explanation: IssueExplanation, wanted: str | None = None) -> str:
    """The whole page; `wanted` is the one rule that was asked for."""
    highlights = {highlight.number: highlight for highlight in explanation.highlights}
    values = {
        "explanation": explanation,
        "highlights": highlights,
        "tints": {highlight.rule: highlight.tint for highlight in explanation.highlights},
        "choose_highlight": lambda numbers: choose_highlight(highlights[number] for number in numbers),
        "others": [rule for rule in explanation.rules if not rule.is_shown and wanted is None],
        "wanted": wanted,
        "tell": messages,
    }
    return render_page("bot.workbench.explain", "explanation.html.j2", values)
