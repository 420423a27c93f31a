"""The report of an issue graph: the value, and its presentations."""
