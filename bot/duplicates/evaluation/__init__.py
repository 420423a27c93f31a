"""How often the right earlier issue is found."""
