"""The index of past issues: one SQLite file."""
