"""What an issue says: layouts and form sections, normalised views with offsets back to the original, facts. Pure."""
