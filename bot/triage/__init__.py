"""One issue, from the event to the result."""
