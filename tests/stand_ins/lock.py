"""One process at a time: the workers of a parallel run share one `.cache/` and one built page."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    from msvcrt import LK_LOCK, locking
else:
    from fcntl import LOCK_EX, flock

CACHE = Path(__file__).parents[2] / ".cache"


@contextmanager
def hold_lock(name: str) -> Iterator[None]:
    """Hold `.cache/NAME.lock`; the system releases it when the process ends, however it ends."""
    path = CACHE / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        if sys.platform == "win32":
            locking(file.fileno(), LK_LOCK, 1)
        else:
            flock(file, LOCK_EX)
        yield
