"""What one section of the comment holds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comment.renderer import render_comment
from bot.comment.section import Section, link_translations, make_section
from bot.duplicates.canonical import Target
from bot.rules.spec.pack import Translation
from tests.builders import Fields, a_rule, an_issue, matches_of
from tests.comment.hostile_text import find_working, hostile
from tests.comment.sections import DUPLICATES, EVERYTHING, OPEN, STATED, section_of
from tests.stand_ins.gfm import Page, render


def test_a_section_holds_what_the_rule_says_made_harmless() -> None:
    redirect = "https://redirect.github.com"
    assert section_of(EVERYTHING, issue=STATED, target=OPEN, duplicates=DUPLICATES) == Section(
        title="The disk of `/tmp` is full",
        tldr="The build ran out of disk space. Version `1.9` keeps every download.",
        rule="out-of-disk",
        steps=(
            "Run `df -h` and free at least 2 GB.",
            "Clear the cache:\n    ```\n    rm -rf ~/.cache/@types\n    ```",
            "Build again.",
        ),
        example="```\n$ df -h\n\n\nFilesystem  Size  Used\n/dev/sda1    20G   20G\n```",
        notes=(
            "Two things help.\n\n- A larger disk.\n"
            f"- `keep: 1` in the settings, see [#9]({redirect}/octo-org/octo-repo/issues/9)."
        ),
        recommendation="Please add the output of `df -h` for @\u200bocto-org/builders.",
        ask="Please also add: your operating system.",
        fix=(
            f"Fixed in `2.0` ([#12]({redirect}/octo-org/octo-repo/pull/12)). "
            "This report names `1.9`: please update, then try again."
        ),
        follow="#3, the open issue about this problem",
        duplicates=(
            "#5 (open): the same error on the same line",
            f"#6 (closed): the same stack, said by @\u200boctocat in [#4]({redirect}/octo-org/octo-repo/issues/4)",
        ),
        resources=(
            "[Freeing space](https://docs.example.com/space#1)",
            f"[The old report]({redirect}/octo-org/other/issues/1)",
        ),
    )


@pytest.mark.parametrize(
    "ask, body, sentence",
    [
        (["version"], "", "Please add: the output of `tool --version`."),
        (["version", "os"], "", "Please add: the output of `tool --version` and your operating system."),
        (["version", "os", "request"], "built with 1.9", "Please add: your operating system and one request id."),
        (
            ["os", "version", "request"],
            "",
            "Please add: your operating system, the output of `tool --version`, and one request id.",
        ),
        (["version", "request"], "built with 1.9, request req_0001", ""),
        ([], "", ""),
    ],
)
def test_a_section_asks_for_what_the_report_leaves_out(ask: list[str], body: str, sentence: str) -> None:
    rule = a_rule(guidance={"tldr": "The disk is full.", "ask": ask})
    assert section_of(rule, issue={"body": f"No space left on device, {body}"}).ask == sentence


def test_a_step_that_has_nothing_to_say_is_left_out() -> None:
    steps = ["{% if not version %}Check the version.{% endif %}", "Build again."]
    rule = a_rule(guidance={"tldr": "The disk is full.", "steps": steps})
    known, unknown = section_of(rule, issue=STATED), section_of(rule)
    assert (known.steps, unknown.steps) == (("Build again.",), ("Check the version.", "Build again."))


@pytest.mark.parametrize(
    "target, follow",
    [
        (None, ""),
        (OPEN, "#3, the open issue about this problem"),
        (Target(number=3, state="fixed"), "#3, closed as fixed"),
    ],
)
def test_the_issue_to_follow_is_named_with_its_state(target: Target | None, follow: str) -> None:
    assert section_of(target=target).follow == follow


def test_the_branch_that_applies_speaks() -> None:
    guidance = [{"when": {"version": "<1"}, "tldr": "Very old."}, {"when": {"version": ">=1"}, "tldr": "Newer."}]
    assert section_of(a_rule(guidance=guidance), issue=STATED).tldr == "Newer."


# --- links in the reporter's language

TRANSLATION = Translation(
    pages=["https://docs.example.com/{language}/errors", "https://docs.example.com/{language}/setup"],
    languages={"fr": "fr", "zh": "zh-CN"},
)
TRANSLATED: Fields = {"translations": [TRANSLATION.model_dump()]}


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
    section = make_section(matches_of(issue, rule, pack=TRANSLATED)[0], issue, None)
    assert (section.steps, section.resources) == (
        (f"Read [this](https://docs.example.com/{address}/setup).",),
        (f"[Errors](https://docs.example.com/{address}/errors#full)",),
    )


def test_the_language_is_not_looked_for_where_nothing_is_translated() -> None:
    issue = an_issue(body="Le disque est plein et je ne sais pas quoi faire.\nNo space left on device")
    assert matches_of(issue, a_rule())[0].language is None


def test_the_parts_of_a_section_are_in_the_order_of_the_comment() -> None:
    section = section_of(EVERYTHING, issue=STATED, target=OPEN)
    comment = render_comment([section])
    parts = [text for heading, text in section.list_parts() if heading != "What to do now"]
    places = [comment.find(text) for text in parts]
    assert (places == sorted(places), -1 in places, len(parts)) == (True, False, 8)
    assert all(f"**{heading}:**" in comment for heading, _ in section.list_parts() if heading)


def test_one_step_is_not_a_list() -> None:
    assert Section(title="x", tldr="y", steps=("Do it.",)).list_parts() == (
        ("", "y"),
        ("What to do now", "Do it."),
    )


def test_an_example_that_repeats_the_steps_is_left_out() -> None:
    steps = ["Run `df -h`.", "Then:\n```\nsync\nreboot\n```"]
    examples = ["df -h", "sync\n\n  reboot\n", "df -h\ndf -i", "df"]
    shown = [
        section_of(a_rule(guidance={"tldr": "Full.", "steps": steps, "example": example})).example
        for example in examples
    ]
    assert shown == ["", "", "```\ndf -h\ndf -i\n```", "```\ndf\n```"]


NAMED = a_rule(
    match={"phrase": "cannot find the module {module:name} in {place:name}"},
    guidance={
        "tldr": "Install {{ module }}{% if place %} in {{ place }}{% endif %}, see #{{ module }} and @{{ place }}.",
        "steps": ["Add {{ module }} to the file.", "**{{ module }}** [{{ place }}](https://docs.example.com/)"],
        "example": "npm install {{ module }} {{ place }}",
    },
    examples={"match": ["cannot find the module a in b"], "no_match": ["all is well"]},
)
LIVE_NAME = re.compile(r"@[^/]*$|www\.|gh-\d+$|[0-9a-f]{7,40}$|(?:fix|close|resolve)(?:s|d|es|ed)?$", re.IGNORECASE)
NAMES = st.one_of(
    st.sampled_from(
        [
            *("lodash", "@scope/pkg", "@octocat", "octocat/repo", "octo/repo#1", "octo/repo@1234567", "GH-12", "#3"),
            *(
                "www.evil.example",
                "https://evil.example/a",
                "//evil.example",
                "fixes",
                "closes",
                "deadbeef",
                "<b>x</b>",
            ),
            *(
                "a`b",
                "a](https://evil.example)",
                "![a](//b)",
                "&#64;octocat",
                "javascript:x",
                "me@evil.example",
                "../a",
            ),
        ]
    ),
    st.from_regex(r"[@A-Za-z0-9_./+-]{1,40}", fullmatch=True),
    hostile,
)


@given(NAMES, NAMES)
def test_the_name_of_a_file_or_package_calls_nobody_and_links_nothing(module: str, place: str) -> None:
    found = an_issue(body=f"It says: cannot find the module {module} in {place} now")
    for match in matches_of(found, NAMED):
        values = [capture.value for capture in match.captures.values()]
        comment = render_comment([make_section(match, found, None)])
        page = Page(render(comment))

        assert find_working(page.live) == []
        assert [each for each in page.addresses if "/signpost-bot/" not in each] == ["https://docs.example.com/"]
        assert all(re.fullmatch(r"@?[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,99}", value) for value in values)
        assert not any(LIVE_NAME.match(value) for value in values)
