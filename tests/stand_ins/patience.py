"""How long tests wait."""

LONGEST = 120
"""Seconds after which a test gives up. This ends what hangs and measures nothing: a loaded machine is slow."""
