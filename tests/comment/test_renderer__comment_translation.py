"""Links in the reporter's language."""

import pytest

from bot.comment.renderer import link_translations, make_section
from bot.rules.spec.pack import Translation
from tests.builders import Fields, a_rule, an_issue, matches_of

TRANSLATION = Translation(
    pages=["https://docs.example.com/{language}/errors", "https://docs.example.com/{language}/setup"],
    languages={"fr": "fr", "zh": "zh-CN"},
)
PACK: Fields = {"translations": [TRANSLATION.model_dump()]}


@pytest.mark.parametrize(
    "text, language, expected",
    [
        ("https://docs.example.com/en/errors", "fr", "https://docs.example.com/fr/errors"),
        ("[x](https://docs.example.com/en/errors#full)", "zh", "[x](https://docs.example.com/zh-CN/errors#full)"),
        ("See https://docs.example.com/en/setup.", "fr", "See https://docs.example.com/fr/setup."),
        ("https://docs.example.com/en/errors?x=1", "fr", "https://docs.example.com/fr/errors?x=1"),
    ],
)
def test_a_page_is_linked_in_the_language_of_the_report(text: str, language: str, expected: str) -> None:
    assert link_translations(text, [TRANSLATION], language) == expected


@pytest.mark.parametrize(
    "text, language",
    [
        pytest.param("https://docs.example.com/en/errors", None, id="language unknown"),
        pytest.param("https://docs.example.com/en/errors", "en", id="the language it is written in"),
        pytest.param("https://docs.example.com/en/errors", "de", id="no such translation"),
        pytest.param("https://docs.example.com/en/errors-old", "fr", id="a longer name"),
        pytest.param("https://docs.example.com/en/errors/old", "fr", id="a page below it"),
        pytest.param("https://docs.example.com/en/errors.md", "fr", id="a file of that name"),
        pytest.param("https://other.example.com/en/errors", "fr", id="another host"),
        pytest.param("https://docs.example.com/en/plans", "fr", id="a page that is not named"),
    ],
)
def test_any_other_address_stays(text: str, language: str | None) -> None:
    assert link_translations(text, [TRANSLATION], language) == text


@pytest.mark.parametrize(
    "prose, address",
    [
        ("Le disque est plein et je ne sais pas quoi faire avec ce message.", "fr"),
        ("ディスクがいっぱいになりました", "en"),
        ("磁盘空间不足，无法继续构建项目", "zh-CN"),
        ("The disk is full and I do not know what to do with it.", "en"),
    ],
)
def test_all_links_of_a_comment_follow_the_report(prose: str, address: str) -> None:
    rule = a_rule(
        guidance={"tldr": "Full.", "steps": ["Read [this](https://docs.example.com/en/setup)."]},
        resources=[{"title": "Errors", "url": "https://docs.example.com/en/errors#full"}],
    )
    issue = an_issue(title="", body=f"{prose}\n```\nNo space left on device\n```")
    section = make_section(matches_of(issue, rule, pack=PACK)[0], issue, None)
    assert (section.steps, section.resources) == (
        (f"Read [this](https://docs.example.com/{address}/setup).",),
        (f"[Errors](https://docs.example.com/{address}/errors#full)",),
    )


def test_the_language_is_not_looked_for_where_nothing_is_translated() -> None:
    issue = an_issue(body="Le disque est plein et je ne sais pas quoi faire.\nNo space left on device")
    assert matches_of(issue, a_rule())[0].language is None
