"""The pages of the server for maintainers: what ran, what failed and why."""
