"""Drafts rules from messages that recur in past issues."""
