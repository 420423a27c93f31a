"""Builds the documentation as a site: `python -m docs.build [--out dist/docs]`; `make docs` runs it.

The pages are those that GitHub shows: README.md, docs/ and rules/README.md. In a copy of them, links to other files of
the repository lead to GitHub; Zensical makes the site of that copy. Nothing on the site comes from elsewhere.
"""

import argparse
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bot import DOCS_URL
from docs.gallery import make_gallery

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/signpost-bot/signpost"
STAGE = ROOT / ".cache/docs"
CONFIG = "docs/zensical.toml"
SCHEMAS = {
    "schemas/rule-v1.json": "schema.json",
    "schemas/pack-v1.json": "pack.schema.json",
    "schemas/config-v1.json": "config.schema.json",
}
"""By the path of each schema on the site, its file in rules/."""

_CODE_OR_LINK = re.compile(
    r"^[ ]*(?P<fence>`{3,}).*?^[ ]*(?P=fence)[ \t]*$|"  # a block of code
    r"(?P<words>!?\[(?:[^\]\[]|\[[^\]]*\])*\])\((?P<target>[^)\s]+)\)|"
    r"`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
"""Code, whose text stays as it is, and links, whose words may have code."""
_PICTURE = re.compile(
    r'<picture>\s*<source [^>]*srcset="([^"]+)">\s*<img src="([^"]+)" alt="([^"]*)">\s*</picture>', re.DOTALL
)
"""A picture for dark and light, as GitHub shows it."""


def list_pages(root: Path) -> dict[str, str]:
    """Where each page of the repository is on the site: path there by path here."""
    pages = {path.relative_to(root).as_posix(): path.relative_to(root / "docs").as_posix() for path in _find(root)}
    pages = {here: there.replace("README.md", "index.md") for here, there in pages.items()}
    return {"README.md": "index.md", "rules/README.md": "reference.md", **pages}


def _find(root: Path) -> list[Path]:
    return sorted((root / "docs").rglob("*.md"))


def rewrite_page(text: str, here: str, pages: Mapping[str, str]) -> str:
    """A page with links that work on the site; `here` is its path in the repository. Code stays as it is."""
    return _CODE_OR_LINK.sub(partial(_rewrite_link, here=here, pages=pages), _PICTURE.sub(_write_picture, text))


def _write_picture(found: re.Match[str]) -> str:
    """Two pictures, one for each look of the site: a reader can choose another look than that of the system."""
    dark, light, words = found.groups()
    return f"![{words}]({light}#only-light)\n![{words}]({dark}#only-dark)"


def _rewrite_link(found: re.Match[str], *, here: str, pages: Mapping[str, str]) -> str:
    words, target = found["words"], found["target"]
    path, mark, anchor = (target or "").partition("#")
    if not path or re.match(r"[a-z][a-z0-9+.-]*:", path):
        return found[0]
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
    if words.startswith("!"):
        place = posixpath.join("pictures", posixpath.basename(wanted))
    elif wanted in pages:
        place = pages[wanted]
    else:
        kind = "tree" if (ROOT / wanted).is_dir() else "blob"
        return f"{words}({REPOSITORY}/{kind}/main/{wanted}{mark}{anchor})"
    return f"{words}({posixpath.relpath(place, posixpath.dirname(pages[here]) or '.')}{mark}{anchor})"


def write_stage(folder: Path, root: Path = ROOT) -> None:
    """The copy of the pages that the generator reads, with its settings."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = list_pages(root)
    for here, there in pages.items():
        _write(folder / "pages" / there, rewrite_page((root / here).read_text("utf-8"), here, pages))
    for there, text in make_gallery().items():
        _write(folder / "pages" / there, text)
    for there, text in make_schemas(root).items():
        _write(folder / "pages" / there, text)
    for picture in (root / ".github/pictures").glob("*.png"):
        (folder / "pages/pictures").mkdir(exist_ok=True)
        shutil.copy(picture, folder / "pages/pictures")
    for name in ("site.css", "site.js"):
        shutil.copy(root / "docs" / name, folder / "pages")
    shutil.copy(root / CONFIG, folder / "zensical.toml")


def make_schemas(root: Path) -> dict[str, str]:
    """The JSON Schemas with the addresses that they have on the site, by their paths there.

    A schema of the next major version gets another path, so that files of today keep theirs.
    """
    schemas = {path: json.loads((root / "rules" / name).read_text("utf-8")) for path, name in SCHEMAS.items()}
    named = {
        path: {"$schema": schema["$schema"], "$id": f"{DOCS_URL}{path}", **schema} for path, schema in schemas.items()
    }
    return {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in named.items()}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def build(out: Path, stage: Path = STAGE) -> None:
    """Write the site to the folder, which is replaced. Raises CalledProcessError if a page or a link is wrong."""
    write_stage(stage)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", "zensical.toml"]
    subprocess.run(command, cwd=stage, check=True, env={**os.environ, "PYTHONUTF8": "1"})  # noqa: S603 (our own words)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(stage / "site", out)
    print(f"{out}: {sum(1 for _ in out.rglob('*.html'))} pages")


def main() -> None:
    """Build the site."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "dist/docs", help="the folder for the site")
    build(parser.parse_args().out)


if __name__ == "__main__":
    main()
