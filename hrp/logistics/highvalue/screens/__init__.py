"""Screens of high-value goods."""
