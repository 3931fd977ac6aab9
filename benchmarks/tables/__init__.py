"""The README's tables: one file for each kind of kept results."""
