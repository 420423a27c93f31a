"""`signpost init`: write workflows, a first rule and settings into a repository, or bring its workflows up to date."""

import argparse
import json
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import __version__
from bot.cli.options.github import read_remote
from bot.cli.options.schemas import FILES, make_schemas
from bot.errors import SettingsError, explain_cause
from bot.output.console import add_format, print_json, write_file

if TYPE_CHECKING:
    from bot.cli.options.workflow_files import Change

HOME = ".github/signpost"
WORKFLOWS = ".github/workflows"
FORMS = ".github/ISSUE_TEMPLATE"
OFFLINE = ".github/signpost-schema"
"""Outside the folder of the rules, because a run reads every file there."""

FIRST_RULE = "out-of-disk.yml"
_SCHEMA_OF = {"config.yml": "config.schema.json", "pack.yml": "pack.schema.json", FIRST_RULE: "schema.json"}
_FIRST = "Change {home}/{rule} to a problem that people report to you, and test it with `signpost check`."
_FIRST_TRANSLATED = "Read the rules in {home}, replace their examples by real reports, and run `signpost check`."
_NEXT = """
Next:
  1. {first}
  2. Commit the files, and push them to the default branch:
       git add .github
       git commit --message "Add Signpost"
       git push
  3. Create the labels of your rules, and check the setup:
       GITHUB_TOKEN=$(gh auth token) signpost doctor --create-labels --repo {repository}
`mode: observe` in {home}/config.yml keeps Signpost silent: matches appear only in the summary of each run.
When you trust your rules, change it to `label`, then to `comment`.
`signpost suggest --repo {repository}` drafts rules from past issues."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="the folder of the repository (default: here)")
    parser.add_argument(
        "--upgrade",
        action="store_true",
        help="also change the workflows that an older version wrote; keep your changes",
    )
    parser.add_argument(
        "--from",
        action="append",
        metavar="FILE",
        dest="sources",
        help="also write the rules of another tool's configuration: github/issue-labeler, advanced-issue-labeler or "
        "dessant/label-actions; may be repeated",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
    parser.add_argument("--vscode", action="store_true", help="also add the schemas to the settings of VS Code")
    parser.add_argument(
        "--offline",
        action="store_true",
        help=f"use no network: pin the action to a tag, and write the schemas to {OFFLINE}",
    )
    parser.epilog = (
        "It finds the fields of the version and the operating system in the forms in .github/ISSUE_TEMPLATE.\n"
        "Without --upgrade, it keeps rules, settings and workflows that exist.\n\nexample: signpost init"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0. Rules and settings that exist are not changed, workflows only by `--upgrade`."""
    from bot.cli.options.workflow_files import advise_labels, find_pin, plan_changes, plan_workflows
    from bot.cli.translation.formats import translate_files

    root = Path(arguments.folder)
    if not root.is_dir():
        message = f"{root} is not a folder; give the folder of a repository"
        raise SettingsError(message)
    _refuse_subfolder(root)
    forms = {name: text for name, text in _read_texts(root / FORMS).items() if Path(name).stem != "config"}
    texts = _read_sources(root, arguments.sources or [])
    translations = translate_files(texts, [*forms.values()], datetime.now(UTC).date())
    wants_labels = any(each.answers_labels for each in translations)
    pin = find_pin(__version__, is_offline=arguments.offline)
    rules = {f"{name}.yml": text for each in translations for name, text in each.rules.items()}
    wanted = _plan_files(root, forms, rules, is_offline=arguments.offline)
    wanted = plan_workflows(root / HOME, pin, wants_labels=wants_labels) | wanted
    present = _read_present(root, wanted)
    changes = plan_changes(wanted, present, pin, is_upgrade=arguments.upgrade)
    written = _write(root, changes, arguments)
    found = _sort_places(wanted, present, written) | {"forms": [*forms]}
    advice = advise_labels(present) if wants_labels else []
    if arguments.format == "json":
        told = _describe(changes)
        told["advice"] += advice
        print_json(found | told | {"translated": [each.to_json() for each in translations]})
    else:
        _print(found, changes, advice, arguments)
        print(*(f"\n{each.format_text()}" for each in translations), sep="", end="\n" if translations else "")
        _print_next(arguments)
    return 0


def _sort_places(wanted: Iterable[str], present: Container[str], written: Container[str]) -> dict[str, Any]:
    """The files by what became of them."""
    others = [place for place in wanted if place not in written]
    return {
        "written": written,
        "kept": [place for place in others if place in present],
        "left_out": [place for place in others if place not in present],
    }


def _read_sources(root: Path, places: Iterable[str]) -> dict[str, str]:
    """The texts of other tools' configurations, by their names in the repository."""
    texts = dict[str, str]()
    for place in places:
        path, top = Path(place).resolve(), root.resolve()
        name = path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name
        texts[name] = _read_text(Path(place))
    return texts


def _refuse_subfolder(root: Path) -> None:
    """Raises SettingsError in a folder inside a repository: GitHub reads `.github` only at the root."""
    places = [root.resolve(), *root.resolve().parents]
    top = next((place for place in places if (place / ".git").exists()), places[0])
    if top != places[0]:
        message = (
            f"{root} is inside the repository {top}, and GitHub reads .github only there; run `signpost init {top}`"
        )
        raise SettingsError(message)


def _print(
    found: Mapping[str, list[str]], changes: "list[Change]", advice: Iterable[str], arguments: argparse.Namespace
) -> None:
    _print_places(found, is_dry_run=arguments.dry_run)
    told = _describe(changes)
    print(told["diff"], end="")
    for line in (*told["advice"], *advice):
        print(f"note     {line}")
    if found["forms"] and f"{HOME}/pack.yml" in found["written"]:
        print(f"\npack.yml names fields of {', '.join(found['forms'])}; check that they are correct.")


def _print_next(arguments: argparse.Namespace) -> None:
    if arguments.upgrade or arguments.dry_run:
        return
    first = (_FIRST_TRANSLATED if arguments.sources else _FIRST).format(home=HOME, rule=FIRST_RULE)
    print(_NEXT.format(first=first, home=HOME, repository=read_remote(Path(arguments.folder)) or "OWNER/NAME"))


def _print_places(found: Mapping[str, list[str]], *, is_dry_run: bool) -> None:
    rows = (
        ("would write" if is_dry_run else "wrote", found["written"], ""),
        ("kept", found["kept"], " (it exists already)"),
        ("left out", found["left_out"], " (another workflow does this)"),
    )
    for word, places, reason in rows:
        for place in places:
            print(f"{word:<8} {place}{reason}")


def _write(root: Path, changes: "Iterable[Change]", arguments: argparse.Namespace) -> list[str]:
    """Write what changes, unless it is a dry run; return the places. The schemas need the rules, so they come last."""
    texts = {change.place: change.after for change in changes if change.before != change.after}
    if arguments.vscode:
        texts |= plan_settings(root, _locate_schemas(is_offline=arguments.offline))
    schemas = [f"{OFFLINE}/{name}" for name in FILES.values()] if arguments.offline else []
    if not arguments.dry_run:
        for place, text in texts.items():
            write_file(root / place, text, _find_newline(root / place))
        if schemas:
            _write_schemas(root)
    return [*texts, *schemas]


def _find_newline(path: Path) -> str:
    """The line ends of a file; a new one gets those of Unix."""
    return "\r\n" if path.exists() and b"\r\n" in path.read_bytes() else "\n"


def _describe(changes: "list[Change]") -> dict[str, Any]:
    """What changes in files that exist, and what their owner has to decide."""
    from bot.cli.options.workflow_files import format_diff, list_advice

    return {"advice": list_advice(changes), "diff": format_diff(changes)}


def _read_present(root: Path, wanted: Iterable[str]) -> dict[str, str]:
    """The files that exist: the wanted ones, and all workflows."""
    present = {f"{WORKFLOWS}/{name}": text for name, text in _read_texts(root / WORKFLOWS).items()}
    others = (place for place in wanted if place not in present and (root / place).exists())
    return present | {place: _read_text(root / place) for place in others}


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _read_texts(folder: Path) -> dict[str, str]:
    """The texts of the YAML files in a folder, by their names."""
    found = sorted(path for path in folder.glob("*") if path.suffix in {".yml", ".yaml"})
    return {path.name: _read_text(path) for path in found if path.is_file()}


def _has_rules(home: Path) -> bool:
    """Whether there are rules already, so that a first rule is not needed."""
    return any(path.stem not in {"config", "pack"} and path.name != FIRST_RULE for path in home.glob("*.y*ml"))


def _plan_files(root: Path, forms: Mapping[str, str], rules: Mapping[str, str], *, is_offline: bool) -> dict[str, str]:
    """The files of Signpost's folder, by their path, with these rules; a first rule only if there is none."""
    from bot.cli.options.workflow_files import read_template
    from bot.workbench.editor.issue_forms import choose_facts, read_form, write_pack
    from bot.workbench.editor.json_schema import SCHEMAS, name_schema

    fields = {name: read_form(text) for name, text in forms.items()}
    facts = choose_facts((field for form in fields.values() for field in form), root.resolve().name)
    texts = {
        "config.yml": read_template("config.yml"),
        "pack.yml": write_pack(facts, [name for name, form in fields.items() if form]),
        FIRST_RULE: read_template("first-rule.yml").replace("TODAY", f"{datetime.now(UTC):%Y-%m-%d}"),
    }
    if rules or _has_rules(root / HOME):
        del texts[FIRST_RULE]
    schemas = f"../{Path(OFFLINE).name}" if is_offline else SCHEMAS
    return {
        f"{HOME}/{name}": name_schema(f"{schemas}/{_SCHEMA_OF.get(name, 'schema.json')}") + text
        for name, text in {**texts, **rules}.items()
    }


def _locate_schemas(*, is_offline: bool) -> str:
    from bot.workbench.editor.json_schema import SCHEMAS

    return f"./{OFFLINE}" if is_offline else SCHEMAS


def _write_schemas(root: Path) -> None:
    """Write the schemas, which know the rules that are there."""
    from bot.workbench.editor.json_schema import write_schema

    for kind, schema in make_schemas([str(root / HOME)]).items():
        write_file(root / OFFLINE / FILES[kind], write_schema(schema))


EXTENSION = "redhat.vscode-yaml"
_FILES: dict[str, str | list[str]] = {
    "schema.json": [".github/signpost/*.yml", "!.github/signpost/pack.yml", "!.github/signpost/config.yml"],
    "pack.schema.json": ".github/signpost/pack.yml",
    "config.schema.json": ".github/signpost/config.yml",
}

Json = dict[str, Any]


def plan_settings(root: Path, schemas: str) -> dict[str, str]:
    """What .vscode/settings.json and extensions.json become, if something is missing there, by their places.

    Raises SettingsError for a file with comments or mistakes, which would be lost.
    """
    changed = {}
    for name, merge in (("settings.json", merge_schemas), ("extensions.json", merge_extensions)):
        path = root / ".vscode" / name
        present = _read(path)
        merged = merge(present, schemas)
        if merged != present:
            changed[f".vscode/{name}"] = json.dumps(merged, indent=2, ensure_ascii=False) + "\n"
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
        advice = "remove its comments, or leave out --vscode: the first lines of each rule name its schema, too"
        message = f"cannot change {path}: {explain_cause(error)}; {advice}"
        raise SettingsError(message) from error
    if not isinstance(read, dict):
        message = f"cannot change {path}: it must be a JSON object; correct or delete it"
        raise SettingsError(message)
    return read
