"""The first lines of a file, by which editors find its schema. Pure."""

SCHEMAS = "https://raw.githubusercontent.com/signpost-bot/signpost/v1/rules"
"""Where the schemas of the version that the workflow uses are."""


def name_schema(place: str) -> str:
    """The line for VS Code and all that use the same language server, and the one for JetBrains' editors."""
    return f"# yaml-language-server: $schema={place}\n# $schema: {place}\n"
