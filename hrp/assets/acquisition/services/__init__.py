"""Verbs of acquisition."""
