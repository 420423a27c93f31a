"""`python -m bot` is the command `signpost`."""

import sys
from io import StringIO
from typing import NoReturn

from bot.cli import leave, main


def enter() -> NoReturn:
    """Run the command and leave at once, with its exit code."""
    sys.stdout = sys.stdout or StringIO()  # None if the shell closed it: `>&-`
    sys.stderr = sys.stderr or StringIO()
    leave(main())


if __name__ == "__main__":
    enter()
