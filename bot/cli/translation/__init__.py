"""Configurations of other tools as rules: `signpost init --from FILE`."""
