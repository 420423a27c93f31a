"""What `signpost check` does beside judging: work on all cores, ask git and GitHub, count in a history, print."""
