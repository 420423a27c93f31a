"""How we speak to GitHub, and how the runner speaks to us."""
