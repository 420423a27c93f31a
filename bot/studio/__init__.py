"""A local page on which one rule is written while its effect on past issues is shown."""
