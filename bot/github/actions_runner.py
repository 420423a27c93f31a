"""The runner of GitHub Actions: settings from its environment; outputs, summary, annotations and log for it."""

import re
import sys
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TextIO, get_args

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from bot.errors import SettingsError
from bot.github.payloads import mend_text
from bot.text.cutting import cut_sections, measure_bytes
from bot.text.redaction import show_text

Level = Literal["error", "warning", "notice"]
Command = Literal["run", "check", "index", "sweep", "report", "site"]
"""The values of the input `command`."""

MOST_ANNOTATIONS = 10
"""The runner keeps this many of each level per step (actions/runner: ExecutionContext.cs)."""

LONGEST_MESSAGE = 4096
"""Characters of a message that the runner keeps (actions/runner: ExecutionContext.cs)."""

LARGEST_SUMMARY = 1024 * 1024
"""Bytes of a step's summary; GitHub does not show a larger one at all. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands"""

LARGEST_REPORT = 1_000_000

_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")

CUT_NOTE = "\n\n*Signpost cut the summary here, because GitHub shows at most 1 MiB.*\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A message that GitHub shows on the run, and on a line of a file where it has one."""

    level: Level
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    title: str | None = None


def escape_message(text: str) -> str:
    """Escape the text of a workflow command, as actions/toolkit does (packages/core/src/command.ts)."""
    return mend_text(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape a property of a workflow command, as actions/toolkit does."""
    return escape_message(text).replace(":", "%3A").replace(",", "%2C")


def format_annotation(annotation: Annotation) -> str:
    """Give the workflow command; a message that is too long ends in an ellipsis."""
    stated = {
        "file": annotation.file,
        "line": annotation.line,
        "col": annotation.column,
        "title": annotation.title,
    }
    properties = ",".join(f"{name}={escape_property(str(value))}" for name, value in stated.items() if value)
    message = annotation.message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[: LONGEST_MESSAGE - 1]}…"
    return f"::{annotation.level}{' ' if properties else ''}{properties}::{escape_message(message)}"


def format_annotations(annotations: Iterable[Annotation]) -> list[str]:
    """Give at most ten commands of each level; the last one gives the number of those that are left out."""
    by_level: dict[Level, list[Annotation]] = {}
    for annotation in annotations:
        by_level.setdefault(annotation.level, []).append(annotation)
    return [format_annotation(shown) for level, all_ in by_level.items() for shown in _limit(level, all_)]


def _limit(level: Level, annotations: list[Annotation]) -> list[Annotation]:
    if len(annotations) <= MOST_ANNOTATIONS:
        return annotations
    shown = annotations[: MOST_ANNOTATIONS - 1]
    more = len(annotations) - len(shown)
    return [*shown, Annotation(level=level, message=f"There are {more} more; the log and the summary show them.")]


def mask(value: str) -> str:
    """Give the commands that keep a secret out of the log, one for each of its lines."""
    return "\n".join(f"::add-mask::{escape_message(line)}" for line in value.splitlines() if line.strip())


def format_output(name: str, value: str, delimiter: str) -> str:
    """Give the lines of one output for GITHUB_OUTPUT.

    Raises `ValueError` if the name or the value contains the delimiter: such a value could set other outputs
    (actions/toolkit: packages/core/src/file-command.ts). `delimiter` is `ghadelimiter_<uuid4>`.
    """
    if delimiter in name or delimiter in value:
        raise ValueError(f"The output {name!r} contains its own delimiter.")
    return f"{name}<<{delimiter}\n{mend_text(value)}\n{delimiter}\n"


def write_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Add the step's outputs to the file that GITHUB_OUTPUT names."""
    delimiter = f"ghadelimiter_{uuid.uuid4()}"
    text = "".join(format_output(name, value, delimiter) for name, value in outputs.items())
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)


def append_report(path: Path, markdown: str) -> None:
    """Add a long document to the step's summary; cut it between its sections at 1,000,000 bytes, with a note.

    Near the limit of 1 MiB, GitHub drops a summary without a word: https://github.com/actions/runner/issues/4337
    """
    room = LARGEST_REPORT - (path.stat().st_size if path.exists() else 0)
    append_summary(path, cut_sections(mend_text(markdown), room, CUT_NOTE.strip(), measure_bytes))


def append_summary(path: Path, markdown: str) -> None:
    """Add to the step's summary, the file that GITHUB_STEP_SUMMARY names; cut it at 1 MiB, with a note."""
    present = path.stat().st_size if path.exists() else 0
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(cut_summary(markdown, LARGEST_SUMMARY - present))


def cut_summary(markdown: str, room: int) -> str:
    """Cut to `room` bytes of UTF-8, if possible at the end of a line, and add a note; "" if the note does not fit."""
    encoded = mend_text(markdown).encode()
    if len(encoded) <= room:
        return encoded.decode()
    room -= len(CUT_NOTE.encode())
    if room < 0:
        return ""
    kept = encoded[:room].decode(errors="ignore")
    return (kept[: kept.rfind("\n")] if "\n" in kept else kept) + CUT_NOTE


def defuse(text: str) -> str:
    """Make sure that no line of the text is a workflow command, visibly.

    A command starts a line with `::` (after white space), or has `##[` anywhere (actions/runner: ActionCommand.cs).
    .NET compares by culture, which passes over invisible characters; so they are passed over here as well.
    """
    return "\n".join(map(_defuse_line, _LINE_BREAK.split(mend_text(text))))


def _defuse_line(line: str) -> str:
    if ":" not in line and "#" not in line:
        return line
    visible = [
        (place, character) for place, character in enumerate(line) if unicodedata.category(character)[0] not in "CM"
    ]
    bare = "".join(character for _, character in visible)
    for start in reversed([start for start in range(len(bare)) if bare.startswith("##[", start)]):
        place = visible[start + 2][0]
        line = f"{line[:place]} {line[place:]}"
    return f"| {line}" if bare.lstrip().startswith("::") else line


def print_safely(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print text that may contain a reporter's words, to stdout or `stream`, without workflow commands."""
    for line in lines:
        print(defuse(line), file=stream or sys.stdout)


def print_commands(commands: Iterable[str], stream: TextIO | None = None) -> None:
    """Print workflow commands of this module for the runner, which reads both stdout and stderr."""
    for command in commands:
        print(command, file=stream or sys.stdout)


def _read_boolean(value: object) -> object:
    """YAML 1.2's words in any case, as `core.getBooleanInput` of actions/toolkit takes them."""
    if not isinstance(value, str):
        return value
    if value.lower() not in {"true", "false"}:
        raise ValueError(f"must be `true` or `false`, not {quote(value)}")
    return value.lower() == "true"


def _make_choice(*allowed: str) -> Callable[[object], object]:
    """A validator for an input with these values."""

    def read(value: object) -> object:
        if value not in allowed:
            *others, last = (f"`{each}`" for each in allowed)
            raise ValueError(f"must be {', '.join(others)} or {last}, not {quote(value)}")
        return value

    return read


_NUMBER = re.compile(r"[0-9]{1,18}")
_LONGEST_VALUE = 40


def quote(value: object) -> str:
    """An input as a message shows it: at most 40 characters, and no secret that was put into the wrong input."""
    return f"`{show_text(str(value), _LONGEST_VALUE)}`"


def _read_number(value: object) -> object:
    number = str(value).removeprefix("#")
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"must be the number of an issue, not {quote(value)}")
    return int(number)


def _read_list(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


class Settings(BaseModel):
    """The settings of the runner and the workflow. An empty variable counts as not set.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    event_name: str | None = Field(default=None, alias="GITHUB_EVENT_NAME")
    event_path: Path | None = Field(default=None, alias="GITHUB_EVENT_PATH")
    repository: str | None = Field(default=None, alias="GITHUB_REPOSITORY")
    api_url: str = Field(default="https://api.github.com", alias="GITHUB_API_URL")
    server: str = Field(default="", alias="GITHUB_SERVER_URL")
    output_path: Path | None = Field(default=None, alias="GITHUB_OUTPUT")
    summary_path: Path | None = Field(default=None, alias="GITHUB_STEP_SUMMARY")
    workspace: Path | None = Field(default=None, alias="GITHUB_WORKSPACE")
    is_action: Annotated[bool, BeforeValidator("true".__eq__)] = Field(default=False, alias="GITHUB_ACTIONS")
    token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("INPUT_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    )
    rules: Annotated[tuple[str, ...], BeforeValidator(_read_list)] = Field(default=(), alias="INPUT_RULES")
    config: str | None = Field(default=None, alias="INPUT_CONFIG")
    index: str | None = Field(default=None, alias="INPUT_INDEX")
    ledger: str | None = Field(default=None, alias="INPUT_LEDGER")
    dry_run: Annotated[bool, BeforeValidator(_read_boolean)] = Field(default=False, alias="INPUT_DRY_RUN")
    fail_on: Annotated[Literal["error", "never"], BeforeValidator(_make_choice("error", "never"))] = Field(
        default="error",
        alias="INPUT_FAIL_ON",
    )
    command: Annotated[Command, BeforeValidator(_make_choice(*get_args(Command)))] = Field(
        default="run",
        alias="INPUT_COMMAND",
    )
    issue: Annotated[int | None, BeforeValidator(_read_number)] = Field(default=None, alias="INPUT_ISSUE")
    issues: str | None = Field(default=None, alias="INPUT_ISSUES")
    query: str | None = Field(default=None, alias="INPUT_QUERY")
    out: str | None = Field(default=None, alias="INPUT_OUT")
    base_url: str | None = Field(default=None, alias="INPUT_BASE_URL")

    @property
    def server_url(self) -> str:
        """Where GitHub's pages are; without GITHUB_SERVER_URL they follow from the address of the API.

        https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
        """
        found = self.server or self.api_url.rstrip("/").removesuffix("/api/v3").replace("://api.", "://", 1)
        return found.rstrip("/")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables; raises `SettingsError` that names each invalid input and its allowed values."""
        try:
            settings = cls.model_validate(list_stated(environment))
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            raise SettingsError("\n".join(_describe(str(each["loc"][0]), each["msg"]) for each in problems)) from None
        settings.check_lists()
        return settings

    def check_lists(self) -> None:
        """Raise `SettingsError` for inputs that name old issues beside another input, or for another command."""
        lists = [name for name in ("issues", "query") if getattr(self, name)]
        if lists and self.command != "run":
            raise SettingsError(
                f"The input `{lists[0]}` is for `command: run`, not for `command: {self.command}`; leave it out."
            )
        given = [*(["issue"] if self.issue else []), *lists]
        if lists and len(given) > 1:
            named = " and ".join(f"`{name}`" for name in given[:2])
            raise SettingsError(f"The inputs {named} name different issues; give one of them.")


def list_stated(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that are not blank, under names as in INPUT_DRY_RUN.

    The runner keeps the dash of an input's name (INPUT_DRY-RUN), which a shell cannot set: both spellings count, and
    the runner's own wins.
    """
    stated = sorted((name for name in environment if environment[name].strip()), key=lambda name: "-" in name)
    return {name.upper().replace("-", "_"): environment[name].strip() for name in stated}


def _describe(variable: str, problem: str) -> str:
    advice = problem.removeprefix("Value error, ")
    if variable.startswith("INPUT_"):
        name = variable.removeprefix("INPUT_").lower().replace("_", "-")
        return f"Invalid input `{name}`: {advice}."
    return f"Invalid variable {variable}: {advice}."
