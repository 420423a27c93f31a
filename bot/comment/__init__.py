"""What we say: the one comment, its hidden marker, and the quoting that keeps it harmless. Pure."""
