"""What an editor offers: schema, snippets, completion, reference."""
