"""Verbs of high-value goods."""
