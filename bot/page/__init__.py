"""What we show on a page: self-contained HTML, readable on a phone, in the dark, and aloud."""
