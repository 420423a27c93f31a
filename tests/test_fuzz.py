"""A little of what `make fuzz` does for longer."""

import pytest

from tests.fuzz import TARGETS, draw


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_input_of_each_kind_breaks_nothing(name: str) -> None:
    draw(name, 40, start=0)
