"""What the past teaches: rules replayed over old issues, and what those issues say that no rule knows."""
