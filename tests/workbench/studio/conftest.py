from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workbench.studio.running import Running, run_small_studio


@pytest.fixture
def studio(built_page: Path, tmp_path: Path) -> Iterator[Running]:
    """A studio of a test's own."""
    del built_page
    with run_small_studio(tmp_path) as running:
        yield running
