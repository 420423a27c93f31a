"""The report of a week for maintainers: what came, what is known, and what needs a look."""
