"""Writes the site into a folder: only what has changed, and nothing that another program wrote there."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from bot.errors import SettingsError, explain_cause, format_install
from bot.insights.site.addresses import check_address
from bot.insights.site.catalogue import Contents, Page, list_pages, render
from bot.insights.site.feeds import (
    format_feed,
    format_messages,
    format_robots,
    format_sitemap,
    list_rise_entries,
    list_status_entries,
)
from bot.insights.site.trending import list_past_rises
from bot.output.page import render_page
from bot.output.progress import track
from bot.text.printable import count

MANIFEST = "signpost-site.json"
"""The list of all files that we wrote, with their hashes; a folder without it is not ours."""

_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*", re.ASCII)
_SEARCH_FOLDER = "pagefind"
_UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight", "playground/")
"""Parts of Pagefind's own pages, which the site does not use."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What earlier builds wrote: the hash of each file by its path, and the addresses that were served."""

    files: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Build:
    """What one build did: pages in all and pages written, files in all, written and removed; `size` in bytes."""

    pages: int = 0
    pages_written: int = 0
    files: int = 0
    files_written: int = 0
    removed: int = 0
    size: int = 0
    addresses: tuple[str, ...] = ()

    def describe(self) -> str:
        """What the build did, in words."""
        pages = f"{self.pages_written:,} of {count(self.pages, 'page')} written"
        gone = f", {count(self.removed, 'old file')} removed" if self.removed else ""
        return f"{pages} ({count(self.files, 'file')}, {self.size / 1e6:.1f} MB{gone})"


def read_text(path: Path) -> str:
    """The text of a file; raises SettingsError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {explain_cause(error)}") from error


def has_words() -> bool:
    """Whether Pagefind is installed, which makes the index of all words."""
    return find_spec("pagefind") is not None and find_spec("pagefind_bin") is not None


def read_manifest(out: Path, *, may_overwrite: bool) -> Manifest:
    """The manifest of a folder, empty if the folder is new or empty.

    Raises SettingsError for a folder with files that no build of ours wrote, unless it may be overwritten.
    """
    try:
        text = (out / MANIFEST).read_text("utf-8") if (out / MANIFEST).is_file() else ""
        if text:
            found = json.loads(text)
            files = {_check_path(name): str(value) for name, value in found["files"].items()}
            return Manifest(files=files, addresses=tuple(check_address(str(each)) for each in found["addresses"]))
        is_taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise SettingsError(f"cannot read {out}: {explain_cause(error)}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{out / MANIFEST} is damaged ({error}); delete the folder {out}, and build again"
        ) from error
    if is_taken and not (may_overwrite and out.is_dir()):
        raise SettingsError(
            f"{out} has files that `signpost site` did not write; choose an empty folder, or add the site "
            "to these files with --overwrite"
        )
    return Manifest()


def _check_path(name: str) -> str:
    """A path of the manifest, which must lead to a place inside the folder."""
    if not _FILE.fullmatch(name) or {".", ".."} & {*name.split("/")}:
        message = f"{name[:80]!r} is not a file of a site"
        raise ValueError(message)
    return name


def write_site(contents: Contents, out: Path, served: Iterable[str] = (), *, may_overwrite: bool = False) -> Build:
    """Write all pages, feeds and parts of the search; remove what an earlier build wrote and this one does not.

    `served` are addresses that must not disappear. Raises SettingsError if the folder is not ours or cannot be written.
    """
    manifest = read_manifest(out, may_overwrite=may_overwrite)
    pages = list_pages(contents, [*served, *manifest.addresses])
    kept = {*served, *manifest.addresses, *(page.address for page in pages if page.is_kept and page.address)}
    writing = _Writing(out=out, before=manifest, may_overwrite=may_overwrite)
    try:
        others = dict(list_other_files(contents, pages))
        writing.announce([*(page.file for page in pages), *others], kept)
        for page in track(pages, "pages", len(pages)):
            writing.write(page.file, render(page, contents), is_page=True)
        for name, text in others.items():
            writing.write(name, text)
        if contents.settings.has_words:
            writing.index_words()
        writing.finish(kept)
    except OSError as error:
        raise SettingsError(f"cannot write the site to {out}: {explain_cause(error)}") from error
    writing.written.addresses = tuple(sorted(kept))
    return writing.written


def list_other_files(contents: Contents, pages: Iterable[Page]) -> Iterator[tuple[str, str]]:
    """The files beside the pages, each with its text."""
    package, end = "bot.insights.site", contents.sources.census.end
    yield "assets/site.css", render_page(package, "site.css", {})
    yield "assets/search.js", render_page(package, "search.js", {})
    yield "assets/messages.json", format_messages(contents.problems)
    changes = list_status_entries(contents.problems, end)
    yield "feeds/problems.xml", format_feed("problems", "new problems and changes of status", changes, contents)
    rises = list_rise_entries(list_past_rises(contents.problems, contents.sources.census))
    yield "feeds/trending.xml", format_feed("trending", "rising problems", rises, contents)
    if contents.settings.base_url and not contents.settings.is_private:
        yield "sitemap.xml", format_sitemap(pages, contents.settings.base_url)
    yield "robots.txt", format_robots(contents)
    yield ".nojekyll", ""  # GitHub Pages would leave out what Jekyll does not know


@dataclass(kw_only=True)
class _Writing:
    """One build: the folder, what was there before, and what this build has written so far."""

    out: Path
    before: Manifest
    may_overwrite: bool
    now: dict[str, str] = field(default_factory=dict)
    is_changed: bool = False
    written: Build = field(default_factory=Build)

    def announce(self, names: Iterable[str], addresses: Iterable[str]) -> None:
        """Say in the manifest what will be written, so that a build that is killed can be repeated.

        Raises SettingsError for a file that is there and not ours.
        """
        planned = dict.fromkeys(names, "")
        self._check_folders([*planned, *self.before.files])
        for name in planned:
            if name not in self.before.files and (self.out / name).exists() and not self.may_overwrite:
                raise SettingsError(
                    f"{self.out / name} was not written by `signpost site`; move it, or use --overwrite"
                )
        if not planned.keys() <= self.before.files.keys():
            self._write_manifest({**planned, **self.before.files}, addresses)

    def _check_folders(self, names: Iterable[str]) -> None:
        """Raise SettingsError for a folder that is a link to a place outside the site."""
        root = self.out.resolve()
        for folder in sorted({(self.out / name).parent for name in names}):
            if not folder.resolve().is_relative_to(root):
                raise SettingsError(f"{folder} leads out of {self.out}; remove this link, and build again")

    def write(self, name: str, text: str, *, is_page: bool = False) -> None:
        """Write a file if its content differs from what is there."""
        data = text.encode("utf-8", "replace")
        is_new = self._write_bytes(name, data)
        self.written.pages += is_page
        self.written.pages_written += is_page and is_new
        self.is_changed |= is_page and is_new

    def _write_bytes(self, name: str, data: bytes) -> bool:
        digest = blake2b(data, digest_size=16).hexdigest()
        path = self.out / name
        self.now[name] = digest
        self.written.files += 1
        self.written.size += len(data)
        if self.before.files.get(name) == digest and path.is_file() and path.stat().st_size == len(data):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.written.files_written += 1
        return True

    def index_words(self) -> None:
        """Index all words with Pagefind, if a page has changed or the index is not there."""
        old = [name for name in self.before.files if name.startswith(f"{_SEARCH_FOLDER}/")]
        if not self.is_changed and old and all((self.out / name).is_file() for name in old):
            for name in old:
                self.now[name] = self.before.files[name]
                self.written.files += 1
                self.written.size += (self.out / name).stat().st_size
            return
        with tempfile.TemporaryDirectory(prefix="signpost-") as folder:
            run_pagefind(self.out, Path(folder))
            for path in sorted(Path(folder).rglob("*")):
                name = path.relative_to(folder).as_posix()
                if path.is_file() and not name.startswith(_UNUSED):
                    self._write_bytes(f"{_SEARCH_FOLDER}/{name}", path.read_bytes())

    def finish(self, addresses: Iterable[str]) -> None:
        """Remove our files that are no longer part of the site, and write the manifest."""
        for name in self.before.files.keys() - self.now.keys():
            path = self.out / name
            if path.is_file():
                path.unlink()
                self.written.removed += 1
            _remove_empty(path.parent, self.out)
        self._write_manifest(self.now, addresses)

    def _write_manifest(self, files: Mapping[str, str], addresses: Iterable[str]) -> None:
        found = {"schema_version": 1, "files": dict(sorted(files.items())), "addresses": sorted(addresses)}
        text = json.dumps(found, indent=1) + "\n"
        path = self.out / MANIFEST
        if not path.is_file() or path.read_text("utf-8") != text:
            self.out.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(text, "utf-8", newline="\n")
            part.replace(path)


def _remove_empty(folder: Path, out: Path) -> None:
    """Remove a folder that became empty, and those around it, but not the site's own."""
    while folder != out and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def run_pagefind(site: Path, out: Path) -> None:
    """Index the pages of a site with Pagefind (https://pagefind.app), into another folder; raises SettingsError."""
    command = [sys.executable, "-P", "-m", "pagefind", "--site", str(site), "--output-path", str(out), "--silent"]
    ours = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=ours, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 (our own words)
    if done.returncode:
        shown = " ".join((done.stderr or done.stdout).split())[:500]
        raise SettingsError(
            f"Pagefind could not index {site}: {shown}; to install it again, run: {format_install('site')}"
        )
