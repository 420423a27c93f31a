"""What the page is told, over real HTTP."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.rules.spec.document import MAX_BYTES
from tests.builders import a_rule, an_issue
from tests.workbench.studio.running import Running, run_studio

QUOTA = yaml.safe_dump(a_rule(match={"phrase": "Disk quota exceeded"}), sort_keys=False)


def test_the_rule_is_told_as_its_file_has_it(studio: Running) -> None:
    told = studio.get("rule").json

    assert told == {
        "text": studio.path.read_text("utf-8"),
        "version": studio.studio.file.before.version,
        "file": str(studio.path),
        "history": {"name": "issues.jsonl", "total": None},
        "elsewhere": [],
    }


def test_a_text_is_tried_on_all_issues(studio: Running) -> None:
    told = studio.settle(QUOTA)

    counts = {name: told["counts"][name] for name in ("issues", "tried", "matched", "gained", "lost", "unmatched")}
    assert counts == {"issues": 3, "tried": 3, "matched": 2, "gained": 1, "lost": 1, "unmatched": 1}
    assert told["counts"]["overlaps"] == [{"rule": "quota", "title": "Quota", "count": 2, "relation": "also"}]
    assert (told["loads"], told["is_saved"], told["mode"]) == (True, False, "comment")


def test_a_failing_example_is_told_at_its_place(studio: Running) -> None:
    told = studio.settle(QUOTA)

    (found,) = [each for each in told["diagnostics"] if each["kind"] == "example-missed"]
    assert QUOTA[found["start"] : found["end"]] == "No space left on device"
    assert [(each["kind"], each["holds"]) for each in told["examples"]] == [("match", False), ("no_match", False)]


def test_a_mistake_is_told_at_its_line_and_the_last_numbers_stay(studio: Running) -> None:
    studio.settle(studio.path.read_text("utf-8"), "a")

    told = studio.settle("id: out-of-disk\nmodus: label\n", "b")

    assert (told["loads"], told["counts"]["matched"]) == (False, 2)
    (found,) = [each for each in told["diagnostics"] if "modus" in each["message"]]
    assert (found["line"], found["severity"], found["start"], found["end"]) == (2, "error", 16, 21)


def test_an_old_revision_is_over(studio: Running) -> None:
    studio.settle(QUOTA, "old")
    studio.settle(QUOTA, "new")

    assert studio.get("state?revision=old").status == 409


@pytest.mark.parametrize(
    "query, numbers",
    [
        pytest.param("filter=all", [13, 12, 11], id="all, the newest first"),
        pytest.param("filter=matched", [13, 12], id="matched"),
        pytest.param("filter=gained", [12], id="gained"),
        pytest.param("filter=lost", [11], id="lost"),
        pytest.param("filter=unmatched", [11], id="matched by no rule"),
        pytest.param("filter=all&query=QUOTA+exceeded", [13, 12], id="searched, however it is cased and wrapped"),
        pytest.param("filter=all&query=%2313", [13], id="searched by its number"),
        pytest.param("filter=all&query=nowhere", [], id="searched in vain"),
        pytest.param("filter=all&start=1&count=1", [12], id="a page"),
        pytest.param("filter=all&start=7", [], id="a page beyond the end"),
    ],
)
def test_issues_are_listed(studio: Running, query: str, numbers: list[int]) -> None:
    studio.settle(QUOTA)

    told = studio.get(f"issues?{query}").json

    assert [row["number"] for row in told["rows"]] == numbers


def test_a_row_tells_what_is_needed_to_draw_it(studio: Running) -> None:
    studio.settle(QUOTA)

    assert studio.get("issues?filter=all&query=%2313").json["rows"] == [
        {
            "index": 2,
            "number": 13,
            "title": "Both",
            "labels": ["bug"],
            "state": "open",
            "date": "2026-04-08",
            "is_matched": True,
            "change": "",
            "others": ["quota"],
        }
    ]


@pytest.mark.parametrize("query", ["filter=some", "start=-1", "start=x", "count=1e9", "start=99999999999999999999"])
def test_a_wrong_question_is_no_crash(studio: Running, query: str) -> None:
    assert studio.get(f"issues?{query}").status == 400


def test_an_issue_is_told_with_its_evidence_and_the_comment(studio: Running) -> None:
    studio.settle(QUOTA)

    told = studio.get("issues/1").json

    assert told["texts"][1]["runs"] == [
        {"text": "Disk quota exceeded", "kind": "for", "wanted": 'phrase: "Disk quota exceeded"'}
    ]
    assert "\n\nThe build ran out" in told["preview"]["comment"]
    assert [match["rule"] for match in told["matches"]] == ["out-of-disk", "quota"]


def test_an_issue_that_does_not_match_says_why(studio: Running) -> None:
    studio.settle(QUOTA)

    told = studio.get("issues/0").json

    assert (told["tree"]["holds"], told["tree"]["seen"], told["preview"]["comment"]) == (
        False,
        "not in title, body, logs",
        "",
    )


def test_an_example_is_told_like_an_issue(studio: Running) -> None:
    studio.settle(QUOTA)

    assert studio.get("examples/match/0").json["tree"]["holds"] is False


@pytest.mark.parametrize("name", ["issues/3", "issues/-1", "examples/match/1", "examples/model/0", "examples/match/x"])
def test_what_is_not_there_is_not_found(studio: Running, name: str) -> None:
    studio.settle(QUOTA)

    assert studio.get(name).status == 404


def test_completion_knows_the_other_rules_and_the_history(studio: Running) -> None:
    studio.settle(QUOTA)

    rules = studio.post("completion", {"text": "also: [", "offset": 7}).json
    labels = studio.post("completion", {"text": "labels: [", "offset": 9}).json

    assert [option["label"] for option in rules["options"]] == ["quota"]
    assert [option["label"] for option in labels["options"]] == ["bug"]


def test_a_key_is_explained(studio: Running) -> None:
    told = studio.post("help", {"text": "mode: label", "offset": 2}).json

    assert told["help"].startswith("The actions that the rule may take: observe < suggest < label < comment.")


@pytest.mark.parametrize(
    "name, value",
    [
        pytest.param("text", {"text": 1, "revision": "a"}, id="a text that is none"),
        pytest.param("text", {"text": "id: a"}, id="no revision"),
        pytest.param("text", ["id: a"], id="a list"),
        pytest.param("save", {"text": "id: a"}, id="no version"),
        pytest.param("completion", {"text": "a", "offset": -1}, id="a place before the text"),
        pytest.param("completion", {"text": "a", "offset": "0"}, id="a place that is none"),
        pytest.param("help", {}, id="nothing"),
    ],
)
def test_a_message_that_is_not_understood_is_no_crash(studio: Running, name: str, value: object) -> None:
    assert studio.post(name, value).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"text": NaN'])
def test_a_body_that_is_no_json_is_no_crash(studio: Running, body: bytes) -> None:
    assert studio.ask("POST", f"{studio.studio.room}/text", body=body).status == 400


def test_saving_writes_the_file_and_only_it(studio: Running) -> None:
    before = {path: path.read_bytes() for path in studio.path.parent.iterdir()}

    told = studio.post("save", {"text": QUOTA, "version": studio.studio.file.before.version})

    assert told.status == 200
    assert {path: path.read_bytes() for path in studio.path.parent.iterdir()} == {
        **before,
        studio.path: QUOTA.encode(),
    }
    assert studio.settle(QUOTA)["counts"]["gained"] == 0


def test_a_save_over_somebody_elses_change_is_refused(studio: Running) -> None:
    version = studio.studio.file.before.version
    studio.path.write_bytes(b"id: theirs\n")

    told = studio.post("save", {"text": QUOTA, "version": version})

    assert (told.status, told.json["is_conflict"]) == (409, True)
    assert studio.path.read_bytes() == b"id: theirs\n"


def test_a_save_into_a_file_that_is_gone_is_refused(studio: Running) -> None:
    studio.path.unlink()

    told = studio.post("save", {"text": QUOTA, "version": studio.studio.file.before.version})

    assert (told.status, "does not exist any more" in told.json["error"]) == (409, True)
    assert (studio.get("rule").status, studio.path.exists()) == (409, False)


@pytest.mark.parametrize("text", ["x" * (MAX_BYTES + 1), "a: '\ud800'"], ids=["too large", "half a sign"])
def test_what_no_file_can_hold_is_refused_and_told(studio: Running, text: str) -> None:
    before = studio.path.read_bytes()

    saved = studio.post("save", {"text": text, "version": studio.studio.file.before.version})
    told = studio.settle(text)

    assert (saved.status, saved.json["is_conflict"], studio.path.read_bytes()) == (422, False, before)
    assert (told["loads"], len(told["diagnostics"])) == (False, 1)


def test_a_rule_of_256_kib_is_taken(studio: Running) -> None:
    text = studio.path.read_text("utf-8")
    text += "#" * (MAX_BYTES - len(text) - 1) + "\n"

    assert studio.settle(text)["loads"]
    assert studio.post("save", {"text": text, "version": studio.studio.file.before.version}).status == 200


HOSTILE: Mapping[str, str] = {
    "script": "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "bidi": "\u202egnp.exe\u2066",
    "controls": "\x1b[2J\x00\x07##[error]x",
    "half a sign": "\ud800",
    "long": "No space left on device " * 2_700,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.usefixtures("built_page")
def test_a_hostile_issue_is_told_as_text(tmp_path: Path, text: str) -> None:
    issue = an_issue(title=text[:200], body=f"{text} No space left on device {text}", labels=(text[:50],))

    with run_studio(tmp_path, [issue]) as running:
        running.settle(running.path.read_text("utf-8"))
        reply = running.get("issues/0")
        rows = running.get("issues?filter=all")

    assert {reply.headers["content-type"], rows.headers["content-type"]} == {"application/json"}
    shown: Any = (
        reply.json["texts"][1]["runs"] + reply.json["texts"][0]["runs"] + [{"text": rows.json["rows"][0]["title"]}]
    )
    assert "for" in {run.get("kind") for run in shown}
    assert [run for run in shown if any(sign in run["text"] for sign in "\x00\x07\x1b\u202e\u2066\ud800")] == []
    assert json.loads(reply.body) == reply.json
