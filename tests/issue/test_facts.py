"""What is known of one issue."""

import pytest

from bot.issue.facts import DEFAULT_VIEWS, VIEWS, Facts, Placeholder, extract_facts
from bot.issue.layout import LayoutModel
from bot.text.markdown import Span
from bot.text.normalize import MAX_CHARACTERS
from tests.issue.issues import make_comment, make_issue

BODY = (
    "It broke.\n\n> somebody said so\n\n```\nboom\n```\n\n<!-- hidden -->\n- [x] ticked\n\n"
    "> <sub>Posted automatically by Signpost: this report matches.</sub>\n"
)
IN_APP = "**Bug Description**\nIt broke.\n**Environment Info**\n- Version: 2.0\n**Errors**\n```json\n[{}]\n```\n"


def texts(facts: Facts) -> dict[str, list[str]]:
    return {view: [text.raw.strip() for text in facts.views[view]] for view in VIEWS}


@pytest.mark.parametrize(
    "facts, expected",
    [
        pytest.param(
            Facts(make_issue(BODY, title="Broken")),
            {
                "title": ["Broken"],
                "body": ["It broke."],
                "logs": ["> somebody said so", "boom"],
                "errors": [],
                "comments": [],
            },
            id="prose, quote, fence; no comment, no box, no quote of ours",
        ),
        pytest.param(
            Facts(make_issue(IN_APP)),
            {"title": [""], "body": ["It broke.", "- Version: 2.0"], "logs": [], "errors": ["[{}]"], "comments": []},
            id="in-app report",
        ),
        pytest.param(
            Facts(
                make_issue(
                    comments=(
                        make_comment("> quoted\n\nmine\n\n```\nlog\n```"),
                        make_comment("theirs", author="somebody"),
                        make_comment("mine too\n\n-----Original Message-----\nold"),
                    )
                )
            ),
            {"title": [""], "body": [], "logs": [], "errors": [], "comments": ["mine", "log", "mine too"]},
            id="the author's comments, without quotes",
        ),
        pytest.param(
            Facts(make_issue("> old\n> <!-- signpost:v1 {} -->\n")),
            {"title": [""], "body": [], "logs": [], "errors": [], "comments": []},
            id="a quote of our own comment",
        ),
    ],
)
def test_views(facts: Facts, expected: dict[str, list[str]]) -> None:
    assert texts(facts) == expected


def test_texts_know_where_they_stand() -> None:
    facts = Facts(make_issue("a\n\n```\nb\n```\n", title="t", comments=(make_comment("c"), make_comment("d"))))
    assert [(text.view, text.source, text.span) for text in facts.texts] == [
        ("title", "title", Span(0, 1)),
        ("body", "body", Span(0, 2)),
        ("logs", "body", Span(7, 9)),
        ("comments", "comment 1", Span(0, 1)),
        ("comments", "comment 2", Span(0, 1)),
    ]


def test_a_span_of_a_normal_form_is_found_in_the_whole_body() -> None:
    facts = Facts(make_issue("x\n\n```\nThe  `disk`\n is full\n```\n"))
    (log,) = facts.views["logs"]
    start, squeezed = log.collapsed.index("disk is"), log.squeezed.index("diskis")
    found = log.locate_collapsed(start, start + 7), log.locate_squeezed(squeezed, squeezed + 6)
    assert [log.original[span.start : span.end] for span in found] == ["disk`\n is"] * 2


def test_a_section_is_a_view_by_the_name_that_was_asked_for() -> None:
    facts = Facts(
        make_issue("### Logs\n\nboom\n\n### <img src=https://example.com/x.png> [LOGS](https://x.example)\n\nbang\n")
    )
    found = facts.find_texts(("title", "section: Logs"))
    assert [(text.view, text.raw.strip()) for text in found] == [
        ("title", ""),
        ("section: Logs", "boom"),
        ("section: Logs", "bang"),
    ]


def test_fields_come_before_lines_in_prose() -> None:
    facts = Facts(make_issue("Version: 1.0\n\n## Version\n2.0\n"))
    assert [(section.place, text.raw.strip()) for section, text in facts.find_sections("version")] == [
        ("field", "2.0"),
        ("prose", "1.0"),
    ]


def test_placeholders_are_no_answers() -> None:
    facts = extract_facts(
        make_issue("### A\n\n1.0.123\n\n### B\n\n2.0\n"), placeholders=frozenset({Placeholder("1.0.123")})
    )
    found = [text for name in ("A", "B") for _, text in facts.find_sections(name)]
    assert [(facts.is_answered(text), facts.is_placeholder(text)) for text in found] == [(False, True), (True, False)]


def test_a_packs_own_layout_is_read() -> None:
    model = LayoutModel(name="own", headings="form", sections=(("Dump", "errors"),))
    facts = extract_facts(make_issue("### Dump\nboom\n"), (model,))
    assert (facts.layout.name, [text.raw for text in facts.views["errors"]]) == ("own", ["\nboom\n"])


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param("", (True, False), id="nothing"),
        pytest.param(" \n\t", (True, False), id="white space"),
        pytest.param("text", (False, False), id="a text"),
        pytest.param("### A\n\n_No response_\n", (False, True), id="a form without answers"),
        pytest.param(
            "**Describe the bug**\nA clear and concise description of what the bug is.", (False, True), id="classic"
        ),
        pytest.param("<!-- please describe -->", (False, True), id="a comment alone"),
        pytest.param("- [ ] the parser", (False, False), id="a list of tasks"),
        pytest.param("### Phase 1\n\n- [ ] a\n\n### Phase 2\n\n- [ ] b\n", (False, False), id="tasks in sections"),
        pytest.param(
            "### Steps\n\n- [x] I read it\n\n### What\n\n_No response_", (False, True), id="boxes and no answer"
        ),
        pytest.param("# Make a new attribute for this case\n", (False, False), id="a sentence behind a number sign"),
        pytest.param("**Please tell us in your own words what has happened**\n", (False, True), id="a long heading"),
        pytest.param("### A\n\nanswer\n", (False, False), id="an answer"),
    ],
)
def test_bodies_without_anything_to_read(body: str, expected: tuple[bool, bool]) -> None:
    facts = Facts(make_issue(body))
    assert (facts.is_empty, facts.is_template_untouched) == expected


def test_the_language_of_title_and_prose() -> None:
    facts = Facts(make_issue("启动后崩溃\n\n```\nthe log is in English and it is long\n```", title="崩溃了"))
    assert facts.language == "zh"


def test_the_language_of_a_line_above_a_paste() -> None:
    prose = "Depuis ce matin je ne peux pas travailler, et il ne se passe rien dans le terminal."
    assert Facts(make_issue(f"{prose}\n⎿  API Error: 529 Overloaded", title="[Bug] API")).language == "fr"


def test_codes_and_frames_of_a_text() -> None:
    (text,) = Facts(make_issue("  at a.b(c.js:1:1)\n  at d.e(f.js:2:2)\nexit code 3\n")).views["logs"]
    assert [stated.code for stated in text.codes] == [3]
    assert {at: [frame.names[0] for frame in frames] for at, frames in text.frames.items()} == {
        "top": ["a.b"],
        "any": ["a.b", "d.e"],
    }


def test_what_lies_beyond_githubs_limit_is_not_read() -> None:
    facts = Facts(make_issue("a" * (MAX_CHARACTERS + 9), comments=(make_comment("b" * (MAX_CHARACTERS + 9)),)))
    assert [len(text.raw) for text in facts.find_texts((*DEFAULT_VIEWS, "comments"))] == [
        0,
        MAX_CHARACTERS,
        MAX_CHARACTERS,
    ]


def test_who_asks_for_no_place_is_told_the_whole_text() -> None:
    facts = Facts(make_issue("```\nx  y\n```\n"), is_placed=False)

    (text,) = facts.views["logs"]
    assert (text.collapsed, text.locate_collapsed(0, 1), text.locate_squeezed(0, 1)) == ("x y", text.span, text.span)
