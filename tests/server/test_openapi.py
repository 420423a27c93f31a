"""The endpoints do what their OpenAPI description says, whatever a client sends (schemathesis)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import requests
import schemathesis
from hypothesis import settings
from openapi_spec_validator import validate
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bot.server.metrics import Outcome
from tests.server.deliveries import sign
from tests.server.serving import Serving, serve

DESCRIPTION = json.loads((Path(__file__).parents[2] / "bot/server/openapi.json").read_text("utf-8"))
schema = schemathesis.openapi.from_dict(DESCRIPTION)


class Signer(AuthBase):
    """Signs the bytes that are sent, wherever the request has a well-formed signature."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        stated = request.headers.get("X-Hub-Signature-256", "")
        if re.fullmatch("sha256=[0-9a-f]{64}", str(stated)):
            body = request.body or b""
            request.headers["X-Hub-Signature-256"] = sign(body.encode() if isinstance(body, str) else bytes(body))
        return request


@pytest.fixture(scope="module")
def shared() -> Iterator[Serving]:
    with serve() as serving:
        yield serving


@schema.parametrize()
@settings(max_examples=50)
def test_each_endpoint_keeps_its_description(case: "schemathesis.Case[Any]", shared: Serving) -> None:
    """All checks but one: a description cannot say that the body must agree with the event in a header."""
    case.call_and_validate(
        base_url=f"http://127.0.0.1:{shared.port}",
        auth=Signer(),
        excluded_checks=[positive_data_acceptance],
    )


def test_the_description_is_valid_openapi() -> None:
    validate(DESCRIPTION)


def test_the_words_of_the_description_are_those_of_the_metrics() -> None:
    """Each answer to a delivery has its outcome as its status; nobody gets one to a connection that they closed."""
    schemas = DESCRIPTION["components"]["schemas"]
    words = {*schemas["Accepted"]["properties"]["status"]["enum"], *schemas["Refused"]["properties"]["status"]["enum"]}

    assert words == {*get_args(Outcome), "unavailable"} - {"aborted"}


def test_the_example_of_the_description_is_accepted(shared: Serving) -> None:
    operation = DESCRIPTION["paths"]["/webhook"]["post"]
    body = json.dumps(operation["requestBody"]["content"]["application/json"]["example"]).encode()

    assert shared.deliver("issues", body, "the-example").outcome == (202, "accepted")
