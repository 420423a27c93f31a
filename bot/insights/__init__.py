"""What all issues together say: the issue-graph report and the site of known problems."""
