"""How Signpost speaks to GitHub, and to the runner of GitHub Actions."""
