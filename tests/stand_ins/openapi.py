"""Requests and answers held against GitHub's own OpenAPI description (npm @octokit/openapi)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.responses.exceptions import ResponseNotFound
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.stand_ins.fake_github import Reply, Request
from tests.stand_ins.fetch import fetch_npm
from tests.stand_ins.github_json import Json, Value
from tests.stand_ins.lock import CACHE, hold_lock

VERSION = "23.0.2"
SERVER = "http://github.test"
LATER = Path(__file__).parent / "later_openapi.json"
"""What GitHub's own client sends and its description lacks, with the source."""

_USED = re.compile(
    r"/repos/\{owner\}/\{repo\}(/(issues|labels|contents|hooks|installation|collaborators|pulls|releases)(/.*)?)?"
    r"|/repos/\{owner\}/\{repo\}/(actions/(workflows|caches|permissions)(/.*)?|interaction-limits|commits/\{ref\})"
    r"|/repos/\{owner\}/\{repo\}/(compare/\{basehead\}|issue-types)|/orgs/\{org\}/issue-fields"
    r"|/user|/user/installations(/.*)?|/users/\{username\}|/search/issues|/rate_limit|/meta|/app(/.*)?|/app-manifests/.*"
    r"|/installation/.*"
)
_VERBS = ("get", "post", "patch", "put", "delete")


def fetch_description() -> Path:
    """The part of the description that an issue bot may use, as one JSON file, much smaller than 13 MB."""
    cut = sha256(_USED.pattern.encode() + LATER.read_bytes()).hexdigest()[:8]
    path = CACHE / f"github-openapi-{VERSION}-{cut}.json"
    with hold_lock("github-openapi"):
        if not path.exists():
            whole = fetch_npm("@octokit/openapi", VERSION, only="generated/api.github.com.json")
            trimmed = trim(json.loads((whole / "generated/api.github.com.json").read_text(encoding="utf-8")))
            passing = path.with_suffix(".part")
            passing.write_text(json.dumps(trimmed), encoding="utf-8")
            passing.rename(path)
    return path


def trim(description: Json) -> Json:
    """Keep the operations that are used and the components that these name; examples are none of them.

    What GitHub takes and does not describe yet is added.
    """
    paths = {
        path: {key: operation for key, operation in item.items() if key in {*_VERBS, "parameters"}}
        for path, item in description["paths"].items()
        if _USED.fullmatch(path)
    }
    trimmed: Json = {
        "openapi": description["openapi"],
        "info": {"title": "GitHub", "version": VERSION},
        "servers": [{"url": SERVER}],
        "paths": _drop_examples(paths),
        "components": {},
    }
    _add_later(trimmed["paths"])
    _copy_components(trimmed["paths"], description["components"], trimmed["components"])
    return trimmed


def _add_later(paths: Json) -> None:
    later = json.loads(LATER.read_text(encoding="utf-8"))
    body = paths[later["path"]][later["verb"]]["requestBody"]["content"]["application/json"]["schema"]
    described = body["properties"][later["property"]]
    body["properties"][later["property"]] = {"oneOf": [described, later["alternative"]]}


def _copy_components(found_in: object, source: Json, target: Json) -> None:
    for name in _find_references(found_in):
        kind, key = name.split("/")[2:]
        if key not in target.setdefault(kind, {}):
            target[kind][key] = _mend_enum(_drop_examples(source[kind][key]))
            _copy_components(target[kind][key], source, target)


def _find_references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _find_references(inner)


def _drop_examples(part: Value) -> Value:
    """Also drop discriminators that name a property of an array, which has none (contents of a folder)."""
    if isinstance(part, dict):
        unwanted = {"examples", "x-github"}
        if "array" in (part.get("discriminator") or {}).get("mapping", {}):
            unwanted.add("discriminator")
        return {key: _drop_examples(value) for key, value in part.items() if key not in unwanted}
    return [_drop_examples(inner) for inner in part] if isinstance(part, list) else part


def _mend_enum(part: Value) -> Value:
    """A nullable enum must name null as well, and so must one of several forms (OpenAPI 3.0.3); GitHub's do not."""
    if isinstance(part, list):
        return [_mend_enum(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    mended = {key: _mend_enum(value) for key, value in part.items()}
    if mended.get("nullable") and isinstance(mended.get("enum"), list) and None not in mended["enum"]:
        mended["enum"] = [*mended["enum"], None]
    if mended.get("nullable") and isinstance(mended.get("oneOf"), list):
        mended["oneOf"] = [{**mended["oneOf"][0], "nullable": True}, *mended["oneOf"][1:]]
    return mended


@dataclass
class _CheckedRequest:
    """A request as openapi-core reads one."""

    method: str
    path: str
    body: bytes | None
    parameters: RequestParameters
    host_url: str = SERVER
    content_type: str = "application/json"


@dataclass
class _CheckedResponse:
    """An answer as openapi-core reads one."""

    status_code: int
    data: bytes | None
    headers: Headers
    content_type: str = "application/json"


class OpenAPIChecker:
    """Finds what breaks the description; an error that it does not list for a path need only look like its errors."""

    def __init__(self) -> None:
        self._openapi = _load()

    def __call__(self, request: Request, reply: Reply) -> list[str]:
        asked = _CheckedRequest(
            method=request.verb.lower(),
            path=request.path,
            body=json.dumps(request.body).encode() if request.body is not None else None,
            parameters=RequestParameters(
                query=ImmutableMultiDict(request.query), header=Headers(dict(request.headers)), path={}
            ),
        )
        given = _CheckedResponse(reply.status, reply.text.encode() or None, Headers(dict(reply.headers)))
        errors: list[Exception] = []
        if reply.status < 300:
            errors += self._openapi.iter_request_errors(asked)
        errors += self._openapi.iter_response_errors(asked, given)
        return [f"{request}: {_say(error)}" for error in errors if not _is_plain_refusal(error, reply)]


def _is_plain_refusal(error: Exception, reply: Reply) -> bool:
    """Many operations answer 301, 401, 403 or 404 without listing it, and any that is read with an ETag 304."""
    is_known = reply.status == 304 or (reply.status >= 300 and "message" in (reply.body or {}))
    return isinstance(error, ResponseNotFound) and is_known


def _say(error: BaseException) -> str:
    """The error without the whole of the JSON that it is about."""
    inner = "; ".join(f"{each.json_path}: {each.message[:200]}" for each in getattr(error, "schema_errors", ()))
    cause = f" <- {_say(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__} {inner or str(error)[:200]}{cause}"


@cache
def _load() -> OpenAPI:
    return OpenAPI.from_dict(json.loads(fetch_description().read_text(encoding="utf-8")))
