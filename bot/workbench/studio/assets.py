"""The page's own files: what `make studio` built, and the look that all pages share."""

from dataclasses import dataclass
from pathlib import Path

import bot.output
from bot.errors import SettingsError, explain_cause

BUILT = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class Assets:
    """The page, and the files beside it by name, each with its media type; read once, when the studio starts."""

    page: str
    files: dict[str, tuple[bytes, str]]


def read_assets(folder: Path = BUILT) -> Assets:
    """The built page. Raises SettingsError that says how to get it where this installation has none."""
    look = Path(bot.output.__file__).parent / "templates" / "page.css"
    try:
        page = (folder / _PAGE).read_text("utf-8")
        built = {file.name: file for file in folder.iterdir() if file.suffix in _TYPES}
        files = {name: (file.read_bytes(), _TYPES[file.suffix]) for name, file in {**built, look.name: look}.items()}
    except FileNotFoundError as error:
        message = (
            "this installation has no page for the studio, which is built with Node. In a checkout, run `make studio`; "
            "elsewhere, install a released wheel of signpost-bot[studio]"
        )
        raise SettingsError(message) from error
    except OSError as error:
        raise SettingsError(f"cannot read the studio's page in {folder}: {explain_cause(error)}") from error
    return Assets(page, files)
