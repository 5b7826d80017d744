"""Verbs of the catalogue, by noun."""
