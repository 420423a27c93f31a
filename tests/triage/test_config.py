"""A repository's settings."""

import pytest

from bot.errors import SettingsError
from bot.triage.config import Config, read_config

EVERYTHING = """
mode: label
modes: {empty-body: observe}
packs: [claude-code]
max_sections: 3
skip: {labels: wontfix, authors: [octocat], associations: [OWNER], bots: false}
on: [opened]
labels: {create: true, regression: came-back, prefix_owned: ["signpost:"]}
duplicates: {enabled: false, show: 1, tier_c: comment, comment: always, suggest: true, label: null, label_when: known}
words: {forbidden: [possible duplicate]}
votes: {reactions: {eyes: nothing}, mute_above: null, mute_from: 20, issue: true}
closing: {confirm: true, suggest: true, duplicates: 12h}
surge: {expected: 0.5, reports: 10, people: 3, issue: true}
identity: {login: "signpost[bot]", also: ["github-actions[bot]"]}
site: https://octo-org.github.io/octo-repo/
tools_in_comments: true
template: comment.md.j2
"""


@pytest.mark.parametrize("text", ["", "  \n", "# nothing yet\n", "---\n"])
def test_no_settings_are_the_careful_ones(text: str) -> None:
    assert read_config(text, "config.yml") == Config()


def test_every_default_is_the_careful_one() -> None:
    assert Config().model_dump() == {
        "mode": "comment",
        "modes": {},
        "packs": [],
        "max_sections": 2,
        "skip": {"labels": [], "authors": [], "associations": ["OWNER", "MEMBER"], "bots": True},
        "on": ["opened", "edited", "reopened", "commented", "labeled"],
        "labels": {"create": False, "regression": "regression", "prefix_owned": []},
        "duplicates": {
            "enabled": True,
            "show": 3,
            "tier_c": "summary",
            "comment": "matched",
            "suggest": False,
            "label": "duplicate",
            "label_when": "asked",
        },
        "words": {"forbidden": []},
        "votes": {"reactions": {}, "mute_above": 0.5, "mute_from": 12, "issue": False},
        "closing": {"confirm": False, "suggest": False, "duplicates": None},
        "surge": {"expected": 0.1, "reports": 5, "people": 5, "issue": False},
        "identity": {"login": None, "also": []},
        "site": None,
        "tools_in_comments": False,
        "template": None,
    }


def test_all_settings_are_read() -> None:
    assert read_config(EVERYTHING, "config.yml").model_dump() == {
        "mode": "label",
        "modes": {"empty-body": "observe"},
        "packs": ["claude-code"],
        "max_sections": 3,
        "skip": {"labels": ["wontfix"], "authors": ["octocat"], "associations": ["OWNER"], "bots": False},
        "on": ["opened"],
        "labels": {"create": True, "regression": "came-back", "prefix_owned": ["signpost:"]},
        "duplicates": {
            "enabled": False,
            "show": 1,
            "tier_c": "comment",
            "comment": "always",
            "suggest": True,
            "label": None,
            "label_when": "known",
        },
        "words": {"forbidden": ["possible duplicate"]},
        "votes": {"reactions": {"eyes": "nothing"}, "mute_above": None, "mute_from": 20, "issue": True},
        "closing": {"confirm": True, "suggest": True, "duplicates": "12h"},
        "surge": {"expected": 0.5, "reports": 10, "people": 3, "issue": True},
        "identity": {"login": "signpost[bot]", "also": ["github-actions[bot]"]},
        "site": "https://octo-org.github.io/octo-repo/",
        "tools_in_comments": True,
        "template": "comment.md.j2",
    }


@pytest.mark.parametrize(
    "text, places",
    [
        ("mode: loud", ["config.yml:1:"]),
        ("mod: comment", ["config.yml:1:"]),
        ("max_sections: 0", ["config.yml:1:"]),
        ("skip:\n  bots: maybe", ["config.yml:2:"]),
        ("labels:\n  prefix_owned: ['']", ["config.yml:2:"]),
        ("extra: 1\non: [sometimes]\nmode: loud", ["config.yml:1:", "config.yml:2:", "config.yml:3:"]),
        ("mode: loud\non: [sometimes]\nextra: 1", ["config.yml:1:", "config.yml:2:", "config.yml:3:"]),
        ("site: http://octo-org.github.io", ["config.yml:1:"]),
        ("site: https://octo-org.github.io/a) @octocat", ["config.yml:1:"]),
        ("site: https://octocat@github.io", ["config.yml:1:"]),
        ("site: https://octo-org.github.io/?a=b#c", ["config.yml:1:"]),
        ("votes: {reactions: {tada: works}}", ["config.yml:1:"]),
        ("votes: {reactions: {heart: lovely}}", ["config.yml:1:"]),
        ('votes: {reactions: {"-1": works}}', ["config.yml:1:"]),
        ('votes: {reactions: {"+1": nothing}}', ["config.yml:1:"]),
        ('votes:\n  reactions: {eyes: nothing, "-1": blocking}', ["config.yml:2:"]),
        ("votes:\n  mute_above: 1", ["config.yml:2:"]),
        ("surge:\n  people: 1", ["config.yml:2:"]),
        ("closing:\n  duplicates: soon", ["config.yml:2:"]),
        ("surge:\n  expected: 0\n  people: 1", ["config.yml:2:", "config.yml:3:"]),
        ("mode: [", ["config.yml:"]),
        ("- a list", ["config.yml:1:"]),
    ],
)
def test_every_mistake_is_told_with_its_place(text: str, places: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        read_config(text, "config.yml")
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == len(places)
    assert all(line.startswith(place) for line, place in zip(lines, places, strict=True))


@pytest.mark.parametrize(
    "text, message",
    [
        ("closing: {duplicates: soon}", "`duplicates` cannot be `soon`; write it like `3d` or `12h`"),
        ("site: nowhere", "`site` cannot be `nowhere`; write it like `https://your-org.github.io/your-repo`"),
        ("votes: {mute_above: 1}", "`mute_above` must be less than 1, not `1`"),
        ("votes: {mute_above: 1.5}", "`mute_above` must be less than 1, not `1.5`"),
        ("votes: {mute_above: high}", "`mute_above` must be a number, not `high`"),
        ("surge: {expected: 0}", "`expected` must be greater than 0, not `0`"),
        ("votes: {reactions: {roket: works}}", "unknown key `roket`; did you mean `rocket`?"),
        (
            "votes: {reactions: {thumb: works}}",
            "unknown key `thumb`; allowed: `+1`, `-1`, `confused`, `eyes`, `heart`, `hooray`, `laugh`, `rocket`",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_config(text, "config.yml")
    (line,) = str(caught.value).splitlines()[1:]
    assert line.split(": ", 1)[1] == message
