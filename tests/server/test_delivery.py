"""A request becomes a delivery, or is ignored or refused with a reason."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.server.delivery import MOST_DEPTH, Ignored, Refused, read_delivery
from bot.server.inbox.types import Delivery
from tests.server.deliveries import (
    COMMENT,
    GUID,
    INSTALLATION,
    ISSUE,
    ISSUE_COMMENT,
    ISSUES,
    NOW,
    PUSH,
    REPOSITORY,
    SECRET,
    encode,
    list_raw,
    make_headers,
    sign,
)
from tests.stand_ins.github_json import Json

OWN = "signpost[bot]"
OPENED = Delivery(
    guid=GUID,
    event="issues",
    action="opened",
    installation=3,
    repository="octo/widget",
    repository_id=42,
    issue=7,
    body=encode(ISSUES),
    received_at=NOW,
)
CASES = Path(__file__).parents[1] / "cases"


def read(event: str, payload: object) -> Delivery | Ignored | Refused:
    body = payload if isinstance(payload, bytes) else encode(payload)
    return read_delivery(list_raw(make_headers(event, body)), body, (SECRET,), NOW, OWN)


def describe(found: Delivery | Ignored | Refused) -> str:
    """What was found, in a word."""
    if isinstance(found, Delivery):
        return (
            f"{found.event} {found.action} {found.installation} {found.repository} {found.repository_id} {found.issue}"
        )
    return f"ignored: {found.reason}" if isinstance(found, Ignored) else f"{found.status}: {found.reason}"


def test_a_delivery_is_read_whole() -> None:
    assert read("issues", ISSUES) == OPENED


@pytest.mark.parametrize(
    "event, payload, expected",
    [
        ("issues", {**ISSUES, "action": "edited"}, "issues edited 3 octo/widget 42 7"),
        ("issues", {**ISSUES, "action": "reopened"}, "issues reopened 3 octo/widget 42 7"),
        ("issues", {**ISSUES, "action": "labeled"}, "issues labeled 3 octo/widget 42 7"),
        ("issues", {**ISSUES, "action": "unlabeled"}, "issues unlabeled 3 octo/widget 42 7"),
        ("issues", {**ISSUES, "installation": None}, "issues opened 0 octo/widget 42 7"),
        ("issues", {**ISSUES, "sender": None}, "issues opened 3 octo/widget 42 7"),
        ("issues", {**ISSUES, "issue": {**ISSUE, "title": "\ud800"}}, "issues opened 3 octo/widget 42 7"),
        ("issue_comment", ISSUE_COMMENT, "issue_comment created 3 octo/widget 42 7"),
        ("issue_comment", {**ISSUE_COMMENT, "action": "edited"}, "issue_comment edited 3 octo/widget 42 7"),
        ("push", PUSH, "push  3 octo/widget 42 0"),
        ("push", {**PUSH, "forced": True, "commits": [{}]}, "push  3 octo/widget 42 0"),
        ("push", {**PUSH, "commits": []}, "push  3 octo/widget 42 0"),
        ("push", {**PUSH, "commits": None}, "push  3 octo/widget 42 0"),
        ("push", {**PUSH, "commits": [{"added": [], "modified": [], "removed": []}] * 20}, "push  3 octo/widget 42 0"),
        ("push", {**PUSH, "action": "opened"}, "push  3 octo/widget 42 0"),
        ("push", {**PUSH, "repository": {**REPOSITORY, "full_name": "octo/.github"}}, "push  3 octo/.github 42 0"),
        ("installation", {"action": "created", "installation": INSTALLATION}, "installation created 3  0 0"),
        (
            "installation_repositories",
            {"action": "removed", "installation": INSTALLATION, "repositories_removed": [REPOSITORY]},
            "installation_repositories removed 3  0 0",
        ),
    ],
)
def test_what_the_server_has_to_do_is_a_delivery(event: str, payload: Json, expected: str) -> None:
    assert describe(read(event, payload)) == expected


def test_nothing_of_a_push_is_kept() -> None:
    found = read("push", {**PUSH, "commits": [{"message": "a" * 1000}]})
    assert isinstance(found, Delivery)
    assert found.body == b"{}"


UNTOUCHED: Json = {"added": ["a"], "modified": [".github/signpost.yml"], "removed": [".github/workflows/ci.yml"]}


@pytest.mark.parametrize(
    "event, payload, reason",
    [
        ("ping", {"zen": "Keep it logically awesome."}, "event ping"),
        ("star", {"action": "created"}, "event star"),
        ("repository", {"action": "renamed", "repository": REPOSITORY}, "event repository"),
        ("issues", {**ISSUES, "action": "deleted"}, "issues deleted"),
        ("issues", {**ISSUES, "action": "transferred"}, "issues transferred"),
        ("issues", {"action": "of_the_future"}, "issues of_the_future"),
        ("issues", {**ISSUES, "issue": {**ISSUE, "pull_request": {}}}, "pull request"),
        ("issues", {**ISSUES, "sender": {"login": "Signpost[bot]"}}, "the event comes from ourselves"),
        ("issue_comment", {**ISSUE_COMMENT, "action": "deleted"}, "issue_comment deleted"),
        ("issue_comment", {**ISSUE_COMMENT, "issue": {**ISSUE, "pull_request": {"url": ""}}}, "pull request"),
        ("installation", {"action": "of_the_future"}, "installation of_the_future"),
        ("push", {**PUSH, "ref": "refs/heads/topic"}, "push to another branch than the default branch"),
        ("push", {**PUSH, "ref": "refs/tags/main"}, "push to another branch than the default branch"),
        ("push", {**PUSH, "commits": [UNTOUCHED]}, "push without changes below .github/signpost/"),
    ],
)
def test_other_events_are_ignored_with_a_reason(event: str, payload: Json, reason: str) -> None:
    assert read(event, payload) == Ignored(reason)


@pytest.mark.parametrize("kind", ["added", "modified", "removed"])
def test_each_kind_of_change_of_the_rules_counts(kind: str) -> None:
    changed = {"added": [], "modified": [], "removed": [], kind: [None, ".github/signpost/a/b.yml"]}

    assert isinstance(read("push", {**PUSH, "commits": [UNTOUCHED, changed]}), Delivery)


def nest(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    "body, reason",
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"payload=%7B%7D", "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        ("{}".encode("utf-16"), "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": -Infinity}', "not valid JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (nest(100_000), "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (nest(MOST_DEPTH + 1), "more than 64 levels"),
        (b'{"a":' + b"[" * MOST_DEPTH + b"]" * MOST_DEPTH + b"}", "more than 64 levels"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
    ],
)
def test_a_body_that_is_not_an_object_in_json_is_refused(body: bytes, reason: str) -> None:
    found = read("issues", body)

    assert isinstance(found, Refused)
    assert (found.status, reason in found.reason) == (400, True)


def test_the_maximum_depth_is_accepted() -> None:
    assert read("ping", nest(MOST_DEPTH)) == Ignored("event ping")


@pytest.mark.parametrize(
    "event, payload, problem",
    [
        ("issues", {}, "must have an action"),
        ("issues", {**ISSUES, "action": 1}, "must have an action"),
        ("issues", {**ISSUES, "action": "\u202eopened"}, "must have an action"),
        ("issues", {**PUSH, "action": "opened"}, "issue: field required"),
        ("issues", {**ISSUES, "issue": None}, "issue: input should be an object"),
        ("issues", {**ISSUES, "issue": [ISSUE]}, "issue: input should be an object"),
        ("issues", {**ISSUES, "repository": None}, "repository: input should be an object"),
        ("issues", {**ISSUES, "repository": {"full_name": "octo/widget"}}, "repository.id: field required"),
        ("issues", {**ISSUES, "repository": {"id": 42}}, "repository.full_name: field required"),
        ("issues", {**ISSUES, "installation": {}}, "installation.id: field required"),
        ("issues", {**ISSUES, "sender": "reporter"}, "sender: input should be an object"),
        ("issue_comment", {**ISSUES, "action": "created"}, "comment: field required"),
        ("issue_comment", {**ISSUE_COMMENT, "comment": {**COMMENT, "id": None}}, "comment.id: input should be a valid"),
        ("push", ISSUES, "ref: field required"),
        ("push", {**PUSH, "ref": ["refs/heads/main"]}, "ref: input should be a valid string"),
        ("push", {**PUSH, "commits": "all"}, "commits: input should be a valid list"),
        ("push", {**PUSH, "commits": [{"added": "a"}]}, "commits.0.added: input should be a valid list"),
        ("installation", {"action": "created"}, "installation: field required"),
        ("installation_repositories", {"action": "added", "installation": None}, "installation: input should be"),
    ],
)
def test_event_and_body_must_agree(event: str, payload: Json, problem: str) -> None:
    found = read(event, payload)

    assert isinstance(found, Refused)
    assert (found.status, found.reason.partition(problem)[1]) == (400, problem)


@pytest.mark.parametrize("number", ["1e400", "7.0", '"7"', "0", "-7", "true", "null", "[7]", str(2**53), "9" * 400])
@pytest.mark.parametrize(
    "place", ['"number": 7', '"id": 42', '"id": 3,'], ids=["the issue", "the repository", "the installation"]
)
def test_hostile_numbers_are_refused(number: str, place: str) -> None:
    text = json.dumps(ISSUES)
    assert text.count(place) == 1
    body = text.replace(place, f"{place.partition(':')[0]}: {number}{',' * place.endswith(',')}").encode()

    found = read("issues", body)

    assert isinstance(found, Refused)
    assert found.status == 400


@pytest.mark.parametrize(
    "name",
    [
        *("", "widget", "octo/", "/widget", "octo/widget/x", "octo/..", "octo/.", "../widget", "octo /widget"),
        *("octo/wid get", "octo/widget\n", "\nocto/widget", "öcto/widget", "octo/widget?x", "octo/wid%2fget"),
        *("octo/" + "w" * 300, "o" * 300 + "/widget", "https://github.com/octo/widget", "octo\\widget"),
    ],
)
def test_a_name_that_is_not_owner_and_name_is_refused(name: str) -> None:
    found = read("issues", {**ISSUES, "repository": {**REPOSITORY, "full_name": name}})

    assert isinstance(found, Refused)
    assert found.status == 400


@pytest.mark.parametrize("name", ["octo/.github", "octo_corp/a", "-/w.js", "o/-.-", "1/2", "octo/..a"])
def test_names_of_github_are_accepted(name: str) -> None:
    payload = {**ISSUES, "repository": {**REPOSITORY, "full_name": name}}

    assert read("issues", payload) == replace(OPENED, repository=name, body=encode(payload))


BODY = encode(ISSUES)
WRONG_SIGNATURE = "the signature does not match; the webhook secret of the App and of the server must agree"
NO_SIGNATURE = "the header X-Hub-Signature-256 is missing or malformed; set a webhook secret for the App"
WRONG_TYPE = "the content type must be application/json; set it in the App's webhook"
NO_GUID = "the header X-GitHub-Delivery is missing or malformed; send the GUID of the delivery"
NO_EVENT = "the header X-GitHub-Event is missing or malformed; send the name of the event"
COMPRESSED = "the body must not be compressed; send it without Content-Encoding"


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("X-Hub-Signature-256", None, Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", "", Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY)[:-1], Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY).upper(), Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY).removeprefix("sha256="), Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY).replace("sha256", "sha1"), Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", f"{sign(BODY)}, {sign(BODY)}", Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", "sha256=" + "é" * 64, Refused(401, NO_SIGNATURE)),
        ("X-Hub-Signature-256", "sha256=" + "0" * 64, Refused(401, WRONG_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY, b"another secret"), Refused(401, WRONG_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY + b" "), Refused(401, WRONG_SIGNATURE)),
        ("X-Hub-Signature-256", sign(BODY, b""), Refused(401, WRONG_SIGNATURE)),
        ("Content-Type", None, Refused(415, WRONG_TYPE)),
        ("Content-Type", "application/x-www-form-urlencoded", Refused(415, WRONG_TYPE)),
        ("Content-Type", "application/jsonp", Refused(415, WRONG_TYPE)),
        ("Content-Type", "text/plain; application/json", Refused(415, WRONG_TYPE)),
        ("Content-Type", "application/json; charset=utf-8", OPENED),
        ("Content-Type", "Application/JSON ;charset=UTF-8", OPENED),
        ("Content-Encoding", "gzip", Refused(415, COMPRESSED)),
        ("Content-Encoding", "identity", OPENED),
        ("X-GitHub-Delivery", None, Refused(400, NO_GUID)),
        ("X-GitHub-Delivery", "../../etc/passwd", Refused(400, NO_GUID)),
        ("X-GitHub-Delivery", "a" * 65, Refused(400, NO_GUID)),
        ("X-GitHub-Delivery", "-", Refused(400, NO_GUID)),
        ("X-GitHub-Delivery", "1234", replace(OPENED, guid="1234")),
        ("X-GitHub-Event", None, Refused(400, NO_EVENT)),
        ("X-GitHub-Event", "", Refused(400, NO_EVENT)),
        ("X-GitHub-Event", "Issues", Refused(400, NO_EVENT)),
        ("X-GitHub-Event", "issues\u00a0", Refused(400, NO_EVENT)),
        ("X-GitHub-Event", "issues ", OPENED),
    ],
)
def test_headers_are_checked(name: str, value: str | None, expected: Delivery | Refused) -> None:
    headers = {**make_headers("issues", BODY), name: value}
    kept = {key: stated for key, stated in headers.items() if stated is not None}

    assert read_delivery(list_raw(kept), BODY, (SECRET,), NOW, OWN) == expected


@pytest.mark.parametrize("name", ["Content-Type", "X-GitHub-Delivery", "X-GitHub-Event", "X-Hub-Signature-256"])
def test_a_header_that_occurs_twice_is_refused_even_with_one_value(name: str) -> None:
    headers = list_raw(make_headers("issues", BODY))
    twice = next(value for key, value in headers if key == name.lower().encode())

    found = read_delivery([*headers, (name.encode(), twice)], BODY, (SECRET,), NOW, OWN)

    assert found == Refused(400, f"the header {name.lower()} occurs more than once; send it once")


def test_each_secret_is_accepted_while_one_is_replaced() -> None:
    for secrets in ((SECRET,), (SECRET, b"newer"), (b"newer", SECRET)):
        assert read_delivery(list_raw(make_headers("issues", BODY)), BODY, secrets, NOW, OWN) == OPENED


@pytest.mark.parametrize("secrets", [(), (b"",), (SECRET, b"")])
def test_without_a_secret_nothing_is_read(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(SettingsError, match="the webhook secret is missing; run `signpost serve setup`"):
        read_delivery(list_raw(make_headers("issues", BODY)), BODY, secrets, NOW, OWN)


def test_without_an_own_login_no_event_is_ours() -> None:
    payload = {**ISSUES, "sender": {"login": ""}}
    body = encode(payload)

    found = read_delivery(list_raw(make_headers("issues", body)), body, (SECRET,), NOW, "")

    assert found == replace(OPENED, body=body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
EVENTS = ("issues", "issue_comment", "push", "installation", "installation_repositories", "ping")


@given(
    event=st.sampled_from(EVENTS),
    base=st.sampled_from([ISSUES, ISSUE_COMMENT, PUSH, {}]),
    change=st.dictionaries(
        st.sampled_from(["action", "issue", "comment", "repository", "installation", "sender", "ref", "commits"]), JSON
    ),
)
def test_no_signed_payload_breaks_the_reader(event: str, base: Json, change: Json) -> None:
    found = read(event, {**base, **change})

    if isinstance(found, Delivery):
        assert type(found.repository_id) is type(found.issue) is type(found.installation) is int
        assert found.repository_id or found.installation
    if isinstance(found, Refused):
        assert found.status == 400


@given(body=st.binary(max_size=200))
def test_no_signed_body_breaks_the_reader(body: bytes) -> None:
    found = read("issues", body)

    assert isinstance(found, Refused)
    assert found.status == 400


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from([name for name, _ in list_raw(make_headers("issues", BODY))]) | st.binary(max_size=20),
            st.sampled_from([value for _, value in list_raw(make_headers("issues", BODY))]) | st.binary(max_size=80),
        ),
        max_size=9,
    )
)
def test_no_headers_break_the_reader_and_none_pass_without_a_signature(headers: list[tuple[bytes, bytes]]) -> None:
    found = read_delivery(headers, BODY, (SECRET,), NOW, OWN)

    if isinstance(found, Refused):
        assert found.status in {400, 401, 415}
    else:
        signed = [value for name, value in headers if name.lower() == b"x-hub-signature-256"]
        assert [value.strip() for value in signed] == [sign(BODY).encode()]


def is_wanted_example(event: str, payload: Json) -> bool:
    """Written a second time, from GitHub's documents, for the examples alone."""
    if event == "push":
        return False  # none of them changes a file of ours
    if (payload.get("issue") or {}).get("pull_request"):
        return False
    ignored = {"deleted", "transferred"} if event == "issues" else set()
    changes = {"assigned", "unassigned", "milestoned", "demilestoned", "locked", "unlocked", "pinned", "unpinned"}
    removed = {"deleted"} if event == "issue_comment" else set()
    return payload["action"] not in ignored | changes | removed


@pytest.mark.parametrize("event", ["issues", "issue_comment", "push", "installation", "installation_repositories"])
def test_the_examples_of_github_are_read(event: str, webhook_examples: dict[str, list[Json]]) -> None:
    examples = webhook_examples[event]
    assert examples

    for payload in examples:
        found = read(event, payload)
        repository = payload.get("repository", {})
        expected = Delivery(
            guid=GUID,
            event=event,
            action=payload.get("action", ""),
            installation=payload.get("installation", {}).get("id", 0),
            repository=repository.get("full_name", ""),
            repository_id=repository.get("id", 0),
            issue=payload.get("issue", {}).get("number", 0),
            body=encode(payload),
            received_at=NOW,
        )
        assert (found == expected) == is_wanted_example(event, payload), describe(found)
        assert not isinstance(found, Refused), describe(found)


def test_all_other_examples_of_github_are_ignored(webhook_examples: dict[str, list[Json]]) -> None:
    wanted = {"issues", "issue_comment", "push", "installation", "installation_repositories"}
    others = {event: examples for event, examples in webhook_examples.items() if event not in wanted}

    assert len(others) > 50
    assert {event: {describe(read(event, payload)) for payload in examples} for event, examples in others.items()} == {
        event: {f"ignored: event {event}"} for event in others
    }


def test_the_recorded_events_of_the_cases_are_read() -> None:
    found = {}
    for file in sorted(CASES.glob("*/event.json")):
        payload = json.loads(file.read_text("utf-8"))
        found[file.parent.name] = describe(read("issue_comment" if "comment" in payload else "issues", payload))

    expected = dict.fromkeys(found, "issues opened 0 octo-org/octo-repo 186853002 4512")
    comment = "issue_comment created 0 octo-org/octo-repo 186853002 4512"
    edited = "issues edited 0 octo-org/octo-repo 186853002 4512"
    assert found == expected | {
        "closed": edited,
        "comment-by-another": comment,
        "comment-by-the-author": comment,
        "edited": edited,
        "locked": edited,
        "pull-request": "ignored: pull request",
    }
