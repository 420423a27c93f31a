"""Who said it before: links to other issues, and whether they may be given."""
