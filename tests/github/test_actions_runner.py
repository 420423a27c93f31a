"""What the runner tells us, and what it reads of what we write; printed text never becomes a command."""

import io
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.github.actions_runner import (
    CUT_NOTE,
    LARGEST_SUMMARY,
    Annotation,
    Settings,
    append_report,
    append_summary,
    cut_summary,
    defuse,
    escape_message,
    escape_property,
    format_annotation,
    format_annotations,
    format_output,
    mask,
    print_commands,
    print_safely,
    write_outputs,
)

PIECES = [*":#[]\r\n\t |%,=x", "\u200b", "\u00ad", "\u2028", "\ud800", "::error::", "##[group]"]
hostile = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


def read_command(line: str) -> tuple[str, dict[str, str], str] | None:
    """Read a line as actions/runner does (src/Runner.Common/ActionCommand.cs, TryParseV2)."""
    command, separator, text = line.lstrip().removeprefix("::").partition("::")
    if not line.lstrip().startswith("::") or not separator:
        return None
    name, _, stated = command.partition(" ")
    properties = dict(each.split("=", 1) for each in stated.strip().split(",") if each)
    return name, {key: unescape(value) for key, value in properties.items()}, unescape(text)


def unescape(text: str) -> str:
    for token, replacement in (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
        text = text.replace(replacement, token)
    return text


def may_be_obeyed(line: str) -> bool:
    """Whether the runner could take a line for a command, if it passes over everything that is invisible."""
    bare = "".join(character for character in line if unicodedata.category(character)[0] not in "CM")
    return bare.lstrip().startswith("::") or "##[" in bare


@pytest.mark.parametrize(
    "text, message, property_",
    [
        ("plain", "plain", "plain"),
        ("100%", "100%25", "100%25"),
        ("%0A", "%250A", "%250A"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ("a:b,c", "a:b,c", "a%3Ab%2Cc"),
        ("\ud800", "\ufffd", "\ufffd"),
    ],
)
def test_text_is_escaped_as_the_toolkit_does(text: str, message: str, property_: str) -> None:
    assert (escape_message(text), escape_property(text)) == (message, property_)


@pytest.mark.parametrize(
    "annotation, command",
    [
        pytest.param(Annotation(level="notice", message="Hello"), "::notice::Hello", id="a message alone"),
        pytest.param(
            Annotation(level="error", message="a\nb", file="rules/a,b.yml", line=3, column=7, title="Bad: phrase"),
            "::error file=rules/a%2Cb.yml,line=3,col=7,title=Bad%3A phrase::a%0Ab",
            id="everything",
        ),
        pytest.param(
            Annotation(level="warning", message="m", file="a.yml", line=1),
            "::warning file=a.yml,line=1::m",
            id="a place without a column",
        ),
    ],
)
def test_an_annotation_is_one_command(annotation: Annotation, command: str) -> None:
    assert format_annotation(annotation) == command


def test_a_long_message_is_cut_at_what_the_runner_keeps() -> None:
    command = format_annotation(Annotation(level="error", message="%" * 5000))

    read = read_command(command)
    assert read
    assert read[2] == "%" * 4095 + "…"


def test_ten_annotations_of_a_level_are_shown_and_the_last_counts_the_rest() -> None:
    errors = [Annotation(level="error", message=f"error {count}") for count in range(12)]
    warnings = [Annotation(level="warning", message=f"warning {count}") for count in range(10)]

    assert format_annotations([*errors, *warnings]) == [
        *(f"::error::error {count}" for count in range(9)),
        "::error::There are 3 more; the log and the summary show them.",
        *(f"::warning::warning {count}" for count in range(10)),
    ]


@given(message=hostile, title=hostile.map(str.strip).filter(bool), file=hostile.map(str.strip).filter(bool))
def test_the_runner_reads_an_annotation_as_it_was_meant(message: str, title: str, file: str) -> None:
    command = format_annotation(Annotation(level="error", message=message, file=file, title=title))

    meant = {"file": file.replace("\ud800", "\ufffd"), "title": title.replace("\ud800", "\ufffd")}
    assert not re.search("[\r\n]", command)
    assert read_command(command) == ("error", meant, message.replace("\ud800", "\ufffd"))


@pytest.mark.parametrize(
    "value, commands",
    [("secret", "::add-mask::secret"), ("a\nb%\n\n", "::add-mask::a\n::add-mask::b%25"), ("", "")],
)
def test_a_secret_is_masked_line_by_line(value: str, commands: str) -> None:
    assert mask(value) == commands


def test_an_output_stands_between_delimiters() -> None:
    assert format_output("matches", "a\nb", "ghadelimiter_1") == "matches<<ghadelimiter_1\na\nb\nghadelimiter_1\n"


@pytest.mark.parametrize("name, value", [("matches", "a\nghadelimiter_1\nother=x"), ("ghadelimiter_1", "a")])
def test_an_output_that_holds_its_delimiter_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        format_output(name, value, "ghadelimiter_1")


def test_outputs_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("earlier=1\n", encoding="utf-8")

    write_outputs(path, {"matches": "a\nb", "comment": "\ud800é"})

    first, *lines = path.read_text(encoding="utf-8").splitlines()
    delimiter = lines[0].removeprefix("matches<<")
    assert re.fullmatch(r"ghadelimiter_[0-9a-f-]{36}", delimiter)
    assert first == "earlier=1"
    assert lines == [f"matches<<{delimiter}", "a", "b", delimiter, f"comment<<{delimiter}", "\ufffdé", delimiter]


def test_a_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary"

    append_summary(path, "# One\n")
    append_summary(path, "# Two \ud800\n")

    assert path.read_text(encoding="utf-8") == "# One\n# Two \ufffd\n"


def test_a_summary_is_cut_at_what_github_shows_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "summary"

    for _ in range(3):
        append_summary(path, "é€😀 line\n" * 50_000)

    assert path.stat().st_size <= LARGEST_SUMMARY
    assert path.read_text(encoding="utf-8").endswith(f" line{CUT_NOTE}")


@pytest.mark.parametrize(
    "markdown, room, cut",
    [
        pytest.param("a\nb", 3, "a\nb", id="it fits"),
        pytest.param("a\nb", 2, "", id="not even the note fits"),
        pytest.param("a\n" * 99, len(CUT_NOTE) + 5, f"a\na{CUT_NOTE}", id="at the end of a line"),
        pytest.param("é" * 99, len(CUT_NOTE) + 5, f"éé{CUT_NOTE}", id="between two characters"),
        pytest.param("a", -1, "", id="no room at all"),
    ],
)
def test_a_cut_ends_where_it_may(markdown: str, room: int, cut: str) -> None:
    assert cut_summary(markdown, room) == cut


@pytest.mark.parametrize(
    "text, defused",
    [
        ("std::vector is fine", "std::vector is fine"),
        ("::error::x", "| ::error::x"),
        ("  \t::add-mask::x", "|   \t::add-mask::x"),
        ("a\r::error::x", "a\n| ::error::x"),
        ("a ##[error]x ##[group]y", "a ## [error]x ## [group]y"),
        ("\u200b:\u00ad:error::x", "| \u200b:\u00ad:error::x"),
        ("#\u200b#[error]x", "#\u200b# [error]x"),
        ("::::", "| ::::"),
        ("", ""),
    ],
)
def test_a_line_that_would_be_a_command_is_changed_visibly(text: str, defused: str) -> None:
    assert defuse(text) == defused


@given(lines=st.lists(hostile, max_size=4))
@example(lines=["\x85::error::x", "\u2028::error::x", "##\x00[error]", "\u00a0::error::"])
def test_printed_text_is_never_a_command(lines: list[str]) -> None:
    stream = io.StringIO()
    print_safely(lines, stream)

    printed = stream.getvalue()
    printed.encode()
    assert [line for line in re.split(r"\r\n|\r|\n", printed) if may_be_obeyed(line)] == []


@given(text=hostile)
def test_defusing_leaves_nothing_out_and_changes_nothing_twice(text: str) -> None:
    once = defuse(text)

    assert defuse(once) == once
    printed = iter(once)
    assert all(character in printed for character in "".join(text.splitlines()).replace("\ud800", "\ufffd"))


def test_commands_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_commands(["::notice::Hello", mask("a\nb")])

    assert capsys.readouterr().out == "::notice::Hello\n::add-mask::a\n::add-mask::b\n"


ENVIRONMENT = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "issues",
    "GITHUB_EVENT_PATH": "/github/workflow/event.json",
    "GITHUB_REPOSITORY": "octo/widget",
    "GITHUB_API_URL": "https://ghes.example/api/v3",
    "GITHUB_OUTPUT": "/github/file_commands/output",
    "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
    "INPUT_GITHUB-TOKEN": "ghs_secret",
    "INPUT_RULES": ".github/signpost\n  pack:claude-code",
    "INPUT_CONFIG": "config.yml",
    "INPUT_INDEX": ".signpost/issues.index",
    "INPUT_LEDGER": ".signpost/ledger.sqlite",
    "INPUT_DRY-RUN": "True",
    "INPUT_FAIL-ON": "never",
    "INPUT_COMMAND": "report",
    "GITHUB_WORKSPACE": "/github/workspace",
    "INPUT_ISSUE": "#7",
    "INPUT_OUT": "public",
    "INPUT_BASE-URL": "https://example.com/known",
    "PATH": "/usr/bin",
}


def test_a_report_is_cut_between_its_sections_below_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    append_report(path, "# One\n\nwords\n")
    assert path.read_text("utf-8") == "# One\n\nwords\n"
    sections = [f"## {number}\n\n<details>\n\n{'é€😀 line ' * 1_000}\n\n</details>\n\n" for number in range(200)]
    append_report(path, "".join(sections))
    text = path.read_text("utf-8")
    assert 980_000 < len(text.encode()) <= 1_000_000
    assert text.count("<details>") == text.count("</details>") == text.count("## ")
    assert text.endswith("*Signpost cut the summary here, because GitHub shows at most 1 MiB.*\n")


def test_settings_are_what_the_runner_and_the_workflow_say() -> None:
    settings = Settings.from_environment(ENVIRONMENT)

    assert settings.token
    assert settings.token.get_secret_value() == "ghs_secret"
    assert settings.model_dump(exclude={"token"}) == {
        "is_action": True,
        "event_name": "issues",
        "event_path": Path("/github/workflow/event.json"),
        "repository": "octo/widget",
        "api_url": "https://ghes.example/api/v3",
        "server": "",
        "output_path": Path("/github/file_commands/output"),
        "summary_path": Path("/github/file_commands/summary"),
        "rules": (".github/signpost", "pack:claude-code"),
        "config": "config.yml",
        "index": ".signpost/issues.index",
        "ledger": ".signpost/ledger.sqlite",
        "dry_run": True,
        "fail_on": "never",
        "command": "report",
        "workspace": Path("/github/workspace"),
        "issue": 7,
        "issues": None,
        "query": None,
        "out": "public",
        "base_url": "https://example.com/known",
    }


@pytest.mark.parametrize("environment", [{}, dict.fromkeys(ENVIRONMENT, " ")], ids=["nothing", "empty"])
def test_an_empty_variable_is_one_that_is_not_set(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)

    assert settings == Settings()
    assert (settings.api_url, settings.dry_run, settings.fail_on) == ("https://api.github.com", False, "error")


@pytest.mark.parametrize(
    "environment, token",
    [
        ({"INPUT_GITHUB-TOKEN": "a", "INPUT_GITHUB_TOKEN": "b", "GITHUB_TOKEN": "c", "GH_TOKEN": "d"}, "a"),
        ({"INPUT_GITHUB_TOKEN": "b", "GITHUB_TOKEN": "c"}, "b"),
        ({"INPUT_GITHUB-TOKEN": "", "GITHUB_TOKEN": "c", "GH_TOKEN": "d"}, "c"),
        ({"GH_TOKEN": "d\n"}, "d"),
    ],
)
def test_the_nearest_token_counts(environment: dict[str, str], token: str) -> None:
    settings = Settings.from_environment(environment)

    assert settings.token
    assert settings.token.get_secret_value() == token


@pytest.mark.parametrize(
    "variable, value, message",
    [
        ("INPUT_DRY-RUN", "ture", "Invalid input `dry-run`: must be `true` or `false`, not `ture`."),
        ("INPUT_DRY_RUN", "1", "Invalid input `dry-run`: must be `true` or `false`, not `1`."),
        ("INPUT_FAIL-ON", "always", "Invalid input `fail-on`: must be `error` or `never`, not `always`."),
        (
            "INPUT_COMMAND",
            "repot",
            "Invalid input `command`: must be `run`, `check`, `index`, `sweep`, `report` or `site`, not `repot`.",
        ),
        ("INPUT_ISSUE", "seven", "Invalid input `issue`: must be the number of an issue, not `seven`."),
    ],
)
def test_a_wrong_input_is_named_with_the_words_that_it_allows(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({variable: value})

    assert str(caught.value) == message


def test_all_wrong_inputs_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"INPUT_DRY-RUN": "maybe", "INPUT_FAIL-ON": "maybe"})

    assert len(str(caught.value).splitlines()) == 2


def test_a_token_is_not_shown() -> None:
    settings = Settings.from_environment(ENVIRONMENT)

    assert "ghs_secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "environment, server",
    [
        ({}, "https://github.com"),
        ({"GITHUB_SERVER_URL": "https://git.example.org/"}, "https://git.example.org"),
        ({"GITHUB_API_URL": "https://git.example.org/api/v3/"}, "https://git.example.org"),
        ({"GITHUB_API_URL": "https://api.octo.ghe.com"}, "https://octo.ghe.com"),
    ],
)
def test_the_pages_of_github_are_where_the_runner_says_or_beside_the_api(
    environment: dict[str, str], server: str
) -> None:
    assert Settings.from_environment(environment).server_url == server
