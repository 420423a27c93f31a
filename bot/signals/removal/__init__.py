"""What Signpost left in a repository, and how that goes away again."""
