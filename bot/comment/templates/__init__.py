"""The templates that come with Signpost."""

from functools import cache
from pathlib import Path


@cache
def read_template(name: str) -> str:
    """One of them, by its file's name."""
    return Path(__file__).with_name(name).read_text("utf-8")
