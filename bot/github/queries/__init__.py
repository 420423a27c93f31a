"""The GraphQL queries and searches, and what their answers mean."""
