"""The documents of settlement."""
