"""Verbs of sterile supply and reagents."""
