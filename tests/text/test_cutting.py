"""Markdown that is cut still reads as it was meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.cutting import cut_sections, measure_bytes
from tests.stand_ins.gfm import Page, render

NOTE = "*Cut.*"
PARTS = {
    "title": "# Title",
    "words": "Some words\nand more.",
    "heading": "## Part",
    "code": "```sh\n# no heading\n\n</details>\n\n## none either\n```",
    "tildes": "~~~~\n~~~\n\n# none\n\n~~~~",
    "fold": "<details><summary>More</summary>\n\n## Inside\n\nwords\n\n```\n<details>\n```\n\n</details>",
    "folds": "<details>\n\n<details>\n\ninner\n\n</details>\n\nouter\n\n</details>",
    "table": "| a | b |\n|---|---|\n| 1 | 2 |",
    "quoted": "> ```\n> quoted code\n>\n> more\n> ```",
}
DOCUMENT = "\n\n".join(PARTS[name] for name in ("title", "words", "heading", "fold", "heading", "code", "words")) + "\n"


def cut(*names: str) -> str:
    """The parts that are kept, and the note."""
    return "\n\n".join([*(PARTS[name] for name in names), NOTE]) + "\n"


@pytest.mark.parametrize(
    "room, expected",
    [
        pytest.param(len(DOCUMENT), DOCUMENT, id="it fits"),
        pytest.param(
            len(DOCUMENT) - 1, cut("title", "words", "heading", "fold"), id="before the last heading that fits"
        ),
        pytest.param(len(cut("title", "words", "heading", "fold")), cut("title", "words", "heading", "fold")),
        pytest.param(
            len(cut("title", "words", "heading", "fold")) - 1, cut("title", "words"), id="never inside a fold"
        ),
        pytest.param(len(cut("title", "words")), cut("title", "words")),
        pytest.param(len(cut("title", "words")) - 1, cut("title"), id="before a paragraph, if no section fits"),
        pytest.param(9, f"{NOTE}\n", id="nothing fits but the note"),
    ],
)
def test_a_text_is_cut_between_its_sections(room: int, expected: str) -> None:
    assert cut_sections(DOCUMENT, room, NOTE) == expected


def test_a_length_in_bytes_counts_what_github_counts() -> None:
    assert measure_bytes("é€😀\ud800") == 2 + 3 + 4 + 1
    text = f"{'😀' * 100}\n\n# Two\n\n{'é' * 100}\n"
    assert cut_sections(text, 500, NOTE, measure_bytes) == f"{'😀' * 100}\n\n{NOTE}\n"


@given(st.lists(st.sampled_from(sorted(PARTS)), max_size=12), st.integers(0, 900))
def test_what_is_left_is_a_beginning_and_closes_all_that_it_opens(names: list[str], room: int) -> None:
    whole = "\n\n".join(PARTS[name] for name in names) + "\n"
    found = cut_sections(whole, room, NOTE)
    kept = found.removesuffix(f"{NOTE}\n")
    assert len(found) <= max(room, len(NOTE) + 1) or found == whole
    assert found == whole or (found.endswith(f"{NOTE}\n") and whole.startswith(kept.rstrip("\n")))
    assert found == whole or Page(render(found)).live[-2:].count(NOTE.strip("*")) <= 1
    visible = re.sub(r"(?ms)^(```|~~~~).*?^\1", "", kept)
    assert visible.count("<details>") == visible.count("</details>")
    assert "```" not in visible.replace("> ```", "")


@given(st.text(), st.integers(0, 100))
def test_any_text_can_be_cut(text: str, room: int) -> None:
    found = cut_sections(text, room, NOTE)
    assert found == text or len(found) <= max(room, len(NOTE) + 1)
