"""The one comment, as it stands; `python -m tests.comment.test_renderer` writes the golden files anew."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.comment.renderer import (
    MAX_CHARACTERS,
    CommentError,
    Frame,
    check_comment,
    check_length,
    render_comment,
    render_incident,
    render_links,
    render_refusal,
    render_withdrawal,
)
from bot.comment.sanitizer import LONGEST_ECHO
from bot.comment.section import Extras, make_section
from bot.duplicates.candidates import SAME_RULE
from bot.duplicates.canonical import Fix
from bot.issue.own_words import is_ours
from bot.rules.matcher import match_rules, read_facts
from bot.triage.actions import Close
from bot.triage.people.closing import Closing
from tests.builders import a_candidate, a_link, a_rule, a_ruleset, a_target, an_issue
from tests.comment.sections import DUPLICATES, EVERYTHING, OPEN, PACK, STATED, section_of

GOLDEN = Path(__file__).parent / "golden"
FIX = Fix(version="v2.1.96", at=datetime(2026, 4, 9, tzinfo=UTC), is_sure=True)
KNOWN = (
    a_link(a_candidate(5, "A", why=SAME_RULE), a_target(5, followers=14)),
    a_link(a_candidate(6), a_target(6, state="fixed", fix=FIX)),
)
CLOSING = Closing(effect="announced", at=datetime(2026, 4, 11, tzinfo=UTC), action=Close("duplicate", 5)).sentence
ALIKE = a_link(a_candidate(8, "C"), a_target(8, followers=1))


def golden_texts() -> dict[str, str]:
    """Every kind of comment, by the name of its golden file."""
    everything = section_of(EVERYTHING, issue=STATED, target=OPEN, duplicates=DUPLICATES)
    short = section_of(a_rule(guidance={"tldr": "The build ran out of disk space."}))
    memory = replace(
        short, title="Out of memory", tldr="The build ran out of memory.", steps=("Close other programs.",)
    )
    enterprise = section_of(
        EVERYTHING, issue=STATED | {"url": "https://github.example.com/octo-org/octo-repo/issues/7"}
    )
    with_tools = section_of(
        a_rule(tags=["disk", "windows"]), extras=Extras(site="https://octo-org.github.io/octo-repo", shows_tools=True)
    )
    return {
        "tldr-only": render_comment([short]),
        "one-step": render_comment([section_of()]),
        "everything": render_comment([everything]),
        "two-sections": render_comment([section_of(target=OPEN), memory]),
        "regression": render_comment(
            [section_of(EVERYTHING, issue={"body": "No space left on device, built with 2.1"})]
        ),
        "enterprise-server": render_comment(
            [enterprise], frame=Frame(url="https://github.example.com/octo-org/octo-repo/issues/7")
        ),
        "links-alone": render_links([*KNOWN, ALIKE]),
        "fixed-links-alone": render_links(KNOWN[1:]),
        "links-with-a-closing": render_links(KNOWN[:1], Frame(closing=CLOSING)),
        "may-be-related": render_comment([section_of(duplicates=(*KNOWN, ALIKE))]),
        "known-incident": render_incident(50, [section_of(EVERYTHING, issue=STATED)]),
        "known-incident-alone": render_incident(50, []),
        "withdrawn": render_withdrawal().strip(),
        "refused": render_refusal().strip(),
        "page": render_comment([section_of(extras=Extras(site="https://octo-org.github.io/octo-repo/"))]),
        "pages-and-tools": render_comment([with_tools, replace(with_tools, title="Out of memory")]),
    }


@pytest.mark.parametrize("name", [path.stem for path in sorted(GOLDEN.glob("*.md"))])
def test_a_comment_reads_as_it_was_looked_at(name: str) -> None:
    assert golden_texts()[name] + "\n" == (GOLDEN / f"{name}.md").read_text("utf-8")


def test_every_kind_of_comment_has_its_golden_file() -> None:
    assert sorted(golden_texts()) == sorted(path.stem for path in GOLDEN.glob("*.md"))


def test_every_comment_is_known_as_ours_without_its_marker() -> None:
    assert [name for name, text in golden_texts().items() if not is_ours(text)] == []


def test_a_long_comment_folds_its_notes_and_links_and_no_other_part() -> None:
    notes = section_of(a_rule(guidance={"tldr": "Full.", "notes": "A larger disk helps."}))
    long = replace(notes, tldr="word " * 150)
    linked = replace(long, resources=("[Space](https://docs.example.com/space)",))
    cases = (notes, long, replace(long, notes=""), linked, replace(linked, notes="", tools=("`df`: Shows it.",)))
    found = [re.findall("<summary>(.*)</summary>", render_comment([each])) for each in cases]
    assert found == [[], ["Notes"], [], ["Notes and links"], ["Links"]]


def test_a_comment_promises_a_second_look_only_where_there_is_one() -> None:
    frame = Frame(rechecks=False)
    texts = [render_comment([section_of()], frame=frame), render_links(KNOWN, frame), render_incident(50, [], frame)]
    assert [text for text in [*texts, render_withdrawal(), render_refusal()] if "checked again" in text] == []


def test_what_is_about_the_report_is_called_no_known_problem() -> None:
    about = section_of(a_rule(about="report", title="No version"))
    assert [render_comment(each).split("\n")[0] for each in ([about], [about, section_of()], [section_of()] * 2)] == [
        "About this report: **No version**",
        "2 notes about this report:",
        "This looks like 2 known problems.",
    ]


# --- a repository's own template


def test_a_template_of_ones_own_says_it_in_its_own_words() -> None:
    template = "Hello!\n{% for section in sections %}\n\n\n\n{{ section.tldr }}\n{% endfor %}\n\n"
    assert render_comment([section_of()], template) == "Hello!\n\nThe build ran out of disk space."


def test_empty_lines_inside_code_stay() -> None:
    template = "a  \n\n\n\n````\n```\n\n x \n\n```\n````\n\n\n\nb"
    assert render_comment([], template) == "a\n\n````\n```\n\n x \n\n```\n````\n\nb"


@pytest.mark.parametrize(
    "template",
    [
        "{{ nobody }}",
        "{{ sections[9].tldr }}",
        "{{ sections[0].nothing }}",
        "{{ sections.tldr() }}",
        "{{ 1 / 0 }}",
        "{{ [] | first | upper }}",
        "{{ 'a' + 1 }}",
        "{% for x in range(99999999) %}x{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ sections.append(1) }}",
        "{% include 'other' %}",
        "{% for x in sections %}",
        "{{ 'x' | no_such_filter }}",
        "ask @octo-org/team",
        "{{ 10 ** (10 ** 8) }}",
        "{{ 'x'|center(2000000000) }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for s in sections %}" + "{{ s.tldr ~ s.tldr }}" * 1_500 + "{% endfor %}" + "x" * 600_000,
        # Nothing that calls, commands or links back, whatever wrote it.
        "{{ '@' ~ 'octocat' }}",
        "@{% for s in sections %}{{ s.title }}{% endfor %}",
        "a `b {{ '@' ~ 'octocat' }}` c` d",
        "/close",
        "hello\n\n- /{{ 'close' }} it",
        "/{% for s in sections %}{{ s.title }}{% endfor %}",
        "Duplicate of #5",
        "> **duplicate of** {{ '#' ~ 5 }}",
        "Duplicate of https://github.com/octo-org/octo-repo/issues/5",
        "see {{ '#' ~ '5' }}",
        "see octo-org/other{{ '#5' }}",
        "see GH-5",
        "https://github.com/octo-org/{{ 'other' }}/issues/5",
        "<div>\n[octo-org/other#5](https://redirect.github.com/octo-org/other/issues/5)\n</div>",
        "1. `a\nb` @octocat `c`",
        "1. a\n    ```\n    x\n    ```\n    @octocat",
        "```\nx\n```\n@octocat",
    ],
)
def test_a_template_that_fails_or_pings_lets_nothing_leave(template: str) -> None:
    with pytest.raises(CommentError):
        render_comment([section_of()], template)


@pytest.mark.parametrize(
    "template",
    [
        "`@octocat`, `/close` and `#5` in code",
        "```\n@octocat\n/close #5\n```",
        "1. a\n    ```\n    npm i @types/node\n    ```\n2. b",
        "- `@octocat`\n- mail to help@example.com",
        "<!-- for us alone -->\n<details><summary>More</summary>\n\nx\n\n</details>",
        "{% for s in sections %}{{ s.follow }}\n\n{{ s.duplicates|join('\n') }}{% endfor %}",
    ],
)
def test_a_template_may_hold_code_and_the_links_of_its_sections(template: str) -> None:
    assert render_comment([section_of(EVERYTHING, target=OPEN, duplicates=DUPLICATES)], template)


def test_code_in_the_texts_of_rules_is_no_ping_wherever_it_stands() -> None:
    nested = "- One:\n  ```\n  a\n  ```\n\nSee #9."
    guidance = {
        "tldr": "Use `@types/node`.",
        "steps": ["Run:\n```\nnpm i @types/node\n```", "Then:\n\n```\nnpm i @octo/cat\n```\n\nand #7."],
        "example": "npm i --global @types/node",
        "notes": nested,
        "recommendation": "Add:\n\n```\nnpm ls @types/node\n```",
    }
    section = section_of(a_rule(guidance=guidance), target=OPEN, duplicates=DUPLICATES)
    alone = section_of(a_rule(guidance=guidance | {"steps": guidance["steps"][1:]}))
    assert render_comment([section, section]).count("@types/node") == 8
    assert "    npm" not in render_comment([alone])


# --- what must not leave


@pytest.mark.parametrize(
    "text, words",
    [("A POSSIBLE  duplicate", ["possible duplicate"]), ("**possible** `duplicate`", ["possible duplicate"])],
)
def test_a_comment_with_forbidden_words_does_not_leave(text: str, words: list[str]) -> None:
    with pytest.raises(CommentError):
        check_comment(text, tuple(words))


def test_a_comment_may_have_as_many_characters_as_github_takes() -> None:
    assert check_length("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS
    with pytest.raises(CommentError):
        check_length("x" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize("text", ["", " \n "])
def test_an_empty_comment_does_not_leave(text: str) -> None:
    with pytest.raises(CommentError):
        check_comment(text, ())


# --- the reporter's own words

ECHOING = a_ruleset(
    a_rule(
        match={"phrase": "No space left on device", "any": [{"phrase": "exit {exit:code}"}, {"phrase": "No space"}]},
        guidance={
            "tldr": (
                "Version {{ version|default('`unknown`') }}, {{ request or '`unknown`' }}, "
                "exit {{ exit|default('`unknown`') }}."
            ),
            "steps": [
                "Compare with {{ version|default('`unknown`') }}.",
                "Ask for `{{ request|default('unknown') }}` again.",
            ],
            "example": "build --version {{ version|default('unknown') }}",
            "notes": "{% if request == 'req_01' %}The first request.{% else %}Some request.{% endif %}",
        },
    ),
    pack=PACK,
)
SECRET = "Zyzzyva"
WORDS = ["built with ", "request ", "exit ", "1.9", "req_01", "E1234", "|", "](", SECRET, "\u202e", "\u200b", "\\"]
TRICKS = ["{{ 7*7 }}", "{% raw %}", "@octocat", "#12", "<!--", "-->", "`", "```\n", "\n\n", "### ", "<b>", "::error::"]
hostile = st.lists(st.sampled_from([*WORDS, *TRICKS]) | st.text(max_size=5), max_size=12).map("".join)


def say_to(title: str, body: str) -> tuple[str, dict[str, str]]:
    """The comment on a report, and the typed captures that it may show."""
    issue = an_issue(title=title, body=f"No space left on device\n\n{body}")
    (match,) = match_rules(read_facts(issue, ECHOING), ECHOING)
    shown = {name: capture.value[:LONGEST_ECHO] for name, capture in match.captures.items() if capture.is_echoable}
    return render_comment([make_section(match, issue, None)]), shown


def read_skeleton(markdown: str, values: set[str]) -> str:
    """What a comment says, with `unknown` for each of these values that stands in code."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    return "\n".join(
        "build --version unknown"
        if token.type == "fence" and token.content.removeprefix("build --version ").strip() in {*values, "unknown"}
        else "".join(_hide(child, values) for child in token.children or [])
        for token in tokens
    )


def _hide(child: Token, values: set[str]) -> str:
    return "unknown" if child.type == "code_inline" and child.content.strip("` ") in values else child.content


@pytest.mark.slow
@given(title=hostile, body=hostile)
def test_nothing_of_a_report_is_repeated_but_typed_captures_in_code(title: str, body: str) -> None:
    comment, shown = say_to(title, body)
    silent, _ = say_to("", "")
    if shown.get("request") == "req_01":
        silent = silent.replace("Some request.", "The first request.")
    values = set(shown.values())
    assert read_skeleton(comment, {*values, "?"}) == read_skeleton(silent, {"?"})
    assert SECRET not in comment or any(SECRET.lower() in value.lower() for value in values)


if __name__ == "__main__":
    for stem, words in golden_texts().items():
        (GOLDEN / f"{stem}.md").write_text(words + "\n", "utf-8")
