"""Rules held to their examples, to lints and to each other."""
