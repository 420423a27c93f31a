"""Scripts that make a release."""
