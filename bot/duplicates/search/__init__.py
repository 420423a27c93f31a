"""From an issue to ranked candidates, over any collection. Pure."""
