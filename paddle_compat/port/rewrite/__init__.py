"""How a file is rewritten: what its values are, its calls, its imports, and all of it together."""
