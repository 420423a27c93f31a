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
duplicates: {enabled: false, show: 1, tier_c: comment, comment: always, label: null, label_when: known}
words: {forbidden: [possible duplicate]}
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
        "on": ["opened", "edited", "reopened", "commented"],
        "labels": {"create": False, "regression": "regression", "prefix_owned": []},
        "duplicates": {
            "enabled": True,
            "show": 3,
            "tier_c": "summary",
            "comment": "matched",
            "label": "duplicate",
            "label_when": "asked",
        },
        "words": {"forbidden": []},
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
            "label": None,
            "label_when": "known",
        },
        "words": {"forbidden": ["possible duplicate"]},
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
