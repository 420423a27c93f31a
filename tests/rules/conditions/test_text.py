"""What an issue has instead of what a condition looks for."""

import pytest

from bot.issue.facts import extract_facts
from bot.rules.compiler import Compiler
from bot.rules.spec.condition import Condition
from tests.issue.issues import make_issue

BODY = """\
### Claude Code Version

2.1.23

### Operating System

- [x] I searched the existing issues
- [ ] This is a single report

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
        pytest.param({"phrase": "plum pie is gone"}, "", id="a phrase"),
        pytest.param({"label": "bug"}, "", id="anything else"),
    ],
)
def test_a_hint_names_what_is_there_instead(model: dict[str, object], hint: str) -> None:
    condition = Compiler({}).compile(Condition.model_validate(model), ())

    found = condition.find_hint(extract_facts(make_issue(BODY)))

    assert found.replace("\n", " ").startswith(hint) if hint else found == ""
