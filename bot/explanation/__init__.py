"""What a maintainer is shown of one issue: what was seen, what each rule says of it, and what comes of that."""
