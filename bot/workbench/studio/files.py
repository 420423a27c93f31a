"""The files of the studio: the rule that it reads and writes, and the built page that it serves."""

import os
import re
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import bot.output
from bot.errors import SettingsError, SignpostError, explain_cause, format_install
from bot.rules.spec.document import MAX_BYTES

_LINE_END = re.compile(r"\r\n|\r|\n")
_BOM = "\ufeff"


class SaveError(SignpostError):
    """A rule that the studio could not save; the message is for the person at the page.

    `is_conflict` is true if another program changed the file after the studio read it.
    """

    def __init__(self, message: str, *, is_conflict: bool = False) -> None:
        super().__init__(message)
        self.is_conflict = is_conflict


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file: its text with line feeds, its original line ends, and a `version` of its bytes."""

    text: str
    version: str
    line_end: str = "\n"
    has_bom: bool = False


def read_content(path: Path, name: str) -> Content:
    """The content of the file now; raises SettingsError, which names it `name`, if it cannot be read as text."""
    try:
        with path.open("rb") as file:
            found = file.read(MAX_BYTES + 1)
        return decode_content(found)
    except FileNotFoundError as error:
        message = f"there is no rule file {name}; write a first rule with `signpost new`, or correct the name"
        raise SettingsError(message) from error
    except OSError as error:
        advice = "check that it is a file and that you have permission to read it"
        message = f"cannot read {name}: {explain_cause(error)}; {advice}"
        raise SettingsError(message) from error
    except ValueError as error:
        raise SettingsError(f"cannot read {name}: {error}") from error


def decode_content(found: bytes) -> Content:
    """Bytes as text. Raises ValueError, with advice, if they are too many or not UTF-8."""
    if len(found) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024} KiB; split it into several rules")
    try:
        text = found.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not valid UTF-8 (byte {error.start + 1}); save it as UTF-8") from error
    ends = Counter(_LINE_END.findall(text))
    line_end = ends.most_common(1)[0][0] if ends else "\n"
    has_bom = text.startswith(_BOM)
    text = _LINE_END.sub("\n", text.removeprefix(_BOM))
    return Content(text, sha256(found).hexdigest(), line_end, has_bom)


def encode_content(text: str, before: Content) -> bytes:
    """The text with the line ends, the byte order mark and the final line end that the file had before.

    Raises ValueError, with advice, if the text does not fit into a rule file.
    """
    text = _LINE_END.sub("\n", text)
    if before.text.endswith("\n") and text and not text.endswith("\n"):
        text += "\n"
    try:
        made = ((_BOM if before.has_bom else "") + text.replace("\n", before.line_end)).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"the character {text[error.start]!a} is incomplete; remove it") from error
    if len(made) > MAX_BYTES:
        raise ValueError(f"the rule is larger than {MAX_BYTES // 1024} KiB; split it into several rules")
    return made


class RuleFile:
    """A rule's file on disk. It follows a link once, when the studio starts, and never writes another file."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path.resolve()
        self.before = read_content(self._path, self.name)

    def read(self) -> Content:
        """Its content now; raises SettingsError if it does not exist or cannot be read."""
        self.before = read_content(self._path, self.name)
        return self.before

    def save(self, text: str, version: str) -> Content:
        """Replace the file with the text in one step, if the file still has this `version`. Raises SaveError."""
        try:
            found = self._path.read_bytes()
        except FileNotFoundError as error:
            message = f"{self.name} does not exist any more; restore it, or restart the studio"
            raise SaveError(message, is_conflict=True) from error
        except OSError as error:
            raise SaveError(f"cannot read {self.name}: {explain_cause(error)}") from error
        if sha256(found).hexdigest() != version:
            message = f"another program changed {self.name}; reload it, or keep a copy of your text"
            raise SaveError(message, is_conflict=True)
        try:
            made = encode_content(text, decode_content(found))
            _replace(self._path, made)
        except (OSError, ValueError) as error:
            raise SaveError(f"cannot save {self.name}: {explain_cause(error)}") from error
        self.before = decode_content(made)
        return self.before


def _replace(path: Path, made: bytes) -> None:
    """Write beside the file, then rename: whoever reads it sees the old text or the new one, never a part."""
    number, passing = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        Path(passing).chmod(path.stat().st_mode & 0o7777)
        Path(passing).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(passing).unlink()
        raise


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
    """The page, and its other files by name, each with its media type; read once, when the studio starts."""

    page: str
    files: dict[str, tuple[bytes, str]]


def read_assets(folder: Path = BUILT) -> Assets:
    """The built page. Raises SettingsError, with advice, if this installation does not have it."""
    look = Path(bot.output.__file__).parent / "templates" / "page.css"
    try:
        page = (folder / _PAGE).read_text("utf-8")
        built = {file.name: file for file in folder.iterdir() if file.suffix in _TYPES}
        files = {name: (file.read_bytes(), _TYPES[file.suffix]) for name, file in {**built, look.name: look}.items()}
    except FileNotFoundError as error:
        message = (
            "this installation does not contain the studio's page. In a checkout, run `make studio`; "
            f"otherwise, install a released wheel: {format_install('studio')}"
        )
        raise SettingsError(message) from error
    except OSError as error:
        raise SettingsError(f"cannot read the studio's page in {folder}: {explain_cause(error)}") from error
    return Assets(page, files)
