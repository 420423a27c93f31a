"""Whether a repository is set up so that Signpost works: what was read, and one check for each part of it."""
