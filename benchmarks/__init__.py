"""Speed, cost and quality, each measured next to an alternative in the same run."""
