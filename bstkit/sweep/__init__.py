"""Training many selections with several seeds, and telling them apart."""
