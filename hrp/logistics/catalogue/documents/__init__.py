"""The documents of the catalogue, one a file."""
