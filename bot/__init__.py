"""Signpost: recognises known problems in new GitHub issues and answers them with one guidance comment."""

__version__ = "0.1.0.dev0"
"""The version of everything that a release consists of (PEP 440); a release is tagged `v` and this."""
