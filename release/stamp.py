"""The table of assets in action.yml. Pure, but for the hash of a file.

The released `action.yml` names each asset of its release with its SHA-256. What starts from it is what was built.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from bot.start import TABLE, Asset

_NAME = re.compile(r"signpost-(?P<version>.+)-(?P<platform>[a-z]+-\w+)-(?P<python>\d+\.\d+)\.zip")
_PLACE = re.compile(rf"^(?P<indent> +){TABLE}: (?:\"\"|\|(?:\n(?P=indent)  .*)+)$", re.MULTILINE)


def read_asset(path: Path, url: str) -> Asset:
    """The asset in a file that will be at `url/NAME`. Raises ValueError for another file."""
    found = _NAME.fullmatch(path.name)
    if not found:
        raise ValueError(f"{path} is not an asset; name it as release/archive.py does")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Asset(found["platform"], found["python"], f"{url.rstrip('/')}/{path.name}", sha256)


def stamp(action: str, assets: Iterable[Asset]) -> str:
    """The text of an action.yml with these assets in its table. Raises ValueError for a text without a table."""
    rows = sorted(" ".join(asset) for asset in assets)

    def write_table(found: re.Match[str]) -> str:
        indent = found["indent"]
        return f"{indent}{TABLE}: " + ("|" + "".join(f"\n{indent}  {row}" for row in rows) if rows else '""')

    stamped, count = _PLACE.subn(write_table, action)
    if count != 1:
        raise ValueError(f"action.yml must have {TABLE} once, not {count} times")
    return stamped
