"""Verbs of disposal."""
