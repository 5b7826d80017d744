"""The document of stocktaking: what is decided on what was missing or too much."""
