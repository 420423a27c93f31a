"""Both engines find the same matches, whatever the rules and the texts are."""

import sys
from importlib.machinery import ModuleSpec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.github.tracker import Issue
from bot.rules import scanning
from bot.rules.hyperscan_scanner import scan_by_hyperscan
from bot.rules.matching import match_rules, read_facts
from bot.rules.rule import Ruleset
from bot.rules.scanning import choose_engine
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
regexes = st.sampled_from([r"error \d+", r"\bopen\b", r"no (?:space|room)", r"ключ|鍵", r"^cannot", r"straße", r"[Kk]"])


def make_rule(index: int, phrase: str, regex: str, kind: int) -> Fields:
    conditions = (
        {"phrase": phrase},
        {"regex": regex},
        {"any": [{"phrase": phrase}, {"regex": regex}]},
        {"phrase": "stop"},
    )
    return a_rule(id=f"rule-{index}", match=conditions[kind % 4])


def build(rules: list[Fields]) -> Ruleset | None:
    try:
        return a_ruleset(*rules)
    except ValueError:
        return None  # a phrase that no rule may have


@given(
    st.lists(st.tuples(phrases, regexes, st.integers(0, 3)), min_size=1, max_size=5),
    texts,
    st.lists(st.integers(0, 4), max_size=3),
    texts,
)
def test_both_engines_match_the_same(
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

    assert find(issue, choose_engine(ruleset, "hyperscan")) == find(issue, ruleset)


def find(issue: Issue, ruleset: Ruleset) -> list[str]:
    return [match.rule.id for match in match_rules(read_facts(issue, ruleset), ruleset)]


def test_a_phrase_is_looked_for_by_its_longest_literal() -> None:
    ruleset = a_ruleset(a_rule(match={"phrase": "cannot open {name:any} for writing"}))
    (needle,) = ruleset.rules[0].condition.needles or ()

    assert (needle.form, needle.literal) == ("squeezed", "cannotopen")


def test_auto_takes_hyperscan_for_very_many_rules_only(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = a_ruleset()
    few = choose_engine(ruleset, "auto")
    monkeypatch.setattr(scanning, "MANY", 1)

    assert few.scan is not scan_by_hyperscan
    assert choose_engine(ruleset, "auto").scan is scan_by_hyperscan


def test_hyperscan_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(scanning, "find_spec", find_nothing)

    with pytest.raises(SettingsError, match=r"signpost-bot\[hyperscan\]"):
        choose_engine(a_ruleset(), "hyperscan")
    assert choose_engine(a_ruleset(), "auto").scan is a_ruleset().scan
    assert "hyperscan" in sys.modules
