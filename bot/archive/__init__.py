"""Past issues on this machine: JSON Lines, download, store, parallel work, statistics."""
