"""What people do with our comments, and how it binds us: refusals, and signs of life."""
