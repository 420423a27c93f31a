"""The conditions of the rule language: each looks at the facts and returns a verdict. Pure."""
