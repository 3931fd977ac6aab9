"""A small model's say in a summary, held to what stands in the result."""
