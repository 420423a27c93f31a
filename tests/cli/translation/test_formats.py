"""Configurations of other tools as rules: what is written passes `check`, and what is not is named."""

import json
from collections.abc import Mapping
from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli.translation.drafts import Left, Translation, slugify
from bot.cli.translation.formats import translate
from bot.errors import SettingsError
from bot.rules.loader import build_ruleset
from bot.workbench.check.trial import Trial, run_trial

TODAY = date(2026, 11, 30)
FORM = """\
name: Bug
body:
  - {type: dropdown, id: component, attributes: {label: Which part?, options: [Desktop app, Server]}}
  - {type: checkboxes, id: systems, attributes: {label: Systems, options: [{label: Linux}, {label: macOS}]}}
"""


def read(text: str, *forms: str) -> Translation:
    return translate(text, "file.yml", forms, (), TODAY)


def load(translation: Translation) -> Mapping[str, object]:
    return {name: yaml.safe_load(text) for name, text in translation.rules.items()}


def test_each_label_of_an_issue_labeler_file_is_a_rule_that_all_its_patterns_must_match() -> None:
    done = read("\"Needs: Logs!\":\n  - /no log/i\n  - unexpected error\nlook: a(?=b)\n'config': ^start\nempty: []\n")
    assert load(done) == {
        "needs-logs": {
            "id": "needs-logs",
            "title": "Issues for the label Needs: Logs!",
            "mode": "label",
            "match": {"all": [{"regex": "no log"}, {"phrase": "unexpected error"}]},
            "labels": ["Needs: Logs!"],
            "examples": {"match": ["no log\nunexpected error"], "no_match": ["Thank you for this project."]},
        },
        "config-2": {
            "id": "config-2",
            "title": "Issues for the label config",
            "mode": "label",
            "match": {"regex": "^start"},
            "labels": ["config"],
            "examples": {"match": ["start"], "no_match": ["Thank you for this project."]},
        },
    }
    assert done.left == (
        Left(4, "label 'look'", "the pattern has look-around, which RE2 does not have; use `all:` and `none:`"),
        Left(6, "label 'empty'", "no text was found that all of its patterns match"),
    )


def test_a_pattern_that_the_normal_form_never_holds_gives_no_rule() -> None:
    done = read("code:\n  - '`x  y`'\n")
    assert (done.rules, [(each.line, each.what) for each in done.left]) == ({}, [(1, "rule 'code'")])


def test_a_pattern_that_sees_single_lines_sees_them_here_too() -> None:
    done = read("done:\n  - /^done$/m\n  - unexpected error\n")
    assert load(done) == {
        "done": {
            "id": "done",
            "title": "Issues for the label done",
            "mode": "label",
            "match": {"all": [{"regex": "^done$", "lines": True}, {"phrase": "unexpected error"}]},
            "labels": ["done"],
            "examples": {"match": ["done\nunexpected error"], "no_match": ["Thank you for this project."]},
        }
    }
    assert done.left == ()


def test_a_pattern_for_markdown_says_which_condition_reads_it() -> None:
    done = read("part: '### Part\\s+Core'\nbox:\n  - it is broken\n  - '\\[x\\] I searched'\n5: [7]\nnull: null\n")
    assert (done.rules, done.left) == (
        {},
        (
            Left(1, "rule 'part'", "the pattern looks for a heading; use `section:` with its text"),
            Left(2, "rule 'box'", "the pattern looks for a check box; use `checkbox:` with its label"),
            Left(5, "label '5'", "a pattern must be a text, not 7"),
            Left(6, "label 'null'", "a pattern must be a text, not null"),
        ),
    )


def test_a_file_gives_so_many_rules_and_names_the_rest_once() -> None:
    done = read("".join(f"label{number}x: 'some phrase {number} of many'\n" for number in range(503)))
    reason = "one file gives at most 500 rules; move these to a file of their own, and start again"
    assert (len(done.rules), done.left) == (500, (Left(501, "3 rules from here on", reason),))


def test_a_file_for_a_version_of_the_template_says_so() -> None:
    done = translate("crash: segmentation fault\n", "labeler-v2.yml", (), (), TODAY)
    assert ([*done.rules], done.left[0].what) == (["crash"], "a file for one version of the template")


def test_a_section_is_a_rule_with_a_label_per_answer_and_the_heading_of_the_form() -> None:
    text = """\
policy:
  - template: [bug.yml]
    section:
      - id: [component]
        block-list: [Other]
        label:
          - {name: "area: desktop", keys: [Desktop app, Tray icon, Other]}
          - {name: gui, keys: [desktop app]}
      - id: [systems, os]
        label: [{name: linux, keys: [Linux]}]
      - {id: [nothing]}
"""
    done = read(text, FORM)
    assert load(done) == {
        "which-part-labels": {
            "id": "which-part-labels",
            "title": "Labels for Which part?",
            "mode": "label",
            "match": {"section": "Which part?", "empty": False},
            "labels": {
                "from": [
                    {
                        "section": "Which part?",
                        "map": {"Desktop app": ["area: desktop", "gui"], "Tray icon": "area: desktop"},
                    }
                ]
            },
            "examples": {
                "match": [
                    {"body": "### Which part?\n\nDesktop app", "expect": {"labels": ["area: desktop", "gui"]}},
                ],
                "no_match": ["### Which part?\n\n_No response_"],
            },
        },
        "systems-labels": {
            "id": "systems-labels",
            "title": "Labels for Systems, Os",
            "mode": "label",
            "match": {"any": [{"section": "Systems", "empty": False}, {"section": "Os", "empty": False}]},
            "labels": {
                "from": [
                    {"section": "Systems", "map": {"Linux": "linux"}},
                    {"section": "Os", "map": {"Linux": "linux"}},
                ]
            },
            "examples": {
                "match": [{"body": "### Systems\n\nLinux", "expect": {"labels": ["linux"]}}],
                "no_match": ["### Systems\n\n_No response_"],
            },
        },
    }
    assert done.left == (
        Left(2, "`template`", "a rule matches every issue that has the field, whichever its form is"),
        Left(9, "id 'os'", "no issue form here has this id, so the heading 'Os' is a guess"),
        Left(11, "section nothing", "no answer has a label"),
    )


def test_an_action_on_a_label_is_a_rule_about_that_label() -> None:
    text = """\
wontfix:
  comment: |
    Hi @{issue-author}, this is by design {{ really }}.

    See the docs.
  close: true
  lock: true
  lock-reason: resolved
  prs: {comment: No.}
triaged:
  label: [ready, triaged]
  unlabel: needs-triage
-wontfix: {comment: Again?}
quiet: {reopen: true}
"""
    done = read(text)
    assert load(done) == {
        "wontfix": {
            "id": "wontfix",
            "title": "wontfix",
            "about": "report",
            "match": {"label": "wontfix"},
            "reviewed": TODAY,
            "guidance": {
                "tldr": "This is by design {{ '{' }}{ really }}.",
                "notes": "See the docs.",
                "source": "file.yml",
            },
            "close": {"as": "not_planned", "after": "3d"},
            "examples": {
                "match": [{"title": "It does not work", "labels": ["wontfix"]}],
                "no_match": [{"title": "It does not work"}],
            },
        },
        "triaged": {
            "id": "triaged",
            "title": "triaged",
            "about": "report",
            "mode": "label",
            "match": {"label": "triaged"},
            "labels": {"add": ["ready"], "remove": ["needs-triage"]},
            "examples": {
                "match": [{"title": "It does not work", "labels": ["triaged"]}],
                "no_match": [{"title": "It does not work"}],
            },
        },
    }
    assert [(each.line, each.what) for each in done.left] == [
        (1, "label 'wontfix', `close`"),
        (1, "label 'wontfix', `{issue-author}`"),
        (7, "label 'wontfix', `lock`"),
        (9, "label 'wontfix'"),
        (10, "label 'triaged', `unlabel`"),
        (13, "label '-wontfix'"),
        (14, "label 'quiet', `reopen`"),
    ]


@pytest.mark.parametrize(
    "comment, tldr",
    [
        ("Hi {issue-author}! Please wait.", "Please wait."),
        ("@{issue-author}, please wait.", "Please wait."),
        ("Thanks, @{issue-author}, for it.", "Thanks for it."),
        ("Thank you {issue-author}.", "Thank you."),
        ("We like {issue-author}'s idea.", "We like the author's idea."),
        ("({issue-author})", "(the author)"),
    ],
)
def test_the_author_is_never_named(comment: str, tldr: str) -> None:
    done = read(f"x:\n  comment: {json.dumps(comment)}\n")
    assert yaml.safe_load(done.rules["x"])["guidance"]["tldr"] == tldr
    assert [each.what for each in done.left] == ["label 'x', `{issue-author}`"]


@pytest.mark.parametrize(
    "comment, first, then",
    [
        ("Is it so? " * 70, "Is it so?", "Is it so?"),
        ("- an item\n" * 70, "- an item", "- an item"),
        ("word " * 200, "word", "word"),
    ],
)
def test_a_long_comment_is_cut_between_sentences_lines_or_words(comment: str, first: str, then: str) -> None:
    (text,) = read(f"x:\n  comment: {json.dumps(comment)}\n").rules.values()
    guidance = yaml.safe_load(text)["guidance"]
    assert guidance["tldr"].casefold().endswith(first.casefold())
    assert (guidance["notes"].startswith(then), len(guidance["tldr"]) <= 600) == (True, True)


def test_what_is_not_an_action_is_named() -> None:
    done = read("a: {comment: No., mute: true, issues: {assign: me}}\nb: {issues: [comment]}\nc: {}\nd:\n")
    assert ([*done.rules], done.left) == (
        ["a"],
        (
            Left(1, "label 'a', `assign`", "this is not an action of label-actions"),
            Left(1, "label 'a', `mute`", "this is not an action of label-actions"),
            Left(2, "label 'b', `issues`", "this is not an action of label-actions"),
            Left(3, "label 'c'", "it has no actions"),
            Left(4, "label 'd'", "it has no actions"),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "docs: [{changed-files: [{any-glob-to-any-file: 'docs/*'}]}]\n",
        "a: ['src/**/*.js', README.md]\nb: docs/*\n",
        "a: '*.py'\n",
        "a: [{any: ['src/**', '!src/docs/*']}]\nb: docs/**\n",
    ],
)
def test_globs_for_pull_requests_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="a configuration of actions/labeler, which labels pull requests"):
        read(text)


@pytest.mark.parametrize("text", ["a: 'crash.*now'\n", "a: ['/\\*.* x/i']\n", "a: '/a*b/'\n", "a: 'x.*/*y crash'\n"])
def test_stars_of_patterns_are_not_globs(text: str) -> None:
    assert read(text).kind == "issue-labeler"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "not a configuration that `--from` knows"),
        ("- a\n", "not a configuration"),
        ("configuration: {resourceManagementConfiguration: {}}\n", "a file of github/issue-labeler"),
        ("a: 1\n", "or of dessant/label-actions"),
        ("a: [\n", "file.yml:"),
        ("a: b\na: c\n", "appears twice"),
    ],
)
def test_an_unknown_shape_is_an_error_that_lists_the_three_kinds(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read(text)


def test_ids_are_letters_digits_and_dashes() -> None:
    assert [slugify(name) for name in ("Ärea: UI/UX", "🐛", "a" * 99, "--x--", "")] == [
        "area-ui-ux",
        "rule",
        "a" * 60,
        "x",
        "rule",
    ]


WORDS = st.sampled_from(
    (
        "bug",
        "Core",
        "{{ x }}",
        "{% raw %}",
        "@all",
        "::error::x",
        "fixes #1",
        "a\u202eb",
        "🐛",
        "_No response_",
        "x" * 64,
    )
)
PATTERNS = st.sampled_from(
    ("(a+)+$", "[", r"\d+ errors?", "/^a$/m", "(?!x)y", "config", "Duplicate of #3", "none", "- [x] a", "### X", "")
)
TEXTS = WORDS | PATTERNS | st.text(max_size=12)
ACTIONS = st.sampled_from(["comment", "label", "unlabel", "close", "lock", "close-reason", "prs", "issues"])
CONFIGURATIONS = st.one_of(
    st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS | st.integers() | st.none(), max_size=3), max_size=4),
    st.fixed_dictionaries(
        {
            "policy": st.lists(
                st.fixed_dictionaries(
                    {
                        "section": TEXTS
                        | st.lists(
                            st.fixed_dictionaries(
                                {
                                    "id": TEXTS | st.lists(TEXTS, max_size=2),
                                    "block-list": st.lists(TEXTS, max_size=2) | st.none(),
                                    "label": st.lists(
                                        TEXTS
                                        | st.fixed_dictionaries({"name": TEXTS, "keys": st.lists(TEXTS, max_size=2)}),
                                        max_size=3,
                                    ),
                                }
                            )
                            | TEXTS,
                            max_size=3,
                        )
                    }
                ),
                max_size=2,
            )
        }
    ),
    st.dictionaries(
        TEXTS,
        st.dictionaries(
            ACTIONS, TEXTS | st.booleans() | st.lists(TEXTS, max_size=2) | st.dictionaries(ACTIONS, TEXTS), max_size=4
        ),
        max_size=3,
    ),
)


@settings(max_examples=60)
@given(CONFIGURATIONS)
def test_hostile_configurations_give_rules_that_pass_or_an_error(configuration: object) -> None:
    try:
        done = read(yaml.safe_dump(configuration, allow_unicode=True), FORM)
    except SettingsError:
        return
    ruleset = build_ruleset({f"{name}.yml": text for name, text in done.rules.items()})
    problems = run_trial(Trial(ruleset=ruleset, today=TODAY, jobs=1)).problems
    wrong = [
        str(each) for each in problems if each.severity == "error" and each.kind not in {"overlap", "example-matched"}
    ]
    assert (wrong, len(ruleset.rules)) == ([], len(done.rules))
