"""Signpost: recognises known problems in new GitHub issues and answers them with one guidance comment."""

DOCS_URL = "https://signpost-bot.github.io/signpost/"
"""The address of the documentation. A page of `docs/`, such as `rules.md`, is below it as `rules/`."""

__version__ = "0.1.0.dev0"
"""The version of everything that a release consists of (PEP 440); a release is tagged `v` and this."""
