"""A good rule, broken on purpose in every way that people do: each is told at its place, with what to do."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.rules.loader import build_ruleset
from bot.workbench.check.checker import check_rules

GOOD = """\
id: out-of-disk
title: The disk is full
mode: comment
reviewed: 2026-11-01
match:
  any:
    - phrase: "No space left on device {n:int}"
    - regex: 'disk \\w+ is full'
  none:
    - phrase: "virtual machine"
supersedes: [any-write]
labels: [bug]
guidance:
  - when: {os: windows}
    tldr: Free some space on {{ os }}.
    source: the manual
  - tldr: The build ran out of disk space.
    steps: ["Free {{ n|default('some') }} GB."]
    source: the manual
examples:
  match:
    - "write failed: No space left on device 5"
    - "the disk sda is full"
  no_match:
    - "No space left on device 5 of a virtual machine"
"""
OTHER = """\
id: any-write
title: Writing failed
mode: comment
match: {phrase: "write failed: No"}
guidance: {tldr: Look there., source: the manual}
examples: {match: ["write failed: No luck"], no_match: ["write it down"]}
"""
PACK = """\
name: rules
captures:
  version: {first_of: [{section: Version}]}
  os: {map: {darwin: macos, windows: windows}, first_of: [{section: Platform}]}
"""
FILES = {"rules/out-of-disk.yml": GOOD, "rules/any-write.yml": OTHER, "rules/pack.yml": PACK}


def check(files: Mapping[str, str]) -> list[str]:
    return [str(problem).removeprefix("rules/") for problem in check_rules(build_ruleset(files)).errors]


def test_the_good_rule_is_good() -> None:
    assert check(FILES) == []


class Breakage(NamedTuple):
    """What is replaced by what, and the places (line:column) and sentences that must be told."""

    name: str
    old: str
    new: str
    told: list[str]


def read_breakages() -> list[Breakage]:
    """Blocks of a name, the old lines, the new lines, and what is told."""
    blocks = Path(__file__).with_name("golden").joinpath("breakage.txt").read_text("utf-8").split("\n\n")
    return [read_breakage(block.strip("\n").split("\n")) for block in blocks]


def read_breakage(lines: list[str]) -> Breakage:
    old, new = ("\n".join(line[2:] for line in lines if line.startswith(f"{mark} ")) for mark in "-+")
    told = [line for line in lines if not line.startswith(("# ", "- ", "+ "))]
    return Breakage(lines[0].removeprefix("# "), old, new, told)


BREAKAGES = read_breakages()


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_what_is_broken_is_told_at_its_place_with_what_to_do(breakage: Breakage) -> None:
    assert breakage.old in GOOD
    files = {**FILES, "rules/out-of-disk.yml": GOOD.replace(breakage.old, breakage.new, 1)}
    assert [problem.removeprefix("out-of-disk.yml:") for problem in check(files)] == breakage.told


def test_there_are_many_ways() -> None:
    assert len(BREAKAGES) > 30


def test_two_rules_of_one_id_are_told_where_the_second_stands() -> None:
    files = {**FILES, "rules/pack-b/any-write.yml": OTHER}
    assert check(files) == [
        "pack-b/any-write.yml:1:1: rules/any-write.yml has the same id `any-write`; rename one of the two rules"
    ]
