"""Files that a command writes for a person."""

from pathlib import Path

from bot.errors import SettingsError, explain_cause


def write_file(path: Path, text: str) -> None:
    """Write a text file, and the folders above it; raises SettingsError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error
