"""Edits one rule in the browser, and tries it on past issues at each keystroke."""
