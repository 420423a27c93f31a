"""The issue graph: what is linked to an issue, how far it was read, and what follows from it."""
