"""One process at a time: the workers of a parallel run share one `.cache/` and one built page."""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache"


@contextmanager
def hold_lock(name: str) -> Iterator[None]:
    """Hold `.cache/NAME.lock`; the system releases it when the process ends, however it ends."""
    path = CACHE / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        flock(file, LOCK_EX)
        yield
