"""Verbs of stocktaking."""
