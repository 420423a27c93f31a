"""Kinds of report, their sections, boxes and pieces."""

import pytest

from bot.issue.layout import (
    LayoutModel,
    is_answered,
    is_template_text,
    name_section,
    read_layout,
)

FORM = "### What's Wrong?\n\nIt breaks.\n\n### Logs\n\n```shell\nboom\n```\n\n### Version\n\n2.1.23\n"
IN_APP = (
    "**Bug Description**\nIt breaks.\n\n**Environment Info**\n- Platform: darwin\n- Version: 2.0.76\n- Feedback ID:\n\n"
    "**Errors**\n```json\n[{}]\n```\n"
)
EDITOR = "Type: <b>Bug</b>\n\nIt breaks.\n\nExtension version: 2.0.1\nVS Code version: Code 1.99.0\n"
CLASSIC = "## Environment\n- OS: Linux\n- Version: 2.1.0\n\n## Steps\nRun it.\n"
KNOWN = LayoutModel(name="own", headings="form", sections=(("Logs", "logs"), ("Answer", "body"), ("Secret", "ignore")))


def pieces(body: str, *models: LayoutModel) -> list[tuple[str, str]]:
    return [(piece.kind, body[piece.span.start : piece.span.end]) for piece in read_layout(body, models).pieces]


def sections(body: str, *models: LayoutModel) -> list[tuple[str, str, str]]:
    found = read_layout(body, models).sections
    return [(section.name, body[section.span.start : section.span.end].strip(), section.place) for section in found]


def boxes(body: str) -> list[tuple[str, bool]]:
    return [(box.label, box.is_ticked) for box in read_layout(body).boxes]


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param(FORM, "form", id="issue form"),
        pytest.param(FORM.replace("\n", "\r\n"), "form", id="issue form, CRLF"),
        pytest.param(IN_APP, "in-app", id="in-app report"),
        pytest.param(EDITOR, "editor", id="editor's reporter"),
        pytest.param("Extension version: 2.0.1", "editor", id="editor's reporter, its end alone"),
        pytest.param(CLASSIC, "classic", id="classic template"),
        pytest.param("It breaks.", "free", id="free text"),
        pytest.param("", "free", id="nothing"),
        pytest.param("<h2 class='x'>Bug</h2><p>It breaks.</p>", "html", id="raw HTML"),
        pytest.param("**Errors**\nboom", "classic", id="one heading of the in-app report is not enough"),
        pytest.param("### Version\n2.1", "classic", id="a typed heading is no form"),
        pytest.param("### Logs\nx\n### Answer\ny", "own", id="a pack's own layout"),
    ],
)
def test_the_kind_of_report_is_told(body: str, expected: str) -> None:
    assert read_layout(body, (KNOWN,)).name == expected


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param(
            FORM,
            [
                ("What's Wrong?", "It breaks.", "field"),
                ("Logs", "```shell\nboom\n```", "field"),
                ("Version", "2.1.23", "field"),
            ],
            id="issue form",
        ),
        pytest.param(
            IN_APP,
            [
                ("Bug Description", "It breaks.", "field"),
                ("Environment Info", "- Platform: darwin\n- Version: 2.0.76\n- Feedback ID:", "field"),
                ("Errors", "```json\n[{}]\n```", "field"),
                ("Platform", "darwin", "field"),
                ("Version", "2.0.76", "field"),
            ],
            id="in-app report",
        ),
        pytest.param(
            EDITOR,
            [
                ("Type", "<b>Bug</b>", "field"),
                ("Extension version", "2.0.1", "field"),
                ("VS Code version", "Code 1.99.0", "field"),
            ],
            id="editor's reporter",
        ),
        pytest.param(
            CLASSIC,
            [
                ("Environment", "- OS: Linux\n- Version: 2.1.0", "field"),
                ("Steps", "Run it.", "field"),
                ("OS", "Linux", "field"),
                ("Version", "2.1.0", "field"),
            ],
            id="classic template",
        ),
        pytest.param("Version: 2.1\n", [("Version", "2.1", "prose")], id="a line in free text"),
        pytest.param(
            "**Version**: 2.1\n",
            [("Version", "2.1", "field"), ("Version", "2.1", "prose")],
            id="a bold line is a heading and a line",
        ),
        pytest.param("Version：\u30002.1\n", [], id="a full-width space parts nothing"),
        pytest.param("Version： 2.1\r\n", [("Version", "2.1", "prose")], id="a full-width colon, CRLF"),
        pytest.param("```\nVersion: 2.1\n```", [], id="a line in a fence"),
        pytest.param("<!-- Version: 2.1 -->", [], id="a line in a comment"),
        pytest.param("see https://x.org: now", [], id="a colon of a link"),
        pytest.param("- Id:\n- OS: Linux\n", [("OS", "Linux", "prose"), ("Id", "", "prose")], id="an item unanswered"),
        pytest.param("- Id:\n\n# A\n", [("A", "", "field"), ("Id", "", "prose")], id="before a heading"),
        pytest.param("- Steps:\n  - one\n", [], id="an item with items of its own"),
        pytest.param("- Error:\n\nIt breaks.\n", [], id="an item answered below"),
        pytest.param(
            "### A\n\nx\n\n### A\n\ny\n", [("A", "x", "field"), ("A", "y", "field")], id="the same label twice"
        ),
        pytest.param(
            "### A\n\n### B\n\ny\n\n### C\n\nz\n",
            [("A", "", "field"), ("B", "y", "field"), ("C", "z", "field")],
            id="a form pasted inside a form",
        ),
        pytest.param("<h3>A</h3>x<h3>B</h3>y", [("A", "x", "field"), ("B", "y", "field")], id="raw HTML"),
    ],
)
def test_sections_are_found(body: str, expected: list[tuple[str, str, str]]) -> None:
    assert sections(body) == expected


def test_the_answer_of_a_known_label_runs_to_the_next_known_one() -> None:
    body = "### Answer\n\nx\n### mine\ny\n\n### Logs\n\nz\n"
    assert sections(body, KNOWN) == [
        ("Answer", "x\n### mine\ny", "field"),
        ("mine", "y", "field"),
        ("Logs", "z", "field"),
    ]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("- [x] a", True),
        ("- [X] a", True),
        ("- [x ] a", True),
        ("- [ x] a", True),
        ("- [√] a", True),
        ("- [✓] a", True),
        ("- [✔] a", True),
        ("- [v] a", True),
        ("- [y] a", True),
        ("- [yes] a", True),
        ("- [*] a", True),
        ("- [х] a", True),
        ("* [x] a", True),
        ("+ [x] a", True),
        ("1. [x] a", True),
        ("2) [x] a", True),
        ("[x] a", True),
        ("   - [x] a", True),
        ("- [x]a", True),
        ("☑ a", True),
        ("✅ a", True),
        ("☑\ufe0f a", True),
        ("- [ ] a", False),
        ("- [] a", False),
        ("- [-] a", False),
        ("☐ a", False),
        ("☒ a", False),
    ],
)
def test_boxes_in_all_their_spellings(line: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert boxes(line) == [("a", expected)]


@pytest.mark.parametrize(
    "body",
    ["- [x](https://x.org) a", "- [q] a", "- [link] a", "- [x]", "```\n- [x] a\n```", "<!-- - [x] a -->", "> - [x] a"],
)
def test_what_is_no_box(body: str) -> None:
    assert boxes(body) == []


def test_boxes_with_line_ends_of_windows() -> None:
    assert boxes("- [x] a\r\n- [ ] b\r\n") == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param("a\n\nb\n", [("prose", "a\n\nb\n")], id="prose"),
        pytest.param("a\n\n> b\n> c\n\nd", [("prose", "a\n"), ("quote", "> b\n> c\n"), ("prose", "d")], id="a quote"),
        pytest.param("a\n> b", [("prose", "a\n"), ("quote", "> b")], id="a quote right below prose"),
        pytest.param("a\n```\nb\n```\nc", [("prose", "a\n"), ("log", "b\n"), ("prose", "c")], id="a fence"),
        pytest.param("```\n\n```", [], id="an empty fence"),
        pytest.param("a <!-- b --> c", [("prose", "a "), ("prose", " c")], id="beside a comment"),
        pytest.param("**So** it broke", [("prose", "**So** it broke")], id="on the line of a bold word"),
        pytest.param("- [x] a\nb", [("prose", "b")], id="a box is no text"),
        pytest.param("- [x] a <!-- b\nc --> d", [("prose", " d")], id="a comment that starts in a box"),
        pytest.param(
            "a\n\nTraceback (most recent call last):\n  x\n",
            [("prose", "a\n"), ("log", "Traceback (most recent call last):\n  x\n")],
            id="pasted traceback",
        ),
        pytest.param("⎿ API Error: 400", [("log", "⎿ API Error: 400")], id="pasted terminal"),
        pytest.param("$ npm i\nnpm ERR! x", [("log", "$ npm i\nnpm ERR! x")], id="pasted shell"),
        pytest.param("2026-01-01 10:00 x", [("log", "2026-01-01 10:00 x")], id="pasted log"),
        pytest.param(
            "# Logs\nboom\n", [("heading", "# Logs"), ("log", "boom\n")], id="below a heading that names a log"
        ),
        pytest.param("_No response_", [], id="no response"),
        pytest.param("N/A", [], id="not applicable"),
        pytest.param(
            "**Describe the bug**\nA clear and concise description of what the bug is.\n",
            [("heading", "**Describe the bug**")],
            id="untouched template",
        ),
        pytest.param(
            "A clear and concise description of what the bug is.\nIt breaks.",
            [("prose", "A clear and concise description of what the bug is.\nIt breaks.")],
            id="written right below the template's sentence",
        ),
        pytest.param(
            "**API Error: 400 You are out of extra usage for today**\n",
            [("heading", "**API Error: 400 You are out of extra usage for today**")],
            id="a long bold line is the reporter's own",
        ),
    ],
)
def test_pieces_of_a_body(body: str, expected: list[tuple[str, str]]) -> None:
    assert pieces(body) == expected


def test_pieces_of_a_form() -> None:
    assert pieces(FORM) == [("prose", "It breaks.\n"), ("log", "boom\n"), ("prose", "2.1.23\n")]


def test_a_long_label_of_a_form_is_no_text() -> None:
    assert pieces("### Please describe what exactly you expected to happen here\n\nx\n") == [("prose", "x\n")]


def test_pieces_of_an_in_app_report() -> None:
    assert pieces(IN_APP) == [
        ("prose", "It breaks.\n"),
        ("prose", "- Platform: darwin\n- Version: 2.0.76\n- Feedback ID:\n"),
        ("errors", "[{}]\n"),
    ]


def test_an_error_dump_without_a_fence() -> None:
    body = "**Bug Description**\n**Environment Info**\n**Errors**\n[{}]"
    assert pieces(body) == [("errors", "\n[{}]")]


def test_a_section_that_a_pack_ignores_is_no_text() -> None:
    assert pieces("### Answer\n\na\n\n### Secret\n\nb\n\n```\nc\n```\n", KNOWN) == [("prose", "a\n")]


def test_a_log_field_holds_logs_without_a_fence() -> None:
    assert pieces("### Answer\n\na\n\n### Logs\n\nboom\n", KNOWN) == [("prose", "a\n"), ("log", "boom\n")]


@pytest.mark.parametrize(
    "label, expected",
    [
        ("Version", "version"),
        ("**Version**:", "version"),
        ("VERSION ?", "version"),
        ("Logs (optional)", "logs"),
        ("Logs (required):", "logs"),
        ("What’s Wrong?", "what's wrong"),
    ],
)
def test_names_of_sections_are_compared_without_marks(label: str, expected: str) -> None:
    assert name_section(label) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("x", True),
        ("", False),
        (" \n", False),
        ("_No response_", False),
        ("None", False),
        ("n/a", False),
        ("```shell\n\n```", False),
        ("```shell\nx\n```", True),
        ("<!-- e.g. 1.2 -->", False),
        ("1.0.123", False),
        ("steps to reproduce the behavior:\n1. Go to '...'\n2. Click on '....'", False),
        ("- OS:\n- Browser (if any):", False),
        ("1. ...\n2. ...", False),
        ("- It fails with this: boom", True),
        ("- OS: [e.g. iOS]\n- Browser [e.g. chrome, safari]\n- Version [e.g. 22]", False),
    ],
)
def test_what_counts_as_an_answer(value: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert is_answered(value, {"1.0.123"}) is expected


def test_a_template_with_one_line_of_ones_own_is_no_template() -> None:
    assert not is_template_text("Steps to reproduce the behavior:\n1. Run it")
