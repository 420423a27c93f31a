"""Prints the notes of a release: the section of CHANGELOG.md, how to use the release, and how to verify it.

`python -m release.notes 0.1.0`. A development version takes the section "Unreleased".
"""

import argparse
import re
import sys
from pathlib import Path

from bot import __version__

REPOSITORY = "signpost-bot/signpost"
CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
UNRELEASED = "Unreleased"

_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - \d{4}-\d{2}-\d{2})?$", re.MULTILINE)
_PUBLISHED = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:(?:a|b|rc)\d+|\.post\d+)?", re.ASCII)
"""Three numbers, as the protected tags `v*.*.*` have, in the normal form of PEP 440, which the files are named by."""

_LINK = re.compile(r'(?P<before>\]\(|\b(?:src|srcset)=")(?!https?:|mailto:|#)(?P<path>[^)"\s]+)')
_PICTURE = re.compile(r"\.(?:png|svg|jpg|gif)$")

_USE = """\
## Use this release

```yaml
      - uses: {repository}@{commit} # {tag}
```

- For the command, run `pipx install signpost-bot=={version}`.
- For the image instead of the runner's own Python, use `{repository}/docker@{commit}`.

## Verify it

```sh
gh release verify {tag} --repo {repository}
gh attestation verify FILE --repo {repository}
```

`SHA256SUMS` lists the hash of each file, and `action.yml` of this release holds those that the action downloads.
"""


class NotesError(ValueError):
    """The changelog and the version do not fit; the message says what to change."""


def make_notes(changelog: str, version: str, commit: str) -> str:
    """The notes in Markdown; `commit` is the one that the tag names. Raises NotesError."""
    tag = f"v{version}"
    use = _USE.format(repository=REPOSITORY, version=version, commit=commit, tag=tag)
    return f"{make_links_absolute(find_section(changelog, version), tag)}\n\n{use}"


def find_section(changelog: str, version: str) -> str:
    """The text below the newest heading, which must be that of the version (https://keepachangelog.com/en/1.1.0/).

    Raises NotesError if it is another one, has no date, or is empty.
    """
    wanted = UNRELEASED if ".dev" in version else version
    found = [*_HEADING.finditer(changelog)]
    newest = found[0]["name"] if found else ""
    if newest != wanted:
        raise NotesError(f"the newest section of CHANGELOG.md must be [{wanted}], not [{newest}]")
    if wanted != UNRELEASED and found[0][0] == f"## [{wanted}]":
        raise NotesError(f"the section [{wanted}] of CHANGELOG.md needs its date: ## [{wanted}] - 2026-12-31")
    text = changelog[found[0].end() : found[1].start() if len(found) > 1 else None].strip()
    if not text:
        raise NotesError(f"the section [{wanted}] of CHANGELOG.md is empty; say what changed for users")
    return text


def make_links_absolute(text: str, tag: str) -> str:
    """Markdown or HTML whose links into the repository also work elsewhere; pictures as raw files."""

    def resolve(match: re.Match[str]) -> str:
        path = match["path"]
        raw = f"https://raw.githubusercontent.com/{REPOSITORY}/{tag}"
        page = f"https://github.com/{REPOSITORY}/blob/{tag}"
        return f"{match['before']}{raw if _PICTURE.search(path) else page}/{path}"

    return _LINK.sub(resolve, text)


def check_version(version: str, *, is_final: bool) -> None:
    """Raise NotesError for a version that is not that of the checkout, or for one to be published that cannot be."""
    if version != __version__:
        raise NotesError(f"the version is {__version__} in bot/__init__.py, not {version!r}; change one of them")
    if is_final:
        check_final(version)


def check_final(version: str) -> None:
    """Raise NotesError for a version in development, or in a form that tags and files do not have."""
    if ".dev" in version:
        raise NotesError(f"{version} is a development version; set a final one in bot/__init__.py, such as 0.1.0")
    if not _PUBLISHED.fullmatch(version):
        raise NotesError(f"{version!r} cannot be published; write the version in bot/__init__.py as 0.1.0 or 0.1.0rc1")


def main() -> None:
    """Print the notes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="without the v, for example 0.1.0")
    parser.add_argument("--final", action="store_true", help="refuse a development version")
    arguments = parser.parse_args()
    try:
        check_version(arguments.version, is_final=arguments.final)
        sys.stdout.write(make_notes(CHANGELOG.read_text("utf-8"), arguments.version, "COMMIT"))
    except NotesError as error:
        sys.exit(f"release: {error}")


if __name__ == "__main__":
    main()
