"""Signpost: recognises known problems in new GitHub issues and answers them with one guidance comment."""
