"""Where results are kept: contents, ids and computed parts, in SQLite or PostgreSQL."""
