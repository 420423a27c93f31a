"""Checks of rules: against their examples, lints and each other."""
