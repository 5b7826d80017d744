"""Declared screens of disposal."""
