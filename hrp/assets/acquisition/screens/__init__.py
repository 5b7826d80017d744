"""Declared screens of acquisition."""
