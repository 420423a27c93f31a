"""Why an issue matches a rule, or why not."""
