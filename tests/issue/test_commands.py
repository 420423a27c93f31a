"""Commands in comments: what is one, who may give it, and what several of them come to."""

import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.commands import (
    COMMANDS,
    UNANSWERED,
    UNASKED,
    Command,
    Duplicates,
    find_duplicates,
    find_last,
    find_unasked,
    hear_commands,
    is_maintainer,
    read_commands,
    write_table,
)
from bot.tracker.types import Account
from tests.builders import HUMAN, OTHER_BOT, REPORTER, a_comment, an_issue
from tests.stand_ins.gfm import render

WRONG, COMMAND = "/signpost wrong", "/signpost duplicate #12"
ELSEWHERE = "https://github.com/octo-org/other/issues/4"
HERE = "https://github.com/octo-org/octo-repo"


@pytest.mark.parametrize(
    "line, expected",
    [
        (COMMAND, Command("duplicate", "#12", 12)),
        ("/signpost duplicate 12", Command("duplicate", "12", 12)),
        ("/Signpost  Duplicate of #12.", Command("duplicate", "of #12", 12)),
        (f"   {COMMAND}  ", Command("duplicate", "#12", 12)),
        (f"/signpost duplicate {HERE}/issues/4", Command("duplicate", f"{HERE}/issues/4", 4, HERE)),
        (f"/signpost duplicate <{HERE}/issues/4#x>", Command("duplicate", f"<{HERE}/issues/4#x>", 4, HERE)),
        ("/signpost duplicate", Command("duplicate")),
        ("/signpost duplicate #0", Command("duplicate", "#0")),
        ("/signpost duplicate #12 #13", Command("duplicate", "#12 #13")),
        ("/signpost duplicate octo/widget#12", Command("duplicate", "octo/widget#12")),
        ("/signpost not-duplicate", Command("not-duplicate")),
        ("/signpost not-duplicate #3", Command("not-duplicate", "#3", 3)),
        (WRONG, Command("wrong")),
        ("/signpost wrong   it is the `network`.  ", Command("wrong", "it is the `network`.")),
        ("/signpost report.", Command("report")),
        ("/signpost report all", Command("report", "all")),
        ("/signpost mute out-of-disk", Command("mute", "out-of-disk")),
        ("/signpost foo", Command("foo")),
        ("/signpost wrongly", Command("wrongly")),
        ("/signpost", None),
        ("/signpostwrong", None),
        ("/ signpost wrong", None),
        ("/signpost 12", None),
        ("wrong", None),
        ("This is a duplicate of #12", None),
        (f"Write {COMMAND}", None),
    ],
)
def test_a_command_is_a_line(line: str, expected: Command | None) -> None:
    assert read_commands(line) == ((expected,) if expected else ())


def test_a_comment_may_give_several() -> None:
    body = f"Hello.\n{WRONG} x\r\n\r\n{COMMAND}\nBye."
    assert read_commands(body) == (Command("wrong", "x"), Command("duplicate", "#12", 12))
    assert len(read_commands(f"{WRONG}\n" * 1000)) == 20


DEADLINE = 2
"""Seconds; each of these comments takes at most 0.2 on a slow machine."""

NO_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Characters that end a line for Python, and not for CommonMark."""

WRAPPED = {
    "fence": "```\n{}\n```",
    "fence with a language": "~~~text\n{}\n~~~",
    "fence without an end": "```\n{}",
    "fence in a list": "- a\n\n  ```\n  {}\n  ```",
    "fence of tildes in one of backticks": "~~~~\n~~~\n{}\n~~~~",
    "indented": "    {}",
    "code span": "`{}`",
    "code span over lines": "`a\n{}\nb`",
    "long code span over lines": "``a `\n{}\nb``",
    "pre": "<pre>\n{}\n</pre>",
    "pre without an end": "<pre>\n{}",
    "pre with empty lines": "<pre>\n\n{}\n\n</pre>",
    "pre over lines": "<pre\nclass=x>\n\n{}\n\n</pre>",
    "pre with a long attribute": f'<pre class="{"a" * 300}">\n{{}}\n</pre>',
    "pre with a sign in an attribute": "<pre title='<'>\n{}\n</pre>",
    "pre with another end": "<pre>\n\n</pre-x></pre x\n\n{}\n</pre>",
    "code with a long attribute": f"<code class={'a' * 300}>\n{{}}\n</code>",
    "code": "<code>\n{}\n</code>",
    "quote": "> {}",
    "quote that goes on": "> a quote\n{}",
    "quote in a list": "- > a quote\n{}",
    "quote in a list behind a tab": "- a\n\n\t> a quote\n{}",
    "quote over a no-break space": "> a quote\n\u00a0\n{}",
    "fence over a mark that is none": "```\n```\u00a0\n{}\n```",
    "fence with old line ends": "```\r{}\r```",
    "nested quotes": "> > a\n{}",
    "blockquote as HTML": "<blockquote>\n\n{}\n\n</blockquote>",
    "blockquote over lines": "<blockquote\nclass=x>\n\n{}\n\n</blockquote>",
    "HTML comments without an end": "<!-- a\n\n{}\n\n<!-- b",
    "HTML comment": "<!--\n{}\n-->",
    "script": "<script>\n{}\n</script>",
    "table with a form feed": "a | b\n--|--\f\n{}",
    "processing instruction": "<?a\n{}\n?>",
    "CDATA": "<![CDATA[\n{}\n]]>",
    "attribute": '<a title="\n{}\n">x</a>',
    "attribute with the end of a tag": '<img alt=">\n{}\n">',
    "attribute with the start of a tag": "<div title = '<\n{}\n'>",
    "table": "a | b\n--|--\n{}",
    "table of one column": "|a|\n|-|\n{}",
    "head of a table": "{} | b\n--|--\nc | d",
    "text of a link": "[a\n{}\nb](https://example.com)",
    "title of a link": '[a](https://example.com "\n{}\n")',
    "text of an image": "![a\n{}\nb](https://example.com/a.png)",
    "definition of a link": '[a]: https://example.com "\n{}\n"',
    **{
        f"{name} before {sign!r}": f"{shape}{sign}{sign}{{}} "
        for sign in NO_LINE_ENDS
        for name, shape in (("quote", "> a"), ("indented", "a\n\n    b"), ("table", "a|b\n-|-\nc"))
    },
    "within a sentence": "Please write {} here",
    "escaped": "\\{}",
}
PLAIN = {
    "alone": "{}",
    "between paragraphs": "Hello.\n\n{}\n\nBye.",
    "within a paragraph": "Hello.\n{}\nBye.",
    "after a fence": "```\ncode\n```\n{}",
    "after a quote": "> a quote\n\n{}",
    "after an HTML comment": "<!-- a -->\n{}",
    "after code that is named": "Use `<pre>` for it.\n\n{}",
    "after a table": "a | b\n--|--\nc | d\n\n{}",
    "after a link": "See [a](https://example.com).\n{}",
    "after a heading": "# a\n{}",
    "Windows line ends": "Hello.\r\n{}\r\nBye.",
}


@pytest.mark.parametrize("shape", WRAPPED.values(), ids=WRAPPED)
def test_no_command_acts_inside_of_other_things(shape: str) -> None:
    for command in (WRONG, f"{WRONG} it is the network", COMMAND):
        assert read_commands(shape.format(command)) == ()


@pytest.mark.parametrize("shape", PLAIN.values(), ids=PLAIN)
def test_a_real_command_acts(shape: str) -> None:
    assert read_commands(shape.format(f"{WRONG} it is the `network`")) == (Command("wrong", "it is the `network`"),)


class _Shown(HTMLParser):
    """What GitHub shows as plain text: outside code, quotes, links, tables, and what its sanitizer removes."""

    _APART = frozenset(
        {"code", "pre", "samp", "kbd", "tt", "q", "blockquote", "a", "table", "script", "style", "textarea", "title"}
    )

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self._open = "", list[str]()
        self.feed(html.replace("<![", "&lt;!["))  # which Python's parser does not survive
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._open += [tag] if tag in self._APART else []

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self.text += "" if self._open else data


PARTS = [
    *("\n", "\n\n", "\r\n", " ", "   ", "    ", "\t", "> ", ">", "- ", "1. ", "* ", "`", "``", "```", "~~~", "~~~~"),
    *("```text", "<!--", "-->", "<pre>", "</pre>", "<code>", "</code>", "<blockquote>", "</blockquote>", "<details>"),
    *("<div>", "</div>", "<script>", "</script>", "<?", "?>", "<![CDATA[", "]]>", "<a title='", "'>", "[", "]", "]("),
    *("\r", "\u00a0", "<pre\nclass=x>", "<pre title='<'>", '<img alt=">', "</pre x", *NO_LINE_ENDS),
    *("(", ")", "![", "[a]: b", '"', "'", "a | b", "--|--", "|-|", ":-", "---", "===", "# ", "\\", "x", "*", "<", ">"),
]


@st.composite
def a_body(draw: st.DrawFn) -> str:
    """Markdown of any kind with numbered commands in it, most of them at the start of a line."""
    parts = draw(st.lists(st.sampled_from([*PARTS, "\n@", "\n@\n"]), max_size=14))
    return "".join(part.replace("@", f"/signpost wrong n{number}e") for number, part in enumerate(parts))


@given(a_body())
def test_only_what_github_shows_as_plain_text_acts(body: str) -> None:
    shown = _Shown(render(body)).text
    said = [re.findall(r"n\d+e", command.argument) for command in read_commands(body)]
    assert [each for each in said if not all(mark in shown for mark in each)] == []


CLOSED = [shape for name, shape in WRAPPED.items() if not (shape.endswith("{}") or "without an end" in name)]


@given(st.lists(st.sampled_from(CLOSED), max_size=4))
def test_behind_any_closed_neighbours_a_real_command_acts(shapes: list[str]) -> None:
    body = "\n\n".join(shape.format(WRONG) for shape in shapes)
    assert read_commands(body) == ()
    assert read_commands(f"{body}\n\n{WRONG} because") == (Command("wrong", "because"),)


@pytest.mark.parametrize("sign", [*" \t\u00a0\n\r`~<>[]()!-|#*/\\\"'&", *NO_LINE_ENDS, "<!--", "<pre>", "](", "<a '"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_comment_of_any_kind_is_read_at_once(sign: str, end: str) -> None:
    line = sign * (1 if end else 60_000)
    body = f"/signpost foo\n\n{line}{end}" * (15_000 if end else 1)
    started = time.process_time()
    assert len(read_commands(body)) in {1, 20}
    assert time.process_time() - started < DEADLINE


# --- who may give one


@pytest.mark.parametrize(
    "association, role, expected",
    [
        ("OWNER", "", True),
        ("MEMBER", "", True),
        ("COLLABORATOR", "", True),
        ("CONTRIBUTOR", "", False),
        ("NONE", "", False),
        ("NONE", "admin", True),
        ("CONTRIBUTOR", "maintain", True),
        ("CONTRIBUTOR", "write", True),
        ("CONTRIBUTOR", "triage", True),
        ("MEMBER", "read", False),
        ("MEMBER", "none", True),
        ("MEMBER", UNANSWERED, True),
        ("CONTRIBUTOR", UNANSWERED, False),
        ("MEMBER", UNASKED, False),
    ],
)
def test_the_role_decides_and_the_association_where_it_is_unknown(
    association: str, role: str, *, expected: bool
) -> None:
    permissions = {"hubot-keeper": role} if role else {}
    assert is_maintainer(a_comment("", HUMAN, association=association), permissions) is expected
    assert is_maintainer(a_comment("", Account(login="Hubot-Keeper"), association=association), permissions) is expected
    assert not is_maintainer(a_comment("", OTHER_BOT, association=association), permissions)


NOT_ALLOWED = "only the author of the issue and maintainers may give it"
FOR_MAINTAINERS = "only maintainers may give it"
UNKNOWN = f"there is no such command; Signpost knows {', '.join(COMMANDS)}"


@pytest.mark.parametrize(
    "body, author, association, fault",
    [
        (WRONG, REPORTER, "NONE", ""),
        (WRONG, Account(login="OctoCat"), "NONE", ""),
        (WRONG, HUMAN, "MEMBER", ""),
        (WRONG, HUMAN, "NONE", NOT_ALLOWED),
        ("/signpost explain", HUMAN, "MEMBER", ""),
        ("/signpost explain", REPORTER, "MEMBER", ""),
        ("/signpost explain", REPORTER, "NONE", FOR_MAINTAINERS),
        ("/signpost mute x", HUMAN, "CONTRIBUTOR", FOR_MAINTAINERS),
        ("/signpost mute", HUMAN, "MEMBER", "`RULE` is missing"),
        ("/signpost rerun now", REPORTER, "NONE", "it has no argument"),
        ("/signpost duplicate", REPORTER, "NONE", "`#N` is missing"),
        ("/signpost duplicate it", REPORTER, "NONE", "its argument must be the number or the URL of an issue"),
        (f"/signpost duplicate {ELSEWHERE}", REPORTER, "NONE", "that issue is not in this repository"),
        (f"/signpost duplicate {HERE.upper()}/issues/4", REPORTER, "NONE", ""),
        ("/signpost foo", REPORTER, "NONE", UNKNOWN),
        ("/signpost foo", HUMAN, "MEMBER", UNKNOWN),
    ],
)
def test_a_command_without_effect_has_a_fault(body: str, author: Account, association: str, fault: str) -> None:
    issue = an_issue(comments=(a_comment(body, author, association=association),))
    assert [each.fault for each in hear_commands(issue)] == [fault]


def test_nobody_speaks_for_those_whose_accounts_are_gone() -> None:
    comments = tuple(a_comment(WRONG, Account(login="Ghost"), association=role) for role in ("NONE", "MEMBER"))
    issue = an_issue(author=Account(login="ghost"), comments=comments)
    assert [each.fault for each in hear_commands(issue)] == [NOT_ALLOWED, NOT_ALLOWED]
    assert find_unasked(issue, {}) == ()


def test_bots_give_none() -> None:
    assert hear_commands(an_issue(comments=(a_comment(WRONG, OTHER_BOT, association="MEMBER"),))) == ()


def test_who_looks_like_a_maintainer_is_asked_for_first() -> None:
    writers = ((f"person-{n}", "MEMBER" if n in {2, 5} else "CONTRIBUTOR") for n in range(7))
    comments = (a_comment(WRONG, Account(login=login), association=role) for login, role in writers)
    found = find_unasked(an_issue(comments=tuple(comments)), {})
    assert found == tuple(f"person-{n}" for n in (5, 2, 6, 4, 3, 1, 0))


@pytest.mark.parametrize(
    "body, author, asked",
    [
        (WRONG, REPORTER, ()),
        ("/signpost explain", REPORTER, ("octocat",)),
        (WRONG, HUMAN, ("hubot-keeper",)),
        ("/signpost foo", HUMAN, ()),
        ("me too", HUMAN, ()),
        (WRONG, OTHER_BOT, ()),
    ],
)
def test_a_role_is_asked_for_where_it_decides(body: str, author: Account, asked: tuple[str, ...]) -> None:
    comment = a_comment(body, author, association="MEMBER")
    issue = an_issue(comments=(comment, comment))
    assert find_unasked(issue, {}) == asked
    assert find_unasked(issue, dict.fromkeys(asked, "read")) == ()


# --- what they come to


def hear(*bodies: str) -> Duplicates:
    return find_duplicates(hear_commands(an_issue(comments=tuple(map(a_comment, bodies)))))


def deny(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


@pytest.mark.parametrize(
    "said, expected",
    [
        ((), Duplicates()),
        (("duplicate #3", "duplicate #4"), Duplicates(4)),
        (("duplicate #3", "duplicate x"), Duplicates(3)),
        (("duplicate #3", "not-duplicate #3"), Duplicates(None, deny(3), since=deny(3))),
        (("duplicate #3", "not-duplicate #4"), Duplicates(3, deny(4), since=deny(4))),
        (("duplicate #3", "not-duplicate"), Duplicates(is_denied=True)),
        (("not-duplicate #3", "duplicate #3"), Duplicates(3)),
        (("not-duplicate", "duplicate #3"), Duplicates(3, is_denied=True)),
        (("not-duplicate #4", "not-duplicate #5"), Duplicates(None, deny(4, 5), since=deny(4, 5))),
    ],
)
def test_the_last_word_on_duplicates_counts(said: tuple[str, ...], expected: Duplicates) -> None:
    assert hear(*(f"/signpost {each}" for each in said)) == expected


@pytest.mark.parametrize(
    "said, number, end, is_followed, expected",
    [
        (("not-duplicate #3",), 3, None, False, True),
        (("not-duplicate #3",), 2, 3, True, True),
        (("not-duplicate #3",), 4, 4, False, False),
        (("not-duplicate",), 4, 4, False, True),
        (("not-duplicate",), 4, 4, True, False),
        (("not-duplicate", "duplicate #4"), 4, 5, False, False),
        (("not-duplicate #5", "duplicate #4"), 4, 5, False, False),
        (("duplicate #4", "not-duplicate #5"), 4, 5, False, True),
    ],
)
def test_what_is_denied_is_not_linked(
    said: tuple[str, ...], number: int, end: int | None, *, is_followed: bool, expected: bool
) -> None:
    duplicates = hear(*(f"/signpost {each}" for each in said))
    assert duplicates.forbids(number, end, is_followed=is_followed) is expected


def test_the_last_command_with_an_effect_counts() -> None:
    bodies = ("/signpost close", "/signpost keep-open", "/signpost close now")
    last = find_last(hear_commands(an_issue(comments=tuple(map(a_comment, bodies)))), "close", "keep-open")
    assert last
    assert last.command == Command("keep-open")


# --- the documentation

PAGE = Path(__file__).parents[2] / "docs/comment-commands.md"


def test_the_documentation_has_the_table() -> None:
    assert write_table() in PAGE.read_text("utf-8")
