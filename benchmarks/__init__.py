"""Speed and cost, measured side by side with an alternative in the same run."""
