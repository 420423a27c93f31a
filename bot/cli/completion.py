"""`signpost completion`: the script with which a shell completes commands, options, files and ids of rules."""

import argparse
import re
from collections.abc import Iterator
from typing import Any

from bot.output.console import add_format, print_json

SHELLS = ("bash", "zsh", "fish")
HOME = ".github/signpost"

_NAMES = (
    f'for file in {HOME}/*.yml {HOME}/*/*.yml; do [ -e "$file" ] && basename "$file" .yml; done '
    "| grep -vxE 'pack|config'"
)
_RULES: dict[str, Any] = {
    "preamble": {
        "bash": f'_signpost_rules() {{ compgen -W "$({_NAMES})" -- "$1"; }}',
        "zsh": f'_signpost_rules() {{ setopt local_options null_glob; compadd -- ${{(f)"$({_NAMES})"}}; }}',
        "fish": (
            f"function _signpost_rules; for file in {HOME}/*.yml {HOME}/*/*.yml; "
            "basename $file .yml; end | string match -v -r '^(pack|config)$'; end"
        ),
    },
    "bash": "_signpost_rules",
    "zsh": "_signpost_rules",
    "fish": "(_signpost_rules)",
}
"""The ids of a repository's own rules, which are the names of their files, for shtab."""

_JOINED = """
_signpost() {
  local word at=$COMP_CWORD words=()
  for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
    if [[ $word == "=" ]]; then at=$((at - 1)); else words+=("$word"); fi
  done
  word="${COMP_WORDS[COMP_CWORD]}"
  local COMP_WORDS=("${words[@]}" "${word#=}") COMP_CWORD=$at
  _shtab_signpost
}
complete -o bashdefault -F _signpost signpost
"""
"""`--option=value`, which bash gives to a function as three words, for the script of shtab, which knows two."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that reads the script")
    parser.epilog = (
        "bash:  signpost completion bash > ~/.local/share/bash-completion/completions/signpost\n"
        'zsh:   signpost completion zsh > "${fpath[1]}/_signpost"\n'
        "fish:  signpost completion fish > ~/.config/fish/completions/signpost.fish\n\n"
        "example: signpost completion bash"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Print the script, made from the arguments of all commands; return 0."""
    import shtab

    from bot.cli import COMMANDS, make_parser

    parser = make_parser(COMMANDS)
    for action in _list_actions(parser):
        if completion := _find_completion(str(action.metavar or "")):
            action.complete = completion  # type: ignore[attr-defined]  # argparse does not know what shtab reads
    script = _accept_joined(shtab.complete(parser, arguments.shell), arguments.shell)
    if arguments.format == "json":
        print_json({"shell": arguments.shell, "script": script})
    else:
        print(script)
    return 0


def _find_completion(metavar: str) -> dict[str, Any] | None:
    """What shtab offers for an argument with this name of its value; None: only the choices of the argument."""
    import shtab

    if metavar == "ID":
        return _RULES
    if metavar in {"FOLDER", "DIR"}:
        return shtab.DIRECTORY
    is_file = "FILE" in metavar or metavar in {"PATH", "ISSUE", "RULE.yml", "OUT.jsonl"}
    return shtab.FILE if is_file else None


def _accept_joined(script: str, shell: str) -> str:
    """The script, for `--option=value` too; fish's own knows it."""
    if shell == "zsh":  # `--option=[...]:` takes both forms (zshcompsys(1), _arguments)
        return re.sub(r'^(  "\*?--[a-z-]+)(\[.*\]:)', r"\1=\2", script, flags=re.MULTILINE)
    return script + _JOINED if shell == "bash" else script


def _list_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments of a parser and of its subcommands."""
    for action in parser._actions:  # noqa: SLF001 (argparse has no public list)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 (its class has no public name)
            for command in action.choices.values():
                yield from _list_actions(command)
        else:
            yield action
