"""Explains why an issue matches a rule, or why it does not."""
