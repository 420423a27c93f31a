"""Help for editors: schema, snippets, completion, reference."""
