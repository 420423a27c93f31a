"""Versions and ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.versions import Version, VersionRange, find_plain_version, find_versions, parse_range, parse_version

versions = st.builds(
    Version,
    st.lists(st.integers(0, 3), max_size=4).map(tuple),
    st.none() | st.tuples(st.integers(0, 3), st.integers(0, 2)),
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2.1.23", ["2.1.23"]),
        ("v2.1.23", ["2.1.23"]),
        ("Version 2.1", ["2.1"]),
        ("version-2.1.5", ["2.1.5"]),
        ("core-2026.1.3", ["2026.1.3"]),
        ("stable@2026.01.02", ["2026.01.02"]),
        ("2.1.0-beta.2", ["2.1.0-beta.2"]),
        ("1.0b2, 1.0rc1", ["1.0b2", "1.0rc1"]),
        ("2.1.23 (Claude Code)", ["2.1.23"]),
        ("first 2.1.9, now 2.1.10", ["2.1.9", "2.1.10"]),
        ("Claude 2.1.23", ["2.1.23"]),
        ("Claude 4.5", []),
        ("I am Sonnet 4.6", []),
        ("opus-4.7", []),
        ("Claude 1.3883.0 (93ff6c)", []),
        ("1.3883.0", []),
        ("127.0.0.1", []),
        ("1.2.3.400", ["1.2.3.400"]),
        ("1.2.3.4-beta", ["1.2.3.4-beta"]),
        ("10:20:30.5", []),
        (".27", []),
        ("dont care", []),
        ("🤷", []),
        ("", []),
    ],
)
def test_versions_are_found_in_the_order_of_the_text(text: str, expected: list[str]) -> None:
    assert [stated.text for stated in find_versions(text)] == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("3.1.4, Node 22.15.0", ["3.1.4"]),
        ("3.1.4 on macOS 15.3.1", ["3.1.4"]),
        ("My Tool 3.1.4 on macOS Sequoia 15.3.1, Node.js v22.15.0", ["3.1.4"]),
        ("Python 3.11.4 / 3.1.4", ["3.1.4"]),
        ("node 22.15.0, my-tool@3.1.4", ["3.1.4"]),
        ("npm 10.9.2 mytool v3.1.4", ["3.1.4"]),
        ("9.9.9 as before; My Tool: 3.1.4", ["3.1.4", "9.9.9"]),
        ("9.9.9 as before; 3.1.4 (My Tool)", ["3.1.4", "9.9.9"]),
        ("Zellix 0.41.2, 3.1.4", ["3.1.4", "0.41.2"]),
        ("WSL2 Ubuntu 22.04.3, 3.1.4", ["3.1.4"]),
        ("VS Code 1.96.2; My Tool extension 3.1.4", ["3.1.4"]),
        ("3.1.4 (macOS 14.5)", ["3.1.4"]),
        ("OS version: 15.3.1", []),
        ("node --version: v22.1.0", []),
        ("Windows 11 Pro 10.0.26100", []),
        ("Microsoft Windows [Version 10.0.22631.4317]", []),
        ("Linux 6.8.0-45-generic", []),
        ("5.15.167.4-microsoft-standard-WSL2", []),
        ("3.1.4-5-g12ab34c", ["3.1.4"]),
        ("24.04.1 LTS", []),
        ("git version 2.43.0.windows.1", []),
        ("PyCharm 2025.1.2", []),
        ("iTerm2 3.5.11", []),
        ("My Desktop 1.1.8629", []),
        ("1.3036.0 (cf521c)", []),
        ("My Tool 4.5 Sonnet", []),
    ],
)
def test_versions_beside_the_name_of_the_product_come_first_and_those_of_other_programs_never(
    text: str, expected: list[str]
) -> None:
    assert [stated.text for stated in find_versions(text, "My Tool")] == expected


def test_a_product_may_be_what_others_name_beside_theirs() -> None:
    assert [stated.text for stated in find_versions("node v22.15.0 on macOS 15.3.1", "Node")] == ["22.15.0"]


def test_a_version_knows_its_place() -> None:
    (stated,) = find_versions("on v2.1.0-rc1 now")
    assert "on v2.1.0-rc1 now"[stated.start : stated.end] == stated.text == "2.1.0-rc1"


@pytest.mark.parametrize(
    "lower, higher",
    [
        ("1.9", "1.10"),
        ("2.1.9", "2.1.10"),
        ("2.1", "2.1.1"),
        ("1.0-dev", "1.0-alpha"),
        ("1.0-alpha", "1.0-beta"),
        ("1.0b1", "1.0b2"),
        ("1.0rc2", "1.0"),
        ("1.0", "1.0.1-beta"),
        ("2025.12.31", "2026.1.1"),
    ],
)
def test_versions_are_ordered(lower: str, higher: str) -> None:
    one, other = parse_version(lower), parse_version(higher)
    assert (one < other, other < one, one == other) == (True, False, False)


@pytest.mark.parametrize("one, other", [("2.1", "2.1.0"), ("v3", "3.0"), ("1.0-a", "1.0-alpha"), ("1.0c1", "1.0rc1")])
def test_versions_are_equal(one: str, other: str) -> None:
    assert (parse_version(one), hash(parse_version(one))) == (parse_version(other), hash(parse_version(other)))


def test_a_version_equals_nothing_else() -> None:
    assert Version((1,)) != (1,)


@given(versions, versions, versions)
def test_the_order_is_total(a: Version, b: Version, c: Version) -> None:
    assert (a < b) + (b < a) + (a == b) == 1
    assert sorted([a, b, c]) == sorted([c, b, a])
    assert a != b or hash(a) == hash(b)


@pytest.mark.parametrize("text", ["", "x", "2.1.x", "latest", "2.1.96foo", "2.", ">=2.1", "1.2.3.4.5.6.7"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a version; write it like 2\.1\.96"):
        parse_version(text)


@pytest.mark.parametrize("text", ["1.3883.0", "10.0.0.1", "4"])
def test_a_maintainer_may_name_any_version(text: str) -> None:
    assert parse_version(text) >= Version((1,))


@pytest.mark.parametrize(
    "text, inside, outside",
    [
        ("<2.1.96", ["2.1.95", "2.1.96-beta"], ["2.1.96", "2.2", None]),
        ("<=2.1", ["2.1.0", "2.0"], ["2.1.1"]),
        (">2.1", ["2.1.1"], ["2.1.0"]),
        (">=1.2, <1.5", ["1.2", "1.4.9"], ["1.5", "1.1.9", None]),
        ("!=2.1", ["2.0"], ["2.1.0"]),
        ("=2.0.76", ["2.0.76"], ["2.0.77"]),
        ("==2.0.76", ["2.0.76"], ["2.0.77"]),
        ("2.0.76", ["2.0.76.0"], ["2.0.77"]),
        (" >= v2 ", ["2"], ["1.9"]),
        ("unknown", [None], ["2.1"]),
        ("Unknown ", [None], ["2.1"]),
    ],
)
def test_ranges(text: str, inside: list[str | None], outside: list[str | None]) -> None:
    wanted = parse_range(text)
    assert [wanted.contains(parse_version(v) if v else None) for v in inside] == [True] * len(inside)
    assert [wanted.contains(parse_version(v) if v else None) for v in outside] == [False] * len(outside)


@pytest.mark.parametrize("text", ["", "<", "~2.1", "2.1 or 2.2", "<2.1,", "<2.1.x", "<=>2"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a version"):
        parse_range(text)


@pytest.mark.parametrize(
    "stated, plain",
    [
        ([], ""),
        (["2.1.4", "3.0"], "2.1.4"),
        (["2.1 <b>", "3.0-beta.1+7"], "3.0-beta.1+7"),
        (["@octocat", "1" * 41, "-1", "1\n2"], ""),
        (["1" * 40], "1" * 40),
    ],
)
def test_a_plain_version_has_no_other_characters(stated: list[str], plain: str) -> None:
    assert find_plain_version(stated) == plain


def test_a_range_as_a_value() -> None:
    assert parse_range(">=1.2, <1.5") == VersionRange(((">=", Version((1, 2))), ("<", Version((1, 5)))))
