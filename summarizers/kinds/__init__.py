"""One file for each kind of result: it recognises a node of its kind and says which facts of it matter."""
