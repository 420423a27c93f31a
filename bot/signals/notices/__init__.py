"""Issues that Signpost opens itself: the tracking issue of a surge, and the list of muted rules."""
