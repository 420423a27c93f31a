"""Which Signpost this is."""

from importlib.metadata import PackageNotFoundError, version


def read_version() -> str:
    """The version of the installed distribution; "" where it is not installed."""
    try:
        return version("signpost-bot")
    except PackageNotFoundError:
        return ""
