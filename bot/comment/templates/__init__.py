"""The templates that we ship."""

from functools import cache
from importlib.resources import files


@cache
def read_template(name: str) -> str:
    """One of them, by its file's name."""
    return files(__name__).joinpath(name).read_text("utf-8")
