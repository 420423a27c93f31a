"""Pages as a reader's program sees them: tags, attributes, links and anchors."""

import posixpath
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Tag(NamedTuple):
    """One start tag."""

    name: str
    attributes: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The value of an attribute, "" without it."""
        return dict(self.attributes).get(name, "")


@dataclass
class Reading(HTMLParser):
    """The tags of a page, and its text."""

    tags: list[Tag] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, tuple((name, value or "") for name, value in attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def ids(self) -> list[str]:
        return [tag.get("id") for tag in self.tags if tag.get("id")]


def read_html(text: str) -> Reading:
    """The page as tags and text."""
    reading = Reading()
    reading.feed(text)
    reading.close()
    return reading


def list_targets(reading: Reading) -> list[str]:
    """Everything that the page links or loads."""
    found = [
        tag.get(name) for tag in reading.tags for name in ("href", "src", "action") if dict(tag.attributes).get(name)
    ]
    refreshes = [tag.get("content") for tag in reading.tags if tag.get("http-equiv") == "refresh"]
    return [*found, *(content.partition("url=")[2] for content in refreshes)]


def find_broken(folder: Path) -> list[str]:
    """The local links of a site that lead nowhere, and its ids that a page has twice."""
    pages = {path: read_html(path.read_text("utf-8")) for path in folder.rglob("*.html")}
    broken = [
        f"{path}: id {name} twice" for path, page in pages.items() for name in page.ids if page.ids.count(name) > 1
    ]
    for path, page in pages.items():
        for target in list_targets(page):
            parts = urlsplit(target)
            if parts.scheme in {"http", "https", "data"}:
                continue
            place = posixpath.normpath(posixpath.join(path.parent.as_posix(), unquote(parts.path)))
            file = Path(place) / "index.html" if Path(place).is_dir() else Path(place)
            file = file if parts.path else path
            if not file.is_file() or not file.is_relative_to(folder) or parts.scheme or parts.netloc:
                broken.append(f"{path.relative_to(folder)}: {target}")
            elif parts.fragment and file in pages and parts.fragment not in pages[file].ids:
                broken.append(f"{path.relative_to(folder)}: no anchor {target}")
    return broken
