"""What real issue text does (N1 to N21 of the survey), and that a phrase is found in it nevertheless."""

import json
import re
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import DEFAULT_VIEWS, Facts
from bot.rules.compiler import Compiler
from bot.rules.conditions.phrase import make_phrase
from bot.rules.spec.phrase import parse_phrase
from bot.text.exit_codes import find_codes
from bot.text.normalize import MAX_CHARACTERS, collapse, collapse_lines, squeeze, trace_collapse, trace_squeeze
from bot.text.versions import find_versions
from tests.issue.issues import make_comment, make_issue

USAGE = "You're out of extra usage. Add more at claude.ai/settings/usage"


def find(phrase: str, body: str, *, title: str = "", views: tuple[str, ...] = DEFAULT_VIEWS) -> list[str]:
    """The original text of the evidence that the phrase is in an issue."""
    facts = Facts(make_issue(body, title=title))
    return [
        item.text for item in make_phrase(parse_phrase(phrase), views, (), Compiler({})).evaluate(facts, {}).evidence
    ]


@pytest.mark.parametrize(
    "phrase, body, evidence",
    [
        pytest.param(
            "It breaks on start",
            "### What's Wrong?\n\nIt breaks\non start\n\n### Logs\n\n_No response_\n",
            "It breaks\non start",
            id="N1-form",
        ),
        pytest.param(
            "It breaks on start", "<p>It <b>breaks</b> on start</p>", "It <b>breaks</b> on start", id="N1-html"
        ),
        pytest.param(
            USAGE,
            r"{\"message\":\"You\'re out of extra usage. Add more at claude.ai\/settings\/usage\"}",
            r"You\'re out of extra usage. Add more at claude.ai\/settings\/usage",
            id="N3-once",
        ),
        pytest.param(
            '"type":"error","message":"overloaded now"',
            r"{\\\"type\\\":\\\"error\\\",\\\"message\\\":\\\"overloaded now\\\"}",
            r"type\\\":\\\"error\\\",\\\"message\\\":\\\"overloaded now",
            id="N3-twice",
        ),
        pytest.param(
            '{"type": "error", "message"', '{\n  "type": "error",\n  "message": "x"', None, id="N3-pretty-printed"
        ),
        pytest.param("{'type': 'error', 'message'", '{"type":"error","message":"x"', None, id="N3-python-repr"),
        pytest.param("it broke\tbadly here", r"it broke\\nbadly here", r"it broke\\nbadly here", id="N3-line-end"),
        pytest.param("caf\u00e9 is closed today", r"caf\u00e9 is closed today", None, id="N3-code-point"),
        pytest.param("\U0001f600 is closed today", r"\ud83d\ude00 is closed today", None, id="N3-surrogate-pair"),
        pytest.param(USAGE, "You're out of extra usage. Add\n    more at claude.ai/settings/usage", None, id="N4-wrap"),
        pytest.param(USAGE, "You're out of extra usage. Add    more at claude.ai/settings/usage", None, id="N4-run"),
        pytest.param("overloaded_error", 'type":"overload     ed_error"', "overload     ed_error", id="N4-inside-word"),
        pytest.param(
            '"type":"invalid_request_error"', '"ty\n    pe":"invali\n    d_request_error"', None, id="N4-inside-key"
        ),
        pytest.param(
            "You've hit your limit", "You\u2019ve hit your limit", "You\u2019ve hit your limit", id="N5-quote"
        ),
        pytest.param("You\u2019ve hit your limit", "Youve hit your limit", "Youve hit your limit", id="N5-lost"),
        pytest.param(
            '"Usage limit reached" is shown', "\u201cUsage limit reached\u201d is shown", None, id="N5-double"
        ),
        pytest.param("non-breaking hyphens", "non\u2011breaking hyphens", "non\u2011breaking hyphens", id="N5-hyphen"),
        pytest.param("not logged in · please run", "Not logged in \u2219 Please run", None, id="N5-dot"),
        pytest.param("stopped, then crashed", "stopped\uff0c then crashed", None, id="N5-full-width"),
        pytest.param(
            "Not logged in · Please run /login",
            "Not logged in \u00c2\u00b7 Please run /login",
            "Not logged in \u00c2\u00b7 Please run /login",
            id="N6-dot",
        ),
        pytest.param("it isn't supported", "it isn\u00e2\u20ac\u2122t supported", None, id="N6-apostrophe"),
        pytest.param(
            "file contains invalid JSON.",
            "│ file contains invalid   │\n│ JSON.                   │",
            "file contains invalid   │\n│ JSON.",
            id="N7-box",
        ),
        pytest.param("API Error: 400", "⎿ API Error: 400", "API Error: 400", id="N7-furniture"),
        pytest.param(
            "connection was refused",
            "\x1b[31mconnection\x1b[0m was refused",
            "connection\x1b[0m was refused",
            id="N7-ansi",
        ),
        pytest.param("connection was refused", "^[[31mconnection[0m was refused", None, id="N7-ansi-as-text"),
        pytest.param("connection was refused", "\x1b]0;title\x07connection was refused", None, id="N7-terminal-title"),
        pytest.param(
            "tool_use ids were found", "`tool_use` ids were **found**", "tool_use` ids were **found", id="N8-marks"
        ),
        pytest.param(
            "API Error: Rate limited",
            "[ API Error: Rate limited](https://x.org)",
            "[ API Error: Rate limited](https://x.org)",
            id="N8-link",
        ),
        pytest.param("at [392389b] it broke", "at [[392389b](https://x.org/c)] it broke", None, id="N8-auto-link"),
        pytest.param("see https://x.org/page now", "see [](https://x.org/page) now", None, id="N8-link-without-text"),
        pytest.param("5 < 6 is a fact", "5 &lt; 6 is&nbsp;a fact", None, id="N8-entities"),
        pytest.param(
            "messages.{n:int}.content.{m:int}: image",
            "messages.109.content.2: image",
            "messages.109.content.2: image",
            id="N9-numbers",
        ),
        pytest.param("attempt {n:int}/{of:int} failed", "attempt 6/10 failed", "attempt 6/10 failed", id="N9-attempts"),
        pytest.param('"request_id":"{id:any}"}', '"request_id":"req_011CaZ4gV***ybQM"}', None, id="N10-redacted"),
        pytest.param(
            "out of extra usage. add more", "PI Error: 400 out of extra usage. Add more at cla", None, id="N11-cut"
        ),
        pytest.param(
            "API Error: Rate limited", "xAPI Error: Rate limitedAPI Error: Rate limitedv", None, id="N12-run-on"
        ),
        pytest.param(
            "Request timed out.",
            "请求失败：Request timed out. 请帮忙",
            "Request timed out.",
            id="N15-translated-around",
        ),
    ],
)
def test_a_phrase_is_found_in_the_body(phrase: str, body: str, evidence: str | None) -> None:
    (found,) = find(phrase, body)
    assert evidence is None or found.strip("\"'") == evidence


def test_n2_an_error_dump_is_a_view_of_its_own() -> None:
    body = f"**Bug Description**\nx\n**Environment Info**\ny\n**Errors**\n```json\n[{json.dumps({'error': USAGE})}"
    assert (find(USAGE, body), find(USAGE, body, views=("errors",))) == ([], [USAGE])


def test_n13_typos_match_nothing() -> None:
    assert find("usage credits are required", "usage credts are requried") == []


def test_n14_the_same_text_in_every_field_counts_once() -> None:
    assert find("it is broken now", "### A\n\nit is broken now\n\n### B\n\nit is broken now\n") == ["it is broken now"]


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param("![a](https://github.com/user-attachments/assets/1)", True, id="an image"),
        pytest.param('<img width="1" alt="a" src="https://x.org/a" />', True, id="an image in HTML"),
        pytest.param("https://x.org/a.png", True, id="an image's address"),
        pytest.param("### A\n\n![a](https://x.org/a.png)\n\n### OS\n\nWindows\n", True, id="an image in a form"),
        pytest.param("![a](https://x.org/a.png) and it crashes when I start it", False, id="an image and a sentence"),
        pytest.param("It crashes.", False, id="no image"),
    ],
)
def test_n16_screenshots_only(body: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert Facts(make_issue(body)).is_images_only is expected


def test_n17_prose_can_be_left_out() -> None:
    body = "It may be that the request timed out.\n\n```\nall fine\n```\n"
    assert find("request timed out", body, views=("title", "logs")) == []


def test_n18_quotes_in_comments_do_not_count() -> None:
    comments = (make_comment("> request timed out\n\nno"), make_comment("On Monday wrote X wrote:\nrequest timed out"))
    facts = Facts(make_issue(comments=comments))
    assert [text.raw for text in facts.views["comments"]] == ["no"]


def test_n19_codes_have_several_spellings() -> None:
    texts = ("exit code 3221225477", "0xC0000005", "exited with code -1073741819.")
    assert [[stated.code for stated in find_codes(collapse(text))][:1] for text in texts] == [[0xC0000005]] * 3


def test_n20_a_field_and_a_log_may_disagree() -> None:
    facts = Facts(make_issue("### Version\n\n1.0.0\n\n### Logs\n\n```\nTool v2.0.0\n```\n"))
    (log,) = facts.views["logs"]
    assert [stated.text for stated in find_versions(log.raw)] == ["2.0.0"]


def test_n21_a_short_phrase_is_a_whole_word() -> None:
    assert (find("timeout", "run timeouts 300"), find("timeout", "run timeout 300")) == ([], ["timeout"])


FAST_AND_TRACED = pytest.mark.parametrize(
    "fast, traced",
    [
        pytest.param(collapse, trace_collapse, id="collapsed"),
        pytest.param(lambda text: squeeze(collapse(text)), trace_squeeze, id="squeezed"),
    ],
)
SIGNS = "ab A\n\t\r\\\"'`*~#>[](){}<>&;:/!mnu0123\x00\x1b^\u200b\u202e\u0301\u0323ÂâßİΣςﬁ１ﷺ한한│⎿·’“—\ud800\U0001f600"
texts = st.text(st.sampled_from(SIGNS) | st.characters()) | st.lists(
    st.sampled_from(
        ["<b>", "&amp;", "\\n", '\\\\\\"', "\\u0041", "[a](b)", "C:\\new", "**", "# ", "\x1b[0m", "e\u0301", " "]
    )
).map("".join)


@FAST_AND_TRACED
@given(text=texts)
def test_the_trace_gives_what_the_fast_path_gives(
    fast: Callable[[str], str], traced: Callable[..., object], text: str
) -> None:
    assert getattr(traced(text), "text", None) == fast(text)


@given(texts, st.data())
def test_every_span_of_a_normal_form_comes_from_somewhere(text: str, data: st.DataObject) -> None:
    for trace in (trace_collapse(text), trace_squeeze(text)):
        end = data.draw(st.integers(0, len(trace.text)))
        start = data.draw(st.integers(0, end))
        first, last = trace.locate(start, end)
        assert 0 <= first <= last <= len(text)
        assert (first < last) or start == end


@given(texts)
def test_the_normal_forms_hold_no_upper_case_no_wild_space_and_nothing_that_utf8_cannot_carry(text: str) -> None:
    collapsed = collapse(text)
    assert collapsed == collapsed.lower()
    assert not re.search(r"\s\s|[^\S ]|^ | $", collapsed)
    assert collapsed.encode().decode() == collapsed
    assert " " not in squeeze(collapsed)


plain = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789 .,:;!?()-_=+@%", min_size=1, max_size=60)


@given(plain)
def test_plain_text_is_collapsed_once_and_for_all(text: str) -> None:
    assert collapse(collapse(text)) == collapse(text)
    assert squeeze(squeeze(text)) == squeeze(text)


def escape(text: str, rounds: int, *, is_ascii: bool) -> str:
    for _ in range(rounds):
        text = json.dumps({"error": text}, ensure_ascii=is_ascii)
    return text


def draw_box(text: str, width: int) -> str:
    lines = textwrap.wrap(text, width, drop_whitespace=False)
    return "\n".join(["╭" + "─" * width + "╮", *(f"│ {line:{width}} │" for line in lines), "╰" + "─" * width + "╯"])


WORDS = ["API", "Error:", "You're", "out", "of", '"extra"', "usage", "add", "more", "café", "限额", "400", "naïve"]
sentences = st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join)


@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize("is_ascii", [True, False])
@given(sentence=sentences)
def test_a_sentence_is_found_escaped(rounds: int, is_ascii: bool, sentence: str) -> None:  # noqa: FBT001 (a table)
    assert squeeze(collapse(sentence)) in squeeze(collapse(escape(sentence, rounds, is_ascii=is_ascii)))


@given(sentences, st.integers(40, 120), st.booleans())
def test_a_sentence_is_found_wrapped(sentence: str, width: int, is_inside_words: bool) -> None:  # noqa: FBT001
    text = sentence * 3
    lines = [text[i : i + width] for i in range(0, len(text), width)] if is_inside_words else textwrap.wrap(text, width)
    assert squeeze(collapse(sentence)) in squeeze(collapse("\n     ".join(lines)))


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(str.upper, id="upper case"),
        pytest.param(lambda text: text.replace("'", "’").replace('"', "“"), id="curly quotes"),
        pytest.param(lambda text: draw_box(text, 40), id="in a box"),
        pytest.param(
            lambda text: "".join(f"\x1b[3{i % 8}m{sign}\x1b[0m" for i, sign in enumerate(text)), id="coloured"
        ),
        pytest.param("\u200b".join, id="zero-width spaces"),
        pytest.param(lambda text: f"**{text}**", id="bold"),
        pytest.param(lambda text: f"> {text}", id="quoted"),
        pytest.param(lambda text: f"<p>{text}</p>", id="in HTML"),
    ],
)
@given(sentence=sentences)
def test_a_sentence_is_found_mangled(mangle: Callable[[str], str], sentence: str) -> None:
    assert squeeze(collapse(sentence)) in squeeze(collapse(mangle(sentence)))


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("C:\\new\\table", "c:\\new\\table", id="a Windows path is no escape"),
        pytest.param("\x1b[1;34mC:\\new\x1b[0m", "c:\\new", id="nor is one in colour"),
        pytest.param(
            "compiler\\rustc_a\\src\\new.rs:1", "compiler\\rustc_a\\src\\new.rs:1", id="nor one without a drive"
        ),
        pytest.param("src\\new line", "src ew line", id="unless it names no file"),
        pytest.param("a\\qb", "a\\qb", id="a backslash that escapes nothing stays"),
        pytest.param("\\ud800 x", "? x", id="half a surrogate pair, escaped"),
        pytest.param("a\ud800b", "ab", id="half a surrogate pair"),
        pytest.param("1 * 2", "1 * 2", id="a star between spaces stays"),
        pytest.param("^[]abc", "]abc", id="no terminal title without its end"),
        pytest.param("\u1112\u1161\u11ab", "한", id="Korean, as macOS writes file names"),
        pytest.param("Stra\u00dfe", "strasse", id="sharp s"),
        pytest.param("\ufb01le", "file", id="a ligature"),
        pytest.param("ab" * MAX_CHARACTERS, "ab" * (MAX_CHARACTERS // 2), id="cut at GitHub's own limit"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_collapsed_form(text: str, expected: str) -> None:
    assert collapse(text) == expected


def test_the_squeezed_form_has_neither_space_nor_quotes() -> None:
    assert squeeze('you\'re "it" now') == "youreitnow"


SURROUNDINGS = st.text(st.sampled_from(SIGNS.replace("\\", "")), max_size=20)


@given(st.text(alphabet="ab '\"", max_size=30), st.data())
def test_a_place_in_the_squeezed_form_is_one_in_the_collapsed_form(text: str, data: st.DataObject) -> None:
    """From the first sign that is kept to the last one: not a space more."""
    squeezed, collapsed = trace_squeeze(text), collapse(text)
    start = data.draw(st.integers(0, max(0, len(squeezed.text) - 1)))
    end = data.draw(st.integers(min(start + 1, len(squeezed.text)), len(squeezed.text)))
    first, last = squeezed.edits[-1].locate_start(start), squeezed.edits[-1].locate_end(end)

    assert squeeze(collapsed[first:last]) == squeezed.text[start:end]
    assert collapsed[first:last].strip(" '\"") == collapsed[first:last]


@given(SURROUNDINGS, sentences.filter(lambda sentence: len(sentence) > 20), SURROUNDINGS, st.integers(0, 3))
def test_the_evidence_of_a_sentence_is_the_sentence(before: str, sentence: str, after: str, rounds: int) -> None:
    body = f"{before} {escape(sentence, rounds, is_ascii=False)} {after}"
    wanted = squeeze(collapse(sentence))
    for text in Facts(make_issue(body)).find_texts(("body", "logs")):
        for start in [match.start() for match in re.finditer(re.escape(wanted), text.squeezed)]:
            span = text.locate_squeezed(start, start + len(wanted))
            assert squeeze(collapse(body[span.start : span.end])) == wanted


@given(texts)
def test_lines_are_the_collapsed_form_with_its_line_ends(text: str) -> None:
    lines = collapse_lines(text)

    assert lines.replace("\n", " ") == collapse(text)
    assert all(line == " ".join(line.split()) and line for line in lines.split("\n")) or not lines


@pytest.mark.parametrize(
    "text, lines",
    [
        pytest.param(" a  b \r\n\r\n\tc\n", "a b\nc", id="trimmed, without empty ones"),
        pytest.param("10%\r20%\rdone", "10%\n20%\ndone", id="a progress line"),
        pytest.param("\x1b[31mred\x1b[0m\nb", "red\nb", id="colours"),
        pytest.param('"a\\r\\n  b"', '"a\nb"', id="escaped in JSON"),
        pytest.param("# A\n> b\n**c**", "a\nb\nc", id="marks of Markdown"),
    ],
)
def test_line_ends_are_kept(text: str, lines: str) -> None:
    assert collapse_lines(text) == lines
