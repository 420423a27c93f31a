"""`signpost schema`: the JSON Schema with which an editor completes, explains and checks rules, packs and settings."""

import argparse
from pathlib import Path

from bot.cli.options.schemas import FILES, Schema, make_schemas
from bot.output.console import add_format, print_json, write_file

REFERENCE = "reference"
MODELS = {"rule": "RuleModel", "pack": "PackModel", "config": "Config"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "kind",
        nargs="?",
        choices=(*FILES, REFERENCE),
        default="rule",
        help="the kind of file (default: rule); `reference` is a Markdown page with every key of all three kinds",
    )
    parser.add_argument(
        "--write",
        metavar="FOLDER",
        help=f"write {', '.join(FILES.values())} to FOLDER, and the reference into the marked part of its README.md",
    )
    parser.add_argument(
        "--rules",
        action="append",
        nargs="+",
        metavar="PATH",
        help="also offer the captures, layouts and ids of these rules: a folder, a rule file or pack:NAME",
    )
    parser.epilog = (
        "`signpost init` names the schema at the top of each file. With --offline, it also writes the schemas.\n\n"
        "example: signpost schema --rules .github/signpost --write .github/signpost-schema"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0. A file that cannot be read or written is an error."""
    from bot.workbench.editor.json_schema import write_schema

    schemas = make_schemas([place for group in arguments.rules or [] for place in group])
    if arguments.write:
        _print_written(_write_all(Path(arguments.write), schemas), arguments.format)
    elif arguments.kind == REFERENCE:
        page = make_reference(schemas)
        print_json({"kind": REFERENCE, "page": page}) if arguments.format == "json" else print(page)
    elif arguments.format == "json":
        print_json({"kind": arguments.kind, "schema": schemas[arguments.kind]})
    else:
        print(write_schema(schemas[arguments.kind]), end="")
    return 0


def _write_all(folder: Path, schemas: dict[str, Schema]) -> list[str]:
    from bot.workbench.editor.json_schema import write_schema
    from bot.workbench.editor.reference import BEGIN, insert_reference

    texts = {folder / FILES[kind]: write_schema(schema) for kind, schema in schemas.items()}
    page = folder / "README.md"
    if page.is_file() and BEGIN in (text := page.read_text("utf-8")):
        texts[page] = insert_reference(text, make_reference(schemas))
    for path, text in texts.items():
        write_file(path, text)
    return [path.as_posix() for path in texts]


def make_reference(schemas: dict[str, Schema]) -> str:
    """The Markdown page of every key."""
    from bot.workbench.editor.reference import write_reference

    return write_reference({name: schemas[kind] for kind, name in MODELS.items()})


def _print_written(written: list[str], how: str) -> None:
    if how == "json":
        print_json({"written": written})
    else:
        print(*(f"wrote  {place}" for place in written), sep="\n")
