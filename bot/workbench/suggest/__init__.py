"""Rules drafted from messages that recur in past issues."""
