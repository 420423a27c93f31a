"""What Signpost sees of an issue before any rule is asked."""

from bot.rules.matcher import read_facts
from bot.workbench.explain.overview import SeenBox, SeenCapture, SeenSection, SeenView, Sight, see_issue
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


def test_everything_that_rules_can_ask_about_is_seen() -> None:
    ruleset = make_ruleset()
    issue = make_issue(BODY, title="It is broken and this is what I have seen", labels=("bug",), association="MEMBER")

    found = see_issue(read_facts(issue, ruleset), ruleset)

    assert found == Sight(
        layout="form",
        language="en",
        association="MEMBER",
        labels=("bug",),
        body=(),
        views=(
            SeenView(name="title", texts=1, characters=41),
            SeenView(name="body", texts=2, characters=23),
            SeenView(name="logs", texts=1, characters=19),
            SeenView(name="errors", texts=0, characters=0),
            SeenView(name="comments", texts=0, characters=0),
        ),
        sections=(
            SeenSection(name="Version", line=3, views=("body",), is_answered=True, place="field", answer="v1.2.3"),
            SeenSection(name="Platform", line=7, views=(), is_answered=False, place="field", answer="_No response_"),
            SeenSection(
                name="What happened",
                line=11,
                views=("body", "logs"),
                is_answered=True,
                place="field",
                answer="- [x] I searched - [ ] It is new It broke. Tool: 7 ``` Tool v1.2.2 crashed ```",
            ),
            SeenSection(name="Tool", line=15, views=("body",), is_answered=True, place="prose", answer="7"),
        ),
        boxes=(
            SeenBox(label="I searched", is_ticked=True, line=11),
            SeenBox(label="It is new", is_ticked=False, line=12),
        ),
        captures=(
            SeenCapture(
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

    bodies = {body: see_issue(read_facts(make_issue(body), ruleset), ruleset).body for body in ("", "### Version\n\n")}

    assert bodies == {"": ("empty",), "### Version\n\n": ("template_untouched",)}
