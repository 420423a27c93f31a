"""The second action runs the first one in an image, which a release names by its digest."""

from pathlib import Path

import pytest
import yaml

from release.image import StampError, make_image_action, stamp_image

ROOT = Path(__file__).parents[2]
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
IMAGE_ACTION = (ROOT / "docker/action.yml").read_text(encoding="utf-8")
DIGEST = f"sha256:{'0a' * 32}"


def test_the_action_of_the_image_is_written_from_the_action() -> None:
    """If this fails, run `python -m release.image`."""
    assert make_image_action(ACTION) == IMAGE_ACTION


def test_both_actions_have_the_same_inputs_and_outputs() -> None:
    action, image = yaml.safe_load(ACTION), yaml.safe_load(IMAGE_ACTION)
    outputs = {name: {"description": each["description"]} for name, each in action["outputs"].items()}
    assert (image["inputs"], image["outputs"]) == (action["inputs"], outputs)
    assert image["runs"] == {"using": "docker", "image": "../Dockerfile"}


def test_the_values_of_composite_outputs_are_left_out() -> None:
    outputs = "outputs:\n  a:\n    value: ${{ steps.s.outputs.a }}\n    description: A."
    composite = f"name: A\ninputs: {{}}\n\n{outputs}\n\nruns:\n  using: composite\n"
    made = yaml.safe_load(make_image_action(composite))
    assert (made["name"], made["outputs"]) == ("A (image)", {"a": {"description": "A."}})


def test_a_release_names_the_image_by_its_digest() -> None:
    stamped = yaml.safe_load(stamp_image(IMAGE_ACTION, DIGEST))
    changed = {"using": "docker", "image": f"docker://ghcr.io/signpost-bot/signpost@{DIGEST}"}
    assert stamped == {**yaml.safe_load(IMAGE_ACTION), "runs": changed}


@pytest.mark.parametrize("digest", ["", "v1", DIGEST.upper(), f"{DIGEST}0", f"{DIGEST}\n"])
def test_an_invalid_digest_is_refused(digest: str) -> None:
    with pytest.raises(StampError, match="64 hex digits"):
        stamp_image(IMAGE_ACTION, digest)


def test_an_action_that_is_stamped_already_is_refused() -> None:
    with pytest.raises(StampError, match="once"):
        stamp_image(stamp_image(IMAGE_ACTION, DIGEST), DIGEST)
