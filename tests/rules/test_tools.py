"""The tools that fit a problem."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.ruleset import Pack
from bot.rules.spec.pack import PackModel
from bot.rules.tools import ToolChoice, choose_tools

TAGS = ("disk", "login", "network", "windows")


def a_pack(name: str = "one", **tools: str) -> Pack:
    """A pack; each tool is named by its page, and its tags are the words of the value."""
    listed = [
        {
            "title": page.upper(),
            "url": f"https://example.com/{page}",
            "tags": tags.split(),
            "why": f"Helps: {page}.",
        }
        for page, tags in tools.items()
    ]
    return Pack(PackModel.model_validate({"name": name, "tools": listed}))


def chosen(tags: list[str], *packs: Pack, most: int = 6) -> list[tuple[str, str]]:
    return [(f"{tool.pack}: {tool.title}", tool.reason) for tool in choose_tools(tags, packs, most)]


def test_a_choice_has_the_texts_of_the_pack() -> None:
    assert choose_tools(["login"], [a_pack(doctor="network login")]) == (
        ToolChoice(
            title="DOCTOR", url="https://example.com/doctor", why="Helps: doctor.", pack="one", shared=("login",)
        ),
    )


@pytest.mark.parametrize(
    "tags, packs, expected",
    [
        pytest.param(["disk"], [], [], id="no pack"),
        pytest.param([], [a_pack(a="disk")], [], id="no tags"),
        pytest.param(["disk"], [a_pack(a="login")], [], id="nothing in common"),
        pytest.param(
            ["disk", "windows", "login"],
            [a_pack(a="login", b="windows disk", c="windows disk login")],
            [
                ("one: C", "shares the tags disk, windows, and login"),
                ("one: B", "shares the tags disk and windows"),
                ("one: A", "shares the tag login"),
            ],
            id="the most shared tags first",
        ),
        pytest.param(
            ["disk"],
            [a_pack(a="disk login", b="disk", c="disk")],
            [(f"one: {name}", "shares the tag disk") for name in "BCA"],
            id="then the more specific one, then the order of the file",
        ),
        pytest.param(
            ["disk", "login"],
            [a_pack(a="disk"), a_pack("two", a="login disk", b="disk")],
            [
                ("two: A", "shares the tags disk and login"),
                ("two: B", "shares the tag disk"),
            ],
            id="a page of two packs once, where it fits best",
        ),
        pytest.param(
            ["disk", "disk"],
            [a_pack(**dict.fromkeys("abcdefgh", "disk"))],
            [(f"one: {name}", "shares the tag disk") for name in "ABCDEF"],
            id="at most six",
        ),
    ],
)
def test_the_tools_that_share_most_tags_are_chosen(
    tags: list[str], packs: list[Pack], expected: list[tuple[str, str]]
) -> None:
    assert chosen(tags, *packs) == expected


@given(st.lists(st.sampled_from(TAGS)), st.lists(st.sets(st.sampled_from(TAGS), min_size=1), max_size=12))
def test_no_tool_that_is_left_out_shares_more_than_one_that_is_chosen(tags: list[str], tools: list[set[str]]) -> None:
    pack = a_pack(**{f"t{index}": " ".join(sorted(each)) for index, each in enumerate(tools)})
    found = choose_tools(tags, [pack])
    shared = sorted((len({*tags} & each) for each in tools if {*tags} & each), reverse=True)
    assert [len(each.shared) for each in found] == shared[:6]
