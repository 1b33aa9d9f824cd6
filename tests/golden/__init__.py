"""Replay of the golden files: what DeepCTR itself computed, beside what our layers compute."""
