"""Writes docker/action.yml from action.yml: `python -m release.image`.

In a checkout, docker/action.yml builds the image; in a release it names the image by its digest.
"""

import re
import sys
from pathlib import Path

from release.notes import REPOSITORY

ROOT = Path(__file__).parents[1]
IMAGE = f"ghcr.io/{REPOSITORY}"
IMAGE_ACTION = "docker/action.yml"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BUILT = "  image: ../Dockerfile # zizmor: ignore[unpinned-images] a release names the image by its digest\n"
_TAIL = f"""
runs:
  using: docker
{_BUILT}"""


class StampError(ValueError):
    """A file or a digest is not what the release expects; the message says what it found."""


def make_image_action(action: str) -> str:
    """The text of docker/action.yml, from that of action.yml: the same inputs and outputs, run in the image.

    The outputs of a composite action name the step that they come from, and those of an image must not
    (https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax).
    """
    head, runs, _ = action.partition("\nruns:\n")
    shared, outputs, described = head.partition("\noutputs:\n")
    if not (runs and outputs):
        raise StampError("action.yml needs the sections outputs: and runs:, in this order")
    named = re.sub(r"^name: .*$", r"\g<0> (image)", shared, count=1, flags=re.MULTILINE)
    free = re.sub(r"^    value: .*\n?", "", described, flags=re.MULTILINE)
    return f"{named}{outputs}{free.rstrip()}\n{_TAIL}"


def stamp_image(action: str, digest: str) -> str:
    """The text of docker/action.yml with the image of a release; raises StampError."""
    if not _DIGEST.fullmatch(digest):
        raise StampError(f"the digest of the image must be sha256: and 64 hex digits, not {digest!r}")
    if action.count(_BUILT) != 1:
        raise StampError(f"{IMAGE_ACTION} must have the line {_BUILT.strip()!r} once; the release replaces it")
    return action.replace(_BUILT, f"  image: docker://{IMAGE}@{digest}\n")


def main() -> None:
    """Write docker/action.yml of the checkout again."""
    try:
        made = make_image_action((ROOT / "action.yml").read_text("utf-8"))
    except StampError as error:
        sys.exit(f"release: {error}")
    (ROOT / IMAGE_ACTION).write_text(made, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
