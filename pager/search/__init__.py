"""Finding: by pattern, or by how much a part is about some words."""
