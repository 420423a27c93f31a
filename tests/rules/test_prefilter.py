"""The prefilter leaves out no rule that matches, whatever the rules and the texts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from tests.builders import Fields, a_rule, a_ruleset, an_issue

WORDS = (
    *(
        "error",
        "Straße",
        "ΣΟΦΌΣ",
        "İstanbul",
        "ﬁle",
        "K",
        "ſtop",
        "naïve",
        "ключ",
        "鍵",
        "\U0001f511",
        "e\u0301t\u00e9",
    ),
    *("a", "1.2.3", "28", '"quoted"', "it's", "no space left", "`code`", "C:\\new", "\\n", "\u200b", "\ud800"),
    *("ᏣᎳᎩ", "ꮳꮃꭹ"),
)
words = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), min_size=1, max_size=6)
texts = st.builds(" ".join, words)
phrases = st.builds(
    "{}cannot open {} here{}".format,
    texts.map(lambda text: text.replace("{", "")),
    st.sampled_from(["{thing:any}", "{code:int}", "{v:version}", "the file"]),
    st.sampled_from(["", " {when:word}", "!"]),
)
regexes = st.sampled_from(
    [r"error \d+", r"\bopen\b", r"no (?:space|room)", r"ключ|鍵", r"^cannot", r"here$", r"straße", r"[Kk]", r"^no\s\w+"]
)


def make_rule(index: int, phrase: str, regex: str, kind: int) -> Fields:
    conditions = (
        {"phrase": phrase},
        {"regex": regex, "lines": index % 2 == 0},
        {"any": [{"phrase": phrase}, {"regex": regex, "lines": index % 3 == 0}]},
        {"phrase": "stop"},
    )
    return a_rule(id=f"rule-{index}", match=conditions[kind % 4])


def build(rules: list[Fields]) -> Ruleset | None:
    try:
        return a_ruleset(*rules)
    except ValueError:
        return None  # a phrase that no rule may have


@pytest.mark.slow
@given(
    st.lists(st.tuples(phrases, regexes, st.integers(0, 3)), min_size=1, max_size=5),
    texts,
    st.lists(st.integers(0, 4), max_size=3),
    texts,
)
def test_the_prefilter_leaves_out_no_match(
    parts: list[tuple[str, str, int]], title: str, quoted: list[int], body: str
) -> None:
    ruleset = build([make_rule(index, *part) for index, part in enumerate(parts)])
    if ruleset is None:
        return
    said = [
        parts[index][0].replace("{code:int}", "28").replace("{v:version}", "1.2.3")
        for index in quoted
        if index < len(parts)
    ]
    issue = an_issue(title=title, body="\n\n".join([body, *said, body.upper()]))

    facts = read_facts(issue, ruleset)
    without = {rule.id for rule in ruleset.rules if rule.condition.evaluate(facts, {}).holds}
    assert {match.rule.id for match in match_rules(facts, ruleset)} == without
