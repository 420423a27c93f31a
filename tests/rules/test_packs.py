"""The shipped packs on reports that their examples do not have: good ones of many layouts, and packs side by side."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.loader import load_rules
from bot.rules.matcher import match_rules, read_facts
from bot.rules.tools import choose_tools
from bot.tracker.types import unique
from bot.triage.config import Config
from bot.triage.decisions import decide_rules
from tests.issue.issues import LONG_AGO, make_issue

RULES = Path(__file__).parents[2] / "rules"
COMMON = load_rules([str(RULES / "common")])
ALL = load_rules([str(RULES)])
MODES = {rule.id: rule.model.mode for rule in ALL.rules}

FORM = """### Before you begin

- [x] I have searched the existing issues
- [x] I am using the latest version
- [x] I have attached the log

### What happened?

The list stays empty after the second search.

### Steps to reproduce

1. Search for a name
2. Search for another one

### Version

2.3.1

### Relevant log output

```shell
[info] search finished with 0 results for the second name
```

### Link to reproduction

https://github.com/octo/repro
"""
CLASSIC = """**Describe the bug**
The list stays empty.

**To Reproduce**
Steps to reproduce the behavior:
1. Search twice

**Desktop (please complete the following information):**
 - OS: Debian 12
 - Version 2.3.1
"""
HALF_FILLED = """### What happened?

The list stays empty after the second search.

### Version

2.3.1

### Relevant log output

_No response_

### Screenshots

_No response_

### Anything else?

_No response_
"""
GOOD = {
    "a form": FORM,
    "a form, optional fields left out": HALF_FILLED,
    "a classic template": CLASSIC,
    "Spanish": "### ¿Qué pasó?\n\nLa lista queda vacía.\n\n### Versión\n\n2.3.1\n\n### Registro\n\n_No response_\n",
    "German": "## Fehlerbeschreibung\n\nDie Liste bleibt leer.\n\n## Version\n\n2.3.1\n",
    "Chinese": "### 发生了什么\n\n第二次搜索后列表为空。\n\n### 版本\n\n2.3.1\n",
    "one sentence": "The list stays empty after the second search (2.3.1).",
    "a log alone": "```\npanic: list is empty\n\tat search.go:12\n```",
    "a patch alone": "```diff\n- a\n+ b\n```",
    "tasks": "- [ ] parser\n- [ ] printer\n",
    "tasks in sections": "## Now\n\n- [ ] parser\n\n## Later\n\n- [ ] printer\n",
    "a picture with a sentence": "It looks like this:\n\n![a](https://example.com/a.png)",
    "an in-app report": "**Bug Description**\nThe list stays empty.\n**Environment Info**\n- Version: 2.3.1\n",
    "a table": "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "HTML": "<h3>What happened</h3>\n<p>The list stays empty.</p>",
}


def effects(body: str, title: str = "The list stays empty after a search") -> list[str]:
    """The general rules that would label or speak."""
    matches = match_rules(read_facts(make_issue(body, title=title), COMMON), COMMON)
    return [match.rule.id for match in matches if MODES[match.rule.id] != "observe"]


@pytest.mark.parametrize("name", GOOD)
def test_common_leaves_good_reports_alone(name: str) -> None:
    assert effects(GOOD[name]) == []


answers = st.text(alphabet=st.characters(codec="utf-8", categories=["L"]), min_size=12, max_size=40)


@given(answers=st.lists(answers, min_size=3, max_size=6, unique=True))
def test_common_leaves_filled_forms_of_any_layout_alone(answers: list[str]) -> None:
    for heading in ("### Field {}\n\n{}\n\n", "**Field {}**\n{}\n\n", "## Field {}\n{}\n\n", "Field {}: {}\n"):
        body = "".join(heading.format(number, answer) for number, answer in enumerate(answers))
        assert effects(body) == []


@pytest.mark.parametrize("name", ["claude-code", "common", "rust"])
def test_a_shipped_pack_loads_alone(name: str) -> None:
    pack = load_rules([f"pack:{name}"])
    assert (pack.problems, bool(pack.rules)) == ((), True)


def test_what_is_known_is_not_asked_for_in_general() -> None:
    """A crash with an empty form: the rule that knows it speaks, and the template's emptiness is no topic."""
    rules = load_rules([str(RULES / "rust"), str(RULES / "common")])
    body = "### Error output\n\n_No response_\n\n### Logs\n\n_No response_\n"
    issue = make_issue(body, title="ICE: no errors encountered even though `delay_span_bug` issued")
    decisions = decide_rules(match_rules(read_facts(issue, rules), rules), Config(), LONG_AGO.date())
    assert [each.rule for each in decisions if each.effect == "speaks"] == ["internal-compiler-error"]
    assert unique(label for each in decisions for label in each.add) == ("I-ICE",)


PANIC = r"thread 'rustc' panicked at /rustc/0a1b2c\compiler\rustc_resolve\src\renamer.rs:129:9:" + "\nnot an item\n"


@pytest.mark.parametrize("sign", ["\\", "\\\\", "/"], ids=["Windows", "escaped", "Unix"])
def test_a_crash_is_told_by_the_same_place_on_every_system(sign: str) -> None:
    rules = load_rules([str(RULES / "rust")])
    matches = match_rules(read_facts(make_issue(PANIC.replace("\\", sign)), rules), rules)
    assert [match.captures["panic_site"].value for match in matches] == ["compiler/rustc_resolve/src/renamer.rs"]


def test_every_shipped_rule_has_a_few_tags() -> None:
    assert [rule.id for rule in ALL.rules if not 1 <= len(rule.model.tags) <= 5] == []


def test_the_tools_of_a_shipped_pack_are_pages_that_its_rules_name() -> None:
    texts = {
        pack.name: "\n".join(
            path.read_text("utf-8") for path in (RULES / pack.name).glob("*.yml") if path.stem != "pack"
        )
        for pack in ALL.packs
    }
    assert [tool.url for pack in ALL.packs for tool in pack.model.tools if tool.url not in texts[pack.name]] == []


def test_most_problems_of_a_product_have_a_tool() -> None:
    without = [rule.id for rule in ALL.rules if not choose_tools(rule.model.tags, [rule.pack])]
    assert len(without) < len(ALL.rules) / 10, without
