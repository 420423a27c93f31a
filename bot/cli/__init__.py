"""The command `signpost`: it finds the subcommand, and imports only that one."""

import argparse
import errno
import gc
import os
import re
import sys
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from typing import Any, NoReturn

from bot import __version__
from bot.errors import SignpostError

COMMANDS = {
    "init": "write the workflow, a first rule and the settings",
    "doctor": "check whether a repository is set up so that Signpost works",
    "check": "test rules on their own examples and against each other",
    "explain": "show why an issue matches a rule, or why it does not",
    "report": "show what is linked to an issue: its state, known problems, fixes and findings, as one report",
    "backtest": "show what rules would do with past issues",
    "suggest": "draft rules for error messages that recur in past issues",
    "new": "create the file of a new rule, as a skeleton or drafted from an issue",
    "studio": "edit one rule in the browser, and see which past issues it matches",
    "index": "build and search an index of past issues, to find earlier reports of a problem",
    "site": "build a static site with a page for each known problem",
    "schema": "print or write the JSON Schemas that editors use",
    "sweep": "read votes and replies, and bring Signpost's comments up to date",
    "uninstall": "list what Signpost left in a repository, and remove it",
    "stats": "show which rules help, by the votes on their guidance",
    "completion": "print the script with which a shell completes commands and options",
    "serve": "run a server that handles the issues of all repositories in which your GitHub App is installed",
    "run": "handle one issue event: set labels, and post or update Signpost's comment",
}
INTERRUPTED = 130
_INVALID_CHOICE = re.compile(
    r"""argument (\S+): invalid choice: ["']?(.*?)["']?(?:, maybe you meant \S+\?)? \(choose from (.*)\)"""
)
"""The message of Python 3.11 to 3.15: later ones quote no choices, and name the nearest one."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The error numbers of a full disk, a used-up quota and a file that is too large."""


class WrongUsage(SystemExit):
    """Invalid arguments; `message` says what is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(2)
        self.message = message


class _Parser(argparse.ArgumentParser):
    """Takes whole option names only: an abbreviation could mean another option in the next version."""

    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401 (what argparse takes)
        super().__init__(*args, **{"allow_abbrev": False, **settings})

    def parse_known_args(self, *args: Any, **settings: Any) -> tuple[Any, list[str]]:  # noqa: ANN401
        """The arguments; an unknown one is an error of the command that it was given to."""
        self._words: Sequence[str] = args[0] if args and args[0] else ()
        found, unknown = super().parse_known_args(*args, **settings)
        if unknown:
            self.error(self._explain_unknown(unknown[0]))
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Print it like argparse, and keep it for a script that asked for JSON."""
        message = self._explain_value(message) or explain_choice(message)
        self.print_usage(sys.stderr)
        print(f"{self.prog}: error: {message}", file=sys.stderr)
        raise WrongUsage(message)

    def _explain_unknown(self, word: str) -> str:
        options = re.findall(r"--[a-z][a-z-]*", self.format_help())
        return f"unknown argument `{word}`{_suggest(word.partition('=')[0], options)}"

    def _explain_value(self, message: str) -> str:
        """If argparse takes the value of an unknown option for an action: that the option is unknown; otherwise ""."""
        found = _INVALID_CHOICE.fullmatch(message)
        if not found or not found[1].isupper():
            return ""
        before = dict(pairwise(reversed(self._words))).get(found[2], "")
        is_unknown = before.startswith("--") and before not in self._option_string_actions
        return self._explain_unknown(before) if is_unknown else ""


def explain_choice(message: str) -> str:
    """The message of argparse about an invalid choice, with the nearest valid one; any other message as it is."""
    found = _INVALID_CHOICE.fullmatch(message)
    if not found:
        return message
    name, value, choices = found.groups()
    what = f"unknown {name.lower()} `{value}`" if name.isupper() else f"{name} cannot be `{value}`"
    known = re.findall(r"[\w-]+", choices)
    return what + (_suggest(value, known) or f"; allowed: {', '.join(f'`{each}`' for each in known)}")


def _suggest(name: str, known: Iterable[str]) -> str:
    from bot.rules.spec.validation import suggest

    return suggest(name, known)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 findings, 2 usage or rules, 3 GitHub, 130 interrupted."""
    # Looking for pydantic's plugins among all installed packages costs more than reading a rule; there are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A command makes hardly any circular garbage; looking for it while it starts takes a twentieth of its time.
    gc.set_threshold(100_000, 50, 50)
    words = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_output()
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except SignpostError as error:
        return _report_error(str(error), error.exit_code, words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _end_output(error)
    except WrongUsage as wrong:
        _print_for_script(wrong.message, words)
        raise
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # rich leaves with 1 then, which is a finding for us
            return 0
        raise
    return code


def _prepare_output() -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an issue may have characters that the terminal's encoding lacks
        if os.name == "nt" and not sys.stdout.isatty():  # a file or a pipe gets the same bytes on every system
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")


def leave(code: int) -> NoReturn:
    """Exit at once. All output is written by then.

    To free every object of a finished process takes a tenth of its time, so the process exits without it, as mypy does.
    """
    with suppress(OSError, ValueError):  # the reader is gone, or the stream is closed
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _end_output(error: OSError) -> int:
    """Handle what a reader who left, a full disk or a name that is too long causes. Any other error is a bug."""
    if isinstance(error, BrokenPipeError) or _is_reader_gone(error):
        sys.stderr.close()
        return 0
    if error.errno == errno.ENAMETOOLONG:
        return _report_error(f"the name of a file is too long: {str(error.filename)[:80]}…; shorten it", 2, [])
    if error.errno not in FULL:
        raise error
    return _report_error(f"cannot continue: {error}; free some disk space and try again", 2, [])


def _is_reader_gone(error: OSError) -> bool:
    """Whether Windows says in its own way that no one reads a pipe any more (bpo-19612, as in CPython's subprocess)."""
    return os.name == "nt" and error.errno == errno.EINVAL and error.filename is None


def _report_error(message: str, code: int, words: list[str]) -> int:
    """Print the message for people, and as JSON if a script asked for it; return the exit code.

    The message may quote a file of a pull request, or its name, and the runner obeys a line that begins with `::`.
    """
    from bot.github.actions_runner import print_safely

    print_safely([f"signpost: {message}"], sys.stderr)
    _print_for_script(message, words)
    return code


def _print_for_script(message: str, words: list[str]) -> None:
    if "--format=json" in words or ("--format", "json") in pairwise(words):
        from bot.output.console import print_json

        print_json({"error": message})


def make_parser(wanted: Container[str]) -> argparse.ArgumentParser:
    """The parser; only the wanted commands have their arguments, because these need the command's module."""
    parser = _Parser(
        prog="signpost",
        description="Recognises known problems in new GitHub issues and answers each with one comment.",
        epilog="example: signpost check .github/signpost",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        if name in wanted:
            module = import_module(f"bot.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(execute=module.execute)
    return parser


def _dispatch(words: list[str]) -> int:
    parser = make_parser([word for word in words if not word.startswith("-")][:1])
    found = parser.parse_args(words)
    if found.version:
        print(__version__)
        return 0
    if not found.command:
        parser.print_help()
        return 2
    code: int = found.execute(found)
    return code
