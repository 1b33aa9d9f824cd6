"""Configuration files and their types."""
