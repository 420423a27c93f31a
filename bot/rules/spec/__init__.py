"""From YAML to models, with the place of each value. Pure."""
