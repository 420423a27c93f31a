"""Replays rules over past issues."""
