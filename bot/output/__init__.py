"""What all presentations share: console, progress, page frame, charts, findings."""
