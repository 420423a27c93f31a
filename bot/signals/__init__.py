"""What people answer to our comments: the ledger, votes, muted rules, and the sweep that reads and acts."""
