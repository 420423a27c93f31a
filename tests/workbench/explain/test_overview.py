"""What Signpost reads in an issue before it tries any rule."""

from bot.rules.matcher import read_facts
from bot.workbench.explain.overview import (
    BoxSummary,
    CaptureSummary,
    Overview,
    SectionSummary,
    ViewSummary,
    describe_issue,
)
from tests.issue.issues import make_issue
from tests.rules.rules import make_ruleset

BODY = """\
### Version

v1.2.3

### Platform

_No response_

### What happened

- [x] I searched
- [ ] It is new

It broke.
Tool: 7

```
Tool v1.2.2 crashed
```
"""


def test_everything_that_rules_can_ask_about_is_described() -> None:
    ruleset = make_ruleset()
    issue = make_issue(BODY, title="It is broken and this is what I have seen", labels=("bug",), association="MEMBER")

    found = describe_issue(read_facts(issue, ruleset), ruleset)

    assert found == Overview(
        layout="form",
        language="en",
        association="MEMBER",
        labels=("bug",),
        body=(),
        views=(
            ViewSummary(name="title", texts=1, characters=41),
            ViewSummary(name="body", texts=2, characters=23),
            ViewSummary(name="logs", texts=1, characters=19),
            ViewSummary(name="errors", texts=0, characters=0),
            ViewSummary(name="comments", texts=0, characters=0),
        ),
        sections=(
            SectionSummary(name="Version", line=3, views=("body",), is_answered=True, place="field", answer="v1.2.3"),
            SectionSummary(name="Platform", line=7, views=(), is_answered=False, place="field", answer="_No response_"),
            SectionSummary(
                name="What happened",
                line=11,
                views=("body", "logs"),
                is_answered=True,
                place="field",
                answer="- [x] I searched - [ ] It is new It broke. Tool: 7 ``` Tool v1.2.2 crashed ```",
            ),
            SectionSummary(name="Tool", line=15, views=("body",), is_answered=True, place="prose", answer="7"),
        ),
        boxes=(
            BoxSummary(label="I searched", is_ticked=True, line=11),
            BoxSummary(label="It is new", is_ticked=False, line=12),
        ),
        captures=(
            CaptureSummary(
                name="version",
                value="1.2.2",
                type="version",
                place="logs",
                view="logs",
                source="body",
                line=18,
                also_stated=("1.2.3",),
                parsed="1.2.2",
            ),
        ),
    )


def test_a_body_with_nothing_to_read_says_why() -> None:
    ruleset = make_ruleset()

    bodies = {
        body: describe_issue(read_facts(make_issue(body), ruleset), ruleset).body for body in ("", "### Version\n\n")
    }

    assert bodies == {"": ("empty",), "### Version\n\n": ("template_untouched",)}
