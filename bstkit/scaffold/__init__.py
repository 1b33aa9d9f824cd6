"""A plugin package to start from: what `bstkit new` writes."""
