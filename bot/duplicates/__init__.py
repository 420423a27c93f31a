"""Who reported it before: search, index, evaluation, and which issues may be linked."""
