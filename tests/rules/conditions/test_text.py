"""What an issue has instead of what a condition looks for."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import extract_facts
from bot.rules.compiler import Compiler
from bot.rules.conditions.text import fits_glob, fits_target
from bot.rules.spec.condition import Condition
from tests.issue.issues import make_issue

BODY = """\
### Claude Code Version

2.1.23

### Operating System

- [x] I searched the existing issues
- [ ] This is a single report

[a.txt](https://github.com/user-attachments/files/1/a.txt) ![Uploading b.png…]()

Process ended with exit code 137, then exit status 2

```
  File "/app/custom_components/foo/sensor.py", line 3, in update
UPPER   case
```
"""


@pytest.mark.parametrize(
    "model, hint",
    [
        pytest.param(
            {"section": "Code Version", "empty": False}, 'the most similar one is "Claude Code Version"', id="heading"
        ),
        pytest.param(
            {"section": "Terminal", "is": "x"},
            "sections in the issue: Claude Code Version, Operating System",
            id="no heading like it",
        ),
        pytest.param({"section": "Claude Code Version", "is": "x"}, "", id="a heading that is there"),
        pytest.param(
            {"checkbox": "I have searched the issues"},
            'the most similar one is "I searched the existing issues"',
            id="box",
        ),
        pytest.param({"checkbox": "single report", "ticked": True}, "", id="a box that is there"),
        pytest.param({"code": 9}, "codes in the issue: 137, 2", id="codes"),
        pytest.param({"frame": "nowhere.*"}, "frames in the issue: update", id="frames"),
        pytest.param(
            {"regex": "UPPER   case"},
            "it matches the text as written, but Signpost searches the collapsed form: "
            '", line 3, in update upper case"',
            id="a pattern that expects white space",
        ),
        pytest.param(
            {"phrase": "plum pie is gone", "in": ["section: OS"]},
            "there is no section OS; sections in the issue: Claude Code Version, Operating System",
            id="a phrase in a field that is not there",
        ),
        pytest.param(
            {"regex": r"^upper\s+case"}, 'it matches with `lines: true`: "upper case"', id="a pattern about a line"
        ),
        pytest.param(
            {"regex": r"in update.upper", "lines": True},
            'it matches without `lines: true`: "in update upper"',
            id="a pattern about several lines",
        ),
        pytest.param({"regex": "nothing", "lines": True}, "", id="a pattern"),
        pytest.param(
            {"checkbox": "I have searched the issues", "section": "Operating System"},
            'the most similar one is "I searched the existing issues"',
            id="a box in its section",
        ),
        pytest.param(
            {"checkbox": "elsewhere", "section": "Operating System"},
            "check boxes in the section Operating System: I searched the existing issues, This is a single report",
            id="boxes in the section",
        ),
        pytest.param({"checkbox": "elsewhere", "section": "Claude Code Version"}, "", id="a section without boxes"),
        pytest.param(
            {"checkbox": "single report", "section": "OS"},
            "there is no section OS; sections in the issue: Claude Code Version, Operating System",
            id="a box in a field that is not there",
        ),
        pytest.param(
            {"link": "https://e.com/x"},
            "links in the issue: https://github.com/user-attachments/files/1/a.txt",
            id="links",
        ),
        pytest.param(
            {"link": "https://e.com/y", "in": "section: OS"},
            "there is no section OS; sections in the issue: Claude Code Version, Operating System",
            id="a link in a field that is not there",
        ),
        pytest.param({"attachment": "*.log"}, "uploads in the issue: a.txt, b.png (unfinished)", id="uploads"),
        pytest.param({"phrase": "plum pie is gone"}, "", id="a phrase"),
        pytest.param({"label": "bug"}, "", id="anything else"),
    ],
)
def test_a_hint_names_what_is_there_instead(model: dict[str, object], hint: str) -> None:
    condition = Compiler({}).compile(Condition.model_validate(model), ())

    found = condition.find_hint(extract_facts(make_issue(BODY)))

    assert found.replace("\n", " ").startswith(hint) if hint else found == ""


@pytest.mark.parametrize(
    "pattern, target, expected",
    [
        ("https://e.com/gist/*", "https://E.com/gist/1", True),
        ("https://e.com/gist/*", "https://e.com/Gist/1", False),
        ("https://e.com/gist/*", "http://e.com/gist/1", False),
        ("HTTPS://E.com/a", "https://e.com/a/", True),
        ("https://e.com/a/", "https://e.com/a", True),
        ("https://e.com/a", "https://e.com/a/b", False),
        ("https://e.com", "https://e.com/", True),
        ("https://e.com/a", "https://e.com/a?b=1#c", True),
        ("https://e.com/a?b=*", "https://e.com/a?b=1#c", True),
        ("https://e.com/a?b=2", "https://e.com/a?b=1", False),
        ("https://e.com/a#c", "https://e.com/a?b=1#c", True),
        ("https://e.com/a#d", "https://e.com/a#c", False),
        ("e.com/*", "http://e.com/a", True),
        ("*.e.com/*", "https://a.b.e.com/c", True),
        ("*.e.com/*", "https://e.com/c", False),
        ("e.com/*", "https://e.com@evil.example/a", False),
        ("e.com/*", "https://me@e.com/a", True),
        ("localhost:8080/*", "http://localhost:8080/a", True),
        ("e.com/a[1]?", "https://e.com/a1", False),
    ],
)
def test_a_link_fits_a_pattern(pattern: str, target: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert fits_target(target, pattern) is expected


@given(st.text("ab*", max_size=6), st.text("ab*", max_size=8))
def test_a_glob_is_what_a_shell_takes_it_for(pattern: str, text: str) -> None:
    assert fits_glob(text, pattern) is fnmatchcase(text, pattern)
