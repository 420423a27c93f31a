"""How the nodes of an issue graph are read from GitHub: GraphQL in batches, or REST where there is no GraphQL."""
