"""Rules replayed over past issues."""
