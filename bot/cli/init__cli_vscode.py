"""The settings by which VS Code finds a schema for every rule, also for one that does not name it."""

import json
from pathlib import Path
from typing import Any

from bot.errors import SettingsError, explain_cause
from bot.output.console__cli_files import write_file

EXTENSION = "redhat.vscode-yaml"
_FILES: dict[str, str | list[str]] = {
    "schema.json": [".github/signpost/*.yml", "!.github/signpost/pack.yml", "!.github/signpost/config.yml"],
    "pack.schema.json": ".github/signpost/pack.yml",
    "config.schema.json": ".github/signpost/config.yml",
}

Json = dict[str, Any]


def write_settings(root: Path, schemas: str) -> list[str]:
    """Add to .vscode/settings.json and extensions.json what is missing; the files that changed.

    Raises SettingsError for a file with comments or mistakes: what stands there is not ours to lose.
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
    """The settings with our schemas beside those that are there."""
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
        message = (
            f"cannot add to {path}: {explain_cause(error)}; it may have comments. Add our part by hand (README.md)"
        )
        raise SettingsError(message) from error
    if not isinstance(read, dict):
        message = f"cannot add to {path}: it is no JSON object"
        raise SettingsError(message)
    return read
