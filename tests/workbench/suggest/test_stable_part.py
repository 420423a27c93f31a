"""The draft from one report has the stable part of the program's message, whatever else the report tells."""

import pytest

from bot.archive.jsonl import EMPTY_ARCHIVE
from bot.workbench.archive_passes import RuledArchive
from bot.workbench.suggest.miner import mine_issue
from tests.builders import an_issue

STORY = "Since the last update it fails for me every single morning, and I don't understand what is wrong with it."
CASES = {
    "docker": (
        "Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: TLS handshake timeout",
        "Error response from daemon: Get {text:any}: TLS handshake timeout",
    ),
    "status": (
        "request to the token endpoint failed with status code 403",
        "request to the token endpoint failed with status code 403",
    ),
    "status in the middle": (
        "Error response from daemon: unexpected status code 503 Service Unavailable",
        "Error response from daemon: unexpected status code 503 Service Unavailable",
    ),
    "exit code": ("Error: Process completed with exit code 137.", "Error: Process completed with exit code 137"),
    "model": (
        "The model claude-opus-4-1-20250805 is not available on your bedrock deployment",
        "The model {name:word} is not available on your bedrock deployment",
    ),
    "quoted model": (
        "The model `gpt-4-turbo-2024-04-09` does not exist or you do not have access to it.",
        "The model `{name:word}` does not exist or you do not have access to it",
    ),
    "another model": (
        "model gemini-1.5-pro is overloaded, cannot serve this request",
        "model {name:word} is overloaded, cannot serve this request",
    ),
    "path": (
        "error: failed to read plugin manifest /home/ann/work/proj/plugin.json: unexpected end of input",
        "error: failed to read plugin manifest {place:path}: unexpected end of input",
    ),
    "date and id": (
        "Sync failed: token expired on 2024-05-06 at 10:11:12, refresh rejected by server (request 9f8e7d6c5b4a3210)",
        "Sync failed: token expired on {day:date} at {moment:time}, refresh rejected by server",
    ),
    "person": (
        '2024-03-01 12:00:01.123 UTC [4711] FATAL:  password authentication failed for user "ann"',
        "FATAL: password authentication failed for user",
    ),
    "package": (
        "npm ERR! ERESOLVE could not resolve dependency tree for widget@4.2.1",
        "npm ERR! ERESOLVE could not resolve dependency tree for",
    ),
    "panic": (
        "panic: duplicate metrics collector registration attempted",
        "panic: duplicate metrics collector registration attempted",
    ),
    "exception": (
        "java.lang.IllegalStateException: Descriptor list has been locked by another initializer",
        "java.lang.IllegalStateException: Descriptor list has been locked by another initializer",
    ),
    "api": (
        'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        "API error: 529",
    ),
}


@pytest.mark.parametrize("is_fenced", [True, False])
@pytest.mark.parametrize("program", CASES)
def test_the_phrase_is_the_stable_part_of_the_message(program: str, *, is_fenced: bool) -> None:
    message, phrase = CASES[program]
    body = f"{STORY}\n\n```\n{message}\n```" if is_fenced else f"{STORY}\n\n{message}"

    issue = an_issue(number=7, title="It stopped in the middle of my work", body=body)
    draft = mine_issue(issue, RuledArchive(issues=EMPTY_ARCHIVE))

    assert draft is not None
    assert draft.phrases == (phrase,)
