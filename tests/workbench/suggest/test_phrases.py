"""A message becomes a phrase: as long as it is shared, with what changes left open."""

import pytest

from bot.issue.facts import extract_facts
from bot.text.error_lines import ErrorLine
from bot.workbench.suggest.phrases import choose_phrase, compare_phrases, find_instances
from tests.issue.issues import make_issue


def phrase(template: str, *bodies: str) -> str | None:
    issues = [extract_facts(make_issue(body)) for body in bodies]
    masked = ErrorLine(template).template
    return choose_phrase(masked, find_instances(masked, issues))


@pytest.mark.parametrize(
    "template, bodies, wanted",
    [
        (
            "linking with `x` failed",
            [f"error: linking with `{name}` failed: exit code: 1" for name in ("cc", "gcc", "link.exe")],
            "error: linking with `{name:word}` failed: exit code: 1",
        ),
        (
            "linking with `x` failed",
            [f"error: linking with `cc` failed: exit code: {code}" for code in (1, 2, 3, 4)],
            "error: linking with `cc` failed",
        ),
        (
            "You're out of extra usage. Add more at a/b/c",
            ["You’re out of extra usage. Add more at claude.ai/settings/usage and keep going"] * 3,
            "You're out of extra usage. Add more at claude.ai/settings/usage and keep going",
        ),
        ("cannot open file 1", ["I cannot open file 1, help", "it cannot open file 2"], "cannot open file"),
        ("failed to read {x:int} here", ["failed to read {x:int} here"] * 2, "failed to read {{x:int} here"),
        (
            "failed (code 1) at once",
            ["Failed (code 1) at once", "failed (code 2) at once", "Failed (code 3) at once"],
            "Failed (code {number:int}) at once",
        ),
        (
            "limiting requests (not your limit",
            ["limiting requests (not your limit) · x"],
            "limiting requests (not your limit)",
        ),
        ("cannot reach 10.0.0.1 today", ["cannot reach 10.0.0.1 today"] * 5, "cannot reach {server:host} today"),
    ],
)
def test_a_phrase_is_what_the_reports_share(template: str, bodies: list[str], wanted: str) -> None:
    assert phrase(template, *bodies) == wanted


def test_phrases_with_the_same_rare_words_are_alike() -> None:
    bits = {"linking": 8.0, "with": 1.0, "failed": 2.0, "opening": 8.0}

    def weigh(word: str) -> float:
        return bits.get(word, 0.0)

    assert compare_phrases("linking with `{name:word}` failed", "linking failed", weigh) == 10 / 11
    assert compare_phrases("linking failed", "opening failed", weigh) == 2 / 18
