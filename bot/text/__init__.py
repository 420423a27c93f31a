"""Text that strangers write: normal forms with offsets, Markdown, versions, codes, stack frames, redaction. Pure."""
