"""What a node is made of: text, tables, arrays, mappings and lazy parts, read by range."""
