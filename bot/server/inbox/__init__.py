"""Where deliveries are kept from the moment they are received until they are handled: SQLite or PostgreSQL."""
