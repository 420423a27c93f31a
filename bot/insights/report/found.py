"""What a report states: error messages with their parts, versions, systems, request ids. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from bot.insights.report.types import ErrorMessage, Found
from bot.issue.facts import Facts
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Capture
from bot.rules.ruleset import Ruleset
from bot.text.error_lines import find_error_lines, is_story
from bot.text.markdown import is_inside
from bot.text.versions import find_versions

MOST_ERRORS = 8
_MOST_VERSIONS = 5

_REQUEST_ID = re.compile(
    r"\b(req_[A-Za-z0-9]{10,80})\b"
    r"|\brequest[-_ ]?ids?\b[\"'`]?\s{0,3}[:=#]\s{0,3}[\"'`]?(?P<named>(?=[\w-]{0,40}\d)[A-Za-z0-9][\w-]{7,79})\b",
    re.IGNORECASE,
)
_PHRASES = "|".join(re.escape(each.phrase) for each in HTTPStatus if each.value >= HTTPStatus.BAD_REQUEST)
_STATUS = re.compile(
    r"(?:\b(?:HTTPS?(?:/\d(?:\.\d)?)?(?:[ _-](?:error|status|code|response))*|API[ _]error"
    r"|(?:http|error|response)[ _]?code"
    r"|(?<!exit )(?<!exited with )status(?:[ _-]?code)?(?: of)?)[\s:=(\"'#]{1,4}(?P<named>[1-5]\d\d)(?![\w%]|\.\d))"
    rf"|\b(?P<phrased>[45]\d\d):? (?:{_PHRASES})\b|(?<=\()(?P<alone>[45]\d\d)(?=\))"
    r"|(?<![\w.])(?P<answered>[45]\d\d)[\s:-]*(?=\{)",
    re.IGNORECASE,
)
"""A status of HTTP: after a word that says so, before its phrase or JSON, or alone in brackets."""

_BEFORE_JSON = re.compile(r"(?<![\w.])([1-5]\d\d)[\s:-]*$")
_STATED = re.compile(
    r"^\W{0,6}(?:\S{1,40}\s){0,2}\S{0,40}(?:error|exception|fatal|panic(?:ked)?|failed|failure)\b[^.:]{0,30}:\s*\S",
    re.IGNORECASE,
)
"""How programs begin a message: `API Error: …`, `fatal: …`, `TypeError: …`."""

_TALE = re.compile(
    r"^\W{0,4}(?:this (?:affects|happens|makes|causes|occurs|prevents|means|issue|bug|error|problem)\b"
    r"|(?:every|all|any|each) (?:commands?|requests?|operations?|prompts?|sessions?|calls?|attempts?)\b.* (?:in|of|with"
    r"|returns?|gives?|shows?|results?)\b|(?:I|we|my|when I) [a-z])"
    r"|\bthe following (?:errors?|messages?|output|warnings?)\b"
    r"|\b(?:same|this) errors? (?:occurs?|appears?|happens?|every)\b",
    re.IGNORECASE,
)
"""How people tell of an error, also inside the block with the messages."""

_ESCAPED = re.compile(r"\\([\"\\])")
_MOST_ESCAPES = 3
_MOST_OBJECTS = 3
_SYSTEM_FIELDS = ("operating system", "os", "os version", "platform")
_SYSTEMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux", "wsl": "WSL"}


def read_report(facts: Facts, ruleset: Ruleset) -> Found:
    """The error messages, versions, systems and request ids that a report states."""
    captures = [capture for pack in ruleset.packs for capture in find_captures(pack.captures, facts).values()]
    return Found(
        errors=tuple(find_messages(facts))[:MOST_ERRORS],
        versions=tuple(dict.fromkeys(find_product_versions(facts, captures)))[:_MOST_VERSIONS],
        systems=tuple(dict.fromkeys(_find_systems(facts, captures))),
        request_ids=tuple(dict.fromkeys(_find_request_ids(facts))),
    )


def find_product_versions(facts: Facts, captures: Iterable[Capture]) -> Iterator[str]:
    """What the packs capture; where none captures a version, what the report states of no other program."""
    stated = [capture for capture in captures if capture.name == "version"]
    for capture in stated:
        yield from (capture.value, *capture.also_stated)
    for text in facts.find_texts(("body", "logs")) if not stated else ():
        yield from (found.text for found in find_versions(text.raw))


def _find_systems(facts: Facts, captures: Iterable[Capture]) -> Iterator[str]:
    stated = [capture for capture in captures if capture.name == "os"]
    for capture in stated:
        yield from (_SYSTEMS.get(value, value) for value in (capture.value, *capture.also_stated))
    if not stated:
        fields = (facts.find_sections(name) for name in _SYSTEM_FIELDS)
        answers = (text.raw.strip() for found in fields for _, text in found if facts.is_answered(text))
        yield from [answer.partition("\n")[0] for answer in answers][:1]


def _find_request_ids(facts: Facts) -> Iterator[str]:
    for text in facts.find_texts(("body", "logs", "errors")):
        yield from (found[1] or found["named"] for found in _REQUEST_ID.finditer(text.raw))


def find_messages(facts: Facts) -> Iterator[ErrorMessage]:
    """The error messages of a report, each once: those of an API first, then those that occur most often.

    A sentence about an error is none beside a message, also in code.
    Outside code, only what begins like a program's message counts, and only where code has none; the title comes last.
    """
    found = list(_read_messages(facts, ("body", "logs", "errors")))
    answers = [error for error, _ in found if error.type]
    code = [error for error, is_code in found if is_code and not error.type]
    prose = [error for error, is_code in found if not is_code and _STATED.search(error.line) and not error.type]
    told = [error for error in code if not _TALE.search(error.line)]
    code = told if told or answers else code
    plain = sorted(_join_equal(code or ([] if answers else prose)), key=lambda error: -error.times)
    titles = (error for error, _ in _read_messages(facts, ("title",)) if _STATED.search(error.line))
    yield from _join_equal([*answers, *plain]) or titles


def _read_messages(facts: Facts, views: tuple[str, ...]) -> Iterator[tuple[ErrorMessage, bool]]:
    """The error lines as messages, each with whether it is in code: a paragraph with a pasted line is a log, too."""
    for text in facts.find_texts(views):
        for line in find_error_lines(text.raw, is_prose=text.view not in {"logs", "errors"}):
            if line.kind == "message" and not is_story(line.message):
                start = text.span.start + line.start
                row = text.original.count("\n", 0, start) + 1
                is_code = text.view == "errors" or (text.view == "logs" and is_inside(facts.layout.covered, start))
                yield read_message(line.text, text.source if text.source == "title" else f"line {row}"), is_code


def _join_equal(errors: Iterable[ErrorMessage]) -> tuple[ErrorMessage, ...]:
    """Each message once, at its first place, with how often it occurs."""
    found: dict[tuple[str, str], ErrorMessage] = {}
    for error in errors:
        key = (error.message.casefold(), error.type)
        found[key] = replace(found[key], times=found[key].times + error.times) if key in found else error
    return tuple(found.values())


def read_message(line: str, place: str = "") -> ErrorMessage:
    """An error line in parts: the status, and the type and message of the JSON with which an API answers.

    The shapes are those of `{"error": {"type", "message"}}` (Anthropic, OpenAI), `{"message", "code"}` and RFC 9457's
    `{"type", "title", "status", "detail"}`; the JSON may be escaped once more, as in a log.
    """
    before, answer = _split_answer(line)
    if answer is None:
        return ErrorMessage(message=line, line=line, status=_read_status(line), place=place)
    inner = answer.get("error")
    if isinstance(inner, str) and "{" in inner:
        nested = read_message(inner, place)
        return replace(nested, line=line)
    body = inner if isinstance(inner, Mapping) else answer
    message = next((body[key] for key in ("message", "detail", "title") if isinstance(body.get(key), str)), "")
    message = message or (inner if isinstance(inner, str) else line)
    kind = next((body[key] for key in ("type", "code") if isinstance(body.get(key), str)), "")
    stated = next((body[key] for key in ("status", "code") if type(body.get(key)) is int), 0)
    directly = _BEFORE_JSON.search(before)
    status = (int(directly[1]) if directly else 0) or _read_status(before) or stated
    return ErrorMessage(message=message, line=line, status=status, type=kind, place=place)


def _read_status(text: str) -> int:
    """The status of HTTP that a text states, 0 for none."""
    found = _STATUS.search(text)
    return int(next(filter(None, found.groups()))) if found else 0


def _split_answer(line: str) -> tuple[str, Mapping[str, Any] | None]:
    """The text before the first JSON object of a line that has a message or an error, and that object."""
    for text in _list_unescaped(line):
        for start in [found.start() for found in re.finditer(r"\{", text)][:_MOST_OBJECTS]:
            try:
                answer, _ = json.JSONDecoder().raw_decode(text, start)
            except (ValueError, RecursionError):
                continue
            if isinstance(answer, dict) and {"error", "message", "detail"} & answer.keys():
                return text[:start], answer
    return line, None


def _list_unescaped(line: str) -> Iterator[str]:
    """The line as it is, and with one more level of JSON's escapes taken off each time, as logs of logs need it."""
    yield line
    for _ in range(_MOST_ESCAPES):
        if "\\" not in line:
            return
        line = _ESCAPED.sub(r"\1", line)
        yield line
