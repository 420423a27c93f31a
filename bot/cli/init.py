"""`signpost init`: write the workflow, a first rule, a pack file and settings into a repository."""

import argparse
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from bot.errors import SettingsError, explain_cause
from bot.output.console import add_format, print_json, write_file

HOME = ".github/signpost"
FORMS = ".github/ISSUE_TEMPLATE"
OFFLINE = ".github/signpost-schema"
"""Outside the folder of the rules, because a run reads every file there."""

FIRST_RULE = "out-of-disk.yml"
_SCHEMA_OF = {"config.yml": "config.schema.json", "pack.yml": "pack.schema.json", FIRST_RULE: "schema.json"}
_NEXT = """
Next:
  signpost check
      tests the rules
  signpost explain 123 --repo {repository}
      shows why issue 123 matches a rule, or why it does not
  signpost suggest --repo {repository}
      drafts rules for error messages that recur
  signpost backtest --repo {repository}
      shows what the rules would do with past issues
Then commit and push. A rule in `mode: observe` appears only in the summary of the run. When you trust the rule, change
its mode to `label`, then to `comment`."""
_REMOTE = re.compile(r"^\s*url = \S*?[/:@.]github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="the folder of the repository (default: here)")
    parser.add_argument("--vscode", action="store_true", help="also add the schemas to the settings of VS Code")
    parser.add_argument(
        "--offline",
        action="store_true",
        help=f"also write the schemas to {OFFLINE}, for editors without network access",
    )
    parser.epilog = (
        "It finds the fields of the version and the operating system in the forms in .github/ISSUE_TEMPLATE.\n"
        "It keeps rules, settings and workflows that exist.\n\nexample: signpost init"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0. Rules, settings and workflows that exist are not changed; VS Code's settings are extended."""
    root = Path(arguments.folder)
    if not root.is_dir():
        message = f"{root} is not a folder; give the folder of a repository"
        raise SettingsError(message)
    forms = _read_forms(root / FORMS)
    wanted = _plan_files(forms, root.resolve().name, is_offline=arguments.offline)
    if _has_rules(root / HOME):
        del wanted[f"{HOME}/{FIRST_RULE}"]
    written = [place for place in wanted if not (root / place).exists()]
    for place in written:
        write_file(root / place, wanted[place])
    if arguments.offline:
        written += _write_schemas(root)
    if arguments.vscode:
        written += write_settings(root, _locate_schemas(is_offline=arguments.offline))
    kept = [place for place in wanted if place not in written]
    if arguments.format == "json":
        print_json({"written": written, "kept": kept, "forms": [*forms]})
    else:
        _print(written, kept, [*forms], _name_repository(root))
    return 0


def _read_forms(folder: Path) -> dict[str, str]:
    """The texts of the repository's issue forms, by the names of their files."""
    found = sorted(path for path in folder.glob("*") if path.suffix in {".yml", ".yaml"} and path.stem != "config")
    try:
        return {path.name: path.read_text("utf-8") for path in found}
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read the issue forms in {folder}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _has_rules(home: Path) -> bool:
    """Whether there are rules already, so that a first rule is not needed."""
    from bot.rules.ruleset import NOT_RULES

    return any(path.name not in {*NOT_RULES, FIRST_RULE} for path in home.glob("*.y*ml"))


def _plan_files(forms: Mapping[str, str], repository: str, *, is_offline: bool) -> dict[str, str]:
    """The files for the repository, by their path."""
    from bot.workbench.editor.issue_forms import choose_facts, read_form, write_pack
    from bot.workbench.editor.json_schema import SCHEMAS, name_schema

    fields = {name: read_form(text) for name, text in forms.items()}
    facts = choose_facts((field for form in fields.values() for field in form), repository)
    texts = {
        "config.yml": _read_template("config.yml"),
        "pack.yml": write_pack(facts, [name for name, form in fields.items() if form]),
        FIRST_RULE: _read_template("first-rule.yml"),
    }
    schemas = f"../{Path(OFFLINE).name}" if is_offline else SCHEMAS
    return {".github/workflows/signpost.yml": _read_template("workflow.yml")} | {
        f"{HOME}/{name}": name_schema(f"{schemas}/{_SCHEMA_OF[name]}") + text for name, text in texts.items()
    }


def _read_template(name: str) -> str:
    return files("bot.cli").joinpath("templates", name).read_text("utf-8")


def _locate_schemas(*, is_offline: bool) -> str:
    from bot.workbench.editor.json_schema import SCHEMAS

    return f"./{OFFLINE}" if is_offline else SCHEMAS


def _write_schemas(root: Path) -> list[str]:
    """The schemas, which know the rules that are there."""
    from bot.cli.options.schemas import FILES, make_schemas
    from bot.workbench.editor.json_schema import write_schema

    written = {f"{OFFLINE}/{FILES[kind]}": schema for kind, schema in make_schemas([str(root / HOME)]).items()}
    for place, schema in written.items():
        write_file(root / place, write_schema(schema))
    return [*written]


def find_remote(git_config: str) -> str | None:
    """The repository that a checkout's .git/config names first, as OWNER/NAME."""
    found = _REMOTE.search(git_config)
    return found[1] if found else None


def _name_repository(root: Path) -> str:
    try:
        return find_remote((root / ".git/config").read_text("utf-8")) or "OWNER/NAME"
    except (OSError, UnicodeDecodeError):
        return "OWNER/NAME"


def _print(written: list[str], kept: list[str], forms: list[str], repository: str) -> None:
    for place in written:
        print(f"wrote  {place}")
    for place in kept:
        print(f"kept   {place} (it exists already)")
    if forms and f"{HOME}/pack.yml" in written:
        print(f"\npack.yml names fields of {', '.join(forms)}; check that they are correct.")
    print(_NEXT.format(repository=repository))


EXTENSION = "redhat.vscode-yaml"
_FILES: dict[str, str | list[str]] = {
    "schema.json": [".github/signpost/*.yml", "!.github/signpost/pack.yml", "!.github/signpost/config.yml"],
    "pack.schema.json": ".github/signpost/pack.yml",
    "config.schema.json": ".github/signpost/config.yml",
}

Json = dict[str, Any]


def write_settings(root: Path, schemas: str) -> list[str]:
    """Add what is missing to .vscode/settings.json and extensions.json; return the files that changed.

    Raises SettingsError for a file with comments or mistakes, which would be lost.
    """
    changed = []
    for name, merge in (("settings.json", merge_schemas), ("extensions.json", merge_extensions)):
        path = root / ".vscode" / name
        present = _read(path)
        merged = merge(present, schemas)
        if merged != present:
            write_file(path, json.dumps(merged, indent=2, ensure_ascii=False) + "\n")
            changed.append(f".vscode/{name}")
    return changed


def merge_schemas(settings: Json, schemas: str) -> Json:
    """The settings with our schemas added."""
    ours = {f"{schemas}/{name}": pattern for name, pattern in _FILES.items()}
    return {**settings, "yaml.schemas": {**settings.get("yaml.schemas", {}), **ours}}


def merge_extensions(extensions: Json, _schemas: str = "") -> Json:
    """The recommendations with the extension that reads schemas, unless somebody decided about it."""
    if EXTENSION in extensions.get("unwantedRecommendations", []):
        return extensions
    recommended = extensions.get("recommendations", [])
    return {**extensions, "recommendations": [*recommended, *({EXTENSION} - {*recommended})]}


def _read(path: Path) -> Json:
    try:
        read = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        advice = "remove its comments, or use the first lines of each rule instead (docs/rules.md)"
        message = f"cannot change {path}: {explain_cause(error)}; {advice}. The files outside .vscode are written"
        raise SettingsError(message) from error
    if not isinstance(read, dict):
        message = f"cannot change {path}: it must be a JSON object; correct or delete it"
        raise SettingsError(message)
    return read
